"""Clicks that are taken in together: what one alone does not show, those around it do.

They lie in the inbox for a few seconds (`domain.readers.HELD_BACK`), so that the first of a scanner's clicks moves
nobody before its others are there. The rows stay as they came in; what becomes of them is changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlmodel import Session

from domain.readers import AROUND_A_TRAP, CLICK_SOURCE, Click, machines_among
from records import inbox
from records.inbox_models import Inbox


def judged(session: Session, rows: Sequence[Inbox]) -> Sequence[Inbox]:
    """Return the rows, with those clicks marked as a machine's that others of the same message show to be one."""
    clicks = [row for row in rows if row.source == CLICK_SOURCE]
    if not clicks:
        return rows
    since = min(row.received_at for row in clicks) - AROUND_A_TRAP
    contacts = {row.contact_id for row in clicks if row.contact_id is not None}
    machines = _machines(inbox.received_about(session, CLICK_SOURCE, contacts, since))
    for row in clicks:
        why = machines.get(row.id or 0)
        if why is not None:
            session.expunge(row)  # what came in stays as it came in
            row.body = {**row.body, "data": {**row.body["data"], "by": "machine", "why": why}}
    return rows


def _machines(rows: Iterable[Inbox]) -> dict[int, str]:
    by_message: dict[str, list[Click]] = defaultdict(list)
    for row in rows:
        data = row.body["data"]
        click = Click(row.id or 0, row.received_at, str(data.get("link")), data.get("trap") is True)
        by_message[str(row.body.get("message"))].append(click)
    return {id: why for clicks in by_message.values() for id, why in machines_among(clicks).items()}
