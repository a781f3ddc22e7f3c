"""What counts under frequency caps: every message that reached a contact, or may have, whatever sequence it came from.

A message counts from the transaction that says that it leaves. Who asks in that transaction holds the contact until
its commit, so two sequences that send in the same second see each other.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from domain.caps import Counted, PutOff
from domain.policies import Policies
from records.ledger import ACCEPTED, HANDING_OVER, UNKNOWN
from records.models import Contact, Enrolment, Message
from records.waiting_models import WaitingMessage


def reach(policies: Policies, class_: str | None = None, channel: str | None = None) -> timedelta | None:
    """Return how far back caps look (those of a class and channel, if given); None where there are none."""
    caps = (cap for cap in policies.messaging.caps if class_ is None or (cap.class_, cap.channel) == (class_, channel))
    return max((cap.in_.elapsed() for cap in caps), default=None)


def counted(session: Session, contacts: Sequence[str], since: datetime) -> dict[str, list[Counted]]:
    """Return what counts of each contact since an instant; each at the full second after it left, never before."""
    found: dict[str, list[Counted]] = defaultdict(list)
    left = select(
        col(Message.contact_id), col(Message.class_), col(Message.channel), col(Message.handing_over_at)
    ).where(
        col(Message.contact_id).in_(contacts),
        col(Message.state).in_((HANDING_OVER, ACCEPTED, UNKNOWN)),
        col(Message.handing_over_at) > since,
    )
    for contact, class_, channel, at in session.connection().execute(left).all():
        assert at is not None, "what has left has an instant"
        found[contact].append(Counted(class_, channel, at + timedelta(microseconds=-at.microsecond % 1_000_000)))
    return found


def put_off(session: Session, contacts: Sequence[str]) -> dict[str, list[tuple[str, PutOff]]]:
    """Return the messages of each contact that wait, each with its run; of a run that has ended none waits."""
    waits = (
        select(WaitingMessage)
        .join(Enrolment, col(Enrolment.id) == col(WaitingMessage.enrolment_id))
        .where(col(WaitingMessage.contact_id).in_(contacts), col(Enrolment.ended_at).is_(None))
    )
    found: dict[str, list[tuple[str, PutOff]]] = defaultdict(list)
    for row in session.execute(waits).scalars():
        if row.due_at is not None:
            message = PutOff(row.class_, row.channel, row.priority, row.since, row.due_at)
            found[row.contact_id].append((row.enrolment_id, message))
    return found


def wait(session: Session, row: WaitingMessage) -> None:
    """Write down that a run's message waits, instead of what was said of it before."""
    session.merge(row)
    session.flush()


def its_turn(session: Session, run: str) -> None:
    """Note that a run's message stands in no queue any more: it has been given its turn."""
    mine = update(WaitingMessage).where(col(WaitingMessage.enrolment_id) == run, col(WaitingMessage.queue).is_not(None))
    session.execute(mine.values(queue=None))


def waits_no_more(session: Session, run: str) -> None:
    """Forget that a run's message waited: its fate is known."""
    session.execute(delete(WaitingMessage).where(col(WaitingMessage.enrolment_id) == run))


def hold(session: Session, contact: str) -> None:
    """Let nobody else decide about this contact's caps until the commit. (SQLite has one writer anyway.)"""
    # Not FOR UPDATE: rows that refer to the contact may be written meanwhile.
    session.connection().execute(
        select(col(Contact.id)).where(col(Contact.id) == contact).with_for_update(key_share=True)
    )
