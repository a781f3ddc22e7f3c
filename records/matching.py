"""Which message a mail belongs to that came back: by what nobody can forge first, by a guess last.

Only a token of ours proves anything. A Message-ID of ours cannot be guessed, but it is quoted in every answer and every
archive; so it says which message is meant, and suppresses nobody. Who wrote, and when, is a guess.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, select

from domain.coming_back import Clues
from domain.return_addresses import LEAVING, Returned
from records.contacts import find
from records.evidence import UNVERIFIED
from records.follow_up_models import StaffNote
from records.ledger import ACCEPTED, UNKNOWN
from records.models import Contact, Message

By = Literal["token", "message_id", "provider_id", "guess"]

# Who answers a letter of last year without quoting it, means another.
GUESSED_WITHIN = timedelta(days=30)
_MOST_IDS = 25

ReadAddress = Callable[[str], Returned | None]
"""Reads an address of ours, None for any other and for one we did not sign."""
ReadToken = Callable[[str], str | None]
"""Reads a token alone: the message's id in the ledger, None if we did not sign it."""


@dataclass(frozen=True)
class Match:
    """The contact a mail is about, and the message, as far as they are known, and by what.

    `leaves`: it was written to the address at which one leaves.
    """

    contact: Contact
    message: Message | None
    by: By
    leaves: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether somebody may be suppressed for it."""
        return self.by not in UNVERIFIED


@dataclass(frozen=True)
class MatchedNote:
    """The note to one of us that a mail is about: an answer to it, or its bounce; by what it was known."""

    note: StaffNote
    by: Literal["token", "message_id"]


def match(
    session: Session, clues: Clues, read_address: ReadAddress, read_token: ReadToken, at: datetime
) -> Match | MatchedNote | None:
    """Return whom and what a mail of this instant is about; None if nothing tells."""
    for id, leaves in _tokens(clues, read_address, read_token):
        if (found := _of(session, session.get(Message, id), "token", leaves)) is not None:
            return found
        if not leaves and (note := session.get(StaffNote, id)) is not None:
            return MatchedNote(note, "token")
    ids = [*clues.returned, *clues.answered][:_MOST_IDS]
    return _by_ids(session, ids) or _note_by_ids(session, ids) or _guess(session, clues, at)


def _tokens(clues: Clues, read_address: ReadAddress, read_token: ReadToken) -> Iterator[tuple[str, bool]]:
    for address in clues.addresses:
        if (returned := read_address(address)) is not None:
            yield returned.message, returned.way == LEAVING
    for words in clues.envelope_ids:
        if (id := read_token(words.strip().lower())) is not None:
            yield id, False


def _by_ids(session: Session, ids: Sequence[str]) -> Match | None:
    if not ids:
        return None
    ours = session.exec(select(Message).where(col(Message.message_id).in_(ids))).all()
    by_id = {row.message_id: row for row in ours}
    for id in ids:
        if (found := _of(session, by_id.get(id), "message_id")) is not None:
            return found
    # Some providers put an id of their own in its place, which they told us when they took the message.
    names = [named[1] for id in ids if (named := re.match(r"<([^@>]{8,120})@", id))]
    theirs = session.exec(select(Message).where(col(Message.provider_id).in_(names))).all() if names else []
    by_name = {row.provider_id: row for row in theirs}
    return next((found for name in names if (found := _of(session, by_name.get(name), "provider_id"))), None)


def _note_by_ids(session: Session, ids: Sequence[str]) -> MatchedNote | None:
    if not ids:
        return None
    ours = session.exec(select(StaffNote).where(col(StaffNote.message_id).in_(ids))).all()
    by_id = {row.message_id: row for row in ours}
    return next((MatchedNote(by_id[id], "message_id") for id in ids if id in by_id), None)


def _guess(session: Session, clues: Clues, at: datetime) -> Match | None:
    """Whoever is named, and the last message that was sent to that address not long ago."""
    for address in (clues.recipient, clues.sender):
        contact = find(session, address) if "@" in address else None
        if contact is None:
            continue
        sent = select(Message).where(
            Message.contact_id == contact.id,
            Message.recipient == address,
            col(Message.state).in_((ACCEPTED, UNKNOWN)),
            col(Message.handing_over_at) > at - GUESSED_WITHIN,
            col(Message.handing_over_at) <= at,
        )
        newest = session.exec(sent.order_by(col(Message.handing_over_at).desc()).limit(1)).first()
        if newest is not None:
            return Match(contact, newest, "guess")
    return None


def _of(session: Session, message: Message | None, by: By, leaves: bool = False) -> Match | None:
    contact = session.get(Contact, message.contact_id) if message is not None else None
    return None if contact is None else Match(contact, message, by, leaves)
