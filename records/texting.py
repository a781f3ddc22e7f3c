"""What comes back from a telephone number: whom it belongs to, and that it wants no more texts."""

from datetime import datetime

from sqlmodel import Session, col, select

from domain.standing import SMS
from records.consenting import UNSUBSCRIBED
from records.contacts import suppress
from records.ledger import LEFT
from records.models import Message


def last_text_to(session: Session, number: str) -> Message | None:
    """Return the last text that left for a number (E.164), None if none ever did.

    An answer belongs to that one: whoever holds the telephone sees nothing else to answer to.
    """
    left = select(Message).where(Message.recipient == number, Message.channel == SMS, col(Message.state).in_(LEFT))
    newest = left.order_by(col(Message.handing_over_at).desc(), col(Message.id).desc())
    return session.exec(newest).first()


def stop_texts(session: Session, number: str, now: datetime) -> None:
    """Let no more marketing go to a number, whoever it belongs to; doing it twice changes nothing."""
    suppress(session, "address", number, UNSUBSCRIBED, now)
