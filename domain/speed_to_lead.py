"""Speed to lead: how long a lead waits for the first of our people to do something for them.

The one thing to know: it is counted by the clock on the wall, as the lead feels it, nights and weekends too; beside it
stands the open time of the team, which is what people can do something about.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.dues import Sight
from domain.events import MAIL_LOGGED
from domain.promises import took as took_between
from domain.statistics import Share
from domain.tallies import Lengths

# Within five minutes: the Lead Response Management Study (J. B. Oldroyd, 2007); within an hour: J. B. Oldroyd,
# K. McElheran, D. Elkington, "The Short Life of Online Sales Leads", Harvard Business Review, March 2011; a quarter of
# an hour is by when a hot lead is to be accepted here (domain/follow_up_policy.py).
LIMITS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))

# What one of our people does, not the contact and not rapport itself.
BY_A_PERSON = frozenset({"task_accepted", "task_completed", "call_logged", "meeting_logged", MAIL_LOGGED})


@dataclass(frozen=True)
class Lead:
    """Somebody who came at `came_at`, and when the first of our people did something for them, if one has."""

    came_at: datetime
    acted_at: datetime | None
    sight: Sight


@dataclass(frozen=True)
class Speed:
    """How fast leads were answered. `within` has a share for each of `LIMITS`, of those whose time is over."""

    leads: int = 0
    waiting: int = 0
    """Those for whom nobody has done anything so far."""
    took: Lengths = field(default_factory=Lengths)
    within: tuple[Share, ...] = ()


def first_act(came_at: datetime, acts: Iterable[datetime]) -> datetime | None:
    """Return the first of what was done from then on; what was done before answers nothing."""
    return min((each for each in acts if each >= came_at), default=None)


def speed(leads: Sequence[Lead], now: datetime) -> Speed:
    """Return how fast these were answered.

    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> from domain.away import WEEKDAYS
    >>> nine, sight = datetime(2026, 5, 4, 9, tzinfo=UTC), Sight(ZoneInfo("UTC"), WEEKDAYS)
    >>> told = speed([Lead(nine, nine + timedelta(minutes=7), sight), Lead(nine, None, sight)], nine.replace(hour=12))
    >>> [(share.count, share.of) for share in told.within], told.waiting
    ([(0, 2), (1, 2), (1, 2)], 1)
    """
    took = Lengths()
    for each in leads:
        if each.acted_at is not None:
            took.add(took_between(each.came_at, each.acted_at, (), each.sight))
    within = tuple(_within(leads, limit, now) for limit in LIMITS)
    return Speed(len(leads), sum(each.acted_at is None for each in leads), took, within)


def _within(leads: Sequence[Lead], limit: timedelta, now: datetime) -> Share:
    over = [each for each in leads if each.acted_at is not None or now - each.came_at > limit]
    fast = [each for each in over if each.acted_at is not None and each.acted_at - each.came_at <= limit]
    return Share(len(fast), len(over))
