"""What differs between a message to the contact, to staff and to another system: who may get it, what is said of it.

`activities/attempt.py` brings either on its way; the account, the claim and the hand-over are the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlmodel import Session
from temporalio import activity

from domain.answering import Answer, Asked, Row, weighed
from domain.consent import AGAIN, EXPIRED, QUESTIONS, expiry, overlaid
from domain.deeds import held_back, lacking, notified, of_use_until
from domain.facts import Facts
from domain.letters import Lacks, Plan, hold, plan, plan_for_staff
from domain.needs import Deliver, Need, Notify, Sent
from domain.references import TemplatesKnown
from domain.standing import WEBHOOK, address_on
from records.contacts import suppress


class Writing(Protocol):
    """A message as the rules see it."""

    plan: Plan
    log: dict[str, Any]
    """What the decision log keeps of every row about this message: the gate's questions, by which policies."""
    asked_at: datetime
    """When the contact came to the step."""

    @property
    def template(self) -> str:
        """The template's name as timelines show it."""
        ...

    def recipient(self, facts: Facts) -> str | None:
        """Return the contact's address it goes to, as suppressions name it; None if it goes to staff."""
        ...

    def stopped(self, facts: Facts, *, again: bool = False) -> Answer | None:
        """Ask whether it may go; None if it may. `again` asks only what can have changed since."""
        ...

    def expires(self, facts: Facts) -> datetime:
        """Return from when on it is of no use any more."""
        ...

    def noted(self, question: str, answer: str) -> None:
        """Keep a question that was asked elsewhere, with its answer, for the decision log."""
        ...

    def lacks(self, lacks: Lacks, facts: Facts) -> Answer:
        """Return the answer of a message that cannot be written yet."""
        ...

    def told(self, sent: Sent, why: list[str], more: dict[str, Any]) -> Answer:
        """Return the answer of a message whose fate is known."""
        ...

    def bounced(self, session: Session, facts: Facts, now: datetime) -> None:
        """Note that the address is bad."""
        ...


def writing(need: Need, asked: Asked, facts: Facts, templates: TemplatesKnown) -> Writing:
    """Return what a step wants to say, and to whom. Raises KeyError where template or sender are not published."""
    if isinstance(need, Notify):
        return ToStaff(need, asked, facts)
    assert isinstance(need, Deliver), "only messages are sent"
    return (ToSystem if need.channel == WEBHOOK else ToContact)(need, asked, facts, templates)


class ToContact:
    """A message to the contact: through the gate."""

    def __init__(self, need: Deliver, asked: Asked, facts: Facts, templates: TemplatesKnown) -> None:
        self.plan = plan(need, facts, templates)
        self._proposed = self.plan.proposed(asked.arrived_at, facts)
        self.asked_at = asked.arrived_at
        self.log: dict[str, Any] = {}

    @property
    def template(self) -> str:
        return self.plan.need.template

    def recipient(self, facts: Facts) -> str | None:
        return address_on(facts.contact, self.plan.need.channel)[:320] or None

    def stopped(self, facts: Facts, *, again: bool = False) -> Answer | None:
        found, log = weighed(self._proposed, facts, AGAIN if again else QUESTIONS)
        self.log = log | {"asked": _lists(overlaid(self.log.get("asked", ()), log.get("asked", ())))}
        return found

    def noted(self, question: str, answer: str) -> None:
        self.log["asked"] = _lists(overlaid(self.log.get("asked", ()), [(question, answer)]))

    def expires(self, facts: Facts) -> datetime:
        return expiry(self._proposed, facts)

    def lacks(self, lacks: Lacks, facts: Facts) -> Answer:
        return hold(self._proposed, facts, lacks)

    def told(self, sent: Sent, why: list[str], more: dict[str, Any]) -> Answer:
        did = "sent" if sent.fate == "accepted" else sent.fate
        return Answer(sent, Row(did, why=why, more={"template": self.template} | more))

    def bounced(self, session: Session, facts: Facts, now: datetime) -> None:
        suppress(session, "address", address_on(facts.contact, self.plan.need.channel), "hard_bounce", now)


class ToSystem(ToContact):
    """A message to another system about the contact: it goes to an endpoint, whatever addresses they have."""

    def recipient(self, facts: Facts) -> str | None:
        assert self.plan.aim is not None, "a webhook goes somewhere"
        return self.plan.aim.name

    def bounced(self, session: Session, facts: Facts, now: datetime) -> None:
        """No address of theirs is bad because a system says no."""


def _lists(asked: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [list(each) for each in asked]  # as JSON has them


class ToStaff:
    """A message to a team: nobody's consent is asked, but windows and pauses hold it."""

    def __init__(self, need: Notify, asked: Asked, facts: Facts) -> None:
        self.plan = plan_for_staff(need, facts)
        self._need, self.asked_at = need, asked.arrived_at
        self.log: dict[str, Any] = {}  # nobody's consent is asked

    @property
    def template(self) -> str:
        return f"staff/{self._need.template}"

    def recipient(self, facts: Facts) -> str | None:
        return None

    def stopped(self, facts: Facts, *, again: bool = False) -> Answer | None:
        found = held_back(self._need, self.asked_at, facts)
        if found is not None and isinstance(found.outcome, Sent) and found.outcome.reason != EXPIRED:
            activity.logger.error("nobody is told: %s; add it, and publish", found.outcome.reason)
        return found

    def expires(self, facts: Facts) -> datetime:
        return of_use_until(self._need, self.asked_at, facts)

    def noted(self, question: str, answer: str) -> None:
        """What is asked of messages to staff stands in their reasons."""

    def lacks(self, lacks: Lacks, facts: Facts) -> Answer:
        return lacking(self._need, self.asked_at, facts, lacks)

    def told(self, sent: Sent, why: list[str], more: dict[str, Any]) -> Answer:
        return notified(self._need, fate=sent, why=why, more=more)

    def bounced(self, session: Session, facts: Facts, now: datetime) -> None:
        activity.logger.error(
            "no mail server takes the address of team '%s'; correct policies/teams.yaml", self.plan.team
        )
