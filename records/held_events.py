"""Events that wait while a case is not released: points that expire, payments that are overdue.

The one thing to know: they stand in the timeline at once, and conditions read them. What they start, end and move comes
when the last case of the contact is released, in the order in which they happened.
"""

from datetime import datetime

from sqlmodel import Session, col, delete, select

from domain.cases import CLOSED, RELEASED, is_held, lasting
from records.case_models import HeldEvent
from records.facts import event_of
from records.models import Interaction
from records.published import Published
from records.service_cases import standstills


def held_back(session: Session, published: Published, row: Interaction, now: datetime) -> bool:
    """Whether a case keeps this from starting and moving anything; if so, it is noted, to be let go later."""
    policy = published.policies(session).recovery
    if policy is None or row.name not in policy.hold_events:
        return False
    cases = standstills(session, [row.contact_id]).get(row.contact_id, [])
    if not is_held(event_of(row), policy, cases):
        return False
    assert row.id is not None, "a row that was written has an id"
    session.add(HeldEvent(contact_id=row.contact_id, interaction_id=row.id, held_at=now))
    session.flush()
    return True


def let_go(session: Session, row: Interaction) -> list[Interaction]:
    """Return what was held back until this, in order, and forget that it was; nothing while a case still holds it."""
    if row.name not in (CLOSED, RELEASED):
        return []
    theirs = col(HeldEvent.contact_id) == row.contact_id
    held = session.exec(select(HeldEvent.interaction_id).where(theirs).with_for_update()).all()
    if not held or lasting(standstills(session, [row.contact_id]).get(row.contact_id, [])):
        return []
    session.exec(delete(HeldEvent).where(theirs).execution_options(synchronize_session=False))
    return list(session.exec(select(Interaction).where(col(Interaction.id).in_(held)).order_by(col(Interaction.id))))
