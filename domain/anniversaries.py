"""Dates that come round every year: birthdays, renewals, the day somebody became a customer.

The one thing to know: 29 February is kept on 28 February in years without one, as a month on from the 31st is the last
day of the shorter month; and nothing comes round before the date itself.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from domain.dues import months_from
from domain.patterns import DATE
from domain.spans import Moment
from domain.written import Written

_REST = re.compile(" at | ?[+-]", re.IGNORECASE)


class DateWords(Written):
    """A date that starts a run: a moment counted from a field or a day, or (`yearly`) from a field's anniversaries.

    >>> words = DateWords.parse("contact.birthday yearly - 7 days at 09:00")
    >>> words.source, words.yearly, words.moment.words
    ('contact.birthday', True, 'contact.birthday - 7 days at 09:00')
    """

    examples = (
        "contact.renewal_date - 30 days at 09:00",
        "contact.birthday yearly at 09:00",
        "contact.customer_since yearly - 7 days at 09:00",
        "2026-12-01 at 09:00",
    )
    pattern = DATE

    source: str
    moment: Moment
    yearly: bool = False

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        head, yearly, rest = words.partition(" yearly")
        if not yearly:
            moment = Moment.parse(words)
            if moment.sources() and not moment.source.startswith("contact."):
                what = f"'{moment.source}' is not known before a run begins"
                raise ValueError(f"{what}; count the date from contact.FIELD or from a day such as 2026-12-01")
            return {"source": moment.source, "moment": moment}
        if not re.fullmatch(r"contact\.[A-Za-z_][A-Za-z0-9_]*", head) or not _REST.match(rest):
            raise ValueError(f"bad date '{words[:60]}'; write 'contact.FIELD yearly at HH:MM'")
        moment = Moment.parse(f"{head}{rest}")
        if moment.at is None:
            raise ValueError(f"bad date '{words[:60]}'; end it with an hour, as in '{head} yearly - 7 days at 09:00'")
        return {"source": head, "moment": moment, "yearly": True}


def anniversaries(day: date, since: int) -> Iterator[date]:
    """Yield the day and its anniversaries in order, from the year `since` on. Raises ValueError beyond the year 9999.

    >>> leap = anniversaries(date(2024, 2, 29), 2020)
    >>> [str(next(leap)) for _ in range(2)]
    ['2024-02-29', '2025-02-28']
    """
    for year in count(max(day.year, since)):
        try:
            yield months_from(day, 12 * (year - day.year))
        except OverflowError:
            raise ValueError(f"{day} has no anniversary beyond the year 9999; correct the date") from None
