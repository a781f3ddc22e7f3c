"""How words about time are read: numbers and units, ISO 8601, hours, weekdays, sources.

The one thing to know: everything here takes and returns plain values and refuses with `what; what to do`;
`domain/spans.py` makes the values that the rest of the code works with.
"""

import difflib
import re
from datetime import date, time
from typing import NamedTuple

from domain.calendars import WEEKDAYS

LONGEST_DAYS = 36525  # a hundred years
MOST_BUSINESS = 10_000  # hours or days: they are walked one by one

# Each unit, and how much of which field of `Span` one of it is.
UNITS = {
    "seconds": ("seconds", 1),
    "minutes": ("seconds", 60),
    "hours": ("seconds", 3600),
    "days": ("days", 1),
    "weeks": ("days", 7),
    "months": ("months", 1),
    "business minutes": ("business_minutes", 1),
    "business hours": ("business_hours", 1),
    "business days": ("business_days", 1),
}
_UNITS_SAID = "seconds, minutes, hours, days, weeks, months, business minutes, hours or days"
_SHORT = {
    "s": "seconds", "sec": "seconds", "secs": "seconds", "m": "minutes", "min": "minutes", "mins": "minutes",
    "h": "hours", "hr": "hours", "hrs": "hours", "d": "days", "w": "weeks", "mo": "months",
    "bm": "business minutes", "bh": "business hours", "bd": "business days",
    "working days": "business days", "workdays": "business days",
}  # fmt: skip

_ISO = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_ISO_UNITS = (("months", 12), ("months", 1), ("days", 7), ("days", 1),
              ("seconds", 3600), ("seconds", 60), ("seconds", 1))  # fmt: skip
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
SOURCE = rf"(?:contact|run\.event|matched|calls\.{_NAME})\.{_NAME}|run\.entered_at|{_DATE}"
_MOMENT = re.compile(rf"({SOURCE})(?: ?([+-]) ?(.+))?")
_WEEKDAY = {short: day for day, name in enumerate(WEEKDAYS) for short in (name, name[:3])}
_TELLING = 60  # characters of the author's text that an error repeats


class MomentWords(NamedTuple):
    """The pieces of a moment: `contact.renewal_date`, -1, `30 days`, 09:00."""

    source: str
    sign: int
    span: str | None
    at: time | None


def read_span(words: str) -> dict[str, int]:
    """Return the fields of a span; seconds, days and months are sums over its units.

    >>> read_span("2 weeks"), read_span("P1DT12H")
    ({'days': 14}, {'months': 0, 'days': 1, 'seconds': 43200})
    """
    fields = _iso(words) if words.upper().startswith("P") else _number_and_unit(words)
    if not any(fields.values()):
        raise ValueError(f"bad span '{words[:_TELLING]}'; the number must be 1 or more")
    business = fields.get("business_hours", 0) + fields.get("business_days", 0) + fields.get("business_minutes", 0) / 60
    days = fields.get("months", 0) * 30 + fields.get("days", 0) + fields.get("seconds", 0) // 86400
    if days > LONGEST_DAYS or business > MOST_BUSINESS:
        raise ValueError(
            f"span '{words[:_TELLING]}' is too long; write at most 100 years, or {MOST_BUSINESS} business hours or days"
        )
    return fields


def _number_and_unit(words: str) -> dict[str, int]:
    found = re.fullmatch(r"([0-9]{1,12}) ([a-z]+(?: [a-z]+)?)", words.lower())
    if not found:
        raise ValueError(_bad_span(words))
    unit = found[2] if found[2].endswith("s") else found[2] + "s"
    if unit not in UNITS:
        raise ValueError(_bad_span(words))
    field, factor = UNITS[unit]
    return {field: int(found[1]) * factor}


def _iso(words: str) -> dict[str, int]:
    found = _ISO.fullmatch(words.upper())
    if not found or not any(found.groups()) or words.upper().endswith("T"):
        raise ValueError(_bad_span(words))
    fields = {"months": 0, "days": 0, "seconds": 0}
    for number, (field, factor) in zip(found.groups(), _ISO_UNITS, strict=True):
        fields[field] += int((number or "0")[:12]) * factor
    return fields


def _bad_span(words: str) -> str:
    if " at " in f"{words} ":
        return f"bad span '{words[:_TELLING]}'; leave out 'at', which goes only with a wait and with a moment"
    if iso := _as_iso(words):
        return f"bad span '{words[:_TELLING]}'; several units are written {iso}"
    found = re.match(r"([0-9]{1,6}) ?([a-z ]*)$", words.lower())
    number = int(found[1]) if found else 2
    unit: str = found[2].strip() if found else ""
    if unit in ("y", "year", "years"):
        number, unit = number * 12, "months"
    near = difflib.get_close_matches(unit, UNITS, n=1) or ["days"]
    unit = _SHORT.get(unit, near[0])
    example = f"{number} {unit[:-1] if number == 1 else unit}"
    return f"bad span '{words[:_TELLING]}'; write a number and one of {_UNITS_SAID}, e.g. '{example}'"


