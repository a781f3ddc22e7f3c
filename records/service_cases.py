"""Cases as sequences are concerned by them: since when and until when marketing to a contact waits for one.

Also those that another system answers for: opened and closed by what happens. Whoever releases a case has to wake who
waited (`records/timeline.py`). Instants are cut to the full second, as a wave's are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col
from uuid_utils.compat import uuid7

from domain.cases import CLOSED, OPENED, Standstill, lasting, named
from records.case_models import ServiceCase

# Asked twice for every message, so it is built once; the rows are read as they are, without objects.
_THEIRS = (
    select_columns(
        col(ServiceCase.contact_id),
        col(ServiceCase.id),
        col(ServiceCase.number),
        col(ServiceCase.incident),
        col(ServiceCase.severity),
        col(ServiceCase.enrolment_id),
        col(ServiceCase.opened_at),
        col(ServiceCase.suspended_at),
        col(ServiceCase.stood),
        col(ServiceCase.closed_at),
        col(ServiceCase.released_at),
    )
    .where(col(ServiceCase.contact_id).in_(bindparam("contacts", expanding=True)))
    .order_by(col(ServiceCase.opened_at), col(ServiceCase.id))
)


def standstills(session: Session, contacts: Sequence[str]) -> dict[str, list[Standstill]]:
    """Return when marketing stood still for cases of each of these contacts who had one, the oldest first."""
    found: dict[str, list[Standstill]] = defaultdict(list)
    for row in session.connection().execute(_THEIRS, {"contacts": contacts}):
        found[row.contact_id] += _stretches(row)
    return dict(found)


def _stretches(row: Any) -> Iterator[Standstill]:
    def stretch(since: datetime, until: datetime | None) -> Standstill:
        return Standstill(
            id=row.id,
            opened_at=since.replace(microsecond=0),
            incident=row.incident,
            severity=row.severity,
            number=row.number,
            run=row.enrolment_id or "",
            ours=row.number is not None,
            closed=row.closed_at is not None,
            released_at=None if until is None else until.replace(microsecond=0),
        )

    for since, until in row.stood:
        yield stretch(datetime.fromisoformat(since), datetime.fromisoformat(until))
    yield stretch(row.suspended_at or row.opened_at, row.released_at)


def release(row: ServiceCase, released_at: datetime | None, now: datetime) -> None:
    """Note that marketing goes on since `released_at`, or (None) waits for the case again, from now on."""
    if released_at is None and row.released_at is not None:
        since = row.suspended_at or row.opened_at
        row.stood = [*row.stood, [since.isoformat(), row.released_at.isoformat()]]
        row.suspended_at = now
    row.released_at = released_at


def take_note(session: Session, contact: str, event: str, data: Mapping[str, Any], at: datetime) -> None:
    """Open the case that an event tells of, unless it is open, or close the one it means; others change nothing.

    Only those that another system answers for: what happens to ours, `records/cases.py` knows.
    """
    if event == OPENED:
        _open(session, contact, data, at)
    elif event == CLOSED:
        meant = named([each for each in _open_ones(session, contact) if not each.ours], data)
        if meant is not None:
            close(session, meant.id, str(data.get("outcome") or ""), at)


def _open(session: Session, contact: str, data: Mapping[str, Any], at: datetime) -> None:
    name = str(data.get("case") or "")
    ours = session.get(ServiceCase, name) if name else None
    told = {"case": data.get("case"), "incident": data.get("incident")}
    known = any(told.values()) and named(_open_ones(session, contact), told) is not None
    if known or (ours is not None and ours.contact_id == contact):
        return
    id = str(uuid7())
    severity = str(data["severity"])[:10] if data.get("severity") else None
    session.add(
        ServiceCase(
            id=id,
            contact_id=contact,
            title=str(data.get("title") or "told by another system")[:400],
            incident=str(data.get("incident") or name or id)[:200],
            severity=severity,
            opened_at=at,
        )
    )
    session.flush()


def close(session: Session, case: str, outcome: str, at: datetime) -> ServiceCase | None:
    """Close a case of another system, which releases it; None if there is none, or it is closed already."""
    row = session.get(ServiceCase, case, with_for_update=True)
    if row is None or row.closed_at is not None:
        return None
    row.closed_at, row.outcome = max(at, row.opened_at), outcome[:100] or None
    release(row, row.closed_at, at)
    session.add(row)
    session.flush()
    return row


def _open_ones(session: Session, contact: str) -> list[Standstill]:
    return [each for each in lasting(standstills(session, [contact]).get(contact, [])) if not each.closed]
