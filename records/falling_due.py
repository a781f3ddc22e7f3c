"""What comes due for contacts at the door: entries that waited, dates that have come.

Each is seen to once, in a transaction with its effects; of two workers that look at once the second finds it done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, func, select, update

from domain.facts import Event
from domain.program import Program, Trigger
from records import notices
from records.at_the_door import place_of, refuse, stand
from records.dates import dated, update_dates
from records.entries import Asking, decide, enter
from records.entry_models import DateEntry, WaitingEntry
from records.facts import event_of
from records.models import Contact, Interaction
from records.published import Published

# What cannot be seen to now (something is broken) is tried again after this long, then after twice as long, and so on
# up to the longest; it keeps nobody else waiting. The operator is told once it is not likely to mend itself.
AGAIN, LONGEST = timedelta(minutes=1), timedelta(hours=6)
TOLD_AFTER = 4


@dataclass(frozen=True)
class DueNow:
    """A row that has come due."""

    what: Literal["waiting", "date"]
    id: int


def all_due(session: Session, now: datetime, most: int, before: datetime | None = None) -> list[DueNow]:
    """Return up to `most` rows that are due, the oldest first; with `before` only what was due earlier than that."""
    found: list[tuple[datetime, DueNow]] = []
    waiting = select(WaitingEntry.due_at, WaitingEntry.id).where(col(WaitingEntry.due_at) <= now)
    dates = select(DateEntry.due_at, DateEntry.id).where(
        col(DateEntry.due_at) <= now, col(DateEntry.fired_at).is_(None)
    )
    if before is not None:
        waiting, dates = waiting.where(WaitingEntry.due_at < before), dates.where(DateEntry.due_at < before)
    for due_at, id in session.exec(waiting.order_by(col(WaitingEntry.due_at), col(WaitingEntry.id)).limit(most)):
        found.append((due_at, DueNow("waiting", id or 0)))
    for due_at, id in session.exec(dates.order_by(col(DateEntry.due_at), col(DateEntry.id)).limit(most)):
        found.append((due_at, DueNow("date", id or 0)))
    return [due for _, due in sorted(found, key=lambda each: each[0])[:most]]


def next_due(session: Session) -> datetime | None:
    """Return when something comes due next, or came due and was not seen to; None if nothing will."""
    waiting = session.exec(select(func.min(WaitingEntry.due_at))).one()
    date = session.exec(select(func.min(DateEntry.due_at)).where(col(DateEntry.fired_at).is_(None))).one()
    return min((at for at in (waiting, date) if at is not None), default=None)


def see_to(session: Session, published: Published, due: DueNow, now: datetime) -> None:
    """Ask an entry again that waited, or let a contact enter whose date has come."""
    if due.what == "waiting":
        _ask_again(session, published, due.id)
    else:
        _fire(session, published, due.id, now)


def put_off(session: Session, due: DueNow, error: str, now: datetime) -> None:
    """Have a row that could not be seen to tried again later, as of when it came; `error` is what kind of fault it was.

    Nobody is given up: it is tried for as long as it is broken, more and more seldom, and a notice says so.
    """
    row: WaitingEntry | DateEntry | None
    if due.what == "waiting":
        row = session.get(WaitingEntry, due.id, with_for_update=True)
    else:
        row = session.get(DateEntry, due.id, with_for_update=True)
    if row is None:
        return
    row.came_at, row.tries = row.came_at or row.due_at, row.tries + 1
    row.due_at = now + min(AGAIN * 2 ** min(row.tries - 1, 20), LONGEST)
    session.add(row)
    session.flush()
    if row.tries >= TOLD_AFTER:
        what = (
            f"sequence {row.sequence}: somebody who is to enter can be neither let in nor refused ({error}), tried"
            f" {row.tries} times; nobody is lost, it is tried again at {row.due_at:%Y-%m-%d %H:%M} UTC;"
            f" see what changed with `rapport versions {row.sequence}`"
        )
        notices.note(session, f"entry/{row.sequence}/{error}", "entry fails", what, now)


def _ask_again(session: Session, published: Published, id: int) -> None:
    row = session.exec(select(WaitingEntry).where(WaitingEntry.id == id).with_for_update(skip_locked=True)).first()
    if row is None:
        return
    contact, program = session.get(Contact, row.contact_id), published.named(session, row.sequence)
    if contact is None:
        session.delete(row)
        return
    if program is None or program.status != "live":
        refuse(session, row, "closed", f"{row.sequence} is not published any more", row.came_at or row.due_at)
        return
    asking = _asking(session, row, contact, program)
    _, entry, _ = decide(session, published, asking)
    if entry.waits_until is None:
        session.delete(row)
        session.flush()
        return
    row.asks, row.until, row.due_at = entry.check, entry.waits_until, entry.waits_until
    row.slot, row.came_at, row.tries = place_of(program, row, entry), None, 0
    stand(session, row, asking.now)


def _asking(session: Session, row: WaitingEntry, contact: Contact, program: Program) -> Asking:
    return Asking(
        program=program,
        contact=contact,
        # What was asked because of something that happened is asked as of then, however late we come to it.
        now=max(row.came_at or row.due_at, row.asked_at),
        asked_at=row.asked_at,
        data=row.event,
        triggers=(Trigger.model_validate(row.trigger),) if row.trigger is not None else (),
        event=_event(session, row.event_id),
        event_id=row.event_id,
        waited=row.asks,
    )


def _event(session: Session, id: int | None) -> Event | None:
    row = session.get(Interaction, id) if id is not None else None
    return event_of(row) if row is not None else None


def _fire(session: Session, published: Published, id: int, now: datetime) -> None:
    first = update(DateEntry).where(col(DateEntry.id) == id, col(DateEntry.fired_at).is_(None)).values(fired_at=now)
    if session.exec(first.execution_options(synchronize_session=False)).rowcount != 1:
        return
    row = session.get(DateEntry, id)
    assert row is not None, "it was written just now"
    contact, program = session.get(Contact, row.contact_id), published.named(session, row.sequence)
    trigger = _trigger(program, row.words)
    if contact is None or contact.erased_at is not None:
        return
    if program is not None and trigger is not None:
        data = {"date": row.occurrence}
        enter(session, published, program, contact, row.came_at, trigger=trigger, data=data)
    policies = published.policies(session)
    update_dates(session, policies, dated(published.current(session)), contact, max(now, row.came_at))


def _trigger(program: Program | None, words: str) -> Trigger | None:
    if program is None or program.status != "live":
        return None
    return next((trigger for trigger in program.enter if trigger.date == words), None)
