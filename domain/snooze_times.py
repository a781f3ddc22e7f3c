"""When somebody may want a follow-up back that they put off: a few instants by their own calendar.

The one thing to know: none is offered that would be refused, so there are fewer near the end of what is allowed.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.away import WEEKDAYS
from domain.business_time import NeverOpen, is_open, next_opening
from domain.calendars import Calendar
from domain.zones import wall

AN_HOUR = "an_hour"
TOMORROW = "tomorrow"
NEXT_DAY = "next_day"
IN_TWO_DAYS = "in_two_days"
NEXT_WEEK = "next_week"
_QUARTER = timedelta(minutes=15)


def presets(
    now: datetime, latest: datetime, calendar: Calendar | None, zone: ZoneInfo
) -> tuple[tuple[str, datetime], ...]:
    """Return what can be chosen at once: name and instant (UTC), in order, none after `latest` and none twice.

    `calendar` is when they work and `zone` the contact's clock, for a calendar that is read on it.

    >>> office = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["09:00-17:00"]})
    >>> friday = datetime(2026, 5, 8, 13, tzinfo=UTC)
    >>> [(name, f"{at:%a %H:%M}") for name, at in presets(friday, friday + timedelta(days=7), office, ZoneInfo("UTC"))]
    [('an_hour', 'Fri 14:00'), ('next_day', 'Mon 07:00'), ('in_two_days', 'Tue 07:00')]
    """
    hours = calendar or WEEKDAYS
    clock = hours.clock(zone)
    today = now.astimezone(clock).date()
    try:
        soon = _rounded(now + timedelta(hours=1))
        soon = soon if is_open(soon, hours, zone) else now
        next_day = next_opening(wall(today + timedelta(days=1), time(0), clock), hours, zone)
        later = next_day.astimezone(clock).date() + timedelta(days=1)
        second = next_opening(wall(later, time(0), clock), hours, zone)
        monday = next_opening(wall(today + timedelta(days=7 - today.weekday()), time(0), clock), hours, zone)
    except NeverOpen:
        return ()
    is_tomorrow = next_day.astimezone(clock).date() == today + timedelta(days=1)
    wanted = (
        (AN_HOUR, soon),
        (TOMORROW if is_tomorrow else NEXT_DAY, next_day),
        (IN_TWO_DAYS, second),
        (NEXT_WEEK, monday),
    )
    return _once(wanted, now, latest)


def _once(
    wanted: tuple[tuple[str, datetime], ...], now: datetime, latest: datetime
) -> tuple[tuple[str, datetime], ...]:
    found: dict[datetime, str] = {}
    for name, at in wanted:
        if now < at <= latest:
            found.setdefault(at, name)
    return tuple((name, at) for at, name in sorted(found.items()))


def _rounded(at: datetime) -> datetime:
    """Return the next quarter of an hour."""
    at = at.astimezone(UTC)
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - over + _QUARTER if over else at
