"""The preference page's form: from what is known of somebody to what the page shows, and from what was posted back.

Every field has a value that means `as it is`, so what somebody does not touch, or we could not show, is not a choice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from domain.events import EVERYTHING
from domain.own_wishes import hours_from
from records.consenting import UNSUBSCRIBED
from starter.link_words import LANGUAGES, words
from starter.linked import Known

KEEP = "keep"
WEEKS = (1, 2, 4, 8)
SAY, WAS = "say:", "was:"
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_HALVES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 30)]
Options = list[tuple[str, str]]


def form_of(known: Known | None, lang: str, notices: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the page shows: notices (by name), a row for each topic and channel, and the other fields."""
    say = words(lang)
    told = [*notices, *_notices(known)]
    day = _day(known, lang)
    return {
        "notices": [say[name].format(day=day) for name in told],
        "rows": list(_rows(known, say)),
        "parts": [_language(known, say), _quiet(known, say), _pause(known, say)],
    }


def _notices(known: Known | None) -> Iterator[str]:
    if known is None or known.blank:
        yield "not_known_now"
        return
    if known.against - {UNSUBSCRIBED}:
        yield "barred"
    elif known.against:
        yield "all_stopped"
    if known.paused_until is not None:
        yield "paused_until"


def _day(known: Known | None, lang: str) -> str:
    if known is None or known.paused_until is None:
        return ""
    return format_date(known.paused_until.astimezone(ZoneInfo(known.zone)), "long", locale=lang)


