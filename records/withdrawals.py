"""Who wants no more mail and has said so, as far as it is on disk and not drained yet.

The gate counts these already: a withdrawal holds from the moment its sender was told that we have it.
"""

from functools import partial

from sqlmodel import Session

from domain.events import EVERYTHING
from records.contacts import find
from records.inbox import Objection, objections_waiting, withdrawals_waiting
from records.models import Message
from records.session import Database


def withdrawn(main: Database, received: Database, contacts: list[str]) -> dict[str, set[str]]:
    """Return, for each of these contacts who objected to something, the topics; `*` is everything."""

    def read(session: Session) -> tuple[dict[str, set[str]], list[Objection]]:
        return withdrawals_waiting(session, contacts), objections_waiting(session)

    topics, told = received.read_now(read)
    for objection in told:
        contact, topic = main.read_now(partial(_who_and_what, objection))
        if contact in contacts:
            topics.setdefault(contact, set()).add(topic)
    return topics


def _who_and_what(objection: Objection, session: Session) -> tuple[str, str]:
    """Return the contact ('' for nobody we know) and the topic of an objection."""
    topic = objection.topic or EVERYTHING
    if not objection.who and objection.message:
        sent = session.get(Message, objection.message)
        if sent is None:
            return "", topic
        return sent.contact_id, (sent.topic or EVERYTHING) if objection.of_its_topic else topic
    contact = find(session, objection.who)
    return (contact.id if contact else ""), topic
