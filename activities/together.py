"""Writing for many in one piece: whoever comes while the writer is busy goes with the next piece.

Twenty messages that are claimed in the same moment are read about once, not twenty times. What fails for one is done
again one by one, so that nobody's data stops its companions.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlmodel import Session

from activities.beside import OUT_OF_REACH
from records.session import Database

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    asked_at: datetime
    answer: "asyncio.Future[Result]"


class Together(Generic[Item, Result]):
    """One sort of work. `do` gets everything that waits and the instant of the last who came; it answers in order."""

    def __init__(self, database: Database, do: Callable[[Session, datetime, Sequence[Item]], Sequence[Result]]) -> None:
        self.database, self.do = database, do
        self._waiting: list[_Waiting[Item, Result]] = []
        self._writing: asyncio.Task[None] | None = None

    async def __call__(self, item: Item, now: datetime) -> Result:
        """Do it for `item`, asked at `now`; return its answer once that is durably committed.

        Raises what the work raised for it, with nothing of it kept. Whoever is cancelled before its turn leaves
        nothing; later, it is written although nobody waits.
        """
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, now, answer))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_on())
        return await answer

    async def _write_on(self) -> None:
        await asyncio.sleep(0)  # whoever is ready in this turn of the loop comes along
        while self._waiting:
            group, self._waiting = self._waiting, []
            await self._write([each for each in group if not each.answer.done()])

    async def _write(self, group: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            await self._write_once(group)
        except OUT_OF_REACH as error:
            _fail(group, error)
        except Exception as error:
            if len(group) == 1:
                return _fail(group, error)
            await asyncio.gather(*(self._write([each]) for each in group))
        except BaseException:
            for each in group:
                each.answer.cancel()
            raise

    async def _write_once(self, group: Sequence[_Waiting[Item, Result]]) -> None:
        if not group:
            return
        items, now = [each.item for each in group], max(each.asked_at for each in group)
        results = await self.database.write(lambda session: self.do(session, now, items))
        for each, result in zip(group, results, strict=True):
            if not each.answer.done():  # whoever asked may have gone
                each.answer.set_result(result)


def _fail(group: Sequence[_Waiting[Item, Result]], error: Exception) -> None:
    for each in group:
        if not each.answer.done():
            each.answer.set_exception(error)