def _rows(known: Known | None, say: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield a question for each topic, on each channel that is in use for it."""
    if known is None:
        return
    for topic, label in ((topic, known.label(topic)) for topic in known.policies.messaging.topics):
        channels = sorted({channel for name, channel in known.says if name == topic}, key=lambda each: each != "email")
        for channel in channels:
            by = say["by"].format(topic=label, channel=say.get(channel, channel))
            yes = known.says[topic, channel] == "opted_in" and UNSUBSCRIBED not in known.against
            yield {
                "name": f"{topic}:{channel}",
                "called": by if len(channels) > 1 else str(label),
                "value": "" if known.blank else "yes" if yes else "no",
            }


def _language(known: Known | None, say: Mapping[str, str]) -> dict[str, Any]:
    tags = set(LANGUAGES) if known is None else {*known.languages, *filter(None, [known.language])}
    options = [(tag, _called(tag)) for tag in sorted(tags)]
    own = known.language if known is not None else None
    first = [] if own in tags else [(KEEP, say["keep"])]
    return _part("language", [_field("language", "", first + options, own or KEEP)])


def _called(tag: str) -> str:
    """Return what speakers of a language call it.

    >>> _called("de"), _called("de-AT"), _called("x-nobody")
    ('Deutsch', 'Deutsch (Österreich)', 'x-nobody')
    """
    try:
        name = Locale.parse(tag, sep="-").get_display_name() or tag
    except (UnknownLocaleError, ValueError):
        return tag
    return name[:1].upper() + name[1:]


def _quiet(known: Known | None, say: Mapping[str, str]) -> dict[str, Any]:
    blank = known is None or known.blank
    begin, _, end = (KEEP, "", KEEP) if known is None or known.blank else (known.quiet_hours or "").partition("-")
    first = [(KEEP, say["keep"])] if blank else []
    zone = "…" if known is None or known.blank else known.zone

    def options(now: str) -> Options:
        times = sorted({*_HALVES, *([now] if now not in ("", KEEP) else [])})
        return [*first, ("", say["never"]), *((each, each) for each in times)]

    fields = [
        _field("quiet_from", say["from"], options(begin), begin),
        _field("quiet_to", say["to"], options(end), end),
    ]
    return _part("quiet", fields, say["quiet_why"].format(zone=zone))


def _pause(known: Known | None, say: Mapping[str, str]) -> dict[str, Any]:
    paused = known is None or known.blank or known.paused_until is not None
    first = [(KEEP, say["keep"])] if paused else []
    lengths = [(str(each), say["week"] if each == 1 else say["weeks"].format(number=each)) for each in WEEKS]
    field = _field("pause", "", [*first, ("0", say["no_pause"]), *lengths], KEEP if paused else "0")
    return _part("pause", [field], say["pause_why"])


def _part(name: str, fields: list[dict[str, Any]], why: str = "") -> dict[str, Any]:
    return {"name": name, "title": name, "why": why, "fields": fields}


def _field(name: str, called: str, options: Options, value: str) -> dict[str, Any]:
    return {"name": name, "called": called, "options": options, "value": value}


# What was posted -----------------------------------------------------------------------------------------------------


def chosen(posted: Mapping[str, str], known: Known | None) -> dict[str, Any] | str:
    """Return what somebody chose, for the inbox: only what differs from what they saw. Or the notice of what is wrong.

    `says` is what they said about topics; `stopped` the topics that count as withdrawn from this moment.
    """
    if posted.get("everything") == "stop":
        return {"everything": True, "stopped": [EVERYTHING]}
    choice: dict[str, Any] = {}
    says = list(_says(posted, known))
    if says:
        choice["says"] = says
    language = posted.get("language", KEEP)
    if _TAG.fullmatch(language) and language != KEEP and (known is None or language != known.language):
        choice["language"] = language
    try:
        hours = _hours(posted, known)
    except ValueError:
        return "both_hours"
    choice |= hours
    if posted.get("pause") in {str(each) for each in (0, *WEEKS)}:
        weeks = int(posted["pause"])
        if weeks or known is None or known.blank or known.paused_until is not None:
            choice["pause_weeks"] = weeks
    return choice | {"stopped": [each["topic"] for each in says if not each["yes"]]} if choice else {}


def _says(posted: Mapping[str, str], known: Known | None) -> Iterator[dict[str, Any]]:
    for name, value in posted.items():
        topic, _, channel = name.removeprefix(SAY).rpartition(":")
        if not name.startswith(SAY) or value not in ("yes", "no") or posted.get(f"{WAS}{topic}:{channel}") == value:
            continue
        if known is None or (topic, channel) not in known.says or topic not in known.policies.messaging.topics:
            continue  # no page of ours asks it
        yield {"topic": topic, "channel": channel, "yes": value == "yes", "wording": f"{known.label(topic)}: {value}"}


def _hours(posted: Mapping[str, str], known: Known | None) -> dict[str, str]:
    begin, end = posted.get("quiet_from", KEEP), posted.get("quiet_to", KEEP)
    if begin == end == KEEP:
        return {}
    hours = hours_from(begin, end) or ""
    as_before = known is not None and not known.blank and hours == (known.quiet_hours or "")
    return {} if as_before else {"quiet_hours": hours}


def overlaid(known: Known | None, body: Mapping[str, Any], at: datetime) -> Known | None:
    """Return what is known once the workers have seen to what somebody told us at that instant."""
    if known is None or known.blank:
        return known
    says, against = dict(known.says), known.against
    if EVERYTHING in body.get("stopped", ()):
        against |= {UNSUBSCRIBED}
    else:
        says |= {(topic, "email"): "opted_out" for topic in body.get("stopped", ())}
    told = {(each["topic"], each["channel"]): each["yes"] for each in body.get("says", ())}
    if any(told.values()) and UNSUBSCRIBED in against:
        against, says = against - {UNSUBSCRIBED}, dict.fromkeys(says, "opted_out")
    says |= {place: "opted_in" if yes else "opted_out" for place, yes in told.items()}
    changed: dict[str, Any] = {"says": says, "against": against}
    if body.get("language"):
        changed["language"] = body["language"]
    if "quiet_hours" in body:
        changed["quiet_hours"] = body["quiet_hours"] or None
    if "pause_weeks" in body:
        changed["paused_until"] = at + timedelta(weeks=body["pause_weeks"]) if body["pause_weeks"] else None
    return replace(known, **changed)
