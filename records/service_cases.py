"""Cases opened and closed by what happens: whoever answers for them may sit in another system.

While one is open, marketing to the contact waits; whoever closes it has to wake who waited (`records/timeline.py`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col
from uuid_utils.compat import uuid7

from domain.cases import CLOSED, OPENED, OpenCase, named
from records.case_models import ServiceCase

# Asked twice for every marketing message, so it is built once.
_OPEN = (
    select_columns(
        col(ServiceCase.contact_id),
        col(ServiceCase.id),
        col(ServiceCase.opened_at),
        col(ServiceCase.incident),
        col(ServiceCase.severity),
    )
    .where(col(ServiceCase.contact_id).in_(bindparam("contacts", expanding=True)), col(ServiceCase.closed_at).is_(None))
    .order_by(col(ServiceCase.opened_at), col(ServiceCase.id))
)


def open_cases(session: Session, contacts: Sequence[str]) -> dict[str, list[OpenCase]]:
    """Return the open cases of each of these contacts who has one, the oldest first."""
    found: dict[str, list[OpenCase]] = defaultdict(list)
    rows = session.connection().execute(_OPEN, {"contacts": contacts})
    for contact, id, opened_at, incident, severity in rows:
        found[contact].append(OpenCase(id, opened_at, incident, severity))
    return dict(found)


def take_note(session: Session, contact: str, event: str, data: Mapping[str, Any], at: datetime) -> None:
    """Open the case that an event tells of, unless it is open, or close the one it means; others change nothing."""
    if event == OPENED:
        _open(session, contact, data, at)
    elif event == CLOSED:
        meant = named(open_cases(session, [contact]).get(contact, []), data)
        if meant is not None:
            close(session, meant.id, str(data.get("outcome") or ""), at)


def _open(session: Session, contact: str, data: Mapping[str, Any], at: datetime) -> None:
    name = str(data.get("case") or "")
    ours = session.get(ServiceCase, name) if name else None
    told = {"case": data.get("case"), "incident": data.get("incident")}
    known = any(told.values()) and named(open_cases(session, [contact]).get(contact, []), told) is not None
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
    """Close a case; None if there is none, or it is closed already."""
    row = session.get(ServiceCase, case, with_for_update=True)
    if row is None or row.closed_at is not None:
        return None
    row.closed_at, row.outcome = max(at, row.opened_at), outcome[:100] or None
    session.add(row)
    session.flush()
    return row
