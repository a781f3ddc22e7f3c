"""What there is to tell of a note to staff, read when it is written: the task, the contact, and what happened last."""

from datetime import datetime

from sqlmodel import Session, col, select

from domain.case_notes import case_title
from domain.meetings import Told
from domain.policies import Policies
from domain.recovery import Case
from domain.staff_calendar import read_kept
from domain.staff_notes import LINES, Line, Occasion, Task
from records.case_models import ServiceCase
from records.facts import contact_fields
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_rows import state_of
from records.ledger import ACCEPTED, HANDING_OVER, UNKNOWN
from records.models import Contact, Interaction
from records.staffing import absences, staff_seen


def occasion_of(session: Session, policies: Policies, note: StaffNote, now: datetime) -> Occasion | None:
    """Return what a note tells, as things stand now; None where its task or its contact is gone."""
    row = session.get(FollowUp, note.follow_up_id) if note.follow_up_id is not None else None
    contact = session.get(Contact, row.contact_id) if row is not None else None
    if row is None or contact is None or contact.erased_at is not None:
        return None
    fields, case = contact_fields(contact), _case(session, row, note)
    title = row.title if case is None else case_title(case, row.title, policies.messaging.organisation.locale)
    return Occasion(
        id=note.id,
        about=note.about,
        person=note.person,
        state=state_of(row),
        task=Task(title, row.source, row.policy or "", row.note or ""),
        staff=staff_seen(policies, row.team, contact, absences(session, now)),
        policies=policies,
        contact=fields,
        now=now,
        data=note.data | _words(session, note),
        timeline=_last_lines(session, contact.id),
        to_team=note.to_team,
        entry=_last_entry(session, note),
        case=case,
    )


def _case(session: Session, row: FollowUp, note: StaffNote) -> Case | None:
    """Return the case that a note is about: that of its follow-up, or the one it names."""
    id = row.case_id or note.data.get("case")
    case = session.get(ServiceCase, str(id)) if id else None
    return Case.model_validate(case.state) if case is not None and case.state else None


def _words(session: Session, note: StaffNote) -> dict[str, str]:
    """Return what whoever proposed a remedy wrote about it, which stands in the timeline alone."""
    if note.about != "approval":
        return {}
    proposed = (Interaction.contact_id == note.contact_id, Interaction.name == "case_remedy_proposed")
    rows = session.exec(select(Interaction).where(*proposed).order_by(col(Interaction.id).desc()))
    said = next((row.data.get("note") for row in rows if row.data.get("remedy") == note.data.get("remedy")), None)
    return {"note": str(said)} if said else {}


def _last_entry(session: Session, note: StaffNote) -> Told | None:
    """Return what this person's calendar was told of this task by the other notes that left."""
    same = (StaffNote.follow_up_id == note.follow_up_id, StaffNote.person == note.person, StaffNote.id != note.id)
    left = (col(StaffNote.calendar).is_not(None), col(StaffNote.state).in_((HANDING_OVER, ACCEPTED, UNKNOWN)))
    rows = select(StaffNote).where(*same, *left).order_by(col(StaffNote.handing_over_at).desc())
    row = session.exec(rows.limit(1)).first()
    return read_kept(row.calendar) if row is not None and row.calendar else None


def _last_lines(session: Session, contact: str) -> tuple[Line, ...]:
    """Return what happened last, the newest first. That somebody was reminded is nothing that happened to them."""
    theirs = select(Interaction).where(Interaction.contact_id == contact, Interaction.name != "task_reminded")
    rows = session.exec(theirs.order_by(col(Interaction.id).desc()).limit(LINES)).all()
    return tuple(Line(row.at, row.name, row.department, row.person, row.direction) for row in rows)
