"""A question that a run asks, the answer it gets, and the row in the contact's timeline that says so."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.needs import Broken, Outcome


@dataclass(frozen=True)
class Asked:
    """Who asks: one visit of a step by one run. `admission` says that it is the step's own `when` that is asked."""

    step: str
    kind: str
    visit: int
    arrived_at: datetime
    since: datetime
    admission: bool = False
    round: int | None = None


@dataclass(frozen=True)
class Row:
    """One line of a timeline, in the vocabulary of `rapport simulate --json`.

    `final` closes the visit, `shown` is False for what only the decision log keeps.
    """

    did: str
    why: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    final: bool = True
    shown: bool = True
    event: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the run is told, and what the timeline."""

    outcome: Outcome
    row: Row | None = None


def broken(reason: str) -> Answer:
    """This contact's data breaks the step. The reason may name data, so it stands in the row alone."""
    return Answer(Broken("this contact's data breaks the step"), Row("stopped", why=[reason]))
