"""Who does what in a simulated case, and what happens there: the words of `domain/simulated_recovery.py`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from domain.follow_up_actions import Accept, Cancel, Comment, Complete, PutOff, Reassign
from domain.recovery_actions import CaseAction
from domain.remedy_policy import Severity


@dataclass(frozen=True)
class Replied:
    """The customer answers our mail."""


@dataclass(frozen=True)
class Scored:
    """The customer says how satisfied they are, of 5."""

    score: int


@dataclass(frozen=True)
class ToldAgain:
    """The customer tells of the same again, this bad."""

    severity: Severity


ToTask = Accept | Complete | PutOff | Reassign | Comment | Cancel
Done = CaseAction | ToTask | Replied | Scored | ToldAgain


@dataclass(frozen=True)
class Does:
    """Somebody does something at an instant: a person about the case, or the customer. `task` names another task."""

    at: datetime
    what: Done
    task: str | None = None


@dataclass(frozen=True)
class Line:
    """Something that happens. `of` is the task it is about, where that is not the case's own.

    `case` and `task`: an event of the timeline, by `who`. `note`: our people are told `what` it is about; `who` is
    empty for the team's address. `letter`: the customer is written this one. `refused`: why `who` cannot do it.
    """

    at: datetime
    kind: Literal["case", "task", "note", "letter", "refused"]
    what: str
    who: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    of: str | None = None
