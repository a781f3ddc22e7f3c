"""When a contact wants to be left alone, as they said on their preference page: at these hours, or until that day.

The hours are read on their own clock, so they stay what they are when the clocks change or the contact moves.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.business_time import is_open, next_closing
from domain.calendars import CONTACT, Calendar, part_of_day


@dataclass(frozen=True)
class Wishes:
    """`quiet_hours` is `HH:MM-HH:MM`; it may run into the next day."""

    quiet_hours: str | None = None
    paused_until: datetime | None = None

    def quiet_until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the quiet hours that hold now are over; None if none hold.

        >>> from datetime import UTC
        >>> berlin, night = ZoneInfo("Europe/Berlin"), Wishes("21:00-07:30")
        >>> night.quiet_until(datetime(2026, 3, 28, 22, tzinfo=UTC), berlin).isoformat()
        '2026-03-29T05:30:00+00:00'
        >>> night.quiet_until(datetime(2026, 3, 28, 12, tzinfo=UTC), berlin) is None
        True
        """
        if self.quiet_hours is None:
            return None
        calendar = _calendar(self.quiet_hours)
        return next_closing(now, calendar, zone) if is_open(now, calendar, zone) else None

    def paused_for(self, now: datetime) -> datetime | None:
        """Return when the pause that holds now is over; None if none holds."""
        return self.paused_until if self.paused_until is not None and now < self.paused_until else None


@lru_cache(maxsize=1_000)
def _calendar(hours: str) -> Calendar:
    return Calendar.model_validate({"zone": CONTACT, "hours": {"mon-sun": [hours]}})


def hours_from(begin: str, end: str) -> str | None:
    """Return quiet hours from one time to another; None if they are none. Raises ValueError for half of them.

    >>> hours_from("21:00", "07:30"), hours_from("", ""), hours_from("08:00", "08:00")
    ('21:00-07:30', None, None)
    """
    if begin == end:
        return None
    part_of_day(f"{begin}-{end}")
    return f"{begin}-{end}"
