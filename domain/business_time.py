"""What is open when, by a business calendar, and time counted on it.

The one thing to know: open is what the clock on the wall says is open, at every instant. So a night shift is an hour
shorter or longer when clocks change, an hour that comes twice is open both times or neither, and business hours are the
hours that really pass. A holiday closes the parts of the day that begin on it; the night shift of the evening before
still runs to its end.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.calendars import Calendar, Holidays, Week
from domain.zones import change_of_clock, wall

DAYS_TO_SEARCH = 400

Open = tuple[datetime, datetime]  # opening (inclusive) and closing (exclusive), UTC
Shown = tuple[datetime, datetime]  # the same as a clock on the wall shows it: naive

_DAY = timedelta(days=1)
_NOTHING = timedelta()


class NeverCloses(ValueError):
    """The calendar has no closed time within the days searched."""


class NeverOpen(ValueError):
    """Nothing is open for 400 days: the calendar cannot be meant."""


def is_open(at: datetime, calendar: Calendar, zone: ZoneInfo) -> bool:
    """Say whether the calendar is open at `at`; opening is inclusive, closing exclusive."""
    return any(opens <= at < closes for opens, closes in _open_on(_utc(at).date(), calendar, zone))


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
    local = _utc(since).astimezone(calendar.clock(zone))
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
    day, last = _utc(a).date(), _utc(b).date()
    total = _NOTHING
    while day <= last:
        for opens, closes in _open_on(day, calendar, zone):
            total += max(min(closes, b) - max(opens, a), _NOTHING)
        day += _DAY
    return total


def _open_stretches(at: datetime, calendar: Calendar, zone: ZoneInfo, *, backwards: bool = False) -> Iterator[Open]:
    """Yield what is open from `at` on (or until `at`, latest first), without end; `NeverOpen` after 400 empty days.

    Stretches are disjoint; two that touch at 00:00 UTC are one to the people there.
    """
    at = _utc(at)
    step = -_DAY if backwards else _DAY
    day = at.date()
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


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; pass an aware datetime")
    return at.astimezone(UTC)


def _open_on(day: date, calendar: Calendar, zone: ZoneInfo) -> tuple[Open, ...]:
    """Return what is open between 00:00 and 24:00 UTC of `day`: disjoint, in order."""
    return _open_within(day, calendar.week, calendar.holidays, calendar.clock(zone))


@lru_cache(maxsize=32768)
def _open_within(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> tuple[Open, ...]:
    begins = datetime.combine(day, time(), tzinfo=UTC)
    return tuple(
        (begins + since + (opens - start), begins + since + (closes - start))
        for since, start, end in _shown_within(begins, clock)
        for opens, closes in _open_by_the_wall(start, end, week, holidays)
    )


def _shown_within(begins: datetime, clock: ZoneInfo) -> Iterator[tuple[timedelta, datetime, datetime]]:
    """Yield from when on in the 24 hours from `begins` the clock runs evenly, and what it shows then, first and last.

    In every zone, clocks have changed at most once in any 24 hours since 2000 (and will, as far as is known).
    """
    ends = begins + _DAY
    first, last = (at.astimezone(clock).utcoffset() or _NOTHING for at in (begins, ends))
    change = ends if first == last else change_of_clock(begins, ends, clock)
    for start, end, offset in ((begins, change, first), (change, ends, last)):
        shown = start.replace(tzinfo=None) + offset
        yield start - begins, shown, shown + (end - start)


def _open_by_the_wall(start: datetime, end: datetime, week: Week, holidays: Holidays | None) -> Iterator[Shown]:
    """Yield the open stretches of a clock that shows `start` to `end` without a jump."""
    open_until = start
    day = start.date() - _DAY  # a part may have begun the day before; none is longer than a day
    parts = (part for n in range((end.date() - day).days + 1) for part in _parts_of(day + n * _DAY, week, holidays))
    for opens, closes in sorted(parts):
        opens, closes = max(opens, open_until), min(closes, end)
        if opens < closes:
            yield opens, closes
            open_until = closes


def _parts_of(day: date, week: Week, holidays: Holidays | None) -> Iterator[Shown]:
    """Yield the parts that begin on `day`, a holiday has none."""
    parts = week[day.weekday()]
    if parts and not (holidays is not None and holidays.close(day)):
        midnight = datetime.combine(day, time())
        for opens, closes in parts:
            yield midnight + timedelta(minutes=opens), midnight + timedelta(minutes=closes)


@lru_cache(maxsize=32768)
def _has_open_time(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> bool:
    midnight = datetime.combine(day, time())
    shown = _open_by_the_wall(midnight, midnight + _DAY, week, holidays)
    # What the clocks jump over is never shown: it begins and ends at one instant.
    return any(_at(opens, clock) < _at(closes, clock) for opens, closes in shown)


def _at(shown: datetime, clock: ZoneInfo) -> datetime:
    return wall(shown.date(), shown.time(), clock)
