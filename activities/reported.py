"""What a provider told by webhook becomes an event of the contact the message was written to.

The webhook is verified, so what it says may suppress. The message is found by our own id, which the provider keeps with
it, else by its Message-ID, else by the provider's name for it. What matches nobody is noted and stays in the inbox.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.answers import read_address
from domain.events import EVERYTHING
from domain.readers import Glance, Reader, who_clicked, who_opened
from records.contacts import find
from records.inbox_models import Inbox
from records.models import Contact, Message
from records.published import Published
from records.timeline import Happening, record

# With these an address is known to be bad, or its owner to want no mail: they count without a message, too.
OF_AN_ADDRESS = frozenset({"complained", "unsubscribed", "bounced"})
# A provider does not tell what language a browser asks for.
_NOT_TOLD = "not told"


def report(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    """Write down what was told; return the contact, and what became of it."""
    told: Mapping[str, Any] = row.body["told"]
    name, source = str(row.body["event"]), row.source
    message = message_meant(session, told)
    recipient = str(told.get("recipient") or "")
    if message is not None and not _is_to(message, recipient):
        return None, f"{source}: {name}, of another recipient"
    contact = _contact(session, name, message, recipient)
    if contact is None:
        return None, f"{source}: {name}, matched nobody"
    if contact.erased_at is not None:
        return None, f"{source}: {name}, of somebody who is erased"
    at = datetime.fromisoformat(row.body["at"]) if row.body.get("at") else None
    happening = Happening(
        key=row.key,
        name=name,
        at=row.received_at,
        data=_data(row, message, at),
        occurred_at=at,
        message=message.id if message is not None else None,
        channel="email",
    )
    record(session, published, contact, happening, now, changed=False)
    return contact.id, f"{source}: {name}" + (f" to message {message.id}" if message is not None else " by address")


def message_meant(session: Session, told: Mapping[str, Any]) -> Message | None:
    """Return the message of the ledger that is meant, by the strongest of its names."""
    own = str(told.get("send_id") or "")
    message = session.get(Message, own) if own else None
    return message or _by(session, Message.message_id, told, "message_ids") or _by_provider(session, told)


def _by(session: Session, column: Any, told: Mapping[str, Any], names: str) -> Message | None:
    ids: Sequence[str] = [str(each) for each in told.get(names) or () if each]
    found = (
        session.exec(select(Message).where(col(column).in_(ids)).order_by(col(Message.id)).limit(1)) if ids else None
    )
    return found.first() if found is not None else None


def _by_provider(session: Session, told: Mapping[str, Any]) -> Message | None:
    return _by(session, Message.provider_id, told, "provider_ids")


def _is_to(message: Message, recipient: str) -> bool:
    """Whether a message went to this recipient: copies that others get of it say nothing of the contact."""
    if not recipient or not message.recipient:
        return True
    try:
        return read_address(message.recipient) == recipient
    except ValueError:
        return message.recipient == recipient


def _contact(session: Session, name: str, message: Message | None, recipient: str) -> Contact | None:
    if message is not None:
        return session.get(Contact, message.contact_id)
    return find(session, recipient) if recipient and name in OF_AN_ADDRESS else None


def _data(row: Inbox, message: Message | None, at: datetime | None) -> dict[str, Any]:
    data, name = dict(row.body["data"]), row.body["event"]
    if name in ("opened", "clicked") and "by" not in data:
        since = at - message.handing_over_at if at and message is not None and message.handing_over_at else None
        reader = _reader(name, Glance({"user-agent": row.body["told"]["agent"], "accept-language": _NOT_TOLD}, since))
        data |= {"by": reader.by} | ({"why": reader.why} if reader.why else {})
    if name == "unsubscribed" and not data.get("topic"):
        data["topic"] = (message.topic if message is not None else None) or EVERYTHING
    return data | {"told_by": row.source}


def _reader(name: str, glance: Glance) -> Reader:
    if not glance.headers["user-agent"]:
        return Reader("unknown", "the provider does not say by which program")
    return who_opened(glance) if name == "opened" else who_clicked(glance)
