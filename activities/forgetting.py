"""Deletes what has been kept long enough, beside the work of every worker, once an hour and a little at a time.

Any number of workers may do it at once: what is gone is gone.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from activities.clock import Clock
from records import forgetting, inbox_mail
from records.session import Database

logger = logging.getLogger("worker")

EVERY = 3600.0


@dataclass
class Forgetting:
    """What came in is kept for `came_in`, what only shows what was done for `shown`. `reached` is where it goes on."""

    main: Database
    received: Database
    clock: Clock
    came_in: timedelta
    shown: timedelta
    reached: int = 0

    async def watch(self) -> None:
        """Look every hour."""
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("cannot delete what was kept long enough; trying again")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Delete everything that has been kept long enough."""
        now = self.clock()
        await self._all(self.received, lambda session: inbox_mail.forget(session, now - self.came_in))
        await self._all(self.main, lambda session: forgetting.forget_outbox(session, now - self.shown))
        await self._all(self.main, lambda session: forgetting.forget_notices(session, now - self.shown))
        await self._all(self.main, lambda session: forgetting.forget_notes(session, now - self.shown))
        await self._all(self.main, lambda session: forgetting.forget_words(session, now - self.shown))
        await self._all(self.main, lambda session: forgetting.forget_absences(session, now - self.shown))
        await self._all(self.main, lambda session: forgetting.forget_links(session, now))
        await self._empty_inbox(now - self.came_in)

    async def _all(self, database: Database, forget: Callable[[Session], int]) -> None:
        while await database.write(forget):
            pass

    async def _empty_inbox(self, before: datetime) -> None:
        # What is drained late, behind this place, is emptied by the next process that begins.
        while (reached := await self.received.write(partial(self._some, before))) is not None:
            self.reached = reached

    def _some(self, before: datetime, session: Session) -> int | None:
        return forgetting.empty_inbox(session, self.reached, before)
