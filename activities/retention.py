"""The activity behind the rounds: looks at every contact for what time alone, or a new publication, changes.

Looking only reads; whoever is found to have changed is looked at again in the transaction that writes it.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session
from temporalio import activity

from activities.clock import Clock
from activities.intake import DatabaseAway
from records.models import Contact
from records.published import Published
from records.rounds import Page, begin, look_at_page, note_reached
from records.session import Database
from records.timeline import review

# One activity begins no new page after this long; the workflow asks for the next.
MOST_SECONDS = 20.0


class Looked(BaseModel):
    """How many contacts something changed about; `over` when everybody was looked at."""

    changed: int = 0
    over: bool = False


@dataclass
class Retention:
    """The activities of a round."""

    main: Database
    published: Published
    clock: Clock
    every: timedelta

    @activity.defn(name="look_at_contacts")
    async def look_at_contacts(self) -> Looked:
        """Go on with the round, or begin one if it is time."""
        until, changed = time.monotonic() + MOST_SECONDS, 0
        after = await self.main.write(lambda session: begin(session, self.published, self.clock(), self.every))
        while after is not None and time.monotonic() < until:
            page = await self._page(after)
            changed, after = changed + len(page.changed), page.last
            activity.heartbeat()
        return Looked(changed=changed, over=after is None)

    async def _page(self, after: str) -> Page:
        now = self.clock()
        page = await self.main.read(lambda session: look_at_page(session, self.published, after, now))
        # Each in a savepoint of its own: one that fails keeps nobody else from being looked at, and is again next time.
        results = await asyncio.gather(
            *(self._review(contact, now) for contact in page.changed), return_exceptions=True
        )
        for contact, error in zip(page.changed, results, strict=True):
            if isinstance(error, OperationalError | InterfaceError):
                raise DatabaseAway("database: is away or locked; the round goes on when it is back") from None
            if isinstance(error, BaseException):
                activity.logger.error("contact %s cannot be looked at: %s", contact, type(error).__name__)
        await self.main.write(lambda session: note_reached(session, page, now))
        return page

    async def _review(self, contact: str, now: datetime) -> None:
        def write(session: Session) -> None:
            row = session.get(Contact, contact)
            if row is not None:
                review(session, self.published, row, now, now)

        await self.main.write(write)
