"""Messages that somebody was handing over and nobody asks about any more: their run has ended."""

from datetime import datetime

from sqlmodel import Session, col, select

from records.ledger import HANDING_OVER, lose
from records.models import Enrolment, Message


def abandoned(session: Session, now: datetime) -> list[str]:
    """Return the messages whose lease ran out after their run had ended.

    A run that goes on asks for its message itself; for one that has ended nobody asks any more.
    """
    over = select(Enrolment.id).where(
        col(Enrolment.id) == col(Message.enrolment_id), col(Enrolment.ended_at).is_not(None)
    )
    left = select(Message.id).where(Message.state == HANDING_OVER, col(Message.lease_until) < now, over.exists())
    return list(session.exec(left).all())


def lose_abandoned(session: Session, found: list[str], now: datetime) -> None:
    """Note that nobody can know the fate of these messages, unless their owner has told it meanwhile."""
    left = select(Message).where(col(Message.id).in_(found), Message.state == HANDING_OVER)
    for row in session.exec(left.with_for_update()).all():
        lose(session, row, "whoever handed it over died before its fate was known", now)
