"""What an event or a change may concern beside the open runs of a contact, asked in one small question.

Events come in hundreds and concern mostly nothing; each thing is read only where there is something to read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, bindparam, exists
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from records.entry_models import Holdout, WaitingEntry
from records.models import Enrolment

# Who left longer ago than this is not looked at any more, whatever `within` says.
LONGEST_WITHIN = timedelta(days=2 * 366)

_WHO: BindParameter[str] = bindparam("contact")
# Built once: it is asked for every event.
_QUESTION = select_columns(
    exists().where(col(WaitingEntry.contact_id) == _WHO).label("waits"),
    exists().where(col(Holdout.contact_id) == _WHO, col(Holdout.converted_at).is_(None)).label("held_out"),
    exists()
    .where(
        col(Enrolment.contact_id) == _WHO,
        col(Enrolment.converted_at).is_(None),
        col(Enrolment.ended_at) >= bindparam("since"),
    )
    .label("left"),
)


@dataclass(frozen=True)
class Concerns:
    """Whether an entry of the contact waits, whether it is held out somewhere, whether it left something lately."""

    waits: bool
    held_out: bool
    left: bool


def concerns(session: Session, contact: str, at: datetime) -> Concerns:
    """Return what something that happens to a contact at this instant may concern."""
    row = session.connection().execute(_QUESTION, {"contact": contact, "since": at - LONGEST_WITHIN}).one()
    return Concerns(bool(row.waits), bool(row.held_out), bool(row.left))
