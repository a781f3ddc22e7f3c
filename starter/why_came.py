"""What people and mail servers did with the messages of a run, as `rapport why` tells it beside what was decided."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import tzinfo

from sqlmodel import Session, col, select

from domain.events import OF_A_SEND, SAYS_WHETHER_TO_WRITE
from domain.keys import ledger_id, send_key
from domain.readers import by_a_person
from records.models import Interaction
from starter.telling import told
from starter.why_said import Row, Said

NAMES = (OF_A_SEND | SAYS_WHETHER_TO_WRITE) - {"delivered"}
"""What explains a decision: what a step waited for, what ended a run, after what nothing was sent any more."""


def what_came(session: Session, contact: str) -> dict[str, list[Row]]:
    """Return what happened to the messages of each run, oldest first, without what machines opened and clicked."""
    of_runs = (Interaction.contact_id == contact, col(Interaction.enrolment_id).is_not(None))
    chosen = select(Interaction).where(*of_runs, col(Interaction.name).in_(sorted(NAMES)))
    found: dict[str, list[Row]] = defaultdict(list)
    for each in session.exec(chosen.order_by(col(Interaction.at), col(Interaction.id))):
        if by_a_person(each.name, each.data):
            found[str(each.enrolment_id)].append(_row(each))
    return dict(found)


def _row(each: Interaction) -> Row:
    key = send_key(str(each.enrolment_id), each.step, each.visit or 1) if each.step is not None else None
    row = {"kind": "event", "id": each.id, "at": each.at, "event": each.name, "data": each.data, "step": each.step}
    return row | {"message": ledger_id(key) if key is not None else None, "channel": each.channel}


def of_events(rows: Iterable[Row], zone: tzinfo) -> list[Said]:
    """Return a sentence for each of these, with what is known of it."""
    found = []
    for row in rows:
        what, because = told(row, zone)
        where = str(row["step"] or "came in")
        found.append(Said(row["at"], row["at"], 1, where, row["step"], what, (because,) if because else (), (row,)))
    return found
