"""A web process in this process: a real inbox on a real file, a waker with nobody to wake, forms of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import httpx2
from sqlmodel import col, select
from temporalio.client import Client

from domain.forms import FormMapping
from domain.keys import Tokens
from records.models import Inbox, InboxRecord
from records.session import Database
from starter.app import make_app
from starter.site import WebConfig
from starter.waker import Waker

FORM_SECRET = "form-secret"
EVENTS_KEY = "events-key-of-sixteen"
CONFIG = WebConfig(
    token_secrets=("token-secret",),
    events_key=EVENTS_KEY,
    form_secrets={"typeform": [FORM_SECRET, "secret-before"], "json/demo": [FORM_SECRET]},
)
TOKENS = Tokens(CONFIG.token_secrets)
FORMS: Mapping[str, FormMapping] = {
    "demo": FormMapping(
        fields={"email": "email", "first_name": "first_name"},
        event={"plan": "plan"},
        thank_you="https://www.acme.example/thanks",
    ),
    "complaint": FormMapping(fields={"email": "email"}, event={"message": "message"}, complaint=True),
    "typeform-only": FormMapping(fields={"email": "email"}, source="typeform"),
}


@dataclass
class Sleeper:
    """Stands where Temporal's client stands, and counts how often it is woken; refuses while `away`."""

    away: bool = False
    connections: int = 0
    looks: list[dict[str, Any]] = field(default_factory=list)

    async def connect(self) -> Client:
        self.connections += 1
        if self.away:
            raise RuntimeError("connection refused")
        return cast(Client, self)

    def was_tried(self, times: int) -> bool:
        return self.connections >= times

    async def start_workflow(self, workflow: str, **how: Any) -> None:
        if self.away:
            raise RuntimeError("connection refused")
        self.looks.append({"workflow": workflow} | how)


async def until(condition: Callable[[], bool], within: float = 5.0) -> None:
    """Return once `condition` holds; fail after `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110  what is waited for tells nobody when it happens
            await asyncio.sleep(0.002)


@dataclass
class Site:
    """What a test holds of it."""

    http: httpx2.AsyncClient
    inbox: Database
    sleeper: Sleeper

    async def rows(self) -> list[Inbox]:
        return await self.inbox.read(lambda session: list(session.exec(select(Inbox).order_by(col(Inbox.id)))))


def inbox_in(folder: Path) -> Database:
    """Return an empty inbox in a file in `folder`."""
    database = Database(f"sqlite:///{folder / 'inbox.db'}")
    InboxRecord.metadata.create_all(database.engine)
    return database


@asynccontextmanager
async def site_in(folder: Path, **changes: Any) -> AsyncIterator[Site]:
    """Serve from `folder`, with `changes` to the settings."""
    inbox = inbox_in(folder)
    sleeper = Sleeper()
    waker = Waker(sleeper.connect, pause=0.01, pause_in_an_outage=0.01)
    app = make_app(replace(CONFIG, **changes), inbox, waker, lambda: FORMS)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://site.example") as http:
        try:
            yield Site(http, inbox, sleeper)
        finally:
            await waker.aclose()
            await asyncio.to_thread(inbox.close)
