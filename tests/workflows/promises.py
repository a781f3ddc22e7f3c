"""Follow-ups on the time-skipping server: opened in the records, each carried by its workflow on a clock of its own.

A workflow's clock is its own, so whoever drives several goes to the instants one after the other, in the order of time.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from domain.follow_up import FollowUp as State
from domain.follow_up_actions import Action, Asked, without_words, words_of
from domain.keys import follow_up_workflow
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_openings import Opening
from records.follow_up_rows import state_of
from records.follow_up_words import lay_down
from records.follow_ups import open_follow_up
from records.models import Contact, Interaction
from records.timeline import record_all
from tests.workflows.world import World, make_contact, quiet
from workflows.follow_up import FollowUpWorkflow

ADA = {"email": "ada@customer.example", "first_name": "Ada", "time_zone": "Europe/Berlin"}


@dataclass
class Promise:
    """One follow-up on its way."""

    world: World
    id: str
    handle: WorkflowHandle[Any, Any]
    keys: list[str] = field(default_factory=list)

    @classmethod
    async def open(
        cls, world: World, opening: Opening, at: datetime, contact: Mapping[str, Any] | None = None
    ) -> "Promise":
        """Open a follow-up for a new contact at an instant to come, and start its workflow then."""

        def work(session: Session) -> str:
            known = make_contact(session, contact or ADA | {"email": f"{uuid.uuid4()}@customer.example"}, at)
            kept = open_follow_up(session, world.published.policies(session), known, opening, at)
            record_all(session, world.published, known, kept.told, at)
            return kept.row.id

        return await cls.begin(world, await world.database.write(work), at)

    @classmethod
    async def begin(cls, world: World, id: str, at: datetime) -> "Promise":
        """Start the workflow of a follow-up that is open, and go to an instant to come.

        It looks once before that instant; nobody is away then, and nothing rings.
        """
        with world.env.with_time_skipping_disabled():
            handle = await world.env.client.start_workflow(
                "FollowUp",
                id,
                id=follow_up_workflow(id),
                task_queue=world.task_queue,
            )
        promise = cls(world, id, handle)
        await promise.go_to(at)
        return promise

    async def go_to(self, at: datetime) -> None:
        """Let time pass until an instant, for this one."""
        left = at - await self.world.env.get_current_time(self.handle)
        if left > timedelta(0):
            await self.world.env.fast_forward(self.handle, left)
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until it waits: no task and no activity of it is pending."""
        await quiet(self.handle)

    async def act(self, action: Action, key: str | None = None, at: datetime | None = None) -> str | None:
        """Do something, or return why it was refused."""
        key, now = key or str(uuid.uuid4()), at or datetime.now(UTC)
        await self.world.database.write(lambda session: lay_down(session, key, words_of(action), now))
        try:
            await self.handle.execute_update("act", Asked(action=without_words(action), at=at), id=key)
        except WorkflowUpdateFailedError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.type == "Refused":
                return str(error.cause.message)
            raise
        await self.quiet()
        return None

    async def look(self) -> None:
        """Have it look, as the sweep does for a row that was changed."""
        await self.handle.signal("look")
        await self.quiet()

    async def change(self, work: Callable[[Session, Contact], None]) -> None:
        """Have something happen to the contact, or to our people, and have it look."""

        def write(session: Session) -> None:
            row = session.get(FollowUp, self.id)
            assert row is not None
            contact = session.get(Contact, row.contact_id)
            assert contact is not None
            work(session, contact)

        await self.world.database.write(write)
        await self.look()

    async def row(self) -> FollowUp:
        """Return its row."""
        row = await self.world.database.read(lambda session: session.get(FollowUp, self.id))
        assert row is not None
        return row

    async def state(self) -> State:
        """Return its state."""
        return state_of(await self.row())

    async def notes(self) -> list[StaffNote]:
        """Return what our people were told, in order."""
        mine = (
            select(StaffNote).where(StaffNote.follow_up_id == self.id).order_by(col(StaffNote.at), col(StaffNote.key))
        )
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def timeline(self) -> list[Interaction]:
        """Return the contact's timeline."""
        row = await self.row()
        mine = select(Interaction).where(Interaction.contact_id == row.contact_id).order_by(col(Interaction.id))
        return await self.world.database.read(lambda session: list(session.exec(mine).all()))

    async def replay(self) -> None:
        """Replay it: what a worker decides again must be what it decided then."""
        replayer = Replayer(workflows=[FollowUpWorkflow], data_converter=pydantic_data_converter)
        await replayer.replay_workflow(await self.handle.fetch_history())
