"""`task accept | complete | snooze | reassign | comment | cancel`: done when the command returns."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session
from uuid_utils.compat import uuid7

from records.follow_up_views import View
from settings import SettingsError
from starter.acting import Desk, OutOfReach, Refused, connecting
from starter.asked_actions import deed_key, read_action
from starter.cli_result import OutOfReach as NothingToReach
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import opened_store
from starter.cli_tasks import task_of
from starter.task_story import as_json, in_one_line


def act_on_task(task: str, do: str, said: Mapping[str, Any], own_id: str | None) -> Result:
    """Do something about a task; `said` are the action's fields, those that were not given None."""
    key = own_id or str(uuid7())
    try:
        action, known_by = read_action(do, said), deed_key("cli", do, key)
    except ValueError as error:
        raise ProblemsFound([f"task: {error}"]) from None
    with opened_store() as store:

        def read(session: Session) -> View:
            return task_of(session, store, task, datetime.now(UTC))

        store.read(read)
        try:
            desk = Desk(connecting(store.settings), store.main, task_queue=store.settings.task_queue)
            asyncio.run(desk.act(task, action, known_by))
        except Refused as error:
            raise ProblemsFound([f"task: {error}"]) from None
        except SettingsError as error:
            raise NothingToReach(str(error)) from None
        except OutOfReach as error:
            again = f": give `--id {key}`, and see `rapport task show {task}`" if error.maybe_done else ""
            raise NothingToReach(f"{error}{again}") from None
        found = store.read(read)
        document = as_json(found, datetime.now(UTC)) | {"did": do, "key": key}
        return Result(document, [in_one_line(document, found.staff.shown)])
