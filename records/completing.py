"""A follow-up that others say is done: another system of ours, or a person whose tool is not this one."""

from sqlmodel import Session, col, select

from domain.follow_up import COMPLETED
from domain.follow_up_moves import BY_ITSELF, ended
from domain.policies import Policies
from records.follow_up_models import FollowUp
from records.follow_up_rows import held_row, keep, state_of
from records.happening import Happening
from records.models import Contact
from records.staffing import person_named, staff_of


def complete_follow_up(session: Session, policies: Policies, contact: Contact, happening: Happening) -> FollowUp | None:
    """Complete the follow-up that an event names as `task`, else the one of its step (if any) that was opened last.

    None if none is open, or the one that is named has ended already.
    """
    more = happening.data
    theirs = select(FollowUp).where(FollowUp.contact_id == contact.id)
    newest = theirs.where(FollowUp.step == happening.step, col(FollowUp.ended_at).is_(None))
    newest = newest.order_by(col(FollowUp.opened_at).desc(), col(FollowUp.visit).desc())
    named = session.exec(theirs.where(FollowUp.id == str(more.get("task") or "")[:36])).first()
    found = named or (session.exec(newest).first() if happening.step is not None else None)
    row = held_row(session, found.id) if found is not None else None
    # Told twice, it is not the task of another run, or of the next round, that was done.
    if row is None or row.ended_at is not None:
        return None
    now, outcome = happening.at, str(more.get("outcome") or "completed")[:100]
    by = person_named(policies.teams, str(more.get("person") or happening.person or BY_ITSELF))[:200]
    staff = staff_of(session, policies, row.team, contact, now)
    # The event that tells of it is its line in the timeline.
    keep(session, policies, row, ended(state_of(row), COMPLETED, outcome, by, now), staff, now)
    row.note, row.asked_at = (str(more["note"])[:4000] if more.get("note") else None), now
    session.add(row)
    session.flush()
    return row
