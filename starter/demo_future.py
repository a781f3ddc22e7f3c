"""Where a contact really stands, and what the next weeks bring by the production rules.

The first is the decision log walked again by `advance`, so it is where the wave in Temporal stands, too. The second
is a simulation from entry that is told everything that has really happened; only what lies ahead is shown of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from domain.answering import Asked, answer
from domain.checks import TemplatesKnown
from domain.facts import Facts
from domain.letters import Compose
from domain.needs import Deliver, Later, Outcome
from domain.run import Run, advance, asks_admission, departed, entered, need, since
from domain.simulation import Script, Scripted, Story, simulate
from records.facts import read_known
from records.models import Decision, Enrolment
from records.published import Published

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)


@dataclass(frozen=True)
class Stand:
    """One contact in one sequence: `step` and `until` say where they wait, `end` how they left."""

    enrolment: str
    wave: str | None
    facts: Facts
    entered_by: int | None
    step: str | None = None
    until: datetime | None = None
    why: str = ""
    ended_at: datetime | None = None
    end: str | None = None


def stands(session: Session, published: Published, contact: str, now: datetime) -> list[Stand]:
    """Return where a contact stands in every sequence they entered, oldest first."""
    rows = session.exec(select(Enrolment).where(Enrolment.contact_id == contact).order_by(Enrolment.id)).all()
    return [_stand(session, published, row, now) for row in rows]


def _stand(session: Session, published: Published, row: Enrolment, now: datetime) -> Stand:
    program = published.program(session, row.version)
    facts = read_known(session, [row.id]).facts(row.id, program, published.policies(session), now)
    common: dict[str, Any] = {"enrolment": row.id, "wave": row.wave, "facts": facts, "entered_by": row.event_id}
    if row.ended_at is not None:
        return Stand(**common, ended_at=row.ended_at, end=row.end_reason)
    log = session.exec(select(Decision).where(Decision.enrolment_id == row.id).order_by(col(Decision.id))).all()
    run = _walked(facts, [each for each in log if each.final and each.outcome is not None])
    if run.position is None:
        return Stand(**common)
    until, why = _waits(run, facts, log)
    return Stand(**common, step=run.position, until=until, why=why)


def _walked(facts: Facts, log: list[Decision]) -> Run:
    run = entered(facts.program, facts.entered_at)
    for each in log:
        run = departed(facts.program, run, each.at)
        run = advance(facts.program, run, OUTCOME.validate_python(each.outcome), each.at)
    return run


def _waits(run: Run, facts: Facts, log: Any) -> tuple[datetime | None, str]:
    """Ask the rules until when this run waits, and in whose words."""
    wanted, position = need(facts.program, run), run.position or ""
    if wanted is None or isinstance(wanted, Deliver):
        late = [each for each in log if each.step == position and not each.final]
        until = late[-1].more.get("until") if late else None
        return (datetime.fromisoformat(until) if until else None), "; ".join(late[-1].why[-1:]) if late else ""
    asks = asks_admission(facts.program, run)
    kind = facts.program.step(position).kind
    asked = Asked(position, kind, run.visit, run.arrived_at, since(facts.program, run), asks)
    outcome = answer(wanted, asked, facts).outcome
    return (outcome.due, outcome.why) if isinstance(outcome, Later) else (None, "")


def foreseen(stand: Stand, templates: TemplatesKnown, compose: Compose, until: datetime) -> Story:
    """Run the sequence on a virtual clock from entry, with the record as it is and the events that really came."""
    facts = stand.facts
    told = [
        Scripted(event.at, event.name, event.step if event.enrolment == stand.enrolment else None, event.data)
        for event in facts.events
        if event.id > (stand.entered_by or 0)
    ]
    contact = {**facts.contact, "consents": dict(_consents(facts, told))}
    script = Script(contact=contact, at=facts.entered_at, run_event=facts.run_event, events=told, until=until)
    return simulate(facts.program, facts.policies, templates, compose, script)


def _consents(facts: Facts, told: list[Scripted]) -> Mapping[str, str]:
    """Return what the contact said, but for what the events that follow take back: it holds from then on only."""
    withdrawn = {str(event.data.get("topic")) for event in told if event.event == "unsubscribed"}
    return {topic: "opted_in" if topic in withdrawn else state for topic, state in facts.standing.consents.items()}


def ahead(story: Story, now: datetime) -> list[dict[str, Any]]:
    """Return the rows of a story that lie ahead, without the waits: the next row tells when they are over."""
    rows = (row for row in story.timeline if datetime.fromisoformat(row["at"]) > now)
    return [row for row in rows if row["did"] != "waited"]


def differs(stand: Stand, story: Story, now: datetime) -> str | None:
    """Say in what a story has a contact elsewhere, now, than they really are; None when it agrees."""
    if stand.end is not None:
        told = story.end["reason"] if story.end else "nothing"
        return None if told == stand.end else f"ends with {told}, but the records say {stand.end}"
    coming = [row["step"] for row in story.timeline if datetime.fromisoformat(row["at"]) > now]
    step = coming[0] if coming else (story.waiting or {}).get("step")
    return None if step == stand.step else f"goes on at {step}, but really waits at {stand.step}"
