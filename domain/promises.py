"""Whether a follow-up was kept: accepted in time, done in time, how late it is, and how much open time passed.

The one thing to know: what can still be kept is neither kept nor broken. docs/reports.md defines each of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from domain.business_time import business_time_between
from domain.dues import Sight
from domain.follow_up import COMPLETED, FollowUp
from domain.follow_up_moves import BY_ITSELF
from domain.holds import Hold, apart

IN_TIME, HELD = "in time", "held"
LATE = (
    ("less than a day late", timedelta(days=1)),
    ("1 to 3 days late", timedelta(days=3)),
    ("3 to 7 days late", timedelta(days=7)),
)
LATER = "more than 7 days late"
AGES = (IN_TIME, HELD, *(name for name, _ in LATE), LATER)


@dataclass(frozen=True)
class Given:
    """It was given to somebody. `by` is who did it: a person, or rapport itself."""

    at: datetime
    to: str
    by: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Took:
    """How long something took, in seconds: in open time, pauses left out, and by the clock on the wall."""

    working: float
    elapsed: float


@dataclass(frozen=True)
class Promise:
    """One follow-up, with what figures are made of.

    `accept_due` is by when the first who had it was to accept it, `done_due` when it is promised; pauses are in both.
    `sight` is the clock and the calendar of its team.
    """

    state: FollowUp
    sight: Sight
    policy: str | None = None
    accept_due: datetime | None = None
    done_due: datetime | None = None
    given: tuple[Given, ...] = ()
    accepted: tuple[datetime, ...] = ()

    @property
    def accepted_first_at(self) -> datetime | None:
        """When somebody accepted it first, whoever has it now."""
        known = (*self.accepted, *((self.state.accepted_at,) if self.state.accepted_at else ()))
        return min(known, default=None)

    @cached_property
    def took_to_accept(self) -> Took | None:
        """How long it took from its opening until somebody accepted it; None if nobody has."""
        return self.took(self.state.opened_at, self.accepted_first_at)

    @cached_property
    def took_to_done(self) -> Took | None:
        """How long it took from its opening until it was completed; None if it was not."""
        return self.took(self.state.opened_at, self.done_at)

    @property
    def done_at(self) -> datetime | None:
        """When it was completed."""
        return self.state.ended_at if self.state.ended == COMPLETED else None

    def took(self, since: datetime, until: datetime | None) -> Took | None:
        """Return how long it took from one instant to the other, if that has come."""
        return None if until is None else took(since, until, self.state.holds, self.sight)

    @property
    def reassigned(self) -> int:
        """How often a person handed it on to another."""
        return sum(each.by != BY_ITSELF for each in self.given)

    def had_by(self, person: str) -> bool:
        """Whether somebody had it, then or now."""
        return self.state.assignee == person or any(each.to == person for each in self.given)


def open_time(a: datetime, b: datetime, holds: Sequence[Hold], sight: Sight) -> timedelta:
    """Return the open time from `a` to `b` by the calendar of `sight`, without what lies in `holds`.

    >>> from zoneinfo import ZoneInfo
    >>> from domain.calendars import Calendar
    >>> office = Sight(ZoneInfo("UTC"), Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]}))
    >>> monday = [datetime(2026, 5, 4, hour, tzinfo=ZoneInfo("UTC")) for hour in (9, 12, 14, 16)]
    >>> str(open_time(monday[0], monday[3], [Hold(monday[1], monday[2])], office))
    '4:00:00'
    """
    assert sight.calendar is not None, "a team has a calendar, its own or that of every weekday"
    total = business_time_between(a, b, sight.calendar, sight.zone)
    for hold in apart(holds, a):
        since, until = min(hold.paused_at, b), b if hold.until is None else min(hold.until, b)
        total -= business_time_between(since, until, sight.calendar, sight.zone)
    return total


def took(since: datetime, until: datetime, holds: Sequence[Hold], sight: Sight) -> Took:
    """Return how long something took from one instant to the other."""
    return Took(open_time(since, until, holds, sight).total_seconds(), (until - since).total_seconds())


def accepted_in_time(promise: Promise, now: datetime) -> bool | None:
    """Whether the first who had it accepted it in time; None while they still can, and where nobody was asked to.

    What ended before that (the contact booked by themselves) asks for no answer any more.
    """
    due, first = promise.accept_due, promise.accepted_first_at
    if due is None:
        return None
    if first is not None:
        return first <= due
    return False if promise.state.hops or _is_after(promise, promise.state.ended_at or now, due) else None


def done_in_time(promise: Promise, now: datetime) -> bool | None:
    """Whether it was completed in time; None while it still can be, and of what was cancelled before it was late."""
    due, state = promise.done_due, promise.state
    if due is None:
        return None
    late = _is_after(promise, state.ended_at or now, due)
    return True if state.ended == COMPLETED and not late else False if late else None


def accepted_by(promise: Promise, person: str) -> bool | None:
    """Whether a person who had it accepted it before it went on to the next; None if they still can, or need not."""
    state = promise.state
    if person in state.tried and any(each.to == person for each in promise.given):
        return False
    mine = state.assignee == person and state.accepted_at is not None and not state.last
    return True if mine else None


def age(promise: Promise, now: datetime) -> str:
    """Return how late something open is, in the words of `AGES`."""
    due = promise.done_due
    if _stands(promise, now):
        return HELD
    if due is None or now <= due:
        return IN_TIME
    return next((name for name, most in LATE if now - due < most), LATER)


def _stands(promise: Promise, at: datetime) -> bool:
    """Whether its clocks stand still."""
    return any(hold.paused_at <= at and hold.stands(at) for hold in promise.state.holds)


def _is_after(promise: Promise, at: datetime, due: datetime) -> bool:
    """Whether a due is over, and no pause without an end began before it."""
    endless = (hold for hold in promise.state.holds if hold.until is None)
    return at > due and not any(hold.paused_at < due for hold in endless)
