"""What came after: whether customers bought again, against others like them, and whether the same went wrong again.

The one thing to know: who has complained is compared with who had no case and had bought last in the same month, looked
at in the same month. That makes the two alike in how fresh their custom is, and in the season; in nothing else.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.statistics import Interval, Share, difference

# Whether they bought again is looked at so long after; the same cause within so long is the same again.
WITHIN = timedelta(days=90)
# Who has not bought for so long is no customer of whom one could expect it.
FRESH = timedelta(days=365)
# Of fewer people on a side nothing is said: it would be luck.
FEWEST_OF_A_SIDE = 30

Month = tuple[int, int]
Alike = tuple[Month, Month]
"""The month of the last purchase, and the month they are looked at from."""


@dataclass(frozen=True)
class Watched:
    """Somebody who had bought, looked at from an instant on: who they are alike with, and whether they bought after."""

    alike: Alike
    bought: bool


@dataclass(frozen=True)
class Repurchase:
    """How many bought again of those with a case; of the others as many as if they were as fresh as those.

    `others` counts as many people as the weighted ones are worth, which is fewer than there are.
    """

    recovered: Share
    others: Share
    left_out: int = 0
    """With a case, and nobody to compare with."""

    @property
    def too_few(self) -> bool:
        """Whether so few say nothing."""
        return min(self.recovered.of, self.others.of) < FEWEST_OF_A_SIDE

    @property
    def interval(self) -> Interval:
        """Where the true difference lies: 95 % sure, if the two were alike in everything else."""
        return difference(self.recovered, self.others)


def watched(purchases: Sequence[datetime], since: datetime, within: timedelta = WITHIN) -> Watched | None:
    """Return what somebody did who is looked at from `since` on; None if they had not bought in the year before.

    `purchases` are in order, on the clock that months are told by.
    """
    later = bisect_right(purchases, since)
    last = purchases[later - 1] if later else None
    if last is None or last < since - FRESH:
        return None
    bought = later < len(purchases) and purchases[later] <= since + within
    return Watched(((last.year, last.month), (since.year, since.month)), bought)


def repurchase(recovered: Iterable[Watched], others: Iterable[Watched]) -> Repurchase:
    """Compare those with a case with the others, weighted so that as many of them are of each sort.

    The weighted share is that of so many people as would be known as exactly (L. Kish, "Survey Sampling", 1965).

    >>> may, june = (2026, 5), (2026, 6)
    >>> mine = [Watched((may, june), True), Watched((may, june), False)]
    >>> theirs = [Watched((may, june), True)] * 3 + [Watched((may, june), False)] + [Watched((june, june), True)] * 9
    >>> repurchase(mine, theirs)
    Repurchase(recovered=Share(count=1, of=2), others=Share(count=3, of=4), left_out=0)
    """
    mine, known = _shares(recovered), _shares(others)
    alike = {sort: share for sort, share in mine.items() if sort in known}
    total = sum(share.of for share in alike.values())
    left_out = sum(share.of for share in mine.values()) - total
    if not total:
        return Repurchase(Share(0, 0), Share(0, 0), left_out)
    weights = {sort: share.of / total for sort, share in alike.items()}
    rate = sum(weight * known[sort].count / known[sort].of for sort, weight in weights.items())
    worth = int(round(1 / sum(weight**2 / known[sort].of for sort, weight in weights.items()), 6))
    count = sum(share.count for share in alike.values())
    return Repurchase(Share(count, total), Share(min(worth, round(rate * worth)), worth), left_out)


def _shares(people: Iterable[Watched]) -> dict[Alike, Share]:
    counts: dict[Alike, Counter[bool]] = defaultdict(Counter)
    for each in people:
        counts[each.alike][each.bought] += 1
    return {sort: Share(counted[True], counted.total()) for sort, counted in counts.items()}


@dataclass(frozen=True)
class OfACause:
    """One case of a cause."""

    contact: str
    cause: str
    opened_at: datetime


def came_again(cases: Iterable[OfACause], since: datetime, until: datetime, now: datetime) -> Mapping[str, Share]:
    """Return by cause how many contacts had another case of it within 90 days of their first in a span.

    Only contacts whose 90 days are over are counted; `cases` reach so far beyond the span.

    >>> from datetime import UTC
    >>> may, june, august = (datetime(2026, month, 4, tzinfo=UTC) for month in (5, 6, 8))
    >>> told = [OfACause("ann", "late", may), OfACause("ann", "late", june), OfACause("ben", "late", may)]
    >>> came_again(told, may, june, august + WITHIN)
    {'late': Share(count=1, of=2)}
    """
    theirs: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for each in cases:
        theirs[each.cause, each.contact].append(each.opened_at)
    counts: dict[str, Counter[bool]] = defaultdict(Counter)
    for (cause, _), opened in theirs.items():
        inside = sorted(at for at in opened if at >= since)
        if inside and inside[0] < until and inside[0] + WITHIN <= now:
            counts[cause][len(inside) > 1 and inside[1] <= inside[0] + WITHIN] += 1
    return {cause: Share(counted[True], counted.total()) for cause, counted in sorted(counts.items())}


def together(shares: Mapping[str, Share]) -> Share:
    """Return all of them as one share.

    >>> together({"late": Share(1, 2), "broken": Share(0, 3)})
    Share(count=1, of=5)
    """
    return Share(sum(each.count for each in shares.values()), sum(each.of for each in shares.values()))
