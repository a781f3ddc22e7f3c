"""Dates that start a run: which occurrence comes next for one contact, and when it is due.

An occurrence is the day (or instant) that is counted from. It starts a run once, whatever becomes of the date
afterwards; a date moved away has another occurrence, and one moved back has that which was.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from domain.anniversaries import DateWords, next_yearly
from domain.dues import Sight, date_in, resolve
from domain.spans import Moment


@dataclass(frozen=True)
class Coming:
    """An occurrence (`2026-05-01`, or an instant in ISO 8601), and the instant at which it starts a run."""

    occurrence: str
    due: datetime


def coming(words: DateWords, now: datetime, sight: Sight, fired: Collection[str] = ()) -> Coming | None:
    """Return what comes next by these words; None if nothing does, or if it is among those that `fired`.

    Who gets a date when its lead time has begun already, but the date itself has not come, is due now:

    >>> from zoneinfo import ZoneInfo
    >>> about = Sight(ZoneInfo("UTC"), read=lambda path: "2026-05-01")
    >>> words = DateWords.parse("contact.renewal_date - 30 days at 09:00")
    >>> coming(words, datetime(2026, 3, 1, tzinfo=UTC), about).due.isoformat()
    '2026-04-01T09:00:00+00:00'
    >>> coming(words, datetime(2026, 4, 20, tzinfo=UTC), about).due.isoformat()
    '2026-04-20T00:00:00+00:00'
    >>> coming(words, datetime(2026, 5, 2, tzinfo=UTC), about) is None
    True
    """
    day = _day(words, sight)
    if day is None:
        return None
    try:
        found = _yearly(words, day, now, sight) if words.yearly_at is not None else _once(words, day, now, sight)
    except (ValueError, OverflowError):  # it has no anniversary any more, its calendar never opens, or no such year is
        return None
    return None if found is None or found.occurrence in fired else found


def _day(words: DateWords, sight: Sight) -> date | datetime | None:
    if "." not in words.source:
        return date.fromisoformat(words.source)
    return date_in(sight.read(words.source))


def _yearly(words: DateWords, day: date | datetime, now: datetime, sight: Sight) -> Coming:
    assert words.yearly_at is not None, "asked only of anniversaries"
    born = day if not isinstance(day, datetime) else (day.astimezone(sight.zone) if day.tzinfo else day).date()
    due = next_yearly(born, words.yearly_at, now, sight.zone)
    return Coming(due.astimezone(sight.zone).date().isoformat(), due)


def _once(words: DateWords, day: date | datetime, now: datetime, sight: Sight) -> Coming | None:
    assert words.moment is not None, "what is no anniversary is a moment"
    due, itself = resolve(words.moment, now, sight), resolve(Moment.parse(words.source), now, sight)
    assert due is not None, "a moment has an instant"
    assert itself is not None, "a moment has an instant"
    occurrence = (day.astimezone(UTC) if isinstance(day, datetime) and day.tzinfo else day).isoformat()
    if due.at > now:
        return Coming(occurrence, due.at)
    return Coming(occurrence, now) if now < itself.at else None