def _as_iso(words: str) -> str | None:
    """Return how a span of several units is written; None if `words` are not such a span.

    >>> _as_iso("1 day and 12 hours"), _as_iso("1 business day 2 hours"), _as_iso("2 dayz")
    ("'P1DT12H'", 'as two waits, one after the other', None)
    """
    word = r"[0-9]{1,6} (?:business )?(?:second|minute|hour|day|week|month)s?"
    if not re.fullmatch(rf"{word}(?:(?:,? and |, ?| ){word})+", words.lower()):
        return None
    if "business" in words.lower():
        return "as two waits, one after the other"
    amount = dict.fromkeys("Mdwhms", 0)
    for number, unit in re.findall(r"([0-9]+) (\w+)", words.lower()):
        amount["M" if unit.startswith("mo") else unit[0]] += int(number)
    day = "".join(f"{amount[key]}{key.upper()}" for key in "Mwd" if amount[key])
    hour = "".join(f"{amount[key]}{key.upper()}" for key in "hms" if amount[key])
    return f"'P{day}T{hour}'" if hour else f"'P{day}'"


def read_moment(words: str) -> MomentWords:
    """Return the pieces of a moment, its span still in words.

    >>> read_moment("matched.at + 3 days").span
    '3 days'
    """
    head, at = split_hour(words)
    found = _MOMENT.fullmatch(head)
    if not found:
        raise ValueError(
            f"bad moment '{words[:_TELLING]}'; begin with contact.FIELD, run.event.FIELD, "
            "run.entered_at, matched.FIELD, calls.NAME.FIELD or a date, e.g. 'contact.renewal_date - 30 days at 09:00' "
            "or '2026-05-01 at 09:00'"
        )
    if "." not in found[1]:
        _check_date(found[1])
    return MomentWords(found[1], -1 if found[2] == "-" else 1, found[3], at)


def _check_date(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"bad date '{text}'; there is no such day: write YYYY-MM-DD") from None


def begins_a_moment(words: str) -> bool:
    """Say whether `words` are meant as a moment, not a span: they begin with a date or a path."""
    return re.match(rf"{_DATE}|[A-Za-z_]+\.", words) is not None


def lacks_until(words: str) -> str | None:
    """Return what `words` begin with that only follows `until`: a moment, an hour, a weekday; None for a span.

    >>> lacks_until("09:00"), lacks_until("monday at 09:00"), lacks_until("2 days")
    ('an hour', 'a weekday', None)
    """
    if begins_a_moment(words):
        return "a moment"
    if is_hour(words):
        return "an hour"
    return "a weekday" if re.split("[ ,]", words.lower(), maxsplit=1)[0] in _WEEKDAY else None


def after_until(words: str) -> str | None:
    """Return what follows a leading `until`, or None if there is none."""
    head, _, rest = words.partition(" ")
    return rest if head.lower() == "until" and rest else None


def split_hour(words: str) -> tuple[str, time | None]:
    """Return what stands before `at`, and the hour after it.

    >>> split_hour("2 days at 09:00")
    ('2 days', datetime.time(9, 0))
    """
    found = re.fullmatch(r"(.+?) at (.*)", words, re.IGNORECASE)
    return (found[1], read_hour(found[2])) if found else (words, None)


def is_hour(words: str) -> bool:
    """Say whether `words` are meant as a time of day."""
    return re.match(r"[0-9]+:", words) is not None


def read_hour(text: str) -> time:
    """Return a time of day from HH:MM, 00:00 to 23:59."""
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if not found:
        raise ValueError(f"bad time '{text[:_TELLING]}'; write HH:MM, e.g. '09:00'")
    return time(int(found[1]), int(found[2]))


def read_weekdays(until: str) -> tuple[tuple[int, ...], time] | None:
    """Return the days (Monday is 0) and the hour of `monday, thursday at 09:00`; None if a moment is meant.

    >>> read_weekdays("monday, thursday at 09:00")
    ((0, 3), datetime.time(9, 0))
    """
    head, at = split_hour(until)
    if re.search(r"[.0-9]", head):
        return None
    names = [name.strip().lower() for name in head.split(",")]
    for name in names:
        if name not in _WEEKDAY:
            near = difflib.get_close_matches(name, WEEKDAYS, n=1) or ["monday"]
            raise ValueError(
                f"bad wait 'until {until[:_TELLING]}'; '{name[:30]}' is no weekday: write e.g. "
                f"'until {near[0]} at 09:00', 'until 09:00' or 'until contact.renewal_date'"
            )
    if at is None:
        raise ValueError(f"bad wait 'until {until[:_TELLING]}'; add the hour: 'until {until[:_TELLING]} at 09:00'")
    return tuple(sorted({_WEEKDAY[name] for name in names})), at
