"""One effect for each member of a batch, side by side: what is the same whether a message leaves or a system is asked.

A batch answers for each member, starts nothing new after 20 seconds, and raises only if nothing could be asked at all;
a retry finds in the records what was finished. One member's data never stops its companions.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session
from temporalio import activity

from activities.batches import Answers, Batch
from activities.clock import Clock
from activities.log import park
from activities.steps import READ_FIRST, nothing_waits
from domain.answering import Asked
from domain.entry import End, ended_already
from domain.facts import Facts
from domain.needs import Later, Left, Outcome
from domain.policies import Policies
from domain.program import Program
from records.facts import Known, Withdrawn, read_known
from records.models import Enrolment
from records.published import Published
from records.runs import end
from records.session import Database
from rendering.process import RendererDown

# A batch that has taken this long starts nothing new; who is left asks again at once (house.md section 3).
MOST_SECONDS = 20.0
HEARTBEAT = 2.0

# Not this contact's fault: the whole batch is asked again. (A database that is being closed says RuntimeError.)
OUT_OF_REACH = (OperationalError, InterfaceError, RendererDown, OSError, RuntimeError, MemoryError, SystemError)


@dataclass(frozen=True)
class Member:
    """One member of a batch: who asks, and what is known of it."""

    asked: Asked
    facts: Facts
    contact_id: str


@dataclass(frozen=True)
class Read:
    """What a batch reads once, for all.

    `oldest_waiting` is when the oldest row was received that waits in the inbox and may concern somebody in the batch.
    """

    known: Known
    program: Program
    policies: Policies
    oldest_waiting: datetime | None


@dataclass(frozen=True)
class Effects:
    """Does one thing for many. `at_once` is how many of a batch are worked on at the same time."""

    database: Database
    published: Published
    clock: Clock
    withdrawn: Withdrawn
    at_once: int = 20
    oldest_waiting: Callable[[Collection[str]], datetime | None] = nothing_waits

    def read(self, session: Session, batch: Batch) -> Read:
        """Read what the rules may ask about everybody in a batch."""
        known = read_known(session, list(batch.asked()), self.withdrawn)
        return Read(
            known=known,
            program=self.published.program(session, batch.version),
            policies=self.published.policies(session),
            oldest_waiting=self.oldest_waiting({row.contact_id for row in known.enrolments.values()}),
        )

    async def each(self, batch: Batch, read: Read, do: Callable[[Member], Awaitable[Outcome]]) -> Answers:
        """Do it for every member that has not ended and whose turn has come."""
        asked = batch.asked()
        places = asyncio.Semaphore(self.at_once)
        until = asyncio.get_running_loop().time() + MOST_SECONDS

        async def one(enrolment: str) -> Outcome:
            async with places:
                stopped = self._not_now(batch, enrolment, asked[enrolment], read, until)
                return stopped or await self._one(batch, enrolment, asked[enrolment], read, do)

        async with _heartbeat():
            # All are waited for: an attempt that went on after this one failed would meet the next one.
            outcomes = await asyncio.gather(*(one(each) for each in asked), return_exceptions=True)
        return Answers.of(dict(zip(asked, map(_or_raise, outcomes), strict=True)))

    def _not_now(self, batch: Batch, enrolment: str, asked: Asked, read: Read, until: float) -> Outcome | None:
        row = read.known.enrolments.get(enrolment)
        if row is None or row.ended_at is not None:
            return Left(row.end_reason or "ended" if row else "erased")
        now = max(self.clock(), batch.now).replace(microsecond=0)
        if asyncio.get_running_loop().time() > until or activity.is_worker_shutdown():
            return Later(now, "its turn has not come")
        if read.oldest_waiting is not None and read.oldest_waiting <= asked.arrived_at:
            # It may be a goal or a withdrawal, received before this was due.
            return Later(now + READ_FIRST, "what came in before is read first")
        return None

    async def _one(
        self, batch: Batch, enrolment: str, asked: Asked, read: Read, do: Callable[[Member], Awaitable[Outcome]]
    ) -> Outcome:
        try:
            now = max(self.clock(), batch.now)
            facts = read.known.facts(enrolment, read.program, read.policies, now, asked.round)
            over = ended_already(facts)
            if over is not None:
                return await self._leave(enrolment, facts, over)
            return await do(Member(asked, facts, read.known.enrolments[enrolment].contact_id))
        except OUT_OF_REACH:
            raise
        except Exception as error:
            # One contact's data, or a text that is gone, must never stop its companions. What exactly it was may
            # hold data: that stands in the decision log alone.
            reason = type(error).__name__
            activity.logger.error("step %s of %s breaks for %s: %s", asked.step, batch.sequence, enrolment, reason)
            return await self._park(enrolment, asked, f"{reason}: {error}")

    async def _park(self, enrolment: str, asked: Asked, why: str) -> Outcome:
        now = self.clock()
        return await self.database.write(lambda session: park(session, enrolment, asked, why, now))

    async def _leave(self, enrolment: str, facts: Facts, over: End) -> Outcome:
        def leave(session: Session) -> None:
            row = session.get(Enrolment, enrolment)
            if row is not None:
                end(session, facts.program, row, over.reason, facts.now, [over.why])

        await self.database.write(leave)
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
