"""What comes back from a telephone number: whom it belongs to, and that it wants no more texts."""

from datetime import datetime
from functools import partial

from sqlmodel import Session, col, select

from domain.standing import SMS, address_on
from records.consenting import UNSUBSCRIBED, said_by
from records.contacts import record_consent, suppress
from records.facts import contact_fields
from records.ledger import LEFT
from records.models import Contact, Message, Suppression


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


def opt_out_of_texts(session: Session, contact: Contact, at: datetime, now: datetime) -> None:
    """Write down that a contact said no to every topic they had said yes to by text."""
    for (topic, channel), state in sorted(said_by(session, contact.id).items()):
        if channel == SMS and state in ("opted_in", "pending"):
            said_no = partial(record_consent, session, contact.id, topic, "opted_out", now, channel=SMS)
            said_no(basis="objection", source="STOP by text", given_at=at)


def take_texts_again(session: Session, contact: Contact) -> None:
    """Lift what STOP did to the contact's number: they have said yes to texts, on a page of ours. What they had said
    yes to before stays opted out."""
    number = address_on(contact_fields(contact), SMS)
    standing = select(Suppression).where(
        Suppression.kind == "address", Suppression.value == number, Suppression.reason == UNSUBSCRIBED
    )
    for row in session.exec(standing).all() if number else ():
        session.delete(row)
    session.flush()
