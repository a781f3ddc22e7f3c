"""Goals reached by those who are not inside: by who was held out, and by who left, as long as the goal says.

What a run reaches while it is open ends it (`records/timeline.py`). Where somebody is held out, a goal is noted of who
left, too, however long ago (`reached_at`): nothing ends those held out, and both sides must be watched for as long.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from domain.entry import converted_late, ended_already, over_at
from domain.facts import Event, Facts
from domain.policies import Policies
from domain.program import Program
from records.concerns import LONGEST_WITHIN
from records.entry_models import Holdout
from records.facts import Known, read_contacts, read_known
from records.models import Enrolment
from records.published import Published
from records.runs import CONVERTED


def note_conversions(session: Session, published: Published, contact: str, event: Event | None, at: datetime) -> None:
    """Note the goals that are reached at this instant: by an event, or (None) because the record changed."""
    held = session.exec(select(Holdout).where(Holdout.contact_id == contact, col(Holdout.converted_at).is_(None))).all()
    left = [row for row in _left(session, contact, at) if _is_watched(published.program(session, row.version), row)]
    if not held and not left:
        return
    known = read_known(session, [row.id for row in left]) if left else read_contacts(session, [contact])
    policies = published.policies(session)
    for row in left:
        facts = known.facts(row.id, published.program(session, row.version), policies, at)
        late = row.ended_at is not None and converted_late(facts, row.ended_at, event)
        if late:
            row.converted_at = at
        if row.reached_at is None and (late or _reaches(facts, event)):
            row.reached_at = at
        session.add(row)
    for out in held:
        program = _program(session, published, out)
        if program is not None and _reaches(_facts(known, out, program, policies, at), event):
            out.converted_at = at
            session.add(out)
    session.flush()


def _left(session: Session, contact: str, at: datetime) -> list[Enrolment]:
    recently = col(Enrolment.ended_at) >= at - LONGEST_WITHIN
    unconverted = col(Enrolment.converted_at).is_(None)
    return list(session.exec(select(Enrolment).where(Enrolment.contact_id == contact, unconverted, recently)).all())


def _is_watched(program: Program, left: Enrolment) -> bool:
    return program.counts_late or (program.holdout > 0 and left.reached_at is None)


def _program(session: Session, published: Published, out: Holdout) -> Program | None:
    return published.program(session, out.version) if out.version else published.named(session, out.sequence)


def _facts(known: Known, out: Holdout, program: Program, policies: Policies, at: datetime) -> Facts:
    """Return what is known of somebody who was held out, as of somebody inside."""
    known.enrolments[""] = Enrolment(
        id="", contact_id=out.contact_id, sequence=out.sequence, version="", event=out.event, entered_at=out.held_at
    )
    return known.facts("", program, policies, at)


def _reaches(facts: Facts, event: Event | None) -> bool:
    over = ended_already(facts) if event is None else over_at(facts, event)
    return over is not None and over.reason == CONVERTED
