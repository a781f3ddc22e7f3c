"""The words a condition may use: names, fields, functions and what they take.

One table of functions serves the check of a file, the judgement of a contact and the documentation. A new function is
a line in FUNCTIONS, a method of `History`, and a line in `standard_functions`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Protocol

CONTACT_FIELDS = frozenset({"id", "email", "phone", "first_name", "last_name", "company", "country", "city"})
CONTACT_FIELDS |= {"language", "time_zone", "stage", "tier", "score", "tags", "owner", "source", "created_at"}
RUN_FIELDS = frozenset({"event", "entered_at", "round"})
EVENT_FIELDS = frozenset({"name", "at"})
RUN_EVENT_FIELDS = frozenset({"name"})
MATCHED_FIELDS = frozenset({"event", "at", "id"})
SINGLE_NAMES = frozenset({"outcome", "now"})
RECORD_NAMES = frozenset({"contact", "run", "event", "matched", "calls"})
TYPE_NAMES = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"})
_MOST_LISTED = 8


@dataclass(frozen=True)
class Names:
    """What the author of one condition may refer to.

    CONTACT_FIELDS are known beside `contact_fields`. `sends` are the steps that send, None where any step may.
    `event_fields` maps each event to its fields, None where they are not known; with `any_event_fields` undeclared ones
    pass. `allow_event` is true in `where`, `enter`, `exit` and `goal`, where there is an event to look at. `calls` are
    the names under `calls.`, None where they are not known.
    """

    contact_fields: frozenset[str] = CONTACT_FIELDS
    event_fields: Mapping[str, frozenset[str]] | None = None
    steps: frozenset[str] = frozenset()
    sends: frozenset[str] | None = None
    events: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    allow_event: bool = False
    any_event_fields: bool = False
    calls: frozenset[str] | None = None
    every_event_field: frozenset[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.event_fields is not None and not self.any_event_fields:
            object.__setattr__(self, "every_event_field", frozenset[str]().union(*self.event_fields.values()))

    def known(self, kind: str) -> frozenset[str]:
        """Return the known names of a kind of argument: step, event, segment or topic."""
        return {"step": self.steps, "event": self.events, "segment": self.segments, "topic": self.topics}[kind]


@dataclass(frozen=True)
class Signature:
    """What a function takes: the kinds of its arguments, of which the first `required` must be there."""

    kinds: tuple[str, ...]
    required: int
    gives: str = "truth"
    example: str = ""


FUNCTIONS = {
    "sent": Signature(("step",), 1, example="sent('hello')"),
    "opened": Signature(("step",), 1, example="opened('hello')"),
    "clicked": Signature(("step", "url"), 1, example="clicked('hello')"),
    "replied": Signature(("step",), 1, example="replied('hello')"),
    "did": Signature(("event", "days"), 1, example="did('purchased', 30)"),
    "count": Signature(("event", "days"), 2, "number", example="count('purchased', 30)"),
    "days_since": Signature(("date",), 1, "number", example="days_since(contact.created_at)"),
    "in_segment": Signature(("segment",), 1, example="in_segment('customers')"),
    "topic": Signature(("topic",), 1, example="topic('product-news')"),
}
"""The functions of our own, by name."""

MOMENT_PARTS = frozenset({"getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"})
MOMENT_PARTS |= {"getHours", "getMinutes", "getSeconds", "getMilliseconds"}
CEL_FUNCTIONS = {
    "size": Signature(("value",), 1, "number", "size(contact.tags)"),
    "int": Signature(("value",), 1, "number", "int(run.event.amount)"),
    "uint": Signature(("value",), 1, "number", "uint(run.event.amount)"),
    "double": Signature(("value",), 1, "number", "double(run.event.amount)"),
    "string": Signature(("value",), 1, "text", "string(contact.score)"),
    "bytes": Signature(("value",), 1, "bytes", "bytes(contact.email)"),
    "timestamp": Signature(("value",), 1, "date", "timestamp('2026-01-31T00:00:00Z')"),
    "duration": Signature(("value",), 1, "duration", "duration('24h')"),
    "type": Signature(("value",), 1, "type", "type(contact.score)"),
    "dyn": Signature(("value",), 1, "value", "dyn(contact.score)"),
}
"""CEL's own functions that stand before their argument."""

CEL_METHODS = {
    "contains": Signature(("value",), 1, example="contact.company.contains('Ltd')"),
    "startsWith": Signature(("value",), 1, example="contact.phone.startsWith('+44')"),
    "endsWith": Signature(("value",), 1, example="contact.email.endsWith('.edu')"),
    "matches": Signature(("pattern",), 1, example="contact.email.matches('^[a-z]+@')"),
    "size": Signature((), 0, "number", "contact.tags.size()"),
} | {name: Signature(("zone",), 0, "number", f"now.{name}('Europe/Berlin')") for name in MOMENT_PARTS}
"""CEL's own functions that stand behind what they look at."""


class History(Protocol):
    """What a contact did and was sent, as far as conditions ask. `days` are days back from now, None is ever."""

    def sent(self, step: str) -> bool: ...
    def opened(self, step: str) -> bool: ...
    def clicked(self, step: str, url: str | None) -> bool: ...
    def replied(self, step: str) -> bool: ...
    def did(self, event: str, days: int | None) -> bool: ...
    def count(self, event: str, days: int) -> int: ...
    def in_segment(self, name: str) -> bool: ...
    def topic(self, name: str) -> bool: ...


def standard_functions(history: History, now: datetime) -> dict[str, Callable[..., object]]:
    """Return the functions of FUNCTIONS, bound to one contact's history and to `now`.

    `now` in the contact's own zone makes `days_since` count on the contact's clock; in UTC it counts spans of 24 hours.
    """

    def days_since(moment: datetime) -> int:
        if not isinstance(moment, datetime):
            raise TypeError("days_since wants a date")
        elapsed = now.replace(tzinfo=None) - moment.astimezone(now.tzinfo).replace(tzinfo=None)
        return elapsed // timedelta(days=1)

    return {
        "sent": lambda step: history.sent(step),
        "opened": lambda step: history.opened(step),
        "clicked": lambda step, url=None: history.clicked(step, url),
        "replied": lambda step: history.replied(step),
        "did": lambda event, days=None: history.did(event, days),
        "count": lambda event, days: history.count(event, days),
        "days_since": days_since,
        "in_segment": lambda name: history.in_segment(name),
        "topic": lambda name: history.topic(name),
    }


def nearest(word: str, known: Collection[str]) -> str:
    """Return the way out for a name that is not known: the nearest one, else what there is.

    >>> nearest("tpis", {"tips", "hello"}), nearest("xyz", {"tips", "hello"}), nearest("xyz", set())
    ("did you mean 'tips'?", 'there are hello, tips', 'none is known here, so leave it out')
    """
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    if not known:
        return "none is known here, so leave it out"
    listed = sorted(known)[:_MOST_LISTED]
    more = f" and {len(known) - len(listed)} more" if len(known) > len(listed) else ""
    return f"there {'is' if len(known) == 1 else 'are'} {', '.join(listed)}{more}"
