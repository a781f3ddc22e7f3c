"""`action list`: which causes somebody sees to, by when, and whether it has helped."""

from datetime import UTC, datetime

from sqlmodel import Session

from domain.definition import nearest
from records.corrective_lists import Action, list_actions
from records.reports.recovery_figures import action_as_json
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import Store, opened_store
from starter.cli_tables import Listing
from starter.recovery_report_words import ACTION_COLUMNS
from starter.recovery_report_words import actions as told


def list_corrective_actions(cause: str | None, closed: bool, most: int) -> Result:
    """List corrective actions, newest first; only open ones, unless `closed`. Raises `ProblemsFound`."""
    now = datetime.now(UTC)
    with opened_store() as store:
        found = store.read(lambda session: _read(session, store, cause, closed, most, now))
    table = Listing(*ACTION_COLUMNS, "why", prose=["why"])
    for line, each in zip(told(found), found, strict=True):
        table.row(*line, each.why)
    nothing = "nobody was ever asked to see to a cause" if closed else "no corrective action is open"
    return Result({"actions": [action_as_json(each) for each in found]}, [table] if found else [nothing])


def _read(session: Session, store: Store, cause: str | None, closed: bool, most: int, now: datetime) -> list[Action]:
    found = list_actions(session, now, closed=closed, cause=cause, most=most)
    recovery = store.published.policies(session).recovery
    known = set() if recovery is None else set(recovery.causes)
    if cause is not None and not found and cause not in known:
        there_is = nearest(cause, known)
        raise ProblemsFound([f"--cause: there is no cause '{cause}' in policies/recovery.yaml{there_is}"])
    return found
