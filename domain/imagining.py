"""What a simulation imagines was done: nobody is written to, no system asked, nothing begun elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.answering import weighed
from domain.asking import Answer, Asked, Row
from domain.caps import Counted
from domain.cases import Standstill, came_to, lasting
from domain.consent import Proposed, wanted
from domain.deeds import begun, called, halted, held_back, kept_from_calling, lacking, notified
from domain.facts import Event, Facts, noted
from domain.holds import HELD, PACE, paced
from domain.letters import Compose, Lacks, Plan, Written, hold, plan, plan_for_staff
from domain.needs import Begin, Call, Deliver, Halt, Later, Need, Notify, Sent
from domain.recovery_policy import Release
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
    kept = kept_from_calling(need, facts)
    if kept is not None:
        return kept, facts
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
    proposed = planned.proposed(asked.arrived_at, facts)
    found, log = weighed(proposed, facts)
    if found is not None:
        others = {step: visit for step, visit in facts.sends.items() if step != asked.step}
        return Letter(found, facts.but(sends=others, waited_for="") if is_sent(found) else waits(found, facts))
    written = compose(planned, facts)
    if isinstance(written, Lacks):
        held = hold(proposed, facts, written)
        return Letter(held, waits(held, facts))
    row = Row("sent", more=log | {"subject": written.subject})
    return Letter(Answer(Sent("accepted"), row), sent(proposed, asked, facts), (planned, written))


def delivered_to_staff(need: Notify, asked: Asked, facts: Facts, compose: Compose) -> Letter:
    """Return what becomes of a message to staff."""
    found = held_back(need, asked.arrived_at, facts)
    if found is not None:
        return Letter(found, waits(found, facts))
    planned = plan_for_staff(need, facts)
    written = compose(planned, facts)
    if isinstance(written, Lacks):
        return Letter(lacking(need, asked.arrived_at, facts, written), facts)
    return Letter(notified(need, written.subject), facts, (planned, written))


def sent(proposed: Proposed, asked: Asked, facts: Facts) -> Facts:
    """Return the facts after a message went out: it can be answered, counts under caps, and is not sent once more."""
    counted = Counted(proposed.class_, proposed.need.channel, facts.now)
    alike, sends = (*facts.alike, wanted(proposed, facts)), {**facts.sends, asked.step: asked.visit}
    surveyed = facts.now if proposed.survey is not None else facts.surveyed
    return facts.but(sends=sends, counted=(*facts.counted, counted), alike=alike, surveyed=surveyed, waited_for="")


def is_sent(found: Answer) -> bool:
    """Whether the fate of a message is known."""
    return isinstance(found.outcome, Sent)


def waits(found: Answer, facts: Facts) -> Facts:
    """Return the facts after a message was put off: what it waits for is said when it expires."""
    return facts.but(waited_for=found.outcome.why) if isinstance(found.outcome, Later) else facts


def opened(asked: Asked, row: Row, facts: Facts) -> Facts:
    """Return the facts after a task or a case was opened; a case is known by its step, and by its incident."""
    facts = facts.but(begun={**facts.begun, (asked.step, asked.visit): facts.now})
    if "case" not in row.more:
        return facts
    name, policy = f"{asked.step}/{asked.visit}", facts.policies.recovery
    incident, severity = str(row.more.get("incident") or name), row.more.get("severity")
    if any(incident == each.incident for each in lasting(facts.cases) if not each.closed):
        return facts  # it joins that one
    ours = policy is not None
    severity = severity or (policy.otherwise if policy is not None else None)
    case = Standstill(name, facts.now, incident, severity, run=facts.enrolment, ours=ours)
    return facts.but(cases=(*facts.cases, case))


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
    release = facts.policies.recovery.release if facts.policies.recovery is not None else Release()
    cases = came_to(facts.cases, event.name, _case_of(scripted, facts), event.at, release)
    return facts.but(events=(*facts.events, event), standing=noted(facts.standing, event), cases=cases), event


def _case_of(scripted: Scripted, facts: Facts) -> Mapping[str, Any]:
    """Return what a script tells of a case; `of` names the step that opened it."""
    mine = [case.id for case in facts.cases if scripted.of and case.id.rpartition("/")[0] == scripted.of]
    return scripted.data if not mine or scripted.data.get("case") else {**scripted.data, "case": mine[-1]}


def _visit_of(scripted: Scripted, facts: Facts) -> int | None:
    """Return which visit of the step it names an event belongs to: of a send, or of a task that was opened."""
    if scripted.visit is not None:
        return scripted.visit
    if scripted.event not in ("task_completed", "task_cancelled"):
        return facts.sends.get(scripted.of or "")
    return max((visit for step, visit in facts.begun if step == scripted.of), default=None)
