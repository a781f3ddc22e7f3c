"""What is deleted when it has been kept long enough: what only helps to operate, never what was said or sent.

Contacts, consents, the timeline, runs, the ledger and the decision log are the memory of the customer: they stay until
the contact is erased. Every function here deletes a little at a time, so that nobody waits behind it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Text, cast, func
from sqlmodel import Session, SQLModel, col, delete, select, update

from records.follow_up_models import FollowUpWords, StaffAbsence, StaffNote
from records.inbox_models import Inbox
from records.link_models import Link
from records.sending_models import Notice, OutboxMessage

# So many rows in one transaction.
MOST = 500
# A link in a message leads on for so long after it stood in one last (to within a month).
LINKS_LEAD_ON = timedelta(days=3 * 366)


def empty_inbox(session: Session, after: int, before: datetime) -> int | None:
    """Empty what came in before an instant and was drained, in order of receipt; return how far it came.

    The row stays, so that a repeat is recognised for ever; what it said has become records. None: it is at the end.
    """
    some = select(Inbox.id).where(col(Inbox.id) > after, col(Inbox.received_at) < before)
    ids = [id for id in session.exec(some.order_by(col(Inbox.id)).limit(MOST)) if id is not None]
    if not ids:
        return None
    full = func.length(cast(col(Inbox.body), Text)) > len("{}")
    theirs = update(Inbox).where(col(Inbox.id).in_(ids), col(Inbox.drained_at).is_not(None), full)
    session.exec(theirs.values(body={}).execution_options(synchronize_session=False))
    return ids[-1]


def forget_outbox(session: Session, before: datetime) -> int:
    """Delete what was kept in the outbox before an instant; return how much it was."""
    return _delete(session, OutboxMessage, "id", col(OutboxMessage.kept_at) < before)


def forget_notices(session: Session, before: datetime) -> int:
    """Delete the notices that somebody has seen and whose cause did not come back since; return how many."""
    return _delete(session, Notice, "id", col(Notice.seen_at).is_not(None), col(Notice.last_at) < before)


def forget_links(session: Session, now: datetime) -> int:
    """Delete the links that stood in no message for very long; return how many. Who opens one is told so."""
    return _delete(session, Link, "id", col(Link.noted_at) < now - LINKS_LEAD_ON)


def forget_notes(session: Session, before: datetime) -> int:
    """Delete what our people were told before an instant, unless it is still to be told; return how much it was."""
    over = col(StaffNote.state).not_in(["waiting", "handing_over"])
    return _delete(session, StaffNote, "id", over, col(StaffNote.at) < before)


def forget_words(session: Session, before: datetime) -> int:
    """Delete what was written for actions that nobody did; return how much it was."""
    return _delete(session, FollowUpWords, "key", col(FollowUpWords.at) < before)


def forget_absences(session: Session, before: datetime) -> int:
    """Delete the absences that were over before an instant; return how many."""
    return _delete(session, StaffAbsence, "id", col(StaffAbsence.until) < before)


def _delete(session: Session, table: type[SQLModel], key: str, *which: object) -> int:
    column = col(getattr(table, key))
    some = list(session.exec(select(column).where(*which).limit(MOST)).all())  # type: ignore[arg-type]
    if some:
        session.exec(delete(table).where(column.in_(some)).execution_options(synchronize_session=False))
    return len(some)
