"""One follow-up: somebody's promise to do something for a contact by a time, and what rings while it is not kept.

The one thing to know: this is a value, and nothing here asks a clock. Whoever keeps it asks `alarms` when something is
due, and hands in what happened; `domain/follow_up_moves.py` and `domain/follow_up_actions.py` say what becomes of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.assignment import Staff
from domain.away import WEEKDAYS
from domain.business_time import NeverOpen, next_opening
from domain.clocks import Clock, as_it_opens, full_second, reached
from domain.dues import Sight
from domain.follow_up_policy import Terms
from domain.holds import Hold
from domain.spans import Span

COMPLETED, CANCELLED = "completed", "cancelled"
# The keys of what is to be done: of one thing, and of each of several, which have their own names behind it.
DONE, DUTY = "done", "duty-"
# The outcome that any other answer is, where the outcomes have names.
OTHERWISE = "otherwise"

# Nobody could be asked: it is tried again when somebody may have come, at the latest after so long.
TRY_AGAIN = timedelta(minutes=15)


class Rang(BaseModel):
    """An alarm that has rung, and when: none rings twice."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    at: datetime


class Duty(BaseModel):
    """One of several promises that a follow-up holds together: those of a case. Each rings until it is met."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    target: Span
    started_at: datetime
    met_at: datetime | None = None


class FollowUp(BaseModel):
    """A follow-up as it stands. Instants are UTC; people are the keys of policies/teams.yaml."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    team: str | None = None
    owner: str | None = None
    """Who looks after the contact, or was asked for by name."""
    language: str | None = None
    terms: Terms = Terms()
    outcomes: tuple[str, ...] = ()
    opened_at: datetime
    duties: tuple[Duty, ...] = ()
    """What it is about in the place of one `done_by`, where it is the follow-up of a case."""
    holds: tuple[Hold, ...] = ()
    """When its clocks stood still: the contact was away, or it was put off."""
    away: Hold | None = None
    """The one of `holds` that is because the contact is away."""
    snoozes: int = 0

    number: int = 0
    """How often it was given to somebody."""
    assignee: str | None = None
    offered: tuple[str, ...] = ()
    """Who was asked at once, while nobody has it."""
    assigned_at: datetime | None = None
    accepted_at: datetime | None = None
    hops: int = 0
    """How many had it and did not accept it."""
    tried: tuple[str, ...] = ()
    last: bool = False
    """Whether it has come to the last who can be asked: it hops no further."""
    asked_at: datetime | None = None
    """When nobody could be asked, last."""

    rang: tuple[Rang, ...] = ()
    ended_at: datetime | None = None
    ended: str | None = None
    """completed or cancelled."""
    outcome: str | None = None
    by: str | None = None

    def can_end_with(self, outcome: str) -> bool:
        """Whether this is one of its outcomes, or any other."""
        return not self.outcomes or outcome in (*self.outcomes, OTHERWISE)

    @property
    def is_case(self) -> bool:
        """Whether it is the follow-up of a case: that says what is to be done, and when it is over."""
        return bool(self.duties)

    def has_rung(self, key: str) -> bool:
        """Whether an alarm has rung."""
        return any(each.key == key for each in self.rang)


@dataclass(frozen=True)
class Alarm:
    """Something that is due: a reminder, the end of somebody's time, a step of the ladder."""

    at: datetime
    key: str


@dataclass(frozen=True)
class Notify:
    """Tell people something. `to` are keys; empty means the team's own address. `key` is unique in the follow-up."""

    to: tuple[str, ...]
    about: str
    key: str
    chat: bool = False
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Tell:
    """Write something into the contact's timeline."""

    what: str
    by: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """A follow-up after something happened, what is to be done about it, and what changed of members' turns."""

    state: FollowUp
    deeds: tuple[Notify | Tell, ...] = ()
    turns: dict[str, int] = field(default_factory=dict)


def sight_of(staff: Staff) -> Sight:
    """Return what its clocks are counted on: the team's calendar, else Monday to Friday."""
    return Sight(staff.zone, staff.calendar() or WEEKDAYS)


def done_due(state: FollowUp, staff: Staff) -> datetime | None:
    """Return when it, or the next of its duties, is to be done; None while nobody knows: its clock stands still."""
    found = (_reached(clock, 100, staff) for _, clock in _clocks(state))
    return min((at for at in found if at is not None), default=None)


def duty_due(state: FollowUp, key: str, staff: Staff) -> datetime | None:
    """Return when the duty is due whose reminders have this key; None if none is, or while nobody knows."""
    clock = next((clock for name, clock in _clocks(state) if name == key), None)
    return None if clock is None else _reached(clock, 100, staff)


