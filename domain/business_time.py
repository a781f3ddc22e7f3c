"""What is open when, by a business calendar, and time counted on it.

The one thing to know: a holiday closes the parts of the day that begin on it; the night shift of the evening before
still runs to its end. Parts are turned into instants by the wall clock, so a night shift is an hour shorter or longer
when clocks change, and business hours are the hours that really pass.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.calendars import MIDNIGHT, Calendar, Holidays, Week
from domain.zones import wall

DAYS_TO_SEARCH = 400

Open = tuple[datetime, datetime]  # opening (inclusive) and closing (exclusive), UTC

_DAY = timedelta(days=1)
_NOTHING = timedelta()


class NeverCloses(ValueError):
    """The calendar has no closed time within the days searched."""


class NeverOpen(ValueError):
    """Nothing is open for 400 days: the calendar cannot be meant."""


def is_open(at: datetime, calendar: Calendar, zone: ZoneInfo) -> bool:
    """Say whether the calendar is open at `at`; opening is inclusive, closing exclusive."""
    day = _local(at, calendar.clock(zone)).date()
    # Tomorrow's first part may have begun already where clocks go back across midnight.
    near = (day - _DAY, day, day + _DAY)
    return any(opens <= at < closes for each in near for opens, closes in _open_on(each, calendar, zone))


def next_opening(now: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) from `now` on at which the calendar is open.

    `zone` is the contact's, for a calendar that is read on it. Raises `NeverOpen` after 400 days.
    09:00 stays 09:00 when the clocks change:

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> daytime = Calendar(zone="contact", hours={"mon-sun": ["09:00-18:00"]})
    >>> night = datetime(2026, 3, 28, 22, 0, tzinfo=berlin)
    >>> next_opening(night, daytime, berlin).astimezone(berlin).isoformat()
    '2026-03-29T09:00:00+02:00'
    """
    opens, _ = next(_open_stretches(now, calendar, zone))
    return opens


def next_closing(now: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) from `now` on at which the calendar is closed.

    Raises `NeverOpen` if it never opens again, `NeverCloses` if it is open for 400 days on end.

    >>> night = Calendar(zone="contact", hours={"mon-sun": ["22:00-06:00"]})
    >>> next_closing(datetime(2026, 5, 4, 23, 0, tzinfo=UTC), night, ZoneInfo("UTC")).isoformat()
    '2026-05-05T06:00:00+00:00'
    """
    if not is_open(now, calendar, zone):
        return now.astimezone(UTC)
    end = now
    for opens, closes in _open_stretches(now, calendar, zone):
        if opens > end:
            return end
        end = max(end, closes)
        if end - now > _DAY * DAYS_TO_SEARCH:
            raise NeverCloses(f"the calendar is open for {DAYS_TO_SEARCH} days on end; look at its hours")
    return end


def add_business_hours(since: datetime, amount: timedelta, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the earliest instant (UTC) by which `amount` of open time has passed.

    A negative amount looks back: the latest instant from which that much open time is left until `since`.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["09:30-17:00"]})
    >>> friday = datetime(2026, 5, 8, 16, 30, tzinfo=UTC)
    >>> add_business_hours(friday, timedelta(hours=1), office, ZoneInfo("UTC")).isoformat()
    '2026-05-11T10:00:00+00:00'
    """
    if amount == _NOTHING:
        return since.astimezone(UTC)
    backwards = amount < _NOTHING
    left = abs(amount)
    stretches = _open_stretches(since, calendar, zone, backwards=backwards)
    while True:
        opens, closes = next(stretches)
        if closes - opens >= left:
            return closes - left if backwards else opens + left
        left -= closes - opens


