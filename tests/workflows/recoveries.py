"""Cases on the time-skipping server: opened in the records, each carried by its workflow and that of its follow-up.

A workflow's clock is its own. Whoever drives a case goes with both clocks, instant by instant, in the order of time, so
that what rings in the one is seen by the other when it rings.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session, col, select
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from domain.follow_up_actions import Accept, Asked
from domain.keys import follow_up_workflow, recovery_workflow
from domain.recovery import Case
from domain.recovery_actions import CaseAction, CaseAsked, without_words, words_of
from domain.wave import Member, Wave
from records.case_letters import ask_to_look
from records.case_models import CaseLetter, CasePromise, ServiceCase
from records.case_openings import CaseOpening, open_case
from records.case_rows import case_of
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_words import lay_down
from records.happening import Happening
from records.models import Contact, Interaction, Message
from records.runs import form_waves, started
from records.timeline import record, record_all
from tests.workflows.world import World, make_contact, quiet
from workflows.service_recovery import ServiceRecoveryWorkflow

ADA = {"first_name": "Ada", "last_name": "Lovelace", "time_zone": "Europe/Berlin"}
# No two things that ring are nearer.
A_MOMENT = timedelta(seconds=1)


@dataclass
class Recovery:
    """One case on its way. `now` is the instant that every clock of it stands at, or a moment after."""

    world: World
    id: str
    contact_id: str
    handle: WorkflowHandle[Any, Any]
    now: datetime
    follow_ups: dict[str, WorkflowHandle[Any, Any]] = field(default_factory=dict)

    @classmethod
    async def open(
        cls, world: World, opening: CaseOpening, at: datetime, contact: Mapping[str, Any] | None = None
    ) -> "Recovery":
        """Open a case for a new contact at an instant to come, and start its workflows then."""

        def work(session: Session) -> tuple[str, str]:
            known = make_contact(session, {**ADA, "email": f"{uuid.uuid4()}@customer.example", **(contact or {})}, at)
            policies = world.published.policies(session)
            assert policies.recovery is not None
            kept = open_case(session, world.published, known, opening, policies.recovery, at)
            record_all(session, world.published, known, kept.told, at)
            return kept.row.id, known.id

        id, who = await world.database.write(work)
        return await cls.begin(world, id, who, at)

    @classmethod
    async def told(
        cls, world: World, name: str, data: Mapping[str, Any], at: datetime, contact: Mapping[str, Any] | None = None
    ) -> "Recovery":
        """Have something happen to a new contact that opens a case by a rule, at an instant to come."""

        def work(session: Session) -> tuple[str, str]:
            known = make_contact(session, {**ADA, "email": f"{uuid.uuid4()}@customer.example", **(contact or {})}, at)
            happening = Happening(key=str(uuid.uuid4()), name=name, at=at, data=data)
            record(session, world.published, known, happening, at)
            return session.exec(select(ServiceCase.id).where(ServiceCase.contact_id == known.id)).one(), known.id

        return await cls.begin(world, *await world.database.write(work), at)

    @classmethod
    async def of_contact(cls, before: "Recovery", name: str, data: Mapping[str, Any]) -> "Recovery":
        """Have something happen to the contact of a case that opens another one, now."""
        known = {row.id for row in await before.cases()}
        await before.happens(name, data)
        (new,) = (row.id for row in await before.cases() if row.id not in known)
        return await cls.begin(before.world, new, before.contact_id, before.now)

    @classmethod
    async def begin(cls, world: World, id: str, contact: str, at: datetime) -> "Recovery":
        """Start the workflows of a case that is open, and go to an instant to come."""
        handle = await _start(world, "ServiceRecovery", id, recovery_workflow(id))
        case = cls(world, id, contact, handle, at)
        await _forward(world, handle, at)
        await case._settle()
        return case

    async def go_to(self, at: datetime) -> None:
        """Let time pass until an instant: whatever rings before it rings at its own."""
        while (due := await self._next_due()) is not None and due <= at:
            self.now = max(self.now, due)
            await self._all_to(self.now)
        self.now = max(self.now, at)
        await self._all_to(self.now)

    async def act(self, action: CaseAction, key: str | None = None) -> str | None:
        """Do something at the instant that it is, or return why it was refused."""
        key = key or str(uuid.uuid4())
        await self.world.database.write(lambda session: lay_down(session, key, words_of(action), self.now))
        try:
            asked = CaseAsked(action=without_words(action), at=self.now)
            await self.handle.execute_update("act", asked, id=key)
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == "Refused":
                return str(error.cause.message)
            raise
        await self._settle()
        return None

    async def accept(self, by: str) -> None:
        """Have somebody accept the case."""
        task = str((await self.row()).follow_up_id)
        await self.follow_ups[task].execute_update("act", Asked(action=Accept(by=by), at=self.now))
        await self._settle()

    async def happens(self, name: str, data: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Have something happen to the contact now."""

        def work(session: Session, contact: Contact) -> None:
            happening = Happening(key=str(uuid.uuid4()), name=name, at=self.now, data=data or {}, **more)
            record(session, self.world.published, contact, happening, self.now)

        await self.change(work)

    async def change(self, work: Callable[[Session, Contact], None]) -> None:
        """Change something in the records now, and have everything of the case look."""

        def write(session: Session) -> None:
            contact = session.get(Contact, self.contact_id)
            assert contact is not None
            work(session, contact)

        await self.world.database.write(write)
        await self._settle()

    async def row(self) -> ServiceCase:
        """Return its row."""
        row = await self.world.database.read(lambda session: session.get(ServiceCase, self.id))
        assert row is not None
        return row

    async def cases(self) -> list[ServiceCase]:
        """Return every case of the contact, in order."""
        mine = select(ServiceCase).where(ServiceCase.contact_id == self.contact_id).order_by(col(ServiceCase.opened_at))
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def delivered(self) -> None:
        """Wait until every remedy that was granted has been delivered, or could not be."""
        async with asyncio.timeout(30):
            while any(each.state == "approved" for each in (await self.state()).remedies):
                await quiet(self.handle)
        await self._settle()

    async def state(self) -> Case:
        """Return its state."""
        return case_of(await self.row())

    async def timeline(self, *names: str) -> list[Interaction]:
        """Return what the contact's timeline says, of these events or of all."""
        mine = select(Interaction).where(Interaction.contact_id == self.contact_id).order_by(col(Interaction.id))
        rows = await self.world.database.read(lambda session: list(session.exec(mine).all()))
        return [row for row in rows if not names or row.name in names]

    async def promises(self) -> list[CasePromise]:
        """Return what was promised, in order."""
        mine = select(CasePromise).where(CasePromise.case_id == self.id).order_by(col(CasePromise.id))
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def letters(self) -> list[CaseLetter]:
        """Return what the customer was written, in order."""
        mine = select(CaseLetter).where(CaseLetter.case_id == self.id).order_by(col(CaseLetter.id))
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def notes(self) -> list[StaffNote]:
        """Return what our people were told, in order."""
        mine = select(StaffNote).where(StaffNote.contact_id == self.contact_id)
        mine = mine.order_by(col(StaffNote.at), col(StaffNote.key))
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def tasks(self) -> list[FollowUp]:
        """Return everything that our people were asked to do for the contact, in order."""
        mine = select(FollowUp).where(FollowUp.contact_id == self.contact_id).order_by(col(FollowUp.opened_at))
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def replay(self) -> None:
        """Replay it: what a worker decides again must be what it decided then."""
        replayer = Replayer(workflows=[ServiceRecoveryWorkflow], data_converter=pydantic_data_converter)
        await replayer.replay_workflow(await self.handle.fetch_history())

    async def _post(self) -> bool:
        """Send the letters that were written, at the instant that it is; return whether there were any."""
        starts = await self.world.database.write(lambda session: form_waves(session, self.now))
        for start in starts:
            program = await self.world.database.read(partial(self.world.published.program, version=start.version))
            members = tuple(Member(enrolment=id, entered_at=at) for id, at in start.members)
            wave = Wave(sequence=start.sequence, version=start.version, program=program, members=members)
            handle = await _start(self.world, "Sequence", wave, start.wave)
            await self.world.database.write(partial(started, wave=start.wave, now=self.now))
            await _forward(self.world, handle, self.now)
            await handle.result()
            await self.world.database.write(partial(self._left_now, [id for id, _ in start.members]))
        await self.world.database.write(lambda session: ask_to_look(session, self.now))
        return bool(starts)

    def _left_now(self, runs: Sequence[str], session: Session) -> None:
        """A wave begins on the server's own clock and sends at once: its letters left when they were written."""
        for message in session.exec(select(Message).where(col(Message.enrolment_id).in_(runs))):
            message.handing_over_at = self.now
            message.accepted_at = self.now if message.accepted_at is not None else None
            session.add(message)

    async def _next_due(self) -> datetime | None:
        dues = [(await self.row()).next_at, *(row.next_at for row in await self.tasks() if row.ended_at is None)]
        return min((at for at in dues if at is not None), default=None)

    async def _all_to(self, at: datetime) -> None:
        open_ones = [task.id for task in await self.tasks() if task.ended_at is None]
        for handle in (self.handle, *(self.follow_ups[id] for id in open_ones)):
            await _forward(self.world, handle, at)
        await self._settle()

    async def _settle(self) -> None:
        """Do what the sweep does, until nobody has anything to look at: start what was opened, and have others look."""
        while await self._post() or await self._call():
            await quiet(self.handle)

    async def _call(self) -> bool:
        """Start the workflows of new follow-ups, and have look what wants to; return whether anything did."""
        tasks = await self.tasks()
        new = [task.id for task in tasks if task.id not in self.follow_ups]
        asked = [task.id for task in tasks if task.asked_at is not None and task.id not in new]
        for id in (*new, *asked):
            self.follow_ups[id] = await _start(self.world, "FollowUp", id, follow_up_workflow(id), "look")
            await _forward(self.world, self.follow_ups[id], self.now)
        is_asked = (await self.row()).asked_at is not None
        if is_asked:
            await _start(self.world, "ServiceRecovery", self.id, recovery_workflow(self.id), "look")
            await quiet(self.handle)
        return bool(new or asked or is_asked)


async def _start(
    world: World, workflow: str, argument: Any, name: str, signal: str | None = None
) -> WorkflowHandle[Any, Any]:
    """Start a workflow, or signal the one that runs, as a worker's sweep does."""
    with world.env.with_time_skipping_disabled():
        return await world.env.client.start_workflow(
            workflow,
            argument,
            id=name,
            task_queue=world.task_queue,
            start_signal=signal,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )


async def _forward(world: World, handle: WorkflowHandle[Any, Any], at: datetime) -> None:
    """Let time pass for one workflow until an instant, if it still runs."""
    try:
        left = at - await world.env.get_current_time(handle)
        if left > timedelta(0):
            await world.env.fast_forward(handle, left)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:  # else it is over, and has no clock any more
            raise
    await quiet(handle)


def utc(at: datetime) -> datetime:
    """Return an instant in UTC."""
    return at.astimezone(UTC)
