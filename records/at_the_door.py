"""Entries that wait at the door: a contact waits for one place once, and what was told last counts.

A form sent three times before its consent is confirmed starts one run, with the answers of the third. Where a sequence
may be entered again at any time (`again: always`), each of them is an entry of its own.
"""

import json
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session, col, delete, select

from domain.entry import Entry
from domain.keys import slot
from domain.program import Program
from records.entry_models import WaitingEntry
from records.models import Decision

TOLD_AGAIN = "told again before it was answered, and what was told last counts"


def place_of(program: Program, row: WaitingEntry, entry: Entry) -> str | None:
    """Return what a contact can wait for only once; None where every entry stands for itself.

    A `where` may read the event, so of two events that differ each is asked for itself.
    """
    if program.again.rule == "always":
        return None
    place = slot(row.contact_id, program.sequence, entry.per)
    if entry.check != "where":
        return place
    told = json.dumps([row.trigger, row.event], sort_keys=True, default=str)
    return f"{place}?{sha256(told.encode()).hexdigest()[:16]}"


def stand(session: Session, row: WaitingEntry, now: datetime) -> None:
    """Let an entry wait; of two that wait for one place the one stays that was told last."""
    with session.no_autoflush:  # the place is free for this one only when the other has gone
        other = _other(session, row) if row.slot is not None else None
        if other is not None and other.asked_at > row.asked_at:
            refuse(session, row, "again", TOLD_AGAIN, now)
            return
        if other is not None:
            refuse(session, other, "again", TOLD_AGAIN, now)
    session.add(row)
    session.flush()


def refuse(session: Session, row: WaitingEntry, check: str, why: str, at: datetime) -> None:
    """Write down that an entry that waited is refused by a check; it waits no more."""
    session.add(
        Decision(
            contact_id=row.contact_id, sequence=row.sequence, kind="entry", did=f"refused:{check}", at=at, why=[why]
        )
    )
    if row.id is not None:
        session.exec(delete(WaitingEntry).where(col(WaitingEntry.id) == row.id))


def _other(session: Session, row: WaitingEntry) -> WaitingEntry | None:
    same = select(WaitingEntry).where(WaitingEntry.slot == row.slot)
    others = same if row.id is None else same.where(WaitingEntry.id != row.id)
    return session.exec(others.with_for_update()).first()
