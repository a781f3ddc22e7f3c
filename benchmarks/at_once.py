"""How long a run goes on after the event that ends it was acknowledged, on an idle stack: web, Temporal, worker.

The clock starts when the sender has read 202, and stops when the records show the end of every run the event ends.
Beside it stands the POST itself: one HTTP request and one durable commit on the same stack, at the same moment.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from sqlmodel import Session, col, func, select

from benchmarks.ground import prepare_records, settings_in, unsaid
from benchmarks.measures import Report, Sample, Scale
from benchmarks.posts import Streams, connection, post
from records.models import Contact, Enrolment
from records.session import Database
from settings import Settings, signing_key
from starter.api import MOST_AT_ONCE
from starter.parts import temporal_part, web_part, worker_part
from starter.up import Stack

# Contacts whose event is waited for, by the number of their open runs.
CONTACTS = {1: (200, 20, 5), 20: (20, 5, 2)}
MOST_SECONDS = 30
PAUSE = 0.2  # seconds between two events, in which the stack comes to rest
LOOK = 0.002  # seconds between two looks at the records: the figures are as exact as that
WITHIN = 60.0
KEY = "a-key-of-the-benchmark"
REFERENCE = "the event's POST"
LIMITS = (
    "the steps between the inbox and the drainer: a signal to Temporal, a workflow task, an activity task, each "
    "written by the server to its file; then one transaction. Between two events the stack is idle"
)


async def measure(scale: Scale) -> Report:
    """Return the times from the acknowledgement to the end, by the number of runs that one event ends."""
    report = Report(
        "from the acknowledged event to the written end", LIMITS, {_name(runs): REFERENCE for runs in CONTACTS}
    )
    async with _office() as office:
        for _ in scale.rounds(MOST_SECONDS):
            for runs, sizes in CONTACTS.items():
                ends, posts = await office.end_all(scale.of(*sizes), runs)
                report.add(_name(runs), ends)
                if runs == 1:
                    report.add(REFERENCE, posts)
    return report


def _name(runs: int) -> str:
    return "the end of 1 run" if runs == 1 else f"the ends of {runs} runs of a contact"


@dataclass
class _Office:
    settings: Settings
    main: Database

    async def end_all(self, contacts: int, runs: int) -> tuple[Sample, Sample]:
        """Let contacts wait, then end them one by one; return the times to the end, and those of the POSTs."""
        people = [f"{uuid4().hex}@contacts.example" for _ in range(contacts)]
        async with asyncio.timeout(WITHIN + contacts * 5):
            await self._let_wait(people, runs)
            async with connection(self.settings.web_port) as streams:
                took = [await self._end(email, streams) for email in people]
        return _times([ended for _, ended in took]), _times([posted for posted, _ in took])

    async def _let_wait(self, people: Sequence[str], runs: int) -> None:
        starts = [_event("trial_started", email) for email in people for _ in range(runs)]
        async with connection(self.settings.web_port) as streams:
            for begin in range(0, len(starts), MOST_AT_ONCE):
                await post(streams, _request(starts[begin : begin + MOST_AT_ONCE]))
        await self._until(people, len(starts), 10 * LOOK, "running")

    async def _end(self, email: str, streams: Streams) -> tuple[float, float]:
        await asyncio.sleep(PAUSE)
        begun = time.perf_counter()
        await post(streams, _request(_event("meeting_booked", email)))
        told = time.perf_counter()
        await self._until([email], 0, LOOK)
        return told - begun, time.perf_counter() - told

    async def _until(self, people: Sequence[str], many: int, every: float, *states: str) -> None:
        """Look every so often until as many of their runs are open (or in one of these states)."""
        while True:
            if await self._open(people, *states) == many:
                return
            await asyncio.sleep(every)

    async def _open(self, people: Sequence[str], *states: str) -> int:
        """Return how many runs of these people have not ended; with `states`, how many are in one of them."""
        asked = col(Enrolment.state).in_(states) if states else col(Enrolment.ended_at).is_(None)

        def read(session: Session) -> int:
            of_them = select(Contact.id).where(col(Contact.email).in_(people))
            return session.exec(select(func.count()).where(col(Enrolment.contact_id).in_(of_them), asked)).one()

        return await self.main.read(read)


@asynccontextmanager
async def _office() -> AsyncIterator[_Office]:
    """Start web, Temporal and the worker of production, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        settings = settings_in(folder).but(events_key=KEY)
        signing_key(settings)
        database = await asyncio.to_thread(prepare_records, settings)
        try:
            with Stack(
                settings, parts=[temporal_part(settings), worker_part(settings), web_part(settings)], say=unsaid
            ):
                yield _Office(settings, database)
        finally:
            await asyncio.to_thread(database.close)


def _times(seconds: Sequence[float]) -> Sample:
    times = sorted(each * 1000 for each in seconds)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    return {"p50 ms": p50, "p99 ms": p99, "longest ms": times[-1], "events": float(len(times))}


def _event(name: str, email: str) -> dict[str, object]:
    return {"id": uuid4().hex, "event": name, "contact": {"email": email}}


def _request(told: object) -> bytes:
    body = json.dumps(told).encode()
    head = (
        "POST /events HTTP/1.1\r\nHost: events.example\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
