"""What a mail becomes that came back: an event in somebody's timeline, and what follows from it.

Everything is one transaction with the note that the row is drained. A machine's answer never moves a sequence; it may
hold it. What belongs to nobody stays in the inbox, to be looked at.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlmodel import Session
from temporalio import activity

from activities.received import NotDrainable
from activities.returned_to_staff import Became, take
from channels.returned.opened import MOST_BYTES
from channels.returned.reading import read_mail
from channels.returned.reports import is_our_fault
from domain.coming_back import CameBack, Kind
from domain.events import EVERYTHING
from domain.keys import read_mail_token
from domain.return_addresses import Returned, read_return_address
from records.answered import hold_while_away, take_up_reply
from records.inbox_mail import bytes_of
from records.matching import Match, MatchedNote, match
from records.models import Drained, Inbox
from records.published import Published
from records.session import Database
from records.timeline import STAFF, Happening, record, record_all

# What nobody can be held to who is only guessed at.
NEVER_GUESSED: frozenset[Kind] = frozenset({"complained", "unsubscribed"})
NO_EVENT: frozenset[Kind] = frozenset({"receipt", "ours", "unknown"})


@dataclass(frozen=True)
class Returns:
    """The host that mail comes back to, and the secrets that its addresses are signed with."""

    host: str = ""
    secrets: Sequence[str] = ()

    def read_address(self, address: str) -> Returned | None:
        """Return what an address of ours says."""
        return read_return_address(address, self.host, self.secrets) if self.host else None

    def read_token(self, token: str) -> str | None:
        """Return the message of a token."""
        return read_mail_token(token, self.secrets)


def read(raw: bytes, row: Inbox) -> CameBack:
    """Return what the mail of an inbox row says. Takes up to a second, and no database."""
    sender = row.body.get("from")
    to = [str(each) for each in row.body.get("to") or ()]
    return read_mail(raw, None if sender is None else str(sender), to, row.received_at.date())


async def read_mail_among(inbox: Database, rows: Sequence[Inbox]) -> dict[int | None, CameBack | BaseException]:
    """Read the mail among these rows, or find why it cannot be: before anything is written, so that order is kept."""
    mail = [row for row in rows if row.kind == "mail"]
    found = await asyncio.gather(*(_read_one(inbox, row) for row in mail), return_exceptions=True)
    return dict(zip([row.id for row in mail], found, strict=True))


async def _read_one(inbox: Database, row: Inbox) -> CameBack:
    raw = await inbox.read(lambda session: bytes_of(session, row.id or 0, MOST_BYTES))
    if raw is None:
        raise NotDrainable("the mail itself is not kept any more; there is nothing left to be read")
    return await asyncio.to_thread(read, raw, row)


def apply_mail(
    session: Session, published: Published, returns: Returns, row: Inbox, mail: CameBack, now: datetime
) -> None:
    """Write everything that follows from a mail, and that its row is drained. Doing it twice does nothing."""
    assert row.id is not None, "a row that was read has an id"
    if session.get(Drained, row.id) is not None:
        return
    found = match(session, mail.clues, returns.read_address, returns.read_token, row.received_at)
    if isinstance(found, MatchedNote):
        id = found.note.id
        taken = take(session, published, row, mail, found, now)
        if isinstance(taken, Became):
            did = f"mail: {mail.kind} to note {id}, {taken.did}"
            session.add(Drained(inbox_id=row.id, contact_id=taken.contact, did=did, at=now))
            session.flush()
            return
        found = taken
    kind = _kind(mail, found)
    if (why_not := _nothing_follows(kind, found)) is not None or found is None:
        whose = found.contact.id if found is not None and found.by != "guess" else None
        session.add(Drained(inbox_id=row.id, contact_id=whose, did=f"mail: {kind}, {why_not}", at=now))
        return
    _happen(session, published, row, mail, kind, found, now)
    message = f" to message {found.message.id}" if found.message is not None else ""
    did = f"mail: {kind}{message} by {found.by}"
    session.add(Drained(inbox_id=row.id, contact_id=found.contact.id, did=did, at=now))
    session.flush()


def _nothing_follows(kind: Kind, found: Match | None) -> str | None:
    """Return why nothing is written down of a mail; None if something is."""
    if kind in NO_EVENT:
        return "nothing follows"
    if found is None or (kind in NEVER_GUESSED and found.by == "guess"):
        return "matched nobody"
    return "of somebody who is erased" if found.contact.erased_at is not None else None


def _kind(mail: CameBack, found: Match | None) -> Kind:
    """Whoever writes to the address at which one leaves, leaves: whatever they write, and a machine may write it."""
    leaves = found is not None and found.leaves and mail.kind in ("replied", "auto_replied", "ours")
    return "unsubscribed" if leaves else mail.kind


def _happen(
    session: Session, published: Published, row: Inbox, mail: CameBack, kind: Kind, found: Match, now: datetime
) -> None:
    message, contact = found.message, found.contact
    happening = Happening(
        key=_key(row, mail, kind, found),
        name=kind,
        at=row.received_at,
        data={**_DATA[kind](mail, found), "matched_by": found.by},
        message=message.id if message is not None else None,
        channel="email",
    )
    event = record(session, published, contact, happening, now, changed=False)
    if kind == "bounced" and is_our_fault(mail.code, mail.reason):
        activity.logger.warning("a message came back for a fault of ours (%s); see docs/deliverability.md", mail.code)
    if message is not None and message.channel == STAFF:
        if kind == "bounced" and mail.permanent:
            activity.logger.error("a message to a team came back (%s); correct policies/teams.yaml", mail.code)
    elif event is not None and kind == "auto_replied" and mail.away and found.by != "guess":
        told = hold_while_away(session, published, contact, mail.until, row.received_at, now)
        record_all(session, published, contact, told, now)
    elif event is not None and kind == "replied":
        taken_up = take_up_reply(session, published, contact, event, now)
        record_all(session, published, contact, taken_up.told if taken_up is not None else (), now)


def _key(row: Inbox, mail: CameBack, kind: Kind, found: Match) -> str:
    """Name the occurrence: the same mail by two ways is one, whatever was added to it on either."""
    what = mail.message_id or row.key
    of = found.message.id if found.message is not None else found.contact.id
    return f"mail/{kind}/{of}/{sha256(what.encode(errors='replace')).hexdigest()[:32]}"


def _report(mail: CameBack, found: Match) -> dict[str, Any]:
    return {name: value for name, value in (("code", mail.code), ("reason", mail.reason)) if value}


def _bounce(mail: CameBack, found: Match) -> dict[str, Any]:
    # Of a guess it is not even said: conditions, figures and the watch over bounces believe it.
    return _report(mail, found) | {"permanent": mail.permanent and found.by != "guess"}


def _words(mail: CameBack, found: Match) -> dict[str, Any]:
    another = mail.clues.sender if mail.clues.sender != (found.contact.email or "").lower() else ""
    said = {"subject": mail.subject, "text": mail.text, "from": another, "message_id": mail.message_id[:400]}
    return {name: value for name, value in said.items() if value}


def _automatic(mail: CameBack, found: Match) -> dict[str, Any]:
    until: date | None = mail.until
    return _words(mail, found) | ({"until": until.isoformat()} if until is not None else {})


def _leaving(mail: CameBack, found: Match) -> dict[str, Any]:
    topic = found.message.topic if found.message is not None else None
    return {"topic": topic or EVERYTHING, "channel": "email", "how": "mail"}


_DATA: Mapping[Kind, Any] = {
    "bounced": _bounce,
    "deferred": _report,
    "delivered": _report,
    "complained": _report,
    "unsubscribed": _leaving,
    "auto_replied": _automatic,
    "replied": _words,
}
