"""What every endpoint needs: the settings of the web process, the inbox, and the two things that may go wrong.

A request is answered after one committed insert. Whatever goes wrong is a `Declined` with a status the sender can
act on: 4xx only when sending it again would not help, 503 when it would.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError

from domain.follow_up_actions import Action
from domain.follow_up_door import Stands
from domain.forms import FormMapping
from domain.keys import Tokens
from domain.policies import Policies
from domain.recovery_actions import CaseAction
from domain.recovery_door import CaseStands
from records.inbox import accept
from records.models import Inbox
from records.published import Published
from records.session import Database
from starter.waker import Waker

logger = logging.getLogger(__name__)

MOST_EVENT_BYTES = 1024 * 1024
MOST_CLICK_BYTES = 16 * 1024
RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True)
class WebConfig:
    """What the web process is told at its start. `form_secrets` are by `source/form`, else by `source`."""

    token_secrets: Sequence[str] = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = "http://127.0.0.1:8080"
    events_key: str | None = field(default=None, repr=False)
    form_secrets: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    unsigned_forms: bool = False
    provider_secrets: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    ses_topics: Sequence[str] = ()
    sms_secrets: Sequence[str] = field(default=(), repr=False)
    calendly_secrets: Sequence[str] = field(default=(), repr=False)
    most_event_bytes: int = MOST_EVENT_BYTES
    body_seconds: float = 20
    keep_seconds: float = 10

    def secrets_of(self, source: str, form: str) -> Sequence[str]:
        """Return the secrets a submission may be signed with, current first."""
        return self.form_secrets.get(f"{source}/{form}") or self.form_secrets.get(source) or ()


class Declined(Exception):
    """This request is not taken. `what` says why, and what to do."""

    def __init__(self, status: int, what: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(what)
        self.status, self.what, self.headers = status, what, dict(headers or {})


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Acts(Protocol):
    """Who does what our people want done (`starter/acting.py`)."""

    async def act(self, follow_up: str, action: Action, key: str) -> Stands: ...

    async def act_on_case(self, case: str, action: CaseAction, key: str) -> CaseStands: ...


@dataclass(frozen=True)
class Site:
    """The parts behind the endpoints. `main` is for pages that read what the workers wrote; intake does without it."""

    config: WebConfig
    inbox: Database
    waker: Waker
    mappings: Callable[[], Mapping[str, FormMapping]]
    main: Database | None = None
    clock: Callable[[], datetime] = wall_clock
    published: Published = field(default_factory=Published)
    desk: Acts | None = None
    """Who does what our people want done about follow-ups and cases; without it nobody can."""
    last_policies: list[Policies] = field(default_factory=list)
    """What was in force when the records were last read, for pages that are shown while they are away."""

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.config.token_secrets)

    async def keep(self, rows: Sequence[Inbox]) -> list[bool]:
        """Put `rows` into the inbox in one transaction; return, for each, False if it was there already.

        What is returned is on disk. Raises `Declined` (503) when it cannot be kept.
        """
        try:
            async with asyncio.timeout(self.config.keep_seconds):
                fresh = await self.inbox.write(lambda session: [accept(session, row) for row in rows])
        except (SQLAlchemyError, OSError, RuntimeError, TimeoutError) as error:
            # Its text would repeat the row, and with it the person.
            logger.error("inbox: cannot keep what comes in (%s); senders are told to try again", type(error).__name__)
            raise Declined(503, "this cannot be kept now; send it again in a moment", RETRY_AFTER) from None
        if any(fresh):
            self.waker.wake()
        return fresh

    async def read_body(self, request: Request, most: int) -> bytes:
        """Return the raw body. Raises `Declined`: 413 as soon as it is over `most` bytes, 408 when it does not come."""
        too_large = Declined(413, f"the body is larger than {most} bytes; send less")
        if _stated_length(request) > most:
            raise too_large
        raw = bytearray()
        try:
            async with asyncio.timeout(self.config.body_seconds):
                async for chunk in request.stream():
                    raw += chunk
                    if len(raw) > most:
                        raise too_large
        except TimeoutError:
            raise Declined(408, "the body did not arrive in time; send it again") from None
        return bytes(raw)


def _stated_length(request: Request) -> int:
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else 0
