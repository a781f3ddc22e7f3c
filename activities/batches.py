"""What travels between a wave and its activities: one need, said once, for many; and what became of each.

Ids, instants and outcomes only: no contact's data ever stands in a history. Equal outcomes are said once, the most
frequent without naming who had it; that keeps a wave of 250 as cheap as one of five.
"""

from collections import defaultdict
from datetime import datetime
from typing import Self

from pydantic import Field

from domain.answering import Asked
from domain.needs import Need, Outcome, Value


class Alike(Value):
    """Members that ask at the same visit and round, arrived at the same instant, and listen from the same one."""

    visit: int
    arrived_at: datetime
    since: datetime
    round: int | None = None
    enrolments: tuple[str, ...]


class Batch(Value):
    """One need of one step, asked at `now` by every member."""

    sequence: str
    version: str
    step: str
    kind: str
    need: Need
    admission: bool = False
    now: datetime
    members: tuple[Alike, ...]

    def asked(self) -> dict[str, Asked]:
        """Return who asks, by enrolment."""
        return {
            enrolment: Asked(
                self.step, self.kind, alike.visit, alike.arrived_at, alike.since, self.admission, alike.round
            )
            for alike in self.members
            for enrolment in alike.enrolments
        }


class Same(Value):
    """An outcome that several members had."""

    outcome: Outcome
    enrolments: tuple[str, ...] = ()


class Answers(Value):
    """What became of each member: `usual`, unless it is named in `others`."""

    usual: Outcome | None = None
    others: tuple[Same, ...] = ()

    @classmethod
    def of(cls, outcomes: dict[str, Outcome]) -> Self:
        """Return the outcomes, said shortly."""
        groups: dict[Outcome, list[str]] = defaultdict(list)
        for enrolment, outcome in outcomes.items():
            groups[outcome].append(enrolment)
        if not groups:
            return cls()
        usual = max(groups, key=lambda outcome: len(groups[outcome]))
        others = (Same(outcome=each, enrolments=tuple(who)) for each, who in groups.items() if each != usual)
        return cls(usual=usual, others=tuple(others))

    def by_enrolment(self, asked: list[str]) -> dict[str, Outcome]:
        """Return the outcome of everybody who asked."""
        outcomes = dict.fromkeys(asked, self.usual) if self.usual is not None else {}
        outcomes |= {enrolment: same.outcome for same in self.others for enrolment in same.enrolments}
        return {enrolment: outcome for enrolment, outcome in outcomes.items() if outcome is not None}


class Look(Value):
    """Members of a wave that was woken. `after` is the highest `stirred` that an earlier look saw."""

    enrolments: tuple[str, ...]
    after: int = 0


class Seen(Value):
    """Who has ended meanwhile (and how), to whom something happened, and the highest `stirred` seen."""

    ended: dict[str, str] = Field(default_factory=dict)
    stirred: tuple[str, ...] = ()
    last: int = 0


class Finished(Value):
    """Runs that came to their end in the workflow, by reason."""

    reasons: dict[str, tuple[str, ...]]
    now: datetime
