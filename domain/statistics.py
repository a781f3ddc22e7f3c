"""Shares, how sure one can be of them, and what so many people can show at all.

The intervals are score intervals: they stay inside what is possible and are honest for few people and for shares near
0 and 1, where the textbook's `± 1.96 standard errors` is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
POWER = 0.8
# A bisection of [0, 1] is exact to a billionth after so many halvings.
HALVINGS = 30


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both possible."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Share:
    """So many `of` so many. Raises ValueError if that cannot be.

    >>> Share(3, 4).rate
    0.75
    """

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of:
            raise ValueError(f"{self.count} of {self.of} is no share; count each person once")

    @property
    def rate(self) -> float | None:
        """The share as a number from 0 to 1; None of nobody."""
        return self.count / self.of if self.of else None


def within_which(values: Sequence[float], share: float) -> float | None:
    """Return the smallest of `values` that at least this share of them does not exceed; None of nothing.

    The nearest rank: no value is made up between two, so the figure is one that somebody really waited.

    >>> within_which([8, 1, 4, 2], 0.5), within_which([8, 1, 4, 2], 0.9), within_which([], 0.5)
    (2, 8, None)
    """
    if not 0 < share <= 1:
        raise ValueError(f"{share} is no share; give one above 0, and 1 at most")
    if not values:
        return None
    # 0.9 of 10 is nine of them, whatever floating point makes of it.
    rank = max(1, ceil(round(share * len(values), 9)))
    return sorted(values)[rank - 1]


def interval_of(share: Share, confidence: float = CONFIDENCE) -> Interval:
    """Return where the true share lies, with this confidence: Wilson's score interval, without a correction.

    Of nobody nothing is known: from 0 to 1. The examples are those of R. G. Newcombe, "Two-sided confidence intervals
    for the single proportion", Statistics in Medicine 17 (1998), 857-872, table I, method 3:

    >>> [f"{limit:.4f}" for share in (Share(81, 263), Share(15, 148), Share(0, 20), Share(1, 29))
    ...  for limit in (interval_of(share).low, interval_of(share).high)]
    ['0.2553', '0.3662', '0.0624', '0.1605', '0.0000', '0.1611', '0.0061', '0.1718']
    """
    rate = share.rate
    if rate is None:
        return Interval(0.0, 1.0)
    z = _two_sided(confidence)
    middle = rate + z * z / (2 * share.of)
    reach = z * sqrt(rate * (1 - rate) / share.of + z * z / (4 * share.of**2))
    width = 1 + z * z / share.of
    # Rounding may put a limit a hair on the wrong side of the share itself.
    return Interval(max(0.0, min(rate, (middle - reach) / width)), min(1.0, max(rate, (middle + reach) / width)))


def difference(one: Share, other: Share, confidence: float = CONFIDENCE) -> Interval:
    """Return where the true difference of two shares, `one - other`, lies, with this confidence.

    Newcombe's hybrid score interval: R. G. Newcombe, "Interval estimation for the difference between independent
    proportions", Statistics in Medicine 17 (1998), 873-890, method 10; the examples are those of its table II:

    >>> [f"{limit:.4f}" for one, other in (
    ...     (Share(56, 70), Share(48, 80)), (Share(9, 10), Share(3, 10)), (Share(5, 56), Share(0, 29)),
    ...     (Share(0, 10), Share(0, 20)), (Share(10, 10), Share(0, 20)))
    ...  for limit in (difference(one, other).low, difference(one, other).high)]
    ['0.0524', '0.3339', '0.1705', '0.8090', '-0.0381', '0.1926', '-0.1611', '0.2775', '0.6791', '1.0000']
    """
    if one.rate is None or other.rate is None:
        return Interval(-1.0, 1.0)
    first, second = interval_of(one, confidence), interval_of(other, confidence)
    apart = one.rate - other.rate
    down = sqrt((one.rate - first.low) ** 2 + (second.high - other.rate) ** 2)
    up = sqrt((first.high - one.rate) ** 2 + (other.rate - second.low) ** 2)
    return Interval(max(-1.0, apart - down), min(1.0, apart + up))


def smallest_lift(
    rate: float, treated: int, compared: int, power: float = POWER, confidence: float = CONFIDENCE
) -> float | None:
    """Return the smallest rise above `rate` that so many people would show, as a difference of shares.

    "Would show" means: a two-sided test at `1 - confidence` finds it in `power` of all cases. None if not even a rise
    to 100 % would be found, if there is nothing to rise to, or if one side is empty. The usual formula for two shares
    with unequal numbers: J. L. Fleiss, B. Levin, M. C. Paik, "Statistical Methods for Rates and Proportions" (3rd ed.,
    2003), chapter 4, without the correction for continuity; solved here for the second share. The example is that of
    R's `power.prop.test` (n = 50, p1 = 0.5, power = 0.9 gives p2 = 0.8026):

    >>> f"{0.5 + smallest_lift(0.5, 50, 50, power=0.9):.4f}"
    '0.8026'
    >>> smallest_lift(0.9, 10, 10) is None
    True
    """
    if rate >= 1 or not treated or not compared or not _is_found(1.0, rate, treated, compared, power, confidence):
        return None
    too_small, enough = rate, 1.0
    for _ in range(HALVINGS):
        middle = (too_small + enough) / 2
        if _is_found(middle, rate, treated, compared, power, confidence):
            enough = middle
        else:
            too_small = middle
    return enough - rate


def _is_found(raised: float, rate: float, treated: int, compared: int, power: float, confidence: float) -> bool:
    """Whether a rise of `rate` to `raised` among the treated is found often enough."""
    pooled = (raised * treated + rate * compared) / (treated + compared)
    if_equal = sqrt(pooled * (1 - pooled) * (1 / treated + 1 / compared))
    if_raised = sqrt(raised * (1 - raised) / treated + rate * (1 - rate) / compared)
    return raised - rate >= _two_sided(confidence) * if_equal + NormalDist().inv_cdf(power) * if_raised


def _two_sided(confidence: float) -> float:
    """Return how many standard errors hold this much of the middle of a normal distribution: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
