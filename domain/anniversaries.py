"""Dates that come round every year: birthdays, renewals, the day somebody became a customer.

The one thing to know: 29 February is kept on 28 February in years without one, as a month on from the 31st is the last
day of the shorter month; and nothing comes round before the date itself.
"""

import re
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from domain.dues import months_from
from domain.patterns import DATE
from domain.span_grammar import read_hour
from domain.spans import Moment
from domain.written import Written
from domain.zones import wall


class DateWords(Written):
    """A date that starts a run: a moment counted from a field or a day, or a field's anniversary.

    >>> DateWords.parse("contact.birthday yearly at 09:00").source
    'contact.birthday'
    """

    examples = ("contact.renewal_date - 30 days at 09:00", "contact.birthday yearly at 09:00", "2026-12-01 at 09:00")
    pattern = DATE

    source: str
    moment: Moment | None = None
    yearly_at: time | None = None

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        head, yearly, rest = words.partition(" yearly")
        if not yearly:
            moment = Moment.parse(words)
            if moment.sources() and not moment.source.startswith("contact."):
                what = f"'{moment.source}' is not known before a run begins"
                raise ValueError(f"{what}; count the date from contact.FIELD or from a day such as 2026-12-01")
            return {"source": moment.source, "moment": moment}
        found = re.fullmatch(r" at (.+)", rest)
        if not re.fullmatch(r"contact\.[A-Za-z_][A-Za-z0-9_]*", head) or not found:
            raise ValueError(f"bad date '{words[:60]}'; write 'contact.FIELD yearly at HH:MM'")
        return {"source": head, "yearly_at": read_hour(found[1])}


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
