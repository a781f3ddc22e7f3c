"""What somebody does at the command line about a task or a case: known by its key, done when the command returns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from uuid_utils.compat import uuid7

from settings import SettingsError
from starter.acting import Desk, OutOfReach, Refused, connecting
from starter.asked_actions import deed_key
from starter.cli_result import OutOfReach as NothingToReach
from starter.cli_result import ProblemsFound
from starter.cli_store import Store


class Deed:
    """One deed: what is done (`do`), to a `task` or a `case`, under the key it is known by if it is asked again."""

    def __init__(self, what: str, do: str, own_id: str | None) -> None:
        self.what, self.do, self.key = what, do, own_id or str(uuid7())

    def read(self, read: Callable[[str, Mapping[str, Any]], Any], said: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the action that was typed, and what it is known by. Raises `ProblemsFound`."""
        try:
            return read(self.do, said), self.known_by()
        except ValueError as error:
            raise ProblemsFound([f"{self.what}: {error}"]) from None

    def known_by(self) -> str:
        """Return what it is known by. Raises ValueError."""
        return deed_key("cli", self.do, self.key)

    def done(self, store: Store, of: str, ask: Callable[[Desk], Awaitable[object]]) -> None:
        """Have it done, and wait for it. Raises `ProblemsFound` where it is refused, else `OutOfReach`."""
        desk = Desk(connecting(store.settings), store.main, task_queue=store.settings.task_queue)

        async def asked() -> None:
            await ask(desk)

        try:
            asyncio.run(asked())
        except Refused as error:
            raise ProblemsFound([f"{self.what}: {error}"]) from None
        except SettingsError as error:
            raise NothingToReach(str(error)) from None
        except OutOfReach as error:
            again = f": give `--id {self.key}`, and see `rapport {self.what} show {of}`" if error.maybe_done else ""
            raise NothingToReach(f"{error}{again}") from None
