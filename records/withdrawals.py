"""Whom what lies in the inbox forbids to write to, and on which channel.

The gate counts it already: a withdrawal holds from the moment its sender was told that we have it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from domain.answers import read_address
from domain.events import EVERYTHING
from domain.standing import EMAIL, SMS, channel_of
from records.inbox import withdrawals_waiting
from records.models import Identity, Message
from records.objections import BOUNCED, Objection, objections_waiting
from records.permissions import Person, Undrained
from records.session import Database

# So many names are looked up in one question.
_AT_ONCE = 400


def withdrawn(main: Database, received: Database, people: Sequence[Person]) -> Mapping[str, Collection[Undrained]]:
    """Return, for each of these people against whom something stands in the inbox, what that is."""
    ids = [person.id for person in people]

    def read(session: Session) -> tuple[dict[str, set[Undrained]], list[Objection]]:
        return withdrawals_waiting(session, ids), objections_waiting(session)

    stands, told = received.read_now(read)
    if not told:
        return stands
    known, found = main.read_now(partial(_known, told)), defaultdict(set, stands)
    by_id = {person.id: person for person in people}
    for objection in told:
        for contact, each in _against(objection, known, by_id):
            found[contact].add(each)
    return dict(found)


class _Sent(NamedTuple):
    """A message of the ledger, as far as an objection to it is concerned."""

    contact: str = ""
    topic: str | None = None
    channel: str = EMAIL
    recipient: str | None = None


@dataclass(frozen=True)
class _Known:
    """What the records know of what objections name: messages by any of their names, contacts by address."""

    messages: dict[str, _Sent] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)

    def message(self, objection: Objection) -> _Sent:
        names = (objection.message, *objection.names)
        return next((self.messages[name] for name in names if name in self.messages), _Sent())


def _known(told: Sequence[Objection], session: Session) -> _Known:
    named = {name for each in told for name in each.names}
    names = {
        Message.id: {each.message for each in told if each.message},
        Message.message_id: named,
        Message.provider_id: named,
    }
    known, run = _Known(), session.connection()
    about = (col(Message.contact_id), col(Message.topic), col(Message.channel), col(Message.recipient))
    for column, wanted in names.items():
        for some in _some(wanted):
            for row in run.execute(select(col(column), *about).where(col(column).in_(some))):
                known.messages.setdefault(str(row[0]), _Sent(*row[1:]))
    addresses = {each.lower() for one in told for each in (one.who, one.recipient) if "@" in each}
    theirs = select(col(Identity.value), col(Identity.contact_id)).where(col(Identity.kind) == "email")
    for some in _some(addresses):
        known.contacts.update(
            {row.value: row.contact_id for row in run.execute(theirs.where(col(Identity.value).in_(some)))}
        )
    return known


def _some(names: Collection[str]) -> Iterator[list[str]]:
    listed = sorted(names)
    yield from (listed[first : first + _AT_ONCE] for first in range(0, len(listed), _AT_ONCE))


def _against(objection: Objection, known: _Known, people: Mapping[str, Person]) -> Iterator[tuple[str, Undrained]]:
    """Yield whom of these people an objection is about, and what it forbids."""
    if objection.number:
        stop = Undrained(topic=EVERYTHING, channel=SMS)
        yield from ((each.id, stop) for each in people.values() if each.addresses.get(SMS) == objection.number)
        return
    sent = known.message(objection)
    if objection.recipient and sent.recipient and _spelled(sent.recipient) != objection.recipient:
        return  # a copy that somebody else got says nothing of the contact
    contact = known.contacts.get(objection.who.lower(), objection.who) or sent.contact
    contact = contact or known.contacts.get(objection.recipient.lower(), "")
    if contact not in people:
        return
    if objection.event != BOUNCED:
        yield contact, _forbids(objection, sent.topic)
    elif sent.recipient in (None, people[contact].addresses.get(sent.channel)):
        yield contact, Undrained(reason="hard_bounce", channel=sent.channel)


def _forbids(objection: Objection, topic_of_message: str | None) -> Undrained:
    if objection.event == "complained":
        return Undrained(reason="complaint")
    topic = objection.data.get("topic") or (topic_of_message if objection.proven else None) or EVERYTHING
    channel = channel_of(objection.data)
    # Whoever wants nothing at all is asked for nothing at all; STOP is about texts.
    return Undrained(topic=str(topic), channel=None if (topic, channel) == (EVERYTHING, EMAIL) else channel)


def _spelled(address: str) -> str:
    try:
        return read_address(address)
    except ValueError:
        return address
