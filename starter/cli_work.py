"""`case list | show | close`: what went wrong for a contact."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from records.case_models import ServiceCase
from records.models import Contact
from starter.cli_result import ProblemsFound, Result
from starter.cli_runs import tell_event
from starter.cli_store import contact_of, opened_store
from starter.cli_tables import Listing, minute

TOLD = ("contact", "inbox", "status", "woken")


def list_cases(who: str | None, closed: bool, most: int) -> Result:
    """List cases, newest first; only open ones, unless `closed`."""

    def read(session: Session) -> tuple[list[ServiceCase], dict[str, str]]:
        chosen = select(ServiceCase)
        if not closed:
            chosen = chosen.where(col(ServiceCase.closed_at).is_(None))
        if who is not None:
            chosen = chosen.where(ServiceCase.contact_id == contact_of(session, who).id)
        newest = chosen.order_by(col(ServiceCase.opened_at).desc(), col(ServiceCase.id)).limit(most)
        rows = list(session.exec(newest).all())
        return rows, _names(session, rows)

    with opened_store() as store:
        rows, names = store.read(read)
    table = Listing("id", "severity", "opened", "contact", "title", "joined", prose=["title"])
    for row in rows:
        table.row(row.id, row.severity, minute(row.opened_at), names[row.contact_id], row.title, row.joined or None)
    return Result(
        {"cases": [row.model_dump() for row in rows]},
        [table] if rows else ["there is no case" if closed else "no case is open"],
    )


def show_case(case: str) -> Result:
    """Show everything about one case."""
    with opened_store() as store:
        row = store.read(lambda session: session.get(ServiceCase, case))
    if row is None:
        raise ProblemsFound([f"case: there is no {case}; see `rapport case list`"])
    document = row.model_dump()
    return Result(document, _lines(document))


def close_case(case: str, outcome: str | None, note: str | None, person: str | None) -> Result:
    """Tell that a case is closed; marketing that waited for it goes on when that is drained."""
    with opened_store() as store:
        row = store.read(lambda session: session.get(ServiceCase, case))
    if row is None:
        raise ProblemsFound([f"case: there is no {case}; see `rapport case list`"])
    if row.closed_at is not None:
        closed = f"{row.closed_at:%Y-%m-%d %H:%M} UTC"
        raise ProblemsFound([f"case: {case} was closed at {closed}; see `rapport case show {case}`"])
    said = {"case": row.id, "severity": row.severity, "outcome": outcome, "note": note, "person": person}
    data = {name: value for name, value in said.items() if value is not None}
    told = tell_event("case_closed", row.contact_id, data, None, f"case/{row.id}/closed")
    document = {"case": row.id, "outcome": outcome} | {name: told.document[name] for name in TOLD}
    return Result(document, [f"{row.title}: closed" + (f", {outcome}" if outcome else "")], list(told.notes))


def _names(session: Session, rows: list[Any]) -> dict[str, str]:
    """Return what people know the contacts of these rows by."""
    ids = {row.contact_id for row in rows}
    return {each.id: each.email or each.id for each in session.exec(select(Contact).where(col(Contact.id).in_(ids)))}


def _lines(document: Mapping[str, Any]) -> list[str]:
    width = max(map(len, document))
    return [f"{name:{width}}  {value}" for name, value in document.items() if value not in (None, "", [])]
