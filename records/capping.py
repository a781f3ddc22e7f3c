"""What counts under frequency caps: every message that reached a contact, or may have, whatever sequence it came from.

A message counts from the transaction that says that it leaves. Who asks in that transaction holds the contact until
its commit, so two sequences that send in the same second see each other.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from domain.caps import Counted
from domain.policies import Policies
from records.ledger import LEFT
from records.models import Contact, Message


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
        col(Message.state).in_(LEFT),
        col(Message.handing_over_at) > since,
    )
    for contact, class_, channel, at in session.connection().execute(left).all():
        assert at is not None, "what has left has an instant"
        found[contact].append(Counted(class_, channel, at + timedelta(microseconds=-at.microsecond % 1_000_000)))
    return found


def hold(session: Session, contacts: Sequence[str]) -> None:
    """Let nobody else decide about the caps of these contacts until the commit. (SQLite has one writer anyway.)"""
    if session.get_bind().dialect.name == "postgresql":
        theirs = select(col(Contact.id)).where(col(Contact.id).in_(contacts)).order_by(col(Contact.id))
        # Not FOR UPDATE: rows that refer to the contact may be written meanwhile.
        session.connection().execute(theirs.with_for_update(key_share=True))
