"""`task accept | complete | snooze | reassign | comment | cancel`: done when the command returns."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from records.follow_up_views import View
from starter.asked_actions import read_action
from starter.cli_deeds import Deed
from starter.cli_result import Result
from starter.cli_store import opened_store
from starter.cli_tasks import task_of
from starter.task_story import as_json, in_one_line


def act_on_task(task: str, do: str, said: Mapping[str, Any], own_id: str | None) -> Result:
    """Do something about a task; `said` are the action's fields, those that were not given None."""
    deed = Deed("task", do, own_id)
    action, known_by = deed.read(read_action, said)
    with opened_store() as store:

        def read(session: Session) -> View:
            return task_of(session, store, task, datetime.now(UTC))

        store.read(read)
        deed.done(store, task, lambda desk: desk.act(task, action, known_by))
        found = store.read(read)
        document = as_json(found, datetime.now(UTC)) | {"did": do, "key": deed.key}
        return Result(document, [in_one_line(document, found.staff.shown)])
