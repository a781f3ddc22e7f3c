"""The demo's eyes and hands: posts over HTTP, reads the mail kept, the records, and Temporal's own timers.

Everything is waited for with a deadline; what does not come about is `Unseen`, and says where to look.
"""

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from sqlmodel import Session
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from records.published import Published
from records.session import Database
from settings import PREFIX, Settings, connect_options
from starter.demo_cast import Submission

Found = TypeVar("Found")

PATIENCE = 30.0  # seconds, for any one thing
LOOKING = 0.05


class Unseen(Exception):
    """Something that the demo promises was not seen. The text says `place: what; what to do`."""


def until(what: str, look: Callable[[], Found | None], within: float = PATIENCE) -> Found:
    """Return what `look` finds, as soon as it finds something. Raises `Unseen` when that takes too long.

    >>> until("demo: nothing", lambda: None, within=0)
    Traceback (most recent call last):
    starter.demo_world.Unseen: demo: nothing within 0 s; see the logs of the worker and the web process below
    """
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise Unseen(f"{what} within {within:.0f} s; see the logs of the worker and the web process below")
        time.sleep(LOOKING)


@dataclass(frozen=True)
class Reply:
    """An answer over HTTP, how long it took, in seconds, and where it leads, if it leads elsewhere."""

    status: int
    body: bytes
    took: float
    leads_to: str = ""


def request(base: str, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """Ask one of our own servers on the loopback; redirects are answers like any other."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    began = time.monotonic()
    try:
        connection.request(method, path, body or None, dict(headers or {}))
        answer = connection.getresponse()
        leads_to = answer.headers.get("Location", "")
        return Reply(answer.status, answer.read(), time.monotonic() - began, leads_to)
    except (OSError, http.client.HTTPException) as error:
        raise Unseen(f"{base}: {method} {path} is not answered ({error}); see the logs below") from None
    finally:
        connection.close()


@dataclass(frozen=True)
class Letter:
    """A message as the mail server received it."""

    number: int
    headers: Mapping[str, str]
    text: str


@dataclass
class World:
    """The running stack, as somebody outside it sees it."""

    settings: Settings
    addresses: Mapping[str, str]
    main: Database
    published: Published = field(default_factory=Published)

    def submit(self, submission: Submission) -> Reply:
        """Post a submission as its service does."""
        return request(
            self.addresses["web"],
            "POST",
            submission.path,
            submission.body,
            {**submission.headers, "host": self._host()},
        )

    def tell(self, name: str, email: str, own_id: str) -> Reply:
        """Tell, as another system of the company would, that a contact did something."""
        assert self.settings.events_key is not None, "the demo sets a key"
        key = self.settings.events_key.get_secret_value()
        body = json.dumps({"id": own_id, "event": name, "contact": {"email": email}}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
        return request(self.addresses["web"], "POST", "/events", body, headers)

    def press(self, link: str) -> Reply:
        """Do what a mail program does with the address of a one-click unsubscribe (RFC 8058)."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return request(link, "POST", urlsplit(link).path, b"List-Unsubscribe=One-Click", headers)

    def follow(self, link: str, headers: Mapping[str, str]) -> Reply:
        """Open a link of a message, as a program that says this of itself does."""
        return request(link, "GET", urlsplit(link).path, headers=headers)

    def _host(self) -> str:
        return urlsplit(self.addresses["web"]).netloc

    def letters(self, email: str) -> list[Letter]:
        """Return what the mail server kept for an address, oldest first."""
        kept = json.loads(request(self.addresses["mail"], "GET", f"/messages.json?to={quote(email)}").body)
        return [self._letter(each["number"]) for each in kept]

    def _letter(self, number: int) -> Letter:
        opened: dict[str, Any] = json.loads(request(self.addresses["mail"], "GET", f"/messages/{number}.json").body)
        return Letter(number, dict(opened["headers"]), opened["text"] or "")

    def read(self, work: Callable[[Session], Found]) -> Found:
        """Read one consistent state of the records."""
        return self.main.read_now(work)

    async def timer(self, wave: str) -> datetime | None:
        """Return when the timer rings that Temporal holds for a wave, None if it holds none."""
        client = await Client.connect(**connect_options(self.settings, {}))
        running: dict[int, datetime] = {}
        async for event in client.get_workflow_handle(wave).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
                after: timedelta = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
                running[event.event_id] = event.event_time.ToDatetime() + after
            elif event.event_type == EventType.EVENT_TYPE_TIMER_CANCELED:
                running.pop(event.timer_canceled_event_attributes.started_event_id, None)
            elif event.event_type == EventType.EVENT_TYPE_TIMER_FIRED:
                running.pop(event.timer_fired_event_attributes.started_event_id, None)
        return min(running.values(), default=None)


@contextmanager
def commands_on(settings: Settings) -> Iterator[None]:
    """Let the functions behind `rapport`'s commands work on this installation: they read the environment."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith((PREFIX, "TEMPORAL_"))]:
        del os.environ[name]
    os.environ.update(settings.as_environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
