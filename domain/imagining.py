"""What a simulation imagines was done: nobody is written to, no system asked, nothing begun elsewhere."""

from collections.abc import Mapping
from typing import Any

from domain.asking import Answer, Asked
from domain.caps import Counted
from domain.deeds import begun, called, halted, held_back, notified
from domain.facts import Event, Facts, noted
from domain.holds import HELD, PACE, paced
from domain.letters import Plan
from domain.needs import Begin, Call, Halt, Later, Need, Notify
from domain.script import SET, Scripted

# In a script, what another system answers: `{event: called, of: STEP, data: {…}}`; with `failed` it does not.
CALLED, FAILED = "called", "failed"


def imagined(need: Need, answers: Mapping[str, Any] | None, facts: Facts) -> tuple[Answer, Facts] | None:
    """Return the answer to a need that acts outside, and the facts after it; None if this need does not.

    `answers` is what a script says that a call answers.
    """
    if facts.hold is not None and isinstance(need, Notify | Call | Begin | Halt):
        return Answer(Later(facts.hold.until, HELD)), facts
    if isinstance(need, Notify):
        return held_back(need, facts) or notified(need), facts
    if isinstance(need, Call):
        return _called(need, answers or {}, facts)
    if isinstance(need, Begin):
        return begun(need), facts
    return (halted(need), facts) if isinstance(need, Halt) else None


def _called(need: Call, answers: Mapping[str, Any], facts: Facts) -> tuple[Answer, Facts]:
    if FAILED in answers:
        return called(need, None, str(answers[FAILED])), facts
    return called(need, answers), facts.but(calls={**facts.calls, need.save_as: dict(answers)})


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
