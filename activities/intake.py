"""What came in becomes contacts, timelines, starts and wakes.

A row's effects and the note that it is drained are one transaction; who dies before it has done nothing, who dies after
it finds the note. Starts and wakes go out after the commit, from rows, until the server has taken them.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.clicks import judged
from activities.clock import Clock
from activities.received import apply
from activities.returned import Returns, apply_mail, read_mail_among
from domain.coming_back import CameBack
from domain.wave import Member, Wave
from records import inbox
from records.falling_due import DueNow, all_due, next_due, put_off, see_to
from records.models import Inbox
from records.published import Published
from records.runs import MOST_WAKES, MOST_WAVES, Start, begin_again, form_waves, started, wakes, woken
from records.session import Database
from records.standing import runs_on_their_way

MOST_ROWS = 100
# Entries that come due in one go; those of the same sequence travel together.
MOST_DUE = 250
# Calls to Temporal's server side by side.
AT_ONCE = 10
# house.md section 3: one unhandled wake per wave and 250 ms.
BETWEEN_WAKES = 0.25

SEQUENCE = SearchAttributeKey.for_keyword("RapportSequence")
VERSION = SearchAttributeKey.for_keyword("RapportVersion")
MEMBERS = SearchAttributeKey.for_int("RapportMembers")


class DatabaseAway(Exception):
    """No row's own fault, so none is parked for it. It carries no text of the database's: that would repeat the row."""


class DrainedRows(BaseModel):
    """How many rows became something, how many failed, and whether more are waiting. `due` came of themselves."""

    drained: int = 0
    failed: int = 0
    more: bool = False
    due: int = 0


@dataclass
class Intake:
    """The activities of the one drainer."""

    main: Database
    inbox: Database
    published: Published
    client: Client
    clock: Clock
    task_queue: str
    returns: Returns = field(default_factory=Returns)
    signalled: dict[str, float] = field(default_factory=dict)

    @activity.defn(name="drain")
    async def drain(self) -> DrainedRows:
        """Drain up to a hundred rows, urgent ones first, then in order of receipt; see to what is due in between."""
        try:
            return await self._drain()
        except (OperationalError, InterfaceError):
            raise DatabaseAway("database: is away or locked; what came in is drained when it is back") from None

    async def _drain(self) -> DrainedRows:
        now = self.clock()
        waiting = await self.inbox.read(lambda session: judged(session, inbox.waiting(session, MOST_ROWS, now)))
        came_first = await self._see_to_due() if waiting else 0
        rows = await self._in_turn(waiting) if came_first < MOST_DUE else waiting  # a flood of dates holds up no form
        # Asked for in order and written by one writer, so done in order; each in its savepoint, sharing commits.
        mail = await read_mail_among(self.inbox, rows)
        drains = (self._drain_one(row, mail.get(row.id)) for row in rows)
        results = await asyncio.gather(*drains, return_exceptions=True)
        problems = {row.id: result for row, result in zip(rows, results, strict=True) if result is not None}
        for error in problems.values():
            if isinstance(error, OperationalError | InterfaceError):
                raise error  # no row's own fault
        await self._note(rows, problems)
        due = await self._see_to_due()
        more = len(rows) > len(problems) or len(rows) < len(waiting) or due >= MOST_DUE
        return DrainedRows(drained=len(rows) - len(problems), failed=len(problems), more=more, due=came_first + due)

    async def _in_turn(self, rows: Sequence[Inbox]) -> Sequence[Inbox]:
        """Return those of these rows that came in before anything comes due: who is let in then, is told the rest."""
        due = await self.main.read(next_due)
        if due is None or due > self.clock():
            return rows
        # None of them: what holds them up is itself held up by a row that is not among these. They go on.
        return [row for row in rows if row.urgent or row.received_at <= due] or rows

    async def _drain_one(self, row: Inbox, mail: CameBack | BaseException | None) -> None:
        if isinstance(mail, BaseException):
            raise mail
        if mail is not None:
            await self.main.write(
                lambda session: apply_mail(session, self.published, self.returns, row, mail, self.clock())
            )
        else:
            await self.main.write(lambda session: apply(session, self.published, row, self.clock()))
        activity.heartbeat()

    async def _see_to_due(self) -> int:
        """Ask again the entries that waited, and let in those whose date has come; return how many there were.

        What was due after something that still waits in the inbox comes after it: it may be what was waited for.
        """
        now, oldest = self.clock(), await self.inbox.read(inbox.oldest_waiting)
        dues = await self.main.read(lambda session: all_due(session, now, MOST_DUE, oldest))
        results = await asyncio.gather(*(self._see_to(due) for due in dues), return_exceptions=True)
        for due, error in zip(dues, results, strict=True):
            if isinstance(error, OperationalError | InterfaceError):
                raise error
            if isinstance(error, BaseException):
                fault = type(error).__name__
                activity.logger.error("%s entry %s cannot be seen to: %s", due.what, due.id, fault)
                await self.main.write(lambda session, each=due, why=fault: put_off(session, each, why, now))  # type: ignore[misc]
        return len(dues)

    async def _see_to(self, due: DueNow) -> None:
        await self.main.write(lambda session: see_to(session, self.published, due, self.clock()))
        activity.heartbeat()

    async def _note(self, rows: Sequence[Inbox], problems: dict[int | None, Any]) -> None:
        now = self.clock()

        def note(session: Session) -> None:
            inbox.mark_drained(session, [row.id for row in rows if row.id is not None and row.id not in problems], now)
            for number, error in problems.items():
                assert number is not None, "a row that was read has an id"
                inbox.note_failure(session, number, said(error), now)

        for number, error in problems.items():
            activity.logger.warning("inbox row %s cannot be drained: %s", number, type(error).__name__)
        if rows:
            await self.inbox.write(note)

    @activity.defn(name="send_out")
    async def send_out(self) -> bool:
        """Start the waves that wait for it, then signal those that have something to look at.

        Returns whether there is more to send out.
        """
        now = self.clock()
        starts = await self.main.write(lambda session: form_waves(session, now))
        waiting = await self.main.read(wakes)
        begun = {start.wave for start in starts}
        # A wave that begins now sees everything by itself; one that cannot be started keeps no other from being woken.
        old = [wake for wake in waiting if wake.wave not in begun]
        try:
            await self._all(self._signal(wake.wave) for wake in old)
        finally:
            await self._all(self._start(start) for start in starts)
        if waiting:
            await self.main.write(lambda session: woken(session, waiting))
        return len(starts) >= MOST_WAVES or len(waiting) >= MOST_WAKES

    async def _all(self, calls: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Make calls to the server, a few side by side. The first that fails is raised, once all have been made."""
        places = asyncio.Semaphore(AT_ONCE)

        async def make(call: Coroutine[Any, Any, None]) -> None:
            async with places:
                await call
            activity.heartbeat()

        for result in await asyncio.gather(*map(make, calls), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _start(self, start: Start) -> None:
        wave = await self.main.read(lambda session: self._wave(session, start))
        attributes = TypedSearchAttributes(
            [
                SearchAttributePair(SEQUENCE, start.sequence),
                SearchAttributePair(VERSION, start.version[:19]),
                SearchAttributePair(MEMBERS, len(start.members)),
            ]
        )
        there = False
        try:
            await self.client.start_workflow(
                "Sequence",
                wave,
                id=start.wave,
                task_queue=self.task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=attributes,
                static_summary=f"{start.sequence}, {len(start.members)} contacts",
            )
        except WorkflowAlreadyStartedError:
            there = True
        await self.main.write(lambda session: started(session, start.wave, self.clock()))
        if there:
            # An earlier attempt got through and died before it could say so. What happened since, it has not seen.
            await self._signal(start.wave)

    def _wave(self, session: Session, start: Start) -> Wave:
        """Return what a wave is given. Who was on the way already (its wave was lost, it had failed) goes on there."""
        program = self.published.program(session, start.version)
        runs = runs_on_their_way(session, program, dict(start.members))
        members = tuple(Member(enrolment=each, entered_at=at, run=runs.get(each)) for each, at in start.members)
        return Wave(sequence=start.sequence, version=start.version, program=program, members=members)

    async def _signal(self, wave: str) -> None:
        """Wake a wave, at most four times a second: every wake costs it a task, however much there is to see."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self.signalled.get(wave, 0.0) + BETWEEN_WAKES - loop.time()))
        self.signalled = {each: at for each, at in self.signalled.items() if at > loop.time() - BETWEEN_WAKES}
        self.signalled[wave] = loop.time()
        try:
            await self.client.get_workflow_handle(wave).signal("look")
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            # It is over. Should somebody in it not have ended, it was lost: they begin again, and what was decided and
            # sent before is found in the records, so that nothing happens twice.
            lost = await self.main.write(lambda session: begin_again(session, wave))
            if lost:
                activity.logger.error(
                    "%s is gone from Temporal with %s runs inside; they are started again", wave, lost
                )


def said(error: Any) -> str:
    """Return why a row failed, for the person who reads `rapport inbox show`."""
    return str(error)[:1000] if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"[:1000]
