"""Dates that come round every year: birthdays, renewals, the day somebody became a customer.

The one thing to know: 29 February is kept on 28 February in years without one, as a month on from the 31st is the last
day of the shorter month; and nothing comes round before the date itself.
"""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from domain.dues import months_from
from domain.zones import wall


def next_yearly(day: date, at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) after `now` at which clocks in `zone` show `at` on `day` or an anniversary of it.

    Asked again at the instant it gave, it tells the next year's. Raises ValueError beyond the year 9999.

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> next_yearly(date(2024, 2, 29), time(9), datetime(2026, 1, 1, tzinfo=berlin), berlin).isoformat()
    '2026-02-28T08:00:00+00:00'
    """
    # The year before, too: where midnight at the turn of a year was jumped over, its hour came in the next one.
    year = max(day.year, now.astimezone(zone).year - 1)
    try:
        while (instant := wall(_in_year(day, year), at, zone)) <= now:
            year += 1
    except OverflowError:
        raise ValueError(
            f"{day} has no anniversary after {now}: it is beyond the year 9999; correct the date"
        ) from None
    return instant


def _in_year(day: date, year: int) -> date:
    return months_from(day, 12 * (year - day.year))
