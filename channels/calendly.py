"""Calendly: how a webhook shows that it comes from there, and what it tells in our words.

Signed is `t.body`, and a signature counts for three minutes. A meeting that is moved comes as two: the old one
cancelled with `rescheduled`, which says nothing, and a new one that names the old invitee. Links that cancel or move a
meeting are keys, and are not kept; nor is a link to join that carries a password.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import JsonValue

from channels.providers.signs import Headers, header_bytes, is_recent, signed_with_hex
from channels.providers.told import LONGEST_URL, Tree, address, hashed, inside, moment, objects, text
from domain.answers import clean_line
from domain.zones import is_zone

CALENDLY = "calendly"
SIGNATURE = "calendly-webhook-signature"
AGE = timedelta(minutes=3)
MOST_ANSWERS, LONGEST_QUESTION, LONGEST_ANSWER = 20, 200, 1000
_MOST_SIGNATURES = 20
_WORDS = {
    "invitee.created": "meeting_booked",
    "invitee.canceled": "meeting_cancelled",
    "invitee_no_show.created": "meeting_missed",
}
_BY = {"invitee": "contact", "host": "us"}
# Of these the place is what people wrote; of the others it may be a number or a link, and the sort is enough.
_WRITTEN_PLACES = frozenset({"physical", "custom", "ask_invitee"})
_TELEPHONE = frozenset({"outbound_call", "inbound_call"})


class NotABooking(ValueError):
    """It comes from Calendly, and lacks what makes it usable. The text says what, and what to do."""


@dataclass(frozen=True)
class Booking:
    """One event of a meeting. `key` is the same when it is told again; `fill` are fields of the contact."""

    key: str
    name: str
    email: str
    data: Mapping[str, JsonValue]
    at: datetime | None = None
    fill: Mapping[str, str] = field(default_factory=dict)


def is_from_it(headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
    """Return whether these bytes were signed by Calendly with one of `secrets`, not long ago. Never raises.

    >>> from datetime import UTC
    >>> then = datetime.fromtimestamp(1774602000, UTC)
    >>> told = {SIGNATURE: "t=1774602000,v1=172a73b384fedeec8c0a7ab856e0b62a32f847bb9c8c98663436ec9fef7f94de"}
    >>> is_from_it(told, b"{}", ["other", "a-signing-key"], then), is_from_it(told, b"[]", ["a-signing-key"], then)
    (True, False)
    """
    parts = [each.strip().partition(b"=") for each in header_bytes(headers, SIGNATURE).split(b",")]
    seconds = [value for name, _, value in parts if name == b"t"]
    signatures = [value for name, _, value in parts if name == b"v1"][:_MOST_SIGNATURES]
    if len(seconds) != 1 or not is_recent(seconds[0], now, AGE):
        return False
    content, known = seconds[0] + b"." + raw, tuple(secrets)
    fits = [signed_with_hex(content, each.decode(errors="replace"), known) for each in signatures]
    return any(fits)


def booking_in(tree: Tree) -> Booking | None:
    """Return what a webhook tells of a meeting; None where it says nothing to us. Raises `NotABooking`."""
    kind, payload = text(tree.get("event")), inside(tree, "payload")
    name = _WORDS.get(kind)
    if name is None or (name == "meeting_cancelled" and payload.get("rescheduled") is True):
        return None
    email, invitee = address(payload.get("email")), text(payload.get("uri"), 300)
    if not email or not invitee:
        raise NotABooking("payload has no email or no uri of its invitee; send it as Calendly does")
    old = text(payload.get("old_invitee"), 300)
    if name == "meeting_booked" and old:
        name = "meeting_moved"
    return Booking(
        key=f"{kind}/{_key(name, payload, invitee)}",
        name=name,
        email=email,
        data=_data(name, payload, email, old),
        at=moment(inside(payload, "cancellation").get("created_at")) or moment(tree.get("created_at")),
        fill=_fill(payload),
    )


def _key(name: str, payload: Tree, invitee: str) -> str:
    # Who is marked as missing, is not, and is again, missed it once more.
    told = text(inside(payload, "no_show").get("uri"), 300) if name == "meeting_missed" else ""
    return hashed(told or invitee)


def _data(name: str, payload: Tree, email: str, old: str) -> dict[str, JsonValue]:
    event = inside(payload, "scheduled_event")
    starts, ends = moment(event.get("start_time")), moment(event.get("end_time"))
    host = next(iter(objects(event.get("event_memberships"))), {})
    data: dict[str, JsonValue] = {
        "email": email,
        "meeting": _meeting(text(event.get("uri"), 300) or text(payload.get("event"), 300)),
        "title": text(event.get("name")),
        "starts_at": starts.isoformat() if starts else None,
        "ends_at": ends.isoformat() if ends else None,
        "minutes": round((ends - starts).total_seconds() / 60) if starts and ends else None,
        "host": text(host.get("user_name"), 200),
        "host_email": address(host.get("user_email")),
        "place": _place(inside(event, "location")),
        "join_url": _without_password(text(inside(event, "location").get("join_url"), LONGEST_URL)),
        "answers": _answers(payload),
    }
    if name == "meeting_moved":
        data["moved_from"] = _meeting(old)
    if name == "meeting_cancelled":
        cancelled = inside(payload, "cancellation")
        data["reason"] = text(cancelled.get("reason"), LONGEST_ANSWER)
        data["cancelled_by"] = _BY.get(text(cancelled.get("canceler_type")))
    return {field: value for field, value in data.items() if value not in (None, "", {})}


def _meeting(uri: str) -> str:
    """Return the id of a scheduled event out of its address, or out of that of an invitee of it.

    >>> _meeting("https://api.calendly.com/scheduled_events/GBGB/invitees/AAAA")
    'GBGB'
    """
    return uri.partition("/scheduled_events/")[2].partition("/")[0][:100]


def _place(location: Tree) -> str:
    sort = text(location.get("type"), 60)
    if sort in _WRITTEN_PLACES:
        return text(location.get("location"), 300)
    return "phone" if sort in _TELEPHONE else sort.removesuffix("_conference").replace("_", " ")


def _without_password(url: str) -> str:
    """Return a link to join, '' where it is none or may carry a password.

    >>> _without_password("https://zoom.us/j/1?pwd=a"), _without_password("https://calendly.com/events/A/google_meet")
    ('', 'https://calendly.com/events/A/google_meet')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = parts.scheme == "https" and bool(parts.netloc) and "@" not in parts.netloc
    return url if plain and not parts.query and not parts.fragment else ""


def _answers(payload: Tree) -> dict[str, JsonValue]:
    told = objects(payload.get("questions_and_answers"))[:MOST_ANSWERS]
    pairs = [(text(each.get("question"), LONGEST_QUESTION), text(each.get("answer"), LONGEST_ANSWER)) for each in told]
    return {question: answer for question, answer in pairs if question and answer}


def _fill(payload: Tree) -> dict[str, str]:
    """Return what is known of who booked: their name, and the clock they looked at."""
    first, last, whole = (clean_line(text(payload.get(each)), 200) for each in ("first_name", "last_name", "name"))
    if not first and not last:
        first, _, last = whole.partition(" ")  # they are greeted by the first, whatever the others are
    zone = text(payload.get("timezone"), 64)
    said = {"first_name": first, "last_name": last, "time_zone": zone if is_zone(zone) else ""}
    return {name: value for name, value in said.items() if value}
