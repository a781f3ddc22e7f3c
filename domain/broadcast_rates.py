"""How fast a broadcast lets people in: so many contacts an hour, in chunks that travel together.

A rate is a limit, never a debt: what was not let in while everything was down is not made up for in a burst.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from domain.written import Written

# A chunk is let in at a time, in one transaction, and travels as one wave.
MOST_IN_A_CHUNK = 250
# At a rate, about so long lies between two chunks; slower than one contact in this time, it is one at a time.
BETWEEN_CHUNKS = timedelta(minutes=1)

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_WORDS = re.compile(r"(?P<count>[0-9]{1,9}) per (?P<unit>second|minute|hour|day)")


class Rate(Written):
    """So many contacts in a time: `500 per hour`.

    >>> Rate.parse("500 per hour").chunk
    8
    >>> Rate.parse("10 per hour").gap(1)
    datetime.timedelta(seconds=360)
    >>> Rate.parse("fast")
    Traceback (most recent call last):
    ValueError: 'fast' is no rate; write a number per second, minute, hour or day, e.g. '500 per hour'
    """

    examples = ("500 per hour", "20 per minute")

    count: int = 1
    seconds: int = 1

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        found = _WORDS.fullmatch(words.lower())
        if found is None:
            raise ValueError(
                f"'{words[:60]}' is no rate; write a number per second, minute, hour or day, e.g. '500 per hour'"
            )
        if not int(found["count"]):
            raise ValueError(f"'{words}' lets nobody in; write 1 or more, or pause the broadcast")
        return {"count": int(found["count"]), "seconds": _UNITS[found["unit"]]}

    @property
    def chunk(self) -> int:
        """How many are let in at a time, from 1 to `MOST_IN_A_CHUNK`."""
        a_minute = int(self.count * BETWEEN_CHUNKS.total_seconds()) // self.seconds
        return max(1, min(MOST_IN_A_CHUNK, a_minute))

    def gap(self, contacts: int) -> timedelta:
        """Return how long after so many contacts the next may follow."""
        return timedelta(seconds=contacts * self.seconds / self.count)

    def takes(self, contacts: int) -> timedelta:
        """Return how long it takes to let so many in, from the first chunk to the last."""
        return self.gap(max(0, contacts - self.chunk))


def chunk_of(rate: Rate | None) -> int:
    """Return how many are let in at a time; without a rate as many as travel in one wave."""
    return rate.chunk if rate is not None else MOST_IN_A_CHUNK


def next_chunk(rate: Rate | None, last_at: datetime | None, last_size: int) -> datetime | None:
    """Return when the next chunk may follow the last; None if it may at once.

    It is counted from the last chunk by the rate of now, so that another rate counts from the next chunk on.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> next_chunk(Rate.parse("60 per hour"), noon, 1).minute, next_chunk(None, noon, 250)
    (1, None)
    """
    if rate is None or last_at is None:
        return None
    return last_at + rate.gap(last_size)
