"""What was kept instead of sent, because the installation is not live."""

from datetime import datetime

from sqlmodel import Session, col, select

from records.sending_models import OutboxMessage


def keep(session: Session, kept: OutboxMessage) -> None:
    """Keep a message; one that is kept again replaces itself."""
    session.merge(kept)


def listing(session: Session, channel: str | None, most: int) -> list[OutboxMessage]:
    """Return up to `most` messages that were kept, newest first; of one channel, or of all."""
    chosen = select(OutboxMessage).order_by(col(OutboxMessage.kept_at).desc(), col(OutboxMessage.id))
    if channel is not None:
        chosen = chosen.where(OutboxMessage.channel == channel)
    return list(session.exec(chosen.limit(most)).all())


def show(session: Session, id: str) -> OutboxMessage | None:
    """Return one message, None if there is none."""
    return session.get(OutboxMessage, id)


def of(id: str, channel: str, sender: str, recipient: str, body: str, now: datetime) -> OutboxMessage:
    """Return the row of one message."""
    # SQLAlchemy's constructor takes anything: here the types are checked.
    return OutboxMessage(id=id, channel=channel, sender=sender[:320], recipient=recipient[:320], body=body, kept_at=now)
