"""What a broadcast would do now: how many it would reach, whom the door or the gate would refuse, and who waits.

Asked with the rules that hold when it is sent, of everybody in the segment, and nothing is written. What changes
until then, and what only rendering shows, it cannot know.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from domain.broadcast import ARMS, STEP
from domain.consent import ask
from domain.letters import plan
from domain.needs import Deliver
from domain.program import Program
from records.audience import page_of
from records.facts import Known, read_contacts
from records.gate import read_for_message
from records.letting_in import entry_of, facts_of
from starter.broadcast_program import Planned
from starter.cli_store import Store


@dataclass
class Forecast:
    """`audience` in the segment; `refused` of them by check; of the rest `go`, `later` and `no` by reason."""

    audience: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    go: int = 0
    later: Counter[str] = field(default_factory=Counter)
    no: Counter[str] = field(default_factory=Counter)

    @property
    def would_enter(self) -> int:
        """How many the door lets in."""
        return self.audience - self.refused.total()

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "audience": self.audience,
            "would_enter": self.would_enter,
            "refused": dict(self.refused),
            "messages": {"go": self.go, "later": dict(self.later), "no": dict(self.no)},
        }

    def lines(self) -> Iterator[str]:
        """Yield it for people."""
        yield f"{self.audience} contacts are in the segment now; {self.would_enter} would be let in"
        for check, many in self.refused.most_common():
            yield f"  {many} would be refused: {check}"
        yield f"{self.go} messages could go at once"
        for reason, many in self.later.most_common():
            yield f"  {many} would wait: {reason}"
        for reason, many in self.no.most_common():
            yield f"  {many} would not be sent: {reason}"


@dataclass
class Forecasting:
    """One look at everybody."""

    store: Store
    planned: Planned
    now: datetime
    found: Forecast = field(default_factory=Forecast)

    def ask_everybody(self, tell: Callable[[int], None]) -> Forecast:
        """Ask page by page; `tell` hears how many of the segment were asked so far."""
        after: str | None = ""
        while after is not None:
            after = self.store.read(partial(self._ask_page, after))
            tell(self.found.audience)
        return self.found

    def _ask_page(self, after: str, session: Session) -> str | None:
        page = page_of(session, self.store.published, self.planned.row.segment, after, self.now)
        known = read_contacts(session, page.members)
        need, policies = message_of(self.planned.program), self.store.published.policies(session)
        class_ = self.planned.templates.class_of(need.channel, need.template)
        survey = self.planned.templates.survey_of(need.channel, need.template)
        read_for_message(session, known, policies, need, class_, self.now, survey=survey)
        for contact in page.members:
            self._ask(session, known, contact)
        return page.last

    def _ask(self, session: Session, known: Known, contact: str) -> None:
        where = (session, self.store.published, self.planned.program, known, contact, self.now)
        self.found.audience += 1
        entry = entry_of(*where)
        if not entry.enters:
            self.found.refused[entry.check] += 1
            return
        need, facts = message_of(self.planned.program), facts_of(*where)
        meant = plan(need, facts, self.planned.templates)
        verdict = ask(meant.proposed(self.now, facts), facts)
        if verdict.answer == "go":
            self.found.go += 1
        else:
            (self.found.later if verdict.answer == "later" else self.found.no)[verdict.reason] += 1


def message_of(program: Program) -> Deliver:
    """Return the message that is sent; of two that are compared the first."""
    needs = [program.step(each).need() for each in (STEP, ARMS[0]) if each in program.steps]
    [need] = [need for need in needs if isinstance(need, Deliver)]
    return need