def add_business_days(since: datetime, n: int, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the same wall time on the nth following date that has open time; if closed then, the next opening (UTC).

    Dates and the wall time are those of the calendar's clock. A negative `n` counts back; zero is `next_opening`.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
    >>> add_business_days(datetime(2026, 5, 6, 20, 0, tzinfo=UTC), 1, office, ZoneInfo("UTC")).isoformat()
    '2026-05-08T10:00:00+00:00'
    """
    if n == 0:
        return next_opening(since, calendar, zone)
    local = _local(since, calendar.clock(zone))
    return open_on_business_day(local.date(), n, local.time(), calendar, zone)


def open_on_business_day(day: date, n: int, hour: time, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return `hour` on the nth date with open time after (before, if negative) `day`, or the next opening (UTC)."""
    there = wall(business_day(day, n, calendar, zone), hour, calendar.clock(zone))
    return next_opening(there, calendar, zone)


def business_day(day: date, n: int, calendar: Calendar, zone: ZoneInfo) -> date:
    """Return the nth date after `day` (before it, if negative) that has open time.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
    >>> str(business_day(date(2026, 5, 9), 1, office, ZoneInfo("UTC")))
    '2026-05-11'
    """
    step = _DAY if n > 0 else -_DAY
    for _ in range(abs(n)):
        day = _nearest_business_day(day, step, calendar, zone)
    return day


def _nearest_business_day(day: date, step: timedelta, calendar: Calendar, zone: ZoneInfo) -> date:
    for _ in range(DAYS_TO_SEARCH):
        day += step
        if _has_open_time(day, calendar.week, calendar.holidays, calendar.clock(zone)):
            return day
    raise NeverOpen(f"no day near {day} has open time; look at the hours and holidays of the calendar")


def business_time_between(a: datetime, b: datetime, calendar: Calendar, zone: ZoneInfo) -> timedelta:
    """Return the open time from `a` to `b`; negative if `b` comes first.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
    >>> friday, monday = datetime(2026, 5, 8, 17, 0, tzinfo=UTC), datetime(2026, 5, 11, 12, 0, tzinfo=UTC)
    >>> str(business_time_between(friday, monday, office, ZoneInfo("UTC")))
    '3:00:00'
    """
    if b < a:
        return -business_time_between(b, a, calendar, zone)
    clock = calendar.clock(zone)
    day, last = _local(a, clock).date() - _DAY, _local(b, clock).date() + _DAY
    total = _NOTHING
    while day <= last:
        for opens, closes in _open_on(day, calendar, zone):
            total += max(min(closes, b) - max(opens, a), _NOTHING)
        day += _DAY
    return total


def _open_stretches(at: datetime, calendar: Calendar, zone: ZoneInfo, *, backwards: bool = False) -> Iterator[Open]:
    """Yield what is open from `at` on (or until `at`, latest first), without end; `NeverOpen` after 400 empty days."""
    at = at.astimezone(UTC)
    step = -_DAY if backwards else _DAY
    day = _local(at, calendar.clock(zone)).date() - step
    empty = 0
    while empty <= DAYS_TO_SEARCH:
        empty += 1
        for opens, closes in _open_on(day, calendar, zone)[:: -1 if backwards else 1]:
            start, end = (opens, min(closes, at)) if backwards else (max(opens, at), closes)
            if start < end:
                empty = 0
                yield start, end
        day += step
    raise NeverOpen(f"the calendar has no open time in {DAYS_TO_SEARCH} days; look at its hours and holidays")


def _local(at: datetime, clock: ZoneInfo) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; pass an aware datetime")
    return at.astimezone(clock).replace(tzinfo=None)


def _open_on(day: date, calendar: Calendar, zone: ZoneInfo) -> tuple[Open, ...]:
    return _pieces(day, calendar.week, calendar.holidays, calendar.clock(zone))


@lru_cache(maxsize=32768)
def _pieces(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> tuple[Open, ...]:
    """Return what is open by the parts that begin on `day`, less what the day before covers already.

    So the pieces of all days are disjoint and in order, whichever way they are walked.
    """
    covered = max((closes for _, closes in _parts(day - _DAY, week, holidays, clock)), default=None)
    pieces = _parts(day, week, holidays, clock)
    if covered is not None:
        pieces = tuple((max(opens, covered), closes) for opens, closes in pieces)
    return tuple((opens, closes) for opens, closes in pieces if opens < closes)


@lru_cache(maxsize=32768)
def _parts(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> tuple[Open, ...]:
    parts = week[day.weekday()]
    if not parts or (holidays is not None and holidays.close(day)):
        return ()
    return tuple((_instant(day, opens, clock), _instant(day, closes, clock)) for opens, closes in parts)


def _instant(day: date, minute: int, clock: ZoneInfo) -> datetime:
    days, minute = divmod(minute, MIDNIGHT)
    return wall(day + timedelta(days=days), time(minute // 60, minute % 60), clock)


@lru_cache(maxsize=32768)
def _has_open_time(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> bool:
    begins, ends = wall(day, time(), clock), wall(day + _DAY, time(), clock)
    return any(
        opens < ends and closes > begins
        for each in (day - _DAY, day)
        for opens, closes in _pieces(each, week, holidays, clock)
    )
