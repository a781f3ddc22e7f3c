"""`case contacted | update | … | comment`, `case accept | reassign`, `case close`: done when the command returns."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from domain.recovery_actions import CaseAction
from records.case_models import ServiceCase
from records.case_views import CaseView
from starter.asked_actions import read_action, read_case_action
from starter.case_story import case_as_json, case_in_one_line
from starter.cli_cases import case_of
from starter.cli_deeds import Deed
from starter.cli_result import ProblemsFound, Result
from starter.cli_runs import tell_event
from starter.cli_store import Store, opened_store

TOLD = ("contact", "inbox", "status", "woken")


def act_on_case(case: str, do: str, said: Mapping[str, Any], own_id: str | None) -> Result:
    """Do something about a case; `said` are the action's fields, those that were not given None."""
    deed = Deed("case", do, own_id)
    action, known_by = deed.read(read_case_action, said)
    with opened_store() as store:
        return _acted(store, case, deed, action, known_by)


def _acted(store: Store, case: str, deed: Deed, action: CaseAction, known_by: str) -> Result:
    found = _ours(store, case)
    deed.done(store, case, lambda desk: desk.act_on_case(found.row.id, action, known_by))
    return _result(store, case, deed)


def act_on_its_task(case: str, do: str, said: Mapping[str, Any], own_id: str | None) -> Result:
    """Accept a case, or hand it on: an action on the follow-up by which somebody has it."""
    deed = Deed("case", do, own_id)
    action, known_by = deed.read(read_action, said)
    with opened_store() as store:
        task = _ours(store, case).row.follow_up_id
        if task is None:
            raise ProblemsFound([f"case: nobody was given {case}; see `rapport case show {case}`"])
        deed.done(store, case, lambda desk: desk.act(task, action, known_by))
        return _result(store, case, deed)


def close_case(case: str, said: Mapping[str, Any], person: str | None, own_id: str | None) -> Result:
    """Close a case; of one that another system answers for it is told that it was closed, by which `person`."""
    with opened_store() as store:
        row = _seen(store, case).row
        if row.number is not None:
            deed = Deed("case", "close", own_id)
            action, known_by = deed.read(read_case_action, said)
            return _acted(store, case, deed, action, known_by)
    return _tell_that_it_is_closed(row, {**said, "person": person})


def _tell_that_it_is_closed(row: ServiceCase, said: Mapping[str, Any]) -> Result:
    """Tell it through the inbox: marketing that waited for the case goes on when that is drained."""
    if row.closed_at is not None:
        closed = f"{row.closed_at:%Y-%m-%d %H:%M} UTC"
        raise ProblemsFound([f"case: {row.id} was closed at {closed}; see `rapport case show {row.id}`"])
    outcome = said.get("outcome")
    known = {"case": row.id, "severity": row.severity, "outcome": outcome}
    known |= {"note": said.get("note"), "person": said.get("person")}
    data = {name: value for name, value in known.items() if value is not None}
    told = tell_event("case_closed", row.contact_id, data, None, f"case/{row.id}/closed")
    document = {"case": row.id, "outcome": outcome} | {name: told.document[name] for name in TOLD}
    return Result(document, [f"{row.title}: closed" + (f", {outcome}" if outcome else "")], list(told.notes))


def _seen(store: Store, case: str) -> CaseView:
    def read(session: Session) -> CaseView:
        return case_of(session, store, case, datetime.now(UTC))

    return store.read(read)


def _ours(store: Store, case: str) -> CaseView:
    """Return a case that we answer for. Raises `ProblemsFound`."""
    found = _seen(store, case)
    if found.row.number is None:
        raise ProblemsFound([f"case: another system answers for {case}; do it there, or close it here once it is over"])
    return found


def _result(store: Store, case: str, deed: Deed) -> Result:
    found, now = _seen(store, case), datetime.now(UTC)
    document = case_as_json(found, now) | {"did": deed.do, "key": deed.key}
    return Result(document, [case_in_one_line(document, found.staff.shown)])
