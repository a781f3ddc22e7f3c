"""Pausing and resuming, a contact in a sequence or a whole sequence: a row and a wake, the waves read the rest.

Instants are cut to the full second, as a wave's are: a pause of 10:00:00.4 holds for a wave that asks at 10:00:00.
"""

from datetime import datetime

from sqlmodel import Session, col, func, select

from records.hold_models import Pause
from records.models import Decision
from records.pauses import as_hold


def pause(
    session: Session,
    sequence: str,
    contact: str | None,
    now: datetime,
    *,
    until: datetime | None = None,
    by: str,
    reason: str | None = None,
) -> Pause:
    """Pause a contact in a sequence, or (`contact` None) a whole sequence; one that is paused gets the new `until`.

    `until` lies after `now`. Runs have to be stirred by the caller.
    """
    now = now.replace(microsecond=0)
    row = _standing(_open(session, sequence, contact, lock=True), now)
    if row is None:
        _close_what_is_over(session, sequence, contact)
        row = Pause(sequence=sequence, contact_id=contact, paused_at=now, by=by)
    row.until, row.reason = (until.replace(microsecond=0) if until else None), reason or row.reason
    session.add(row)
    session.flush()
    return row


def resume(session: Session, sequence: str, contact: str | None, now: datetime) -> Pause | None:
    """End the pause of a contact in a sequence, or of a whole sequence; None if there is none."""
    now = now.replace(microsecond=0)
    row = _standing(_open(session, sequence, contact, lock=True), now)
    if row is not None:
        row.resumed_at = max(row.paused_at, now)
        session.add(row)
        session.flush()
    return row


def paused(session: Session, sequence: str, contact: str | None, now: datetime) -> Pause | None:
    """Return the pause that has not ended, None if there is none."""
    return _standing(_open(session, sequence, contact), now)


def _standing(row: Pause | None, now: datetime) -> Pause | None:
    stands = row is not None and as_hold(row.paused_at, row.until, row.resumed_at).stands(now)
    return row if stands else None


def _open(session: Session, sequence: str, contact: str | None, *, lock: bool = False) -> Pause | None:
    """Return the row that nobody resumed; `lock` keeps others from changing it before our commit."""
    whose = col(Pause.contact_id).is_(None) if contact is None else col(Pause.contact_id) == contact
    wanted = select(Pause).where(Pause.sequence == sequence, whose, col(Pause.resumed_at).is_(None))
    return session.exec(wanted.with_for_update() if lock else wanted).first()


def _close_what_is_over(session: Session, sequence: str, contact: str | None) -> None:
    """A pause that ended by itself is still open in the table; the next one needs its place."""
    over = _open(session, sequence, contact)
    if over is not None:
        over.resumed_at = over.until
        session.add(over)
        session.flush()


def refused_meanwhile(session: Session, row: Pause, now: datetime) -> int:
    """Return how many entries a paused sequence has refused since it was paused."""
    refused = (Decision.sequence == row.sequence, Decision.kind == "entry", Decision.did == "refused:paused")
    since = (col(Decision.at) >= row.paused_at, col(Decision.at) <= now)
    return session.exec(select(func.count()).select_from(Decision).where(*refused, *since)).one()
