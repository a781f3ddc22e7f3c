"""Dates that start a run: which occurrence comes next for one contact, and when it is due.

An occurrence is the day (or instant) that is counted from. It starts a run once, whatever becomes of the date
afterwards; a date moved away has another occurrence, and one moved back has that which was.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from domain.anniversaries import DateWords, anniversaries
from domain.dues import Sight, date_in, resolve
from domain.spans import Moment

# What a moment is counted from, once the day is known.
DAY = "contact.date"
_ITSELF = Moment.parse(DAY)


@dataclass(frozen=True)
class Coming:
    """An occurrence (`2026-05-01`, or an instant in ISO 8601), and the instant at which it starts a run."""

    occurrence: str
    due: datetime


def coming(words: DateWords, now: datetime, sight: Sight, fired: Collection[str] = ()) -> Coming | None:
    """Return what comes next by these words; None if nothing does, or if it is among those that `fired`.

    Of what comes round every year it is the next that is not among them. Who gets a date when its lead time has begun
    already, but the date itself has not come, is due now:

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
        return _yearly(words, day, now, sight, fired) if words.yearly else _once(words, day, now, sight, fired)
    except (ValueError, OverflowError):  # it has no anniversary any more, its calendar never opens, or no such year is
        return None


def _day(words: DateWords, sight: Sight) -> date | datetime | None:
    if "." not in words.source:
        return date.fromisoformat(words.source)
    return date_in(sight.read(words.source))


def _yearly(words: DateWords, day: date | datetime, now: datetime, sight: Sight, fired: Collection[str]) -> Coming:
    born = day if not isinstance(day, datetime) else (day.astimezone(sight.zone) if day.tzinfo else day).date()
    # The year before, too: where midnight at the turn of a year was jumped over, its hour came in the next one.
    first = now.astimezone(sight.zone).year - 1 - _years_after(words.moment)
    # One that came is passed over: whoever moves to the west on their birthday has the same day once more.
    unseen = (each for each in anniversaries(born, first) if each.isoformat() not in fired)
    return next(found for each in unseen if (found := _of(words.moment, each, each.isoformat(), now, sight)))


def _years_after(moment: Moment) -> int:
    """Return how many years after its date a moment may come, at most."""
    span = moment.span
    if span is None or moment.sign < 0:
        return 0
    return 1 + span.months // 12 + span.days // 365 + span.business_days // 200


def _once(words: DateWords, day: date | datetime, now: datetime, sight: Sight, fired: Collection[str]) -> Coming | None:
    occurrence = (day.astimezone(UTC) if isinstance(day, datetime) and day.tzinfo else day).isoformat()
    return None if occurrence in fired else _of(words.moment, day, occurrence, now, sight)


def _of(moment: Moment, day: date | datetime, occurrence: str, now: datetime, sight: Sight) -> Coming | None:
    """Return when a moment counted from this day comes; None if that is over, and so is the day itself."""
    counted = moment.model_copy(update={"source": DAY})
    sight = replace(sight, read=lambda path: day)
    due, itself = resolve(counted, now, sight), resolve(_ITSELF, now, sight)
    assert due is not None, "a moment has an instant"
    assert itself is not None, "a moment has an instant"
    if due.at > now:
        return Coming(occurrence, due.at)
    return Coming(occurrence, now) if now < itself.at else None
