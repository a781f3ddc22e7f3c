"""What a simulation imagines was done: nobody is written to, no system asked, nothing begun elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.answering import may_go, propose
from domain.asking import Answer, Asked, Row
from domain.caps import Counted
from domain.deeds import begun, called, halted, held_back, lacking, notified
from domain.facts import Event, Facts, noted
from domain.holds import HELD, PACE, paced
from domain.letters import Compose, Lacks, Plan, Written, hold, plan, plan_for_staff
from domain.needs import Begin, Call, Deliver, Halt, Later, Need, Notify, Sent
from domain.references import TemplatesKnown
from domain.script import SET, Scripted

# In a script, what another system answers: `{event: called, of: STEP, data: {…}}`; with `failed` it does not.
CALLED, FAILED = "called", "failed"


def imagined(need: Need, answers: Mapping[str, Any] | None, facts: Facts) -> tuple[Answer, Facts] | None:
    """Return the answer to a need that acts outside, and the facts after it; None if this need does not.

    `answers` is what a script says that a call answers.
    """
    if facts.hold is not None and isinstance(need, Call | Begin | Halt):
        return Answer(Later(facts.hold.until, HELD)), facts
    if isinstance(need, Call):
        return _called(need, answers or {}, facts)
    if isinstance(need, Begin):
        return begun(need), facts
    return (halted(need), facts) if isinstance(need, Halt) else None


def _called(need: Call, answers: Mapping[str, Any], facts: Facts) -> tuple[Answer, Facts]:
    if FAILED in answers:
        return called(need, None, str(answers[FAILED])), facts
    return called(need, answers), facts.but(calls={**facts.calls, need.save_as: dict(answers)})


@dataclass(frozen=True)
class Letter:
    """What became of a message, the facts afterwards, and how it was written, if it was."""

    answer: Answer
    facts: Facts
    written: tuple[Plan, Written] | None = None


def delivered(need: Deliver, asked: Asked, facts: Facts, templates: TemplatesKnown, compose: Compose) -> Letter:
    """Return what becomes of a message to the contact."""
    planned = plan(need, facts, templates)
    proposed = propose(need, planned.class_, planned.topic, asked.arrived_at)
    found = may_go(proposed, facts)
    if found is not None:
        others = {step: visit for step, visit in facts.sends.items() if step != asked.step}
        return Letter(found, facts.but(sends=others) if isinstance(found.outcome, Sent) else facts)
    written = compose(planned, facts)
    if isinstance(written, Lacks):
        return Letter(hold(proposed, facts, written), facts)
    row = Row("sent", more={"template": need.template, "subject": written.subject})
    return Letter(Answer(Sent("accepted"), row), sent(planned, asked, facts), (planned, written))


def delivered_to_staff(need: Notify, asked: Asked, facts: Facts, compose: Compose) -> Letter:
    """Return what becomes of a message to staff."""
    found = held_back(need, facts)
    if found is not None:
        return Letter(found, facts)
    planned = plan_for_staff(need, facts)
    written = compose(planned, facts)
    if isinstance(written, Lacks):
        return Letter(lacking(need, asked.arrived_at, facts, written), facts)
    return Letter(notified(need, written.subject), facts, (planned, written))


def sent(plan: Plan, asked: Asked, facts: Facts) -> Facts:
    """Return the facts after a message went out: it can be answered, and counts under caps."""
    counted = Counted(plan.class_, plan.need.channel, facts.now)
    return facts.but(sends={**facts.sends, asked.step: asked.visit}, counted=(*facts.counted, counted))


def opened(asked: Asked, facts: Facts) -> Facts:
    """Return the facts after a task or a case was opened."""
    return facts.but(begun={**facts.begun, (asked.step, asked.visit): facts.now})


def happened(scripted: Scripted, facts: Facts) -> tuple[Facts, Event | None]:
    """Return the facts after something a script says, and the event; None if it only changed fields, or the pace."""
    if scripted.event in PACE:
        return facts.but(holds=paced(facts.holds, scripted.event, scripted.at, scripted.until)), None
    if scripted.event == SET:
        return facts.but(contact={**facts.contact, **scripted.data}), None
    # As in the records: what somebody does with a message belongs to a run only if that message was sent.
    visit = _visit_of(scripted, facts)
    event = Event(
        id=len(facts.events) + 1,
        name=scripted.event,
        at=scripted.at,
        data=scripted.data,
        enrolment=facts.enrolment if visit else None,
        step=scripted.of,
        visit=visit,
    )
    return facts.but(events=(*facts.events, event), standing=noted(facts.standing, event)), event


def _visit_of(scripted: Scripted, facts: Facts) -> int | None:
    """Return which visit of the step it names an event belongs to: of a send, or of a task that was opened."""
    if scripted.event != "task_completed":
        return facts.sends.get(scripted.of or "")
    return max((visit for step, visit in facts.begun if step == scripted.of), default=None)
