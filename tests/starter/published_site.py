"""A web process in this process with both databases, a published home, and a contact who has links."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from sqlmodel import Session, col, select

from activities.received import apply
from records import inbox as inbox_rows
from records.consenting import reasons_against, said_by
from records.contacts import find_or_make
from records.models import Contact, Inbox
from records.published import Published, publish
from records.session import Database
from starter.app import make_app
from starter.site import Acts
from starter.waker import Waker
from tests.databases import lay_down
from tests.starter.site import CONFIG, FORMS, TOKENS, Sleeper

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FILES = {
    "policies/messaging.yaml": """
organisation: {name: Acme, address: 1 High Street, time_zone: Europe/Berlin, locale: en}
senders: {default: {from: Acme <hello@acme.example>}}
topics:
  product-news: {label: Product <news>}
  service: {label: Service, default: opted_in}
""",
    "templates/email/a/b.html": "",
    "templates/email/a/b.de.html": "",
}


@dataclass
class PublishedSite:
    """What a test holds of it. The clock stands at noon until it is moved."""

    http: httpx2.AsyncClient
    inbox: Database
    main: Database
    contact: str
    moved: timedelta = timedelta()
    published: Published = field(default_factory=Published)
    numbers: Any = field(default_factory=lambda: count(1))

    def now(self) -> datetime:
        return NOON + self.moved

    def link(self, page: str, purpose: str, *parts: str) -> str:
        return f"/{page}/{TOKENS.make(purpose, [self.contact, *parts])}"

    async def rows(self) -> list[Inbox]:
        return await self.inbox.read(lambda session: list(session.exec(select(Inbox).order_by(col(Inbox.id)))))

    async def drain(self) -> list[str]:
        """Drain what waits, as the worker would; return what it became."""
        waiting = await self.inbox.read(lambda session: inbox_rows.waiting(session, 100))
        for row in waiting:
            await self.main.write(lambda session, row=row: apply(session, self.published, row, self.now()))  # type: ignore[misc]
        await self.inbox.write(
            lambda session: inbox_rows.mark_drained(session, [row.id or 0 for row in waiting], self.now())
        )
        return [row.kind for row in waiting]

    async def read(self, question: Callable[[Session, Contact], Any]) -> Any:
        def ask(session: Session) -> Any:
            contact = session.get(Contact, self.contact)
            assert contact is not None
            return question(session, contact)

        return await self.main.read(ask)

    async def says(self, channel: str = "email") -> dict[str, str]:
        said = await self.read(lambda session, contact: said_by(session, contact.id))
        return {topic: state for (topic, by), state in said.items() if by == channel}

    async def against(self) -> set[str]:
        found: set[str] = await self.read(reasons_against)
        return found


@asynccontextmanager
async def published_site(
    folder: Path, main_is_away: bool = False, desk: Acts | None = None, **fields: Any
) -> AsyncIterator[PublishedSite]:
    """Serve from `folder`; `fields` are of the contact, `desk` does what people want done about tasks."""
    lay_down("main", f"sqlite:///{folder}/main.db")
    lay_down("inbox", f"sqlite:///{folder}/inbox.db")
    main, received = Database(f"sqlite:///{folder}/main.db"), Database(f"sqlite:///{folder}/inbox.db")
    person = {"email": "ann@acme.example", **fields}
    contact = await main.write(lambda session: find_or_make(session, person, "test", NOON).id)
    await main.write(lambda session: publish(session, FILES, {}, NOON))
    waker = Waker(Sleeper().connect, pause=0.01, pause_in_an_outage=0.01)
    site: list[PublishedSite] = []
    seen = None if main_is_away else main
    app = make_app(CONFIG, received, waker, lambda: FORMS, seen, clock=lambda: site[0].now(), desk=desk)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://site.example") as http:
        site.append(PublishedSite(http, received, main, contact))
        try:
            yield site[0]
        finally:
            await waker.aclose()
            await asyncio.to_thread(main.close)
            await asyncio.to_thread(received.close)
