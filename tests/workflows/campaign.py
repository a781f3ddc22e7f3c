"""A broadcast on the time-skipping server: contacts in the records, its workflow, and its row while time passes."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, func, select
from temporalio.client import WorkflowExecutionDescription, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from domain.keys import broadcast_workflow
from records.broadcast_models import Broadcast, BroadcastMember
from records.broadcasts import held, make
from records.models import Contact, Enrolment, Message
from records.timeline import Happening, record
from starter.broadcast_program import plan_broadcast
from starter.broadcast_wanted import Wanted
from tests.workflows.world import World, make_contact, quiet
from workflows.broadcast import BroadcastWorkflow

FILES = {
    "policies/messaging.yaml": """
organisation: {name: Acme, address: "1 High Street, London", time_zone: Europe/London}
senders: {default: {from: "Acme <hello@acme.example>"}}
topics: {news: {label: News, default: opted_in}}
""",
    "policies/segments.yaml": "segments: {all: {label: All, when: contact.score == 0}}",
    "policies/events.yaml": "events: {booked: {}}",
    "templates/email/t/one.html": "{% block subject %}One{% endblock %}{% block html %}<p>Hello</p>"
    '<a href="{{ unsubscribe_url }}">stop</a>{% endblock %}\n',
    "templates/email/t/two.html": "{% block subject %}Two{% endblock %}{% block html %}<p>Hello</p>"
    '<a href="{{ unsubscribe_url }}">stop</a>{% endblock %}\n',
}


async def drain(world: World) -> None:
    """Have waves started by an intake of this test's own."""
    with world.env.with_time_skipping_disabled():
        await world.env.client.start_workflow("Intake", id=f"intake-{uuid4()}", task_queue=world.task_queue)


@dataclass
class Campaign:
    """A broadcast of `t/one` to everybody, on its way."""

    world: World
    id: str
    handle: WorkflowHandle[Any, Any]
    begun: datetime

    @classmethod
    async def begin(cls, world: World, contacts: int, **wanted: Any) -> "Campaign":
        await world.publish(FILES)
        now = datetime.now(UTC).replace(microsecond=0)
        before = now - timedelta(days=1)

        def write(session: Session) -> str:
            for number in range(contacts):
                make_contact(session, {"id": f"c-{number:03}", "email": f"c-{number:03}@acme.example"}, before)
            wants = Wanted("t/one", "all", topic="news", name="sale", **wanted)
            planned = plan_broadcast(session, world.published, wants, now)
            return make(session, planned.row, planned.program, planned.bundle, now).id

        return await cls.made(world, write, now)

    @classmethod
    async def made(cls, world: World, write: Callable[[Session], str], now: datetime) -> "Campaign":
        """Start the broadcast whose row `write` makes; return it once its workflow waits."""
        id = await world.database.write(write)
        with world.env.with_time_skipping_disabled():
            handle = await world.env.client.start_workflow(
                "Broadcast", id, id=broadcast_workflow(id), task_queue=world.task_queue
            )
        campaign = cls(world, id, handle, now)
        await campaign.quiet()
        return campaign

    async def quiet(self) -> None:
        """Wait until the workflow waits, or is over."""
        await quiet(self.handle)

    async def again(self) -> WorkflowExecutionDescription:
        """Look at the newest run of its workflow."""
        self.handle = self.world.env.client.get_workflow_handle(self.handle.id)
        return await self.handle.describe()

    async def go(self, *, days: float = 0, minutes: float = 0) -> None:
        """Let so much time pass on the broadcast's clock."""
        try:
            await self.world.env.fast_forward(self.handle, timedelta(days=days, minutes=minutes))
            await self.quiet()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise

    async def change(self, deed: Callable[[Session, Broadcast, datetime], Any]) -> None:
        """Do something to its row on its own clock, and call it, as the commands do."""
        now = await self.world.env.get_current_time(self.handle)

        def write(session: Session) -> None:
            row = held(session, self.id)
            assert row is not None
            deed(session, row, now)

        await self.world.database.write(write)
        await self.handle.signal("look")
        await self.quiet()

    async def row(self) -> Broadcast:
        row = await self.world.database.read(lambda session: session.get(Broadcast, self.id))
        assert row is not None
        return row

    async def let_in(self) -> list[float]:
        """Return after how many minutes each was let in, in order."""
        rows = await self.world.database.read(
            lambda session: session.exec(select(Enrolment.entered_at).order_by(col(Enrolment.entered_at))).all()
        )
        return [round((at - self.begun) / timedelta(minutes=1)) for at in rows]

    async def fates(self) -> Counter[str]:
        rows = await self.world.database.read(lambda session: session.exec(select(BroadcastMember.state)).all())
        return Counter(rows)

    async def arms(self, *, compared: bool) -> Counter[str]:
        """Return how many were let in with which arm, of those who compare or of the rest."""

        def read(session: Session) -> list[Any]:
            run = select(Enrolment.event).join(BroadcastMember, col(BroadcastMember.enrolment_id) == col(Enrolment.id))
            return list(session.exec(run.where(BroadcastMember.compared == compared)).all())

        return Counter(event["arm"] for event in await self.world.database.read(read))

    async def delivered(self, messages: int) -> None:
        """Wait until the mail server has taken so many messages.

        All tests share a server, and with it the one intake, whose worker may be gone: this one has its own.
        """
        await drain(self.world)
        taken = select(func.count()).select_from(Message).where(Message.state == "accepted")
        async with asyncio.timeout(60):
            while True:
                if await self.world.database.read(lambda session: session.exec(taken).one()) >= messages:
                    return
                await asyncio.sleep(0.05)

    async def happens(self, name: str, template: str, **data: Any) -> int:
        """Have something happen to everybody who got this message; return how many they are."""
        now = datetime.now(UTC)

        def write(session: Session) -> int:
            found = session.exec(select(Message).where(Message.template == template)).all()
            for message in found:
                run = session.get(Enrolment, message.enrolment_id)
                assert run is not None
                happening = Happening(f"{name}/{message.id}", name, now, data, message=message.id)
                contact = session.get(Contact, run.contact_id)
                assert contact is not None
                record(session, self.world.published, contact, happening, now)
            return len(found)

        return await self.world.database.write(write)

    async def replay(self) -> None:
        """Replay its history: what a worker decides again must be what it decided then."""
        history = await self.handle.fetch_history()
        await Replayer(workflows=[BroadcastWorkflow], data_converter=pydantic_data_converter).replay_workflow(history)
