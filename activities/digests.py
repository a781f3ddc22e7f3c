"""Everybody's list of the day becomes a note to them, in the morning of their working day.

Any number of workers may look at once: the key of a note is unique.
"""

import asyncio
import logging
from dataclasses import dataclass

from sqlmodel import Session

from activities.clock import Clock
from records.digests import due_digests, write_digests
from records.published import Published
from records.session import Database

logger = logging.getLogger("worker")

EVERY = 20.0


@dataclass(frozen=True)
class Digests:
    """Writes the notes; whoever posts notes to staff posts them."""

    main: Database
    published: Published
    clock: Clock

    async def watch(self) -> None:
        """Look every 20 seconds."""
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("cannot look whose list of the day is due; trying again")
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """Write the notes that are due; return how many there are to be posted."""
        if not await self.main.read(self._is_any_due):
            return 0
        return await self.main.write(self._write)

    def _is_any_due(self, session: Session) -> bool:
        return bool(due_digests(session, self.published.policies(session), self.clock()))

    def _write(self, session: Session) -> int:
        return write_digests(session, self.published.policies(session), self.clock())
