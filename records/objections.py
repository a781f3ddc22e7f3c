"""What lies in the inbox and forbids to write to somebody: told in events and mail, and not seen to yet.

It counts from the moment its sender was told that we have it, whether its row waits or was parked. Whom it is about
the main database knows: `records/withdrawals.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from domain.events import SAYS_WHETHER_TO_WRITE
from records.models import Inbox

BOUNCED = "bounced"


@dataclass(frozen=True)
class Objection:
    """An event after which somebody is not written to: by a contact (`who`: id or address), from a telephone `number`,
    or about a message: by our id, else by one of its other `names`. It counts only if the message went to `recipient`,
    where one is told. Where it was `proven` by a message, its topic is that message's if it names none.
    """

    event: str
    data: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    number: str = ""
    message: str = ""
    names: tuple[str, ...] = ()
    recipient: str = ""
    proven: bool = False


def objections_waiting(session: Session) -> list[Objection]:
    """Return what was told of people who are not to be written to, and nobody has seen to."""
    urgent = (col(Inbox.kind).in_(("event", "mail")), col(Inbox.urgent).is_(True), col(Inbox.drained_at).is_(None))
    # Two questions: each has an index of its own.
    waits = select(Inbox.body).where(*urgent, col(Inbox.parked_at).is_(None))
    parked = select(Inbox.body).where(*urgent, col(Inbox.parked_at).is_not(None))
    bodies = [*session.exec(waits), *session.exec(parked)]
    return [objection for body in bodies for objection in _read(body)]


def _read(body: Mapping[str, Any]) -> Iterator[Objection]:
    for message in body.get("leaves") or ():
        yield Objection("unsubscribed", message=str(message), proven=True)
    for each in body.get("forbids") or ():
        yield Objection(str(each["event"]), {"permanent": True}, message=str(each["message"]), proven=True)
    name, data = str(body.get("event")), body.get("data") or {}
    if name in SAYS_WHETHER_TO_WRITE or (name == BOUNCED and data.get("permanent") is True):
        yield _of_provider(name, data, body["told"]) if body.get("told") else _of_event(name, data, body)


def _of_event(name: str, data: Mapping[str, Any], body: Mapping[str, Any]) -> Objection:
    who = body.get("contact") or {}
    named = str(who.get("id") or who.get("email") or "")
    return Objection(name, data, named, str(who.get("phone") or ""), str(body.get("message") or ""))


def _of_provider(name: str, data: Mapping[str, Any], told: Mapping[str, Any]) -> Objection:
    names = [str(each) for key in ("message_ids", "provider_ids") for each in told.get(key) or () if each]
    message, recipient = str(told.get("send_id") or ""), str(told.get("recipient") or "")
    return Objection(name, data, message=message, names=tuple(names), recipient=recipient, proven=True)
