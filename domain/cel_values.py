"""The values conditions compare, and how they are told to people.

Data comes from forms, imports and other systems: it is taken as it is, or it is `Unfit` with a reason. It is never an
error, because what a stranger typed into a form must not stop a sequence.
"""

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from uuid import UUID

from pydantic import JsonValue

MOST_ITEMS = 1_000
MOST_WEIGHT = 100_000
MOST_SHOWN = 80
_NODE = 10  # what a value weighs beside its characters: 10,000 values in a list of lists are as many as 100,000 letters
_MOST_LEVELS = 20
_INTEGERS = 2**63
_LONGEST = timedelta(days=106_751)  # what CEL's own durations hold; longer ones overflow when added to a timestamp


@dataclass(frozen=True, slots=True)
class Unfit:
    """A value that nothing can be compared with; `why` completes the sentence "contact.vip …"."""

    why: str


MISSING = Unfit("is missing")
_TOO_LONG = Unfit(f"is longer than {MOST_WEIGHT:,} characters")
_TOO_MANY = Unfit(f"has more than {MOST_ITEMS:,} items")
_TOO_MUCH = Unfit("holds too much to be compared")
_UNKNOWN = Unfit("is of a kind that cannot be compared")
_BROKEN = Unfit("is not readable text")
_NOT_A_NUMBER = Unfit("is not a number")


def fact(value: object, clock: tzinfo = UTC) -> object:
    """Return `value` as CEL knows it: text, number, truth, datetime in UTC, timedelta, bytes, list, dict; or Unfit.

    None is missing, in a mapping its key is left out. A date is 00:00 on `clock`, and so is read a datetime without a
    zone. A list of more than MOST_ITEMS, or anything heavier than MOST_WEIGHT characters, is unfit.

    >>> fact({"score": Decimal("12"), "vip": None})
    {'score': 12.0}
    >>> fact(None)
    Unfit(why='is missing')
    """
    if type(value) is bool or (type(value) is str and len(value) <= MOST_WEIGHT and value.isascii()):
        return value  # the usual case, kept short: thousands of these are read every second
    return _Reading(clock).taken(value, 0)


class _Reading:
    """One value being read, and how much room it has left."""

    def __init__(self, clock: tzinfo) -> None:
        self.clock = clock
        self.room = MOST_WEIGHT

    def taken(self, value: object, level: int) -> object:
        if value is None:
            return MISSING
        if isinstance(value, Enum):
            return self.taken(value.value, level)
        if isinstance(value, Mapping):
            return self.mapping(value, level)
        if isinstance(value, list | tuple | Set):
            return self.items(value, level)
        return self.single(value)

    def single(self, value: object) -> object:
        match value:
            case str():
                return self.text(value)
            case bool() | bytes():
                return value
            case int() | float() | Decimal():
                return _number(value)
            case date() | timedelta():
                return self.moment(value)
            case UUID():
                return str(value)
            case _:
                return _UNKNOWN

    def text(self, value: str) -> object:
        self.room -= len(value)
        if self.room < 0:
            return _TOO_LONG
        return str(value) if value.isascii() or _is_readable(value) else _BROKEN

    def moment(self, value: date | timedelta) -> object:
        if isinstance(value, timedelta):
            return value if -_LONGEST <= value <= _LONGEST else _NOT_A_NUMBER
        if not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if value.tzinfo is None:
            value = value.replace(tzinfo=self.clock)
        try:
            return value.astimezone(UTC)
        except OverflowError:
            return _UNKNOWN

    def mapping(self, value: Mapping[object, object], level: int) -> object:
        if level > _MOST_LEVELS or len(value) > MOST_ITEMS:
            return _TOO_MUCH
        taken: dict[str, object] = {}
        for key, held in value.items():
            if held is None or not isinstance(key, str):
                continue
            part = self.part(held, level)
            if part is _TOO_MUCH:
                return _TOO_MUCH
            if not isinstance(part, Unfit):
                taken[str(key)] = part
        return taken

    def items(self, value: Iterable[object], level: int) -> object:
        held = list(value)
        if len(held) > MOST_ITEMS:
            return _TOO_MANY
        if level > _MOST_LEVELS:
            return _TOO_MUCH
        if isinstance(value, Set):
            held.sort(key=str)  # sets have no order, the decision log has
        taken = [self.part(item, level) for item in held]
        return _TOO_MUCH if _TOO_MUCH in taken else [item for item in taken if not isinstance(item, Unfit)]

    def part(self, value: object, level: int) -> object:
        """Return a part of a list or mapping; where a part is too large, so is the whole."""
        self.room -= _NODE
        part = self.taken(value, level + 1)
        return _TOO_MUCH if self.room < 0 or part is _TOO_MANY else part


def _number(value: int | float | Decimal) -> object:
    if isinstance(value, int) and -_INTEGERS <= value < _INTEGERS:
        return int(value)
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return _NOT_A_NUMBER
    return number if math.isfinite(number) else _NOT_A_NUMBER


def _is_readable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_json(value: object) -> JsonValue:
    """Return a fact as the decision log keeps it; what is unfit is None.

    >>> as_json(datetime(2026, 3, 1, tzinfo=UTC))
    '2026-03-01T00:00:00+00:00'
    """
    match value:
        case bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds():g}s"
        case bytes():
            return value.hex()
        case list():
            return [as_json(item) for item in value]
        case dict():
            return {str(key): as_json(held) for key, held in value.items()}
        case _:
            return None


def told(value: object) -> str:
    """Return the predicate of a sentence about a fact, its text cut at MOST_SHOWN characters.

    >>> told("DE"), told(12), told(MISSING)
    ("is 'DE'", 'is 12', 'is missing')
    """
    if isinstance(value, Unfit):
        return value.why
    return f"is {_shown(value)}"


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{cut(value)}'"
        case int() | float():
            return f"{value}"
        case datetime():
            return value.isoformat()
        case list():
            return cut(f"[{', '.join(_shown(item) for item in value[:MOST_SHOWN])}]")
        case dict():
            return f"a record of {len(value)} fields"
        case _:
            return cut(f"{value}")


def cut(text: str, most: int = MOST_SHOWN) -> str:
    """Return `text`, or its first `most` characters and an ellipsis.

    >>> cut("abcdef", 3)
    'abc…'
    """
    return text if len(text) <= most else f"{text[:most]}…"
