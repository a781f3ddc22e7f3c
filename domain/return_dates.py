"""When somebody who is away says they are back: a date out of an automatic answer, or none.

Best effort, and careful: what is read is at most a reason to wait. The day returned is the first on which they are
there: `back on the 7th` is the 7th, `until the 4th` the day after. What lies in the past, or too far ahead, is no day.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from domain.return_words import (
    BACK,
    BACK_BEHIND,
    BETWEEN,
    DAYS,
    LAST,
    MONTHS,
    NEXT_WEEK,
    NOT_UNTIL,
    SPAN_OF_DAYS,
    START,
    TOMORROW,
    language_of,
)

LONGEST_TEXT = 4_000
# Half a year of leave without a year named; a little over one with it.
FARTHEST, FARTHEST_WITH_YEAR = timedelta(days=240), timedelta(days=400)

_A_DAY = timedelta(days=1)
_BEFORE, _BEHIND = 80, 60
_NEW_SENTENCE = re.compile(r"(?<![\d])[.!?;]\s+(?=[^\W\d_])|\n\s*\n")
_NEW_CLAUSE = re.compile(rf"{_NEW_SENTENCE.pattern}|(?<=[^\W\d]{{2}}),\s")

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = "|".join(sorted(DAYS, key=len, reverse=True))
_YEAR = r"(?:,?\s*(?:de |del )?(?P<year>(?:19|20)\d\d)\b)?"
_WEEKDAY = rf"(?:\b(?P<weekday>{_DAY})\.?,?\s+(?:the |den |dem |le |el )?)?"
_FORMS = (
    ("iso", re.compile(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b")),
    (
        "dotted",
        re.compile(
            r"\b(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\b(?!\.?\d*[:%€])(?:\.\s?(?P<year>(?:19|20)\d\d|\d\d\b(?!:))?)?"
        ),
    ),
    ("slashed", re.compile(r"\b(?P<a>\d{1,2})[/-](?P<b>\d{1,2})(?:[/-](?P<year>(?:19|20)\d\d|\d\d))?\b")),
    (
        "named",
        re.compile(
            rf"{_WEEKDAY}\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?\s*(?:of |de )?\s*(?P<name>{_MONTH})\b\.?{_YEAR}"
        ),
    ),
    (
        "named",
        re.compile(rf"{_WEEKDAY}\b(?P<name>{_MONTH})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d){_YEAR}"),
    ),
    (
        "day",
        re.compile(
            rf"\b(?P<weekday>{_DAY})\.?,?\s+(?:the |den |dem |le |el )?(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?![:\d])"
        ),
    ),
    ("weekday", re.compile(rf"\b(?P<weekday>{_DAY})\b")),
    ("next week", re.compile(rf"\b(?:{NEXT_WEEK})\b")),
    ("tomorrow", re.compile(rf"\b(?:{'|'.join(TOMORROW.split())})\b")),
)

# They may stand beside a date and mean the same day.
_BESIDE = frozenset({"weekday", "next week", "tomorrow"})
# `30.11. (Monday)` is one day.
_SAID_ALREADY = re.compile(r"\s*[(,/]\s*")

Says = Literal["back", "last", "start"]


@dataclass(frozen=True)
class _Named:
    """A day that a text names, and where."""

    begin: int
    end: int
    day: date
    form: str


def return_date(text: str, today: date) -> date | None:
    """Return the first day on which whoever wrote `text` is back, None where it says no day that makes sense.

    >>> today = date(2026, 11, 22)
    >>> return_date("I am out of the office until 3 December.", today)
    datetime.date(2026, 12, 4)
    >>> return_date("Ich bin ab dem 8. Dezember wieder für Sie da.", today)
    datetime.date(2026, 12, 8)
    >>> return_date("I was away until 3 March 1987.", today) is None
    True
    """
    text = re.sub(r"[^\S\n]+", " ", text[:LONGEST_TEXT]).replace("\r", "").lower()
    # A line that goes on is no end of what it says.
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    found = {"back": list[date](), "last": list[date]()}
    days = list(_days(text, today))
    for before, named, behind in zip([None, *days], days, [*days[1:], None], strict=False):
        says = _says(text, named, before, behind)
        if says in found:
            found[says].append(named.day + (_A_DAY if says == "last" else timedelta()))
    ahead = [day for day in found["back"] or found["last"] if day >= today]
    return ahead[0] if ahead else None


def _days(text: str, today: date) -> Iterator[_Named]:
    """Yield the days a text names, in its order; where two readings overlap, the one that says more."""
    language = language_of(text)
    taken: list[_Named] = []
    blocked: list[tuple[int, int]] = []
    for form, pattern in _FORMS:
        for match in pattern.finditer(text):
            begin, end = match.span()
            if any(begin < last and first < end for first, last in blocked):
                continue
            blocked.append((begin, end))
            day = _READ[form](match, today, language)
            if day is not None:
                taken.append(_Named(begin, end, day, form))
    before: _Named | None = None
    for named in sorted(taken, key=lambda named: named.begin):
        if before is None or named.form != "weekday" or not _SAID_ALREADY.fullmatch(text[before.end : named.begin]):
            yield (before := named)


def _says(text: str, named: _Named, before: _Named | None, behind: _Named | None) -> Says | None:
    """Return what the words around a day say of it, from the date before it to the one behind; None if nothing."""
    first = before.end if before is not None and before.form not in _BESIDE else 0
    last = behind.begin if behind is not None and behind.form not in _BESIDE else len(text)
    lead = _NEW_SENTENCE.split(text[max(first, named.begin - _BEFORE) : named.begin])[-1]
    rest = _NEW_CLAUSE.split(text[named.end : min(last, named.end + _BEHIND)])[0]
    if before is not None and named.day >= before.day and BETWEEN.fullmatch(text[before.end : named.begin]):
        return None if named.form == "weekday" else "last"  # `Monday to Friday` are the office hours of a signature
    if SPAN_OF_DAYS.search(lead):
        return "last"
    signals = {"back": _end(BACK, lead), "last": _end(LAST, lead), "start": _end(START, lead)}
    if NOT_UNTIL.search(lead[-40:]):
        return "back"
    nearest = max(signals, key=lambda name: signals[name])
    if signals[nearest] >= 0 and nearest != "start":
        return "back" if nearest == "back" else "last"
    if signals["back"] >= 0 or BACK_BEHIND.search(rest):
        return "back"
    return "start" if signals["start"] >= 0 else None


def _end(words: re.Pattern[str], lead: str) -> int:
    return max((found.end() for found in words.finditer(lead)), default=-1)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _near(month: int, day: int, year: str | None, today: date) -> date | None:
    """Return the day, of the year that is said or else of the one that makes it lie ahead; None for nonsense."""
    if year is not None:
        said = _date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
        return said if said is not None and today - _A_DAY <= said <= today + FARTHEST_WITH_YEAR else None
    for candidate in (_date(today.year, month, day), _date(today.year + 1, month, day)):
        if candidate is not None and today - _A_DAY <= candidate <= today + FARTHEST:
            return candidate
    return None


def _iso(match: re.Match[str], today: date, language: str) -> date | None:
    return _near(int(match["month"]), int(match["day"]), match["year"], today)


def _slashed(match: re.Match[str], today: date, language: str) -> date | None:
    first, second = int(match["a"]), int(match["b"])
    day_first = _near(second, first, match["year"], today)
    if language != "en":
        return day_first
    # Written on either side of the Atlantic: the reading that lies ahead, and nearer.
    month_first = _near(first, second, match["year"], today)
    return min((day for day in (day_first, month_first) if day is not None), default=None)


def _named_month(match: re.Match[str], today: date, language: str) -> date | None:
    return _near(MONTHS[match["name"]], int(match["day"]), match["year"], today)


def _of_month(match: re.Match[str], today: date, language: str) -> date | None:
    """`Monday 7th`: the next 7th that is a Monday, else the next 7th."""
    ahead = [today + _A_DAY * number for number in range(62)]
    fitting = [day for day in ahead if day.day == int(match["day"])]
    agreeing = [day for day in fitting if day.weekday() == DAYS[match["weekday"]]]
    return next(iter(agreeing or fitting), None)


def _weekday(match: re.Match[str], today: date, language: str) -> date | None:
    return today + _A_DAY * ((DAYS[match["weekday"]] - today.weekday() - 1) % 7 + 1)


def _next_week(match: re.Match[str], today: date, language: str) -> date | None:
    return today + _A_DAY * (7 - today.weekday())


def _tomorrow(match: re.Match[str], today: date, language: str) -> date | None:
    return today + _A_DAY


_READ: dict[str, Callable[[re.Match[str], date, str], date | None]] = {
    "iso": _iso,
    "dotted": _iso,
    "slashed": _slashed,
    "named": _named_month,
    "day": _of_month,
    "weekday": _weekday,
    "next week": _next_week,
    "tomorrow": _tomorrow,
}
