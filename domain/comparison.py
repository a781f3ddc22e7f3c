"""What a sequence adds: those who entered compared with those held out.

Both are counted alike: from the instant of entry or of being held out, for the same span, and only those whose span is
over. Who entered is counted with what they were meant to get, whatever became of them on the way.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from domain.program import Program
from domain.spans import Span
from domain.statistics import Interval, Share, difference, smallest_lift

USUAL_WITHIN = timedelta(days=30)
MONTH = timedelta(days=30)

Verdict = Literal["adds", "harms", "cannot tell", "too early", "nobody held out"]


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the share of those whose span is over, and how many still have time.

    `first_at` is when the first of them began.
    """

    share: Share = field(default_factory=lambda: Share(0, 0))
    have_time: int = 0
    first_at: datetime | None = None

    @property
    def people(self) -> int:
        return self.share.of + self.have_time


@dataclass(frozen=True)
class Comparison:
    """Those who entered beside those held out, each counted for `within`."""

    entered: Side
    held_out: Side
    within: timedelta

    @property
    def lift(self) -> float | None:
        """What the sequence adds, as a difference of shares; None while one side has nobody to count."""
        one, other = self.entered.share.rate, self.held_out.share.rate
        return None if one is None or other is None else one - other

    @property
    def interval(self) -> Interval | None:
        """Where the true difference lies, with 95 % confidence."""
        return None if self.lift is None else difference(self.entered.share, self.held_out.share)

    @property
    def smallest(self) -> float | None:
        """The smallest lift that so many people would show in 8 of 10 cases.

        The share to start from is that of both sides together: the holdout alone is too few to know it well.
        """
        one, other = self.entered.share, self.held_out.share
        if not one.of or not other.of:
            return None
        return smallest_lift((one.count + other.count) / (one.of + other.of), one.of, other.of)

    @property
    def verdict(self) -> Verdict:
        """What can be said."""
        if not self.held_out.people:
            return "nobody held out"
        if self.interval is None:
            return "too early"
        if 0 in self.interval:
            return "cannot tell"
        return "adds" if self.interval.low > 0 else "harms"

    @property
    def begins_at(self) -> datetime | None:
        """When both sides have somebody whose span is over; None while one has nobody."""
        if self.entered.first_at is None or self.held_out.first_at is None:
            return None
        return max(self.entered.first_at, self.held_out.first_at) + self.within


def counted_within(program: Program) -> timedelta:
    """Return how long after entry a goal is counted in a comparison: 30 days, or the goals' longest `within`.

    A month counts as 30 days; business spans, whose length hangs on a calendar, are left out.

    >>> from domain.program import Trigger
    >>> counted_within(Program(sequence="s", goal=(Trigger(event="purchased", within="6 weeks"),))).days
    42
    """
    spans = [Span.parse(goal.within) for goal in program.goal if goal.within]
    return max([USUAL_WITHIN, *(length for span in spans if (length := passing(span)) is not None)])


def passing(span: Span) -> timedelta | None:
    """Return a span as time that passes, a month as 30 days; None for business spans."""
    if span.is_business:
        return None
    return span.months * MONTH + timedelta(days=span.days, seconds=span.seconds)
