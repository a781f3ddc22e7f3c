"""Messages of many members at once.

A batch answers for each member, starts nothing new after 20 seconds, and raises only if nothing could be asked at all;
a retry finds in the ledger what was finished.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session
from temporalio import activity

from activities.attempt import Attempt, Bundle, Post
from activities.batches import Answers, Batch
from activities.log import decision, is_closed
from activities.steps import READ_FIRST, nothing_waits
from domain.answering import Asked, broken
from domain.entry import End, ended_already
from domain.facts import Facts
from domain.keys import send_key
from domain.needs import Later, Left, Outcome
from domain.policies import Policies
from domain.program import Program
from records.facts import Known, read_known
from records.ledger import by_key
from records.models import Enrolment
from records.published import Published
from records.runs import end
from rendering.catalogue import Catalogue
from rendering.process import RendererDown

# A batch that has taken this long starts no more sends; who is left asks again at once (house.md section 3).
MOST_SECONDS = 20.0
HEARTBEAT = 5.0

TEMPLATES = "templates/"

# Not this contact's fault: the whole batch is asked again. (A database that is being closed says RuntimeError.)
OUT_OF_REACH = (OperationalError, InterfaceError, RendererDown, OSError, RuntimeError, MemoryError, SystemError)


@dataclass(frozen=True)
class Read:
    """What a batch reads once, for all."""

    known: Known
    bundle: Bundle
    program: Program
    policies: Policies
    begun: frozenset[str]
    """The send keys that stand in the ledger already: an earlier attempt began with them."""
    oldest_waiting: datetime | None
    """When the oldest row that waits in the inbox was received."""


@dataclass
class Messages:
    """The activity that sends. `at_once` is how many messages one batch works on side by side."""

    post: Post
    published: Published
    at_once: int = 20
    oldest_waiting: Callable[[], datetime | None] = nothing_waits

    def __post_init__(self) -> None:
        self._bundles: dict[str, Bundle] = {}

    @activity.defn(name="send")
    async def send(self, batch: Batch) -> Answers:
        """Send the message of every member through the gate and the ledger."""
        asked = batch.asked()
        read = await self.post.database.read(lambda session: self._read(session, batch))
        places = asyncio.Semaphore(self.at_once)
        until = asyncio.get_running_loop().time() + MOST_SECONDS
        async with _heartbeat():
            # All are waited for: an attempt that went on after this one failed would meet the next one.
            outcomes = await asyncio.gather(
                *(self._one(batch, each, asked[each], read, places, until) for each in asked), return_exceptions=True
            )
        return Answers.of(dict(zip(asked, map(_or_raise, outcomes), strict=True)))

    def _read(self, session: Session, batch: Batch) -> Read:
        asked = batch.asked()
        keys = [send_key(enrolment, each.step, each.visit) for enrolment, each in asked.items()]
        name = self.published.bundle(session)
        if name is None:
            raise LookupError("nothing is published; run 'rapport publish'")
        if name not in self._bundles:
            files = self.published.files(session, name)
            sources = {path.removeprefix(TEMPLATES): text for path, text in files.items() if path.startswith(TEMPLATES)}
            self._bundles[name] = Bundle(name, sources, Catalogue(sources))
        return Read(
            known=read_known(session, list(asked), self.post.withdrawn),
            bundle=self._bundles[name],
            program=self.published.program(session, batch.version),
            policies=self.published.policies(session),
            begun=frozenset(by_key(session, keys)),
            oldest_waiting=self.oldest_waiting(),
        )

    async def _one(
        self,
        batch: Batch,
        enrolment: str,
        asked: Asked,
        read: Read,
        places: asyncio.Semaphore,
        until: float,
    ) -> Outcome:
        async with places:
            row = read.known.enrolments.get(enrolment)
            if row is None or row.ended_at is not None:
                return Left(row.end_reason or "ended" if row else "erased")
            now = max(self.post.clock(), batch.now)
            if asyncio.get_running_loop().time() > until or activity.is_worker_shutdown():
                return Later(now.replace(microsecond=0), "its turn has not come")
            if read.oldest_waiting is not None and read.oldest_waiting <= asked.arrived_at:
                # It may be a goal or a withdrawal, received before this message was due.
                return Later(now.replace(microsecond=0) + READ_FIRST, "what came in before is read first")
            try:
                facts = read.known.facts(enrolment, read.program, read.policies, now, asked.round)
                over = ended_already(facts)
                if over is not None:
                    return await self._leave(enrolment, facts, over)
                attempt = Attempt(self.post, batch, asked, facts, row.contact_id, read.bundle)
                return await attempt.send(begun=attempt.key in read.begun)
            except OUT_OF_REACH:
                raise
            except Exception as error:
                # One contact's data, or a text that is gone, must never stop its companions. What exactly it was may
                # hold data: that stands in the decision log alone.
                reason = type(error).__name__
                activity.logger.error("step %s of %s breaks for %s: %s", asked.step, batch.sequence, enrolment, reason)
                return await self._park(batch, enrolment, asked, f"{type(error).__name__}: {error}")

    async def _park(self, batch: Batch, enrolment: str, asked: Asked, why: str) -> Outcome:
        found, now = broken(why), self.post.clock()

        def park(session: Session) -> None:
            row = session.get(Enrolment, enrolment)
            if row is not None and found.row is not None and not is_closed(session, enrolment, asked):
                session.add(decision(row, asked, found.row, found.outcome, now))

        await self.post.database.write(park)
        return found.outcome

    async def _leave(self, enrolment: str, facts: Facts, over: End) -> Outcome:
        def leave(session: Session) -> None:
            row = read_known(session, [enrolment]).enrolments.get(enrolment)
            if row is not None:
                end(session, facts.program, row, over.reason, facts.now, [over.why])

        await self.post.database.write(leave)
        return Left(over.reason)


def _or_raise(outcome: Outcome | BaseException) -> Outcome:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


@asynccontextmanager
async def _heartbeat() -> AsyncIterator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(HEARTBEAT)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