def accept_due(state: FollowUp, staff: Staff) -> datetime | None:
    """Return by when whoever has it says that they will; None where nobody is asked that."""
    clock = _accept(state)
    return None if clock is None else _reached(clock, 100, staff)


def alarms(state: FollowUp, staff: Staff) -> list[Alarm]:
    """Return what has not rung, in order; one that cannot be known yet is left out."""
    if state.ended_at is not None:
        return []
    found = (*_reminders(state, staff), *_ladder(state, staff), *_absences(state, staff), *_asking_again(state, staff))
    # Who looks does so at full seconds: what lies within one would be looked for until it is over.
    waiting = (Alarm(full_second(each.at), each.key) for each in found if not state.has_rung(each.key))
    return sorted(waiting, key=lambda each: (each.at, each.key))


def _reminders(state: FollowUp, staff: Staff) -> Iterator[Alarm]:
    terms = state.terms
    shares = sorted({*terms.remind, *((terms.warn_lead,) if terms.warn_lead else ())})
    accept = _accept(state)
    if accept is not None:
        yield from _rings(accept, f"accept/{state.number}", (*shares, 100), staff)
    for key, clock in _clocks(state):
        yield from _rings(clock, key, shares, staff)


def _ladder(state: FollowUp, staff: Staff) -> Iterator[Alarm]:
    for name, clock in _clocks(state):
        yield from _steps(state, "ladder" if name == DONE else f"ladder-{name}", clock, staff)


def _steps(state: FollowUp, ladder: str, clock: Clock, staff: Staff) -> Iterator[Alarm]:
    for number, rung in enumerate(state.terms.ladder):
        key = f"{ladder}/{number}"
        rang = next((each.at for each in state.rang if each.key == key), None)
        if rang is None:
            at = _reached(clock, rung.at, staff)
            if at is not None:
                yield Alarm(at, key)
        elif state.accepted_at is None:
            # Whoever was given it after that has their time, too.
            since = max(rang, state.assigned_at or rang)
            wait = Clock(target=state.terms.reassign_after, started_at=since, holds=state.holds)
            yield from _rings(wait, f"{key}/take", (100,), staff)


def _absences(state: FollowUp, staff: Staff) -> Iterator[Alarm]:
    """Yield when whoever has it will be away: it is handed over then."""
    if state.assignee is not None and state.assigned_at is not None:
        for absence in staff.absences.get(state.assignee, ()):
            if absence.until is None or absence.until > state.assigned_at:
                at = max(absence.since, state.assigned_at)
                yield Alarm(at, f"away/{state.number}/{absence.since:%Y%m%dT%H%M%S}")


def _asking_again(state: FollowUp, staff: Staff) -> Iterator[Alarm]:
    if state.asked_at is not None and state.assignee is None and not state.offered:
        soon = state.asked_at + TRY_AGAIN
        try:
            at = next_opening(soon, staff.calendar() or WEEKDAYS, staff.zone)
        except NeverOpen:
            at = soon
        yield Alarm(at, f"ask/{state.asked_at:%Y%m%dT%H%M%S}")


def _rings(clock: Clock, key: str, shares: tuple[int, ...] | list[int], staff: Staff) -> Iterator[Alarm]:
    for percent in shares:
        at = _reached(clock, percent, staff)
        if at is not None:
            yield Alarm(at, f"{key}/{percent}")


def _reached(clock: Clock, percent: int, staff: Staff) -> datetime | None:
    return as_it_opens(lambda sight: reached(clock, percent, sight), sight_of(staff))


def _accept(state: FollowUp) -> Clock | None:
    """Return the clock of whoever is asked to accept: it is reset for each."""
    waits = state.assigned_at is not None and state.accepted_at is None and not state.last
    if not waits or (state.assignee is None and not state.offered):
        return None
    return Clock(target=state.terms.accept_by, started_at=state.assigned_at, holds=state.holds)


def _clocks(state: FollowUp) -> Iterator[tuple[str, Clock]]:
    """Yield what is to be done by when, by the key its reminders have: one thing, or the duties that are not met."""
    if not state.is_case:
        yield DONE, Clock(target=state.terms.done_by, started_at=state.opened_at, holds=state.holds)
    for duty in state.duties:
        if duty.met_at is None:
            yield f"{DUTY}{duty.key}", Clock(target=duty.target, started_at=duty.started_at, holds=state.holds)
