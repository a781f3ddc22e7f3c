"""Entries that are asked for by name: by a `start` of another sequence, by another system, by a person's script.

Every check is asked as at any door; what began the run that says `start` goes along.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from domain.entry import Entry
from domain.program import Trigger
from records.entries import enter, write_down
from records.models import Contact, Enrolment
from records.published import Published

# Everything but a trigger's own `where` is asked.
ASKED_FOR = Trigger()
# So often within so long `start` lets a contact into a sequence for what began it all. Two sequences that start each
# other would otherwise write to somebody as fast as mail servers take it.
MOST_STARTS, STARTS_WITHIN = 10, timedelta(days=1)


def enter_by_sequence(
    session: Session,
    published: Published,
    sequence: str,
    contact: Contact,
    now: datetime,
    data: dict[str, Any],
    *,
    by_start: bool = False,
) -> tuple[Entry, Enrolment | None]:
    """Let a contact enter a sequence that another one (`by_start`), or another system, names. Every check is asked.

    `data` is what the run sees as `run.event`. A sequence that is not published, or a draft, refuses as `closed`; one
    that goes round in a circle with others, as `again`.
    """
    program = published.named(session, sequence)
    if program is None or program.status != "live":
        why = "is a draft" if program is not None else "is not published"
        refused = Entry(False, "closed", [f"{sequence} {why}"])
    elif by_start and _goes_in_circles(session, sequence, contact, now, data):
        why = f"entered {MOST_STARTS} times within a day for the same; do sequences start each other in a circle?"
        refused = Entry(False, "again", [why])
    else:
        return enter(session, published, program, contact, now, trigger=ASKED_FOR, data=data)
    write_down(session, contact.id, sequence, None, refused, None, now)
    return refused, None


def _goes_in_circles(session: Session, sequence: str, contact: Contact, now: datetime, data: dict[str, Any]) -> bool:
    """Whether a contact has entered so often of late for the same: `start` hands on what began the first run."""
    of_late = (
        Enrolment.contact_id == contact.id,
        Enrolment.sequence == sequence,
        col(Enrolment.entered_at) > now - STARTS_WITHIN,
    )
    newest = select(Enrolment.event).where(*of_late).order_by(col(Enrolment.id).desc()).limit(10 * MOST_STARTS)
    return sum(event == data for event in session.exec(newest)) >= MOST_STARTS
