"""One case: something went wrong for a customer, what they were promised, and how far it is.

The one thing to know: this is a value, and nothing here asks a clock. Whoever keeps it asks when something is due
(`domain/recovery_alarms.py`), and hands in what happened. People are reminded of promises, and promises escalate, by
the follow-up that the case has (`domain/follow_up.py`): `duties` tells it which.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from domain.assignment import Staff
from domain.clocks import Clock, as_it_opens, reached
from domain.dues import resolve
from domain.follow_up import Duty, Notify, Rang, Tell, sight_of
from domain.holds import Hold
from domain.recovery_policy import Clocks, Recovery
from domain.remedies import NOTHING, Remedy, Spent
from domain.remedy_policy import Severity
from domain.spans import Span

PromiseName = Literal["acknowledge", "contact", "update", "diagnose", "resolve"]
# How a case is resolved: the customer agrees, or they have our last word in writing.
How = Literal["accepted", "final_answer"]


class Promise(BaseModel):
    """Something the customer, or the company's own rule, was promised: kept by somebody, or dropped as pointless."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: PromiseName
    number: int = 1
    target: Span
    started_at: datetime
    kept_at: datetime | None = None
    by: str | None = None
    dropped_at: datetime | None = None

    @property
    def key(self) -> str:
        """Its name and number, unique in the case."""
        return f"{self.name}:{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to keep it."""
        return self.kept_at is None and self.dropped_at is None


class Waiting(BaseModel):
    """We wait for the customer's answer; `number` counts how often we have in this case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    since: datetime


class Case(BaseModel):
    """A case as it stands. Instants are UTC; people are keys of policies/teams.yaml."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    number: int
    title: str = ""
    team: str | None = None
    language: str | None = None
    tier: str | None = None
    severity: Severity
    clocks: Clocks
    """What is promised: as the policy was when it was opened, re-opened or graded anew."""
    opened_at: datetime
    owner: str | None = None
    """Who has it, as its follow-up says."""
    promises: tuple[Promise, ...] = ()
    holds: tuple[Hold, ...] = ()
    """When its clocks stood still: we waited for the customer."""
    waiting: Waiting | None = None
    waited: int = 0
    joined: int = 0
    """How often the customer told of the same incident again."""
    cause: str | None = None
    remedies: tuple[Remedy, ...] = ()
    rounds: int = 1
    """How often it was opened: the first time, and each time it was opened again."""
    resolved_at: datetime | None = None
    how: How | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    asked_at: datetime | None = None
    """When the customer was asked whether they are satisfied now."""
    ask_not_before: datetime | None = None
    """When they are asked instead, since they were asked by somebody else just before."""
    score: int | None = None
    """What they answered, of 5."""
    call: str | None = None
    """The follow-up in which a person calls, once it is over."""
    action: str | None = None
    """The corrective action that it opened, or joined."""
    action_check_at: datetime | None = None
    """When it is looked whether the action has helped, where it is this case that looks."""
    released_at: datetime | None = None
    rang: tuple[Rang, ...] = ()
    over_at: datetime | None = None
    """Nothing rings any more."""

    @property
    def is_open(self) -> bool:
        """Whether it is neither resolved nor closed."""
        return self.resolved_at is None and self.closed_at is None

    @property
    def stage(self) -> str:
        """Where it stands, in a word: open, waiting, resolved or closed."""
        if self.closed_at is not None:
            return "closed"
        if self.resolved_at is not None:
            return "resolved"
        return "open" if self.waiting is None else "waiting"

    def promise(self, name: PromiseName) -> Promise | None:
        """Return the promise of this name that is open; None where none is."""
        return next((each for each in reversed(self.promises) if each.name == name and each.is_open), None)

    def has_rung(self, key: str) -> bool:
        """Whether an alarm has rung."""
        return any(each.key == key for each in self.rang)


@dataclass(frozen=True)
class Ground:
    """What a case is judged on at one moment, beside itself: the policy, our people, and what the customer has had."""

    policy: Recovery
    staff: Staff
    now: datetime
    spent: Spent = NOTHING
    """What the customer was given already, in all cases."""
    last_survey: datetime | None = None
    """When they were asked last whether they are satisfied, by whatever asked."""


@dataclass(frozen=True)
class Write:
    """Write to the customer: which letter, once for each `key` of the case, and what it says beside the case."""

    letter: str
    key: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenTask:
    """Have a person do something for the customer beside the case: what, and by when."""

    key: str
    title: str
    by: Span


@dataclass(frozen=True)
class Start:
    """Have the case's own follow-up begin: somebody gets it."""

    number: int
    owner: str | None = None


@dataclass(frozen=True)
class Stop:
    """End the case's own follow-up: nothing is asked of anybody any more."""

    outcome: str
    by: str


@dataclass(frozen=True)
class Look:
    """Look something up in the records and write it down.

    `bought`: whether the customer has bought again in so many days. `cause`: whether its cause has to be seen to by
    somebody. `action`: whether what they did about it has helped.
    """

    what: Literal["bought", "cause", "action"]
    days: int = 0


Deed = Notify | Tell | Write | OpenTask | Start | Stop | Look


@dataclass(frozen=True)
class Moved:
    """A case after something happened, and what is to be done about it."""

    state: Case
    deeds: tuple[Deed, ...] = ()


def then(first: Moved, later: Moved) -> Moved:
    """Return both moves as one."""
    return Moved(later.state, (*first.deeds, *later.deeds))


def due_of(case: Case, promise: Promise, staff: Staff) -> datetime | None:
    """Return when a promise is to be kept; None while nobody knows, since its clock stands still."""
    clock = Clock(target=promise.target, started_at=promise.started_at, holds=tuple(_holds_of(case, promise)))
    return as_it_opens(lambda sight: reached(clock, 100, sight), sight_of(staff))


def _holds_of(case: Case, promise: Promise) -> Iterator[Hold]:
    """Yield when its clock stood still: what comes after it was kept, or dropped, is none of its time."""
    ended = promise.kept_at or promise.dropped_at
    for each in case.holds:
        if ended is None or each.paused_at < ended:
            yield each if ended is None else Hold(each.paused_at, min(each.until or ended, ended))


def next_word(case: Case, staff: Staff) -> datetime | None:
    """Return when the customer hears from us next, as promised: a person's first word, else the next update."""
    promise = case.promise("contact") or case.promise("update")
    return None if promise is None else due_of(case, promise, staff)


def duties(case: Case) -> tuple[Duty, ...]:
    """Return what the follow-up of the case reminds people of: every promise of this round.

    Whoever was promised something before it was opened again has not been forgotten: those were kept or dropped.
    """
    return tuple(
        Duty(key=each.key, target=each.target, started_at=each.started_at, met_at=each.kept_at or each.dropped_at)
        for each in case.promises
    )


def after(span: Span, since: datetime, staff: Staff) -> datetime:
    """Return when a span after an instant is over, on the calendar of the team where it is counted on one."""
    found = as_it_opens(lambda sight: resolve(span, since, sight), sight_of(staff))
    assert found is not None, "a span has an end"
    return found.at
