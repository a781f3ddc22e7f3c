"""Pauses as rules see them: who is held where, and which sequences are suspended."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_

from domain.holds import Hold
from records.hold_models import Pause

_COLUMNS = (
    col(Pause.sequence),
    col(Pause.contact_id),
    col(Pause.paused_at),
    col(Pause.until),
    col(Pause.resumed_at),
)
# Of a whole sequence only what nobody resumed: its clock runs on, so what is over has no say any more.
_WHOLE = col(Pause.contact_id).is_(None) & col(Pause.resumed_at).is_(None)
# Asked twice for every message, so it is built once.
_THEIRS = (
    select_columns(*_COLUMNS)
    .where(or_(col(Pause.contact_id).in_(bindparam("contacts", expanding=True)), _WHOLE))
    .order_by(col(Pause.id))
)


@dataclass
class Pauses:
    """`holds` by contact and sequence, oldest first; `suspended` by sequence."""

    holds: dict[tuple[str, str], tuple[Hold, ...]] = field(default_factory=dict)
    suspended: dict[str, Hold] = field(default_factory=dict)


def read_pauses(session: Session, contacts: Sequence[str]) -> Pauses:
    """Read the pauses of these contacts, and those of whole sequences that nobody resumed."""
    return _sorted(session.connection().execute(_THEIRS, {"contacts": contacts}).all())


def _sorted(rows: Sequence[Any]) -> Pauses:
    holds: dict[tuple[str, str], list[Hold]] = defaultdict(list)
    found = Pauses()
    for sequence, contact, paused_at, until, resumed_at in rows:
        hold = as_hold(paused_at, until, resumed_at)
        if contact is None:
            found.suspended[sequence] = hold
        else:
            holds[contact, sequence].append(hold)
    found.holds = {where: tuple(each) for where, each in holds.items()}
    return found


def as_hold(paused_at: datetime, until: datetime | None, resumed_at: datetime | None) -> Hold:
    """Return a pause as rules see it: it ends when it was resumed, or by itself."""
    return Hold(paused_at, min((at for at in (until, resumed_at) if at is not None), default=None))
