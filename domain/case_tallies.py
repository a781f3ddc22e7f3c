"""How cases were made good, in figures: what was promised and kept, how long it took, how much of that was waiting.

The one thing to know: a promise is judged twice. With pauses its clock stood still while we waited for the customer;
without them it ran on, which is what the customer felt. What can still be kept is in no share.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from domain.dues import Sight
from domain.holds import Hold, apart
from domain.promises import Took, took
from domain.statistics import Share
from domain.tallies import NOTHING, Lengths

PROMISES = ("acknowledge", "contact", "update", "diagnose", "resolve")
# How long these took is told, too; the others are kept many times, or by nobody's haste.
TIMED = ("acknowledge", "contact", "resolve")
AGES = (
    ("less than a day", timedelta(days=1)),
    ("1 to 3 days", timedelta(days=3)),
    ("3 to 7 days", timedelta(days=7)),
    ("1 to 4 weeks", timedelta(weeks=4)),
    ("4 to 8 weeks", timedelta(weeks=8)),
)
OLDEST = "more than 8 weeks"
AGE_NAMES = (*(name for name, _ in AGES), OLDEST)
# So few answers say nothing about a team or a month, and everybody could tell whose they were.
FEWEST_ANSWERS = 5
# Of 5, who says so much or more is satisfied.
SATISFIED = 4
PERSON = "person"


@dataclass(frozen=True)
class Promised:
    """One promise as it was kept. `due_at` has the pauses left out of its clock, None while that stands still."""

    name: str
    started_at: datetime
    due_at: datetime | None
    plain_due_at: datetime | None
    kept_at: datetime | None = None
    dropped_at: datetime | None = None

    def in_time(self, now: datetime) -> bool | None:
        """Whether it was kept in time, the pauses left out; None while it can be, or once nobody had to keep it."""
        return self._by(self.due_at, now)

    def in_plain_time(self, now: datetime) -> bool | None:
        """Whether it was kept in time as if there had been no pauses."""
        return self._by(self.plain_due_at, now)

    def _by(self, due: datetime | None, now: datetime) -> bool | None:
        if self.kept_at is not None:
            # Whoever kept it while its clock stood still was in time.
            return due is None or self.kept_at <= due
        over = self.dropped_at or now
        return False if due is not None and over > due else None


@dataclass(frozen=True)
class CaseTold:
    """One case as it is `now`, with what figures are made of. `sight` is the clock and the calendar of its team."""

    id: str
    contact: str
    severity: str
    opened_at: datetime
    sight: Sight
    now: datetime
    team: str | None = None
    source: str = ""
    cause: str | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    rounds: int = 1
    joined: int = 0
    score: int | None = None
    holds: tuple[Hold, ...] = ()
    hops: int = 0
    promises: tuple[Promised, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor closed."""
        return self.resolved_at is None and self.closed_at is None

    @property
    def came_by(self) -> str:
        """By what it was opened: a rule, a form, a person (whoever that was)."""
        return PERSON if self.source.startswith(f"{PERSON} ") else self.source or "another way"

    @cached_property
    def took(self) -> tuple[tuple[str, Took], ...]:
        """How long each promise took that was kept and whose length is told, by its name."""
        return tuple(
            (each.name, took(each.started_at, each.kept_at, self.holds, self.sight))
            for each in self.promises
            if each.name in TIMED and each.kept_at is not None
        )

    @cached_property
    def kept(self) -> tuple[tuple[str, bool | None, bool | None], ...]:
        """Whether each promise was kept in time, the pauses left out, and as if there had been none, by its name."""
        return tuple((each.name, each.in_time(self.now), each.in_plain_time(self.now)) for each in self.promises)

    @cached_property
    def lasted(self) -> timedelta:
        """How long it was open, all its rounds together, by the clock on the wall."""
        rounds = [each for each in self.promises if each.name == "resolve"]
        spans = (self._end_of(each) - each.started_at for each in rounds)
        return sum((max(each, timedelta()) for each in spans), timedelta())

    @cached_property
    def stood_still(self) -> timedelta:
        """How much of that its clocks stood still: we waited for the customer."""
        end = self.resolved_at or self.closed_at or self.now
        spans = (min(each.until or end, end) - each.paused_at for each in apart(self.holds, self.opened_at))
        return min(sum((max(each, timedelta()) for each in spans), timedelta()), self.lasted)

    def _end_of(self, resolve: Promised) -> datetime:
        return resolve.kept_at or resolve.dropped_at or self.closed_at or self.now


