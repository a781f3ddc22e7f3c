"""Where a contact really stands: at which step, until when, and in whose words.

The decision log walked again by `advance`, so it is where the wave in Temporal stands, too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.answering import FROM_FACTS, Asked, answer
from domain.facts import Facts
from domain.holds import HELD
from domain.needs import Later
from domain.run import Run, asks_admission, entered, need, since
from records.facts import read_known
from records.models import Decision, Enrolment
from records.published import Published
from records.standing import runs_on_their_way


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
    on_their_way = runs_on_their_way(session, program, {row.id: row.entered_at})
    run = on_their_way.get(row.id) or entered(program, row.entered_at)
    if run.position is None:
        return Stand(**common)
    log = session.exec(select(Decision).where(Decision.enrolment_id == row.id).order_by(col(Decision.id))).all()
    until, why = _waits(run, facts, log)
    return Stand(**common, step=run.position, until=until, why=why)


def _waits(run: Run, facts: Facts, log: Any) -> tuple[datetime | None, str]:
    """Ask the rules until when this run waits, and in whose words."""
    wanted, position = need(facts.program, run), run.position or ""
    if facts.hold is not None:
        return facts.hold.until, HELD
    if wanted is None or not isinstance(wanted, FROM_FACTS):  # a message, a call …: the log says what puts it off
        late = [each for each in log if each.step == position and not each.final]
        until = late[-1].more.get("until") if late else None
        return (datetime.fromisoformat(until) if until else None), "; ".join(late[-1].why[-1:]) if late else ""
    asks = asks_admission(facts.program, run)
    kind = facts.program.step(position).kind
    asked = Asked(position, kind, run.visit, run.arrived_at, since(facts.program, run), asks)
    outcome = answer(wanted, asked, facts).outcome
    return (outcome.due, outcome.why) if isinstance(outcome, Later) else (None, "")
