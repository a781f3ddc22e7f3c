"""What a provider tells of a message, in our words, and how a value is taken out of its JSON, whatever stands there.

Nothing here raises: what is not as documented is empty. `Told.key` names the occurrence, so twice is once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar, Protocol

from pydantic import JsonValue

from channels.providers.base import SEND_ID, TOKEN_HEADER
from channels.providers.signs import Headers
from channels.returned.reports import is_our_fault, judged
from domain.answers import read_address
from domain.events import EVERYTHING

Tree = Mapping[str, JsonValue]
MOST_WORDS = 500
LONGEST_URL = 2000
URGENT = frozenset({"complained", "unsubscribed"})


@dataclass(frozen=True)
class Named:
    """What names the message an event is about, strongest first: our id, our signed token, Message-IDs, their name.

    `recipient` is the one of its recipients that is meant; empty where the provider does not say.
    """

    send_id: str = ""
    token: str = ""
    message_ids: tuple[str, ...] = ()
    provider_ids: tuple[str, ...] = ()
    recipient: str = ""


@dataclass(frozen=True)
class Told:
    """One event: its name is one of `domain.events.BUILT_IN`, `data` are that event's fields.

    `agent` is the program that opened or clicked, as it calls itself; who that was is judged by who knows the message.
    """

    key: str
    name: str
    named: Named
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    at: datetime | None = None
    agent: str = ""

    @property
    def urgent(self) -> bool:
        """Whether the contact must not be written to before this is known."""
        return self.name in URGENT or (self.name == "bounced" and self.data.get("permanent") is True)


class Teller(Protocol):
    """A provider that tells by webhook what became of messages."""

    name: ClassVar[str]

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """Return whether these bytes come from the provider, as one of `secrets` shows. Never raises."""

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return what is told in this JSON, as far as we have a word for it. Never raises."""


def text(value: JsonValue, most: int = MOST_WORDS) -> str:
    """Return a text on one line, a whole number as one, '' for anything else.

    >>> text(" user\\nunknown "), text(550), text([]), text(True)
    ('user unknown', '550', '', '')
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def inside(value: JsonValue | Tree, *names: str) -> Tree:
    """Return the object under these names, one in another; empty where there is none.

    >>> inside({"a": {"b": {"c": 1}}}, "a", "b"), inside({"a": 7}, "a", "b")
    ({'c': 1}, {})
    """
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def listed(value: JsonValue) -> list[JsonValue]:
    """Return a list as it is, one thing as a list of it."""
    return value if isinstance(value, list) else [] if value is None else [value]


def objects(value: JsonValue) -> list[Tree]:
    """Return the objects of a list, or the one there is; what is none is left out."""
    return [each for each in listed(value) if isinstance(each, Mapping)]


def address(value: JsonValue) -> str:
    """Return an e-mail address as we keep it, '' if it is none.

    >>> address("Ann <Ann@Acme.example>"), address("<ann@acme.example>"), address(7)
    ('ann@acme.example', 'ann@acme.example', '')
    """
    words = text(value, 400)
    if words.endswith(">"):
        words = words[:-1].rpartition("<")[2]
    try:
        return read_address(words)
    except ValueError:
        return ""


def bracketed(value: JsonValue) -> tuple[str, ...]:
    """Return a Message-ID with its brackets, in a tuple that is empty if it is none.

    >>> bracketed("a@x.example"), bracketed("<a@x.example>"), bracketed(None)
    (('<a@x.example>',), ('<a@x.example>',), ())
    """
    words = text(value, 300).strip("<>")
    return (f"<{words}>",) if "@" in words else ()


def moment(value: JsonValue) -> datetime | None:
    """Return an instant told as ISO 8601, or as seconds or milliseconds since 1970; None if it is none.

    >>> moment(1774602000).isoformat(), moment(1774602000000) == moment("2026-03-27T09:00:00Z"), moment("soon")
    ('2026-03-27T09:00:00+00:00', True, None)
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        at = datetime.fromisoformat(text(value, 40))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def header_of(headers: JsonValue, name: str) -> str:
    """Return a header out of a list of `{name, value}`, or an object of them.

    >>> header_of([{"name": "X-A", "value": "1"}], "x-a"), header_of({"X-A": "1"}, "x-a"), header_of(7, "x-a")
    ('1', '1', '')
    """
    if isinstance(headers, Mapping):
        pairs = [(each, value) for each, value in headers.items()]
    else:
        pairs = [(text(each.get("name")), each.get("value")) for each in objects(headers)]
    return next((text(value) for each, value in pairs if each.lower() == name.lower()), "")


def token_in(headers: JsonValue) -> str:
    """Return our signed token out of a message's headers, '' if it is not among them."""
    return header_of(headers, TOKEN_HEADER)


def send_id(metadata: JsonValue) -> str:
    """Return our id out of what a provider keeps with a message; SES keeps lists.

    >>> send_id({"send_id": ["0f"]}), send_id({"send_id": "0f"}), send_id(None)
    ('0f', '0f', '')
    """
    return next((text(each, 40) for each in listed(inside(metadata).get(SEND_ID))), "")


def hashed(*parts: object) -> str:
    """Return a name for an occurrence whose provider gives it none."""
    return sha256("\0".join(map(str, parts)).encode(errors="replace")).hexdigest()[:40]


def bounce(permanent: bool, words: str, status: str = "") -> dict[str, JsonValue]:
    """Return the fields of a bounce. What is our own fault is no fault of the address, whatever the provider calls it.

    >>> bounce(True, "550 5.1.1 no such user")
    {'code': '550 5.1.1', 'reason': '5.1.1 no such user', 'permanent': True}
    >>> bounce(True, "550 5.7.26 unauthenticated mail")["permanent"]
    False
    """
    _, code, reason = judged(words, status)
    return {"code": code[:40], "reason": reason[:MOST_WORDS], "permanent": permanent and not is_our_fault(code, reason)}


def deferral(words: str, status: str = "") -> dict[str, JsonValue]:
    """Return the fields of a message that was put off."""
    _, code, reason = judged(words, status)
    return {"code": code[:40], "reason": reason[:MOST_WORDS]}


def leaving(how: str, everything: bool = True) -> dict[str, JsonValue]:
    """Return the fields of a withdrawal; without `everything` it is from the topic of the message."""
    said: dict[str, JsonValue] = {"channel": "email", "how": how}
    return said | {"topic": EVERYTHING} if everything else said


def click(url: JsonValue) -> dict[str, JsonValue]:
    """Return the fields of a click."""
    return {"url": text(url, LONGEST_URL)}
