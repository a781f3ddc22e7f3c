"""How follow-ups were kept, in figures: how many in time, how long it took, what was needed for it.

The one thing to know: a person's own clock begins when they were given it, a team's and a policy's when it was opened;
and of somebody who had few nothing is said.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.follow_up import CANCELLED, COMPLETED, FollowUp
from domain.follow_up_moves import BY_ITSELF
from domain.promises import Promise, Took, accepted_by, accepted_in_time, done_in_time
from domain.statistics import Share, within_which

# Of fewer follow-ups nothing is said about a person: it would be luck, and everybody could tell whose day it was.
FEWEST_OF_A_PERSON = 5

HALF, MOST = 0.5, 0.9
NOTHING = Share(0, 0)


@dataclass
class Lengths:
    """How long something took, in seconds: in open time of the team, pauses left out, and by the clock on the wall."""

    working: list[float] = field(default_factory=list)
    elapsed: list[float] = field(default_factory=list)

    def add(self, took: Took | None) -> None:
        """Count one more, if it is over."""
        if took is not None:
            self.working.append(took.working)
            self.elapsed.append(took.elapsed)

    @property
    def working_half(self) -> float | None:
        """In how much open time half of them were there."""
        return within_which(self.working, HALF)

    @property
    def working_most(self) -> float | None:
        """In how much open time nine of ten were there."""
        return within_which(self.working, MOST)

    @property
    def elapsed_half(self) -> float | None:
        """In how much time by the clock half of them were there."""
        return within_which(self.elapsed, HALF)

    @property
    def elapsed_most(self) -> float | None:
        """In how much time by the clock nine of ten were there."""
        return within_which(self.elapsed, MOST)


@dataclass
class Tally:
    """What became of some follow-ups."""

    opened: int = 0
    open: int = 0
    completed: int = 0
    by_contact: int = 0
    """Of the completed ones, those that what the contact did completed."""
    cancelled: int = 0
    accepted: Share = NOTHING
    done: Share = NOTHING
    to_accept: Lengths = field(default_factory=Lengths)
    to_done: Lengths = field(default_factory=Lengths)
    hops: int = 0
    snoozes: int = 0
    reassigned: int = 0
    escalated: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)


def tally(promises: Iterable[Promise], now: datetime) -> Tally:
    """Return the figures of some follow-ups together: their clocks begin when they were opened."""
    told, found = list(promises), Tally()
    _count(found, told)
    for each in told:
        found.to_accept.add(each.took_to_accept)
        found.to_done.add(each.took_to_done)
    found.hops = sum(each.state.hops for each in told)
    found.accepted = _share(accepted_in_time(each, now) for each in told)
    found.done = _share(done_in_time(each, now) for each in told)
    return found


def tally_of(person: str, promises: Iterable[Promise], now: datetime) -> Tally | None:
    """Return the figures of somebody; None where they had too few for figures to say anything.

    What they passed by not accepting it counts in `accepted` and `hops`; everything else is of those they have now, or
    had at the end. Their clocks begin when it was given to them.
    """
    had = [each for each in promises if each.had_by(person)]
    if len(had) < FEWEST_OF_A_PERSON:
        return None
    theirs, found = [each for each in had if each.state.assignee == person], Tally()
    _count(found, theirs)
    for each in theirs:
        since = each.state.assigned_at or each.state.opened_at
        found.to_accept.add(each.took(since, each.state.accepted_at))
        found.to_done.add(each.took(since, each.done_at))
    answers = [accepted_by(each, person) for each in had]
    found.opened, found.hops = len(had), answers.count(False)
    found.accepted = _share(answers)
    found.done = _share(done_in_time(each, now) for each in theirs)
    return found


def people_in(promises: Iterable[Promise]) -> list[str]:
    """Return everybody who had one of them, by name; the address of a team that has no members is nobody."""
    return sorted(set(_people(promises)))


def _people(promises: Iterable[Promise]) -> Iterator[str]:
    for each in promises:
        yield from (given.to for given in each.given if given.to != each.state.team)
        if each.state.assignee is not None:
            yield each.state.assignee


def _count(found: Tally, promises: Sequence[Promise]) -> None:
    for each in promises:
        state = each.state
        found.opened += 1
        found.open += state.ended_at is None
        found.completed += state.ended == COMPLETED
        found.by_contact += state.ended == COMPLETED and state.by == BY_ITSELF
        found.cancelled += state.ended == CANCELLED
        found.snoozes += state.snoozes
        found.reassigned += each.reassigned
        found.escalated.update(_rungs(state))
        if state.ended == COMPLETED and state.outcome:
            found.outcomes[state.outcome] += 1


def _rungs(state: FollowUp) -> Iterator[str]:
    """Yield who was told that it is overdue: lead, manager, head."""
    for number, rung in enumerate(state.terms.ladder):
        if state.has_rung(f"ladder/{number}"):
            yield rung.to


def _share(answers: Iterable[bool | None]) -> Share:
    known = [each for each in answers if each is not None]
    return Share(sum(known), len(known))
