"""What an event tells of its message's fate, and of the address it went to.

Where the wire could not tell (`unknown`), later evidence does: whoever clicked has it, and what bounced nobody has.
Told twice or out of order, the end is the same: evidence only moves a message up, from `unknown` over `accepted` to
`refused`, and never against what the other side answered when the message was handed over.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session, col, select

from domain.keys import send_key
from records.contacts import suppress
from records.ledger import ACCEPTED, REFUSED, UNKNOWN, by_key, held
from records.models import Contact, Interaction, Message

ARRIVED = frozenset({"delivered", "clicked", "replied", "auto_replied", "complained", "unsubscribed"})
ARRIVED |= {"survey_answered"}
# So many messages that found a full mailbox, within this time: nobody empties it any more.
FULL_TIMES, FULL_WITHIN = 3, timedelta(days=14)
_FULL = re.compile(r"(?<![\d.])[45]\.2\.2(?![\d.])")
# How a message was found by which nobody may be suppressed: whoever was sent a copy can name it.
UNVERIFIED = frozenset({"message_id", "provider_id", "guess"})


def tells(name: str, data: Mapping[str, Any]) -> Literal["arrived", "returned"] | None:
    """Return what an event tells of its message; None if nothing.

    >>> tells("clicked", {}), tells("bounced", {"permanent": True}), tells("opened", {"by": "machine"})
    ('arrived', 'returned', None)
    """
    if name == "bounced":
        return "returned" if data.get("permanent") is True else None
    return "arrived" if name in ARRIVED or (name == "opened" and data.get("by") == "human") else None


def says_that_the_address_is_bad(data: Mapping[str, Any]) -> bool:
    """Whether a bounce says for good that nothing arrives there, and is proven.

    >>> guessed = {"permanent": True, "matched_by": "guess"}
    >>> says_that_the_address_is_bad({"permanent": True}), says_that_the_address_is_bad(guessed)
    (True, False)
    """
    return data.get("permanent") is True and data.get("matched_by") not in UNVERIFIED


def weigh(session: Session, message: str, name: str, data: Mapping[str, Any], now: datetime) -> None:
    """Let an event resolve what is not known of its message."""
    told = tells(name, data) if data.get("matched_by") != "guess" else None
    row = held(session, message) if told else None
    if row is None:
        return
    if told == "returned" and (_is_open(row) or _is_by_evidence(row)):
        row.state, row.refused_at, row.accepted_at, row.lease_until = REFUSED, now, None, None
        row.reason = f"known by what came back: bounced {data.get('code') or ''}".rstrip()[:1000]
        session.add(row)
    elif told == "arrived" and _is_open(row):
        row.state, row.accepted_at, row.lease_until, row.not_before = ACCEPTED, now, None, None
        row.reason = f"known by what came back: {name}"
        session.add(row)


def _is_open(row: Message) -> bool:
    """Whether nobody can say that it arrived, nor that it did not: it left once, and no answer settled that."""
    return row.state == UNKNOWN or (row.state not in (ACCEPTED, REFUSED) and row.handing_over_at is not None)


def _is_by_evidence(row: Message) -> bool:
    return row.state == ACCEPTED and row.reply is None


def note_bounce(session: Session, contact: Contact, row: Interaction, message: Message | None, now: datetime) -> None:
    """Suppress the address a message went to, if it is bad: returned for good, or its mailbox full again and again.

    That need not be the address the contact has now. Who is only guessed, or named by a Message-ID alone, is not
    suppressed.
    """
    address = message.recipient if message is not None and message.recipient else (contact.email or "").lower()
    if not address or row.data.get("matched_by") in UNVERIFIED:
        return
    if row.data.get("permanent") is True or _is_full_for_good(session, row, address):
        suppress(session, "address", address, "hard_bounce", now)


def _is_full_for_good(session: Session, row: Interaction, address: str) -> bool:
    """Whether so many messages to this address, so close together, found its mailbox full."""
    if not _is_full(row):
        return False
    theirs = select(Interaction).where(Interaction.contact_id == row.contact_id, Interaction.name == "bounced")
    near = (col(Interaction.at) >= row.at - FULL_WITHIN, col(Interaction.at) <= row.at + FULL_WITHIN)
    first: dict[str, datetime] = {}
    for each in filter(_is_full, session.exec(theirs.where(*near).order_by(col(Interaction.at)))):
        first.setdefault(send_key(str(each.enrolment_id), str(each.step), each.visit or 1), each.at)
    sent = by_key(session, list(first))
    times = sorted(at for key, at in first.items() if key in sent and sent[key].recipient == address)
    return any(last - at <= FULL_WITHIN for at, last in zip(times, times[FULL_TIMES - 1 :], strict=False))


def _is_full(row: Interaction) -> bool:
    return row.data.get("matched_by") not in UNVERIFIED and _FULL.search(str(row.data.get("code") or "")) is not None