@dataclass(frozen=True)
class Answers:
    """What customers said afterwards, of 5: how many answered, on average, and how many are satisfied."""

    count: int
    mean: float
    satisfied: Share


@dataclass
class Kept:
    """How much of one sort of promise was kept in time, the pauses left out, and as if there had been none."""

    in_time: Share = NOTHING
    in_plain_time: Share = NOTHING


@dataclass
class CaseTally:
    """What became of some cases."""

    opened: int = 0
    open: int = 0
    joined: int = 0
    severities: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    promises: dict[str, Kept] = field(default_factory=lambda: {name: Kept() for name in PROMISES})
    lengths: dict[str, Lengths] = field(default_factory=lambda: {name: Lengths() for name in TIMED})
    lasted: timedelta = timedelta()
    stood_still: timedelta = timedelta()
    hops: int = 0
    hopped: int = 0
    """How many went on to another at least once."""
    reopened: Share = NOTHING
    """How many were opened again, of those that were resolved or closed at least once."""
    reopenings: int = 0
    answered: int = 0
    answers: Answers | None = None
    """None where too few have answered."""

    @property
    def paused(self) -> float | None:
        """The share of the time they were open in which their clocks stood still; None where they took none."""
        return self.stood_still / self.lasted if self.lasted else None


def tally(cases: Iterable[CaseTold]) -> CaseTally:
    """Return the figures of some cases together."""
    told, found = list(cases), CaseTally()
    for each in told:
        found.opened += 1
        found.open += each.is_open
        found.joined += each.joined
        found.severities[each.severity] += 1
        found.sources[each.came_by] += 1
        found.hops += each.hops
        found.hopped += each.hops > 0
        found.reopenings += each.rounds - 1
        found.lasted += each.lasted
        found.stood_still += each.stood_still
    found.reopened = _share(each.rounds > 1 for each in told if each.rounds > 1 or not each.is_open)
    found.promises = _kept(told)
    found.lengths = _lengths(told)
    scores = [each.score for each in told if each.score is not None]
    found.answered, found.answers = len(scores), answers(scores)
    return found


def answers(scores: Sequence[int]) -> Answers | None:
    """Return what customers said; None where too few did.

    >>> answers([5, 4, 2, 5, 4])
    Answers(count=5, mean=4.0, satisfied=Share(count=4, of=5))
    >>> answers([5, 5]) is None
    True
    """
    if len(scores) < FEWEST_ANSWERS:
        return None
    return Answers(len(scores), sum(scores) / len(scores), _share(score >= SATISFIED for score in scores))


def age_of(opened_at: datetime, now: datetime) -> str:
    """Return how old something open is, in the words of `AGE_NAMES`.

    >>> age_of(datetime(2026, 5, 4), datetime(2026, 5, 6))
    '1 to 3 days'
    """
    return next((name for name, most in AGES if now - opened_at < most), OLDEST)


def _kept(cases: Sequence[CaseTold]) -> dict[str, Kept]:
    with_pauses: dict[str, Counter[bool | None]] = {name: Counter() for name in PROMISES}
    without: dict[str, Counter[bool | None]] = {name: Counter() for name in PROMISES}
    for case in cases:
        for name, in_time, in_plain_time in case.kept:
            with_pauses[name][in_time] += 1
            without[name][in_plain_time] += 1
    return {name: Kept(_of(with_pauses[name]), _of(without[name])) for name in PROMISES}


def _of(answers: Counter[bool | None]) -> Share:
    return Share(answers[True], answers[True] + answers[False])


def _lengths(cases: Sequence[CaseTold]) -> dict[str, Lengths]:
    found = {name: Lengths() for name in TIMED}
    for case in cases:
        for name, length in case.took:
            found[name].add(length)
    return found


def _share(answers: Iterable[bool]) -> Share:
    known = list(answers)
    return Share(sum(known), len(known))


def month_of(case: CaseTold) -> str:
    """Return the month in which a case was opened, on the clock of its team, as 2026-05."""
    return f"{case.opened_at.astimezone(case.sight.zone):%Y-%m}"
