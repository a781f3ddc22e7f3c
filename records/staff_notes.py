"""The ledger of notes to staff: one row a note, moved only by compare-and-set.

    waiting ─► handing_over ─► accepted | refused | unknown            or skipped, instead of all this

`handing_over` is committed before the first byte of the body leaves. Whoever died in that window leaves a note of which
nobody knows whether it arrived: it is sent once more under the same Message-ID, since one of us who is told twice loses
a second, and one who is not told loses a customer (docs/decisions/notes-to-staff.md).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select, update

from records.follow_up_models import StaffNote
from records.ledger import ACCEPTED, HANDING_OVER, REFUSED, SKIPPED, UNKNOWN, NotOurs, Taken

WAITING = "waiting"
# How long whoever prepares a note has for it; then another does.
PREPARING = timedelta(minutes=1)
MOST_ATTEMPTS = 5
MOST_REPEATS = 1


def abandoned(session: Session, now: datetime) -> list[str]:
    """Return the notes whose attempt died while their body left."""
    died = select(StaffNote.id).where(StaffNote.state == HANDING_OVER, col(StaffNote.lease_until) <= now)
    return list(session.exec(died).all())


def reserve(session: Session, ids: Collection[str], attempt: str, now: datetime) -> list[Taken]:
    """Take notes for one attempt, which prepares them from now on; return those it got."""
    mine = update(StaffNote).where(col(StaffNote.id).in_(ids), *free(now))
    taken = mine.values(attempt=attempt, attempts=StaffNote.attempts + 1, lease_until=now + PREPARING)
    got = session.connection().execute(taken.returning(col(StaffNote.id)))
    return [Taken(id, attempt) for id in sorted(got.scalars())]


def free(now: datetime) -> Sequence[ColumnElement[bool]]:
    """Return what is true of notes that may be posted now and that nobody prepares."""
    rested = or_(col(StaffNote.not_before).is_(None), col(StaffNote.not_before) <= now)
    alone = or_(col(StaffNote.lease_until).is_(None), col(StaffNote.lease_until) <= now)
    return (col(StaffNote.state) == WAITING, rested, alone)


def hand_over(session: Session, taken: Taken, now: datetime, lease: timedelta) -> StaffNote:
    """Note, just before the first byte of the body leaves, that it leaves. Raises `NotOurs`."""
    row = ours(session, taken, WAITING)
    row.state, row.handing_over_at, row.lease_until = HANDING_OVER, now, now + lease
    return _kept(session, row)


def accept(session: Session, taken: Taken, now: datetime) -> StaffNote:
    """Note that the other side has it. A late yes settles what nobody knew, too. Raises `NotOurs`."""
    row = ours(session, taken, HANDING_OVER, UNKNOWN, WAITING)
    row.state, row.accepted_at, row.lease_until, row.not_before, row.reason = ACCEPTED, now, None, None, None
    return _kept(session, row)


def put_back(
    session: Session, taken: Taken, reason: str, not_before: datetime | None, *, counted: bool = True
) -> StaffNote:
    """Note that certainly nothing was accepted: it waits, and is tried again from `not_before` on. Raises `NotOurs`.

    Not `counted` is an attempt that had nothing to do with this note. After the last one it is refused.
    """
    row = ours(session, taken, WAITING, HANDING_OVER)
    row.attempts -= 0 if counted else 1
    if row.attempts >= MOST_ATTEMPTS:
        return _over(session, row, REFUSED, f"{reason}, at {row.attempts} attempts")
    row.state, row.reason, row.not_before, row.lease_until = WAITING, reason[:1000], not_before, None
    return _kept(session, row)


def refuse(session: Session, taken: Taken, reason: str) -> StaffNote:
    """Note that it will never be taken. Raises `NotOurs`."""
    return _over(session, ours(session, taken, WAITING, HANDING_OVER), REFUSED, reason)


def skip(session: Session, taken: Taken, reason: str) -> StaffNote:
    """Note that it is not sent, since it asks nothing of anybody any more. Raises `NotOurs`.

    One that was to be sent again, because nobody knows whether it arrived, stays `unknown`.
    """
    row = ours(session, taken, WAITING)
    return _over(session, row, UNKNOWN if row.repeats else SKIPPED, reason)


def to_team(session: Session, taken: Taken, reason: str) -> StaffNote:
    """Have it go to the team's address, since the person's takes nothing; at once. Raises `NotOurs`."""
    row = ours(session, taken, WAITING, HANDING_OVER)
    row.to_team, row.state, row.reason = True, WAITING, reason[:1000]
    row.not_before = row.lease_until = None
    return _kept(session, row)


def lose(session: Session, id: str, reason: str, now: datetime, *, attempt: str | None = None) -> StaffNote | None:
    """Note that nobody can know whether it arrived: once, it is sent again under the same Message-ID.

    `attempt` is whose it was; without one, it is one that died. None if somebody else has seen to it.
    """
    row = session.get(StaffNote, id, with_for_update=True, populate_existing=True)
    if row is None or row.state != HANDING_OVER:
        return None
    if row.attempt != attempt if attempt is not None else (row.lease_until or now) > now:
        return None
    if row.repeats >= MOST_REPEATS or row.attempts >= MOST_ATTEMPTS:
        return _over(session, row, UNKNOWN, reason)
    row.repeats, row.state, row.reason, row.lease_until, row.not_before = row.repeats + 1, WAITING, reason, None, now
    return _kept(session, row)


def ours(session: Session, taken: Taken, *states: str) -> StaffNote:
    """Return a note that an attempt has, in one of these states; nobody else moves it until the commit.

    Raises `NotOurs`.
    """
    row = session.get(StaffNote, taken.id, with_for_update=True, populate_existing=True)
    if row is None or row.attempt != taken.attempt or row.state not in states:
        raise NotOurs(row.state if row else "gone")
    return row


def _over(session: Session, row: StaffNote, state: str, reason: str) -> StaffNote:
    row.state, row.reason, row.lease_until, row.not_before = state, reason[:1000], None, None
    return _kept(session, row)


def _kept(session: Session, row: StaffNote) -> StaffNote:
    session.add(row)
    session.flush()
    return row
