"""Who wants no more mail and has said so, as far as it is on disk and not drained yet.

The gate counts these already: a withdrawal holds from the moment its sender was told that we have it.
"""

from functools import partial

from sqlmodel import Session

from records.contacts import find
from records.inbox import objections_waiting, withdrawals_waiting
from records.session import Database


def withdrawn(main: Database, received: Database, contacts: list[str]) -> dict[str, set[str]]:
    """Return, for each of these contacts who objected to something, the topics; `*` is everything."""

    def read(session: Session) -> tuple[dict[str, set[str]], list[tuple[str, str]]]:
        return withdrawals_waiting(session, contacts), objections_waiting(session)

    topics, told = received.read_now(read)
    for who, topic in told:
        contact = main.read_now(partial(_id_of, who))
        if contact in contacts:
            topics.setdefault(contact, set()).add(topic)
    return topics


def _id_of(who: str, session: Session) -> str:
    contact = find(session, who)
    return contact.id if contact else ""
