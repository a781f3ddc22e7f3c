"""What people want done about a follow-up, through the door of its workflow: done once, or refused with a reason."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlmodel import Session, col, select
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.follow_up_actions import Accept, Action, Cancel, Comment, Complete, PutOff, Reassign
from domain.follow_up_door import Stands
from domain.keys import follow_up_workflow
from records.follow_up_models import FollowUp
from records.models import Contact, Interaction
from records.staffing import is_away
from starter.acting import Desk, OutOfReach, Refused
from starter.opening_by_hand import Opened, Wanted, open_by_hand
from tests.workflows.world import World, living, make_contact

pytestmark = pytest.mark.workflow

FILES = {
    "policies/messaging.yaml": """
organisation: {name: Acme, address: "1 High Street, London", time_zone: Europe/London}
""",
    "policies/teams.yaml": """
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example}
  lea: {name: Lea, email: lea@acme.example}
teams:
  sales: {email: sales@acme.example, members: [ada, bob], lead: lea}
""",
    "policies/follow-ups.yaml": """
policies:
  patient: {outcomes: [booked, not_now, meeting_booked], snooze: {at_most: 5 days, times: 2}}
""",
}
CALL = Wanted("Call Ann", team="sales", policy="patient", by="lea@acme.example")


@dataclass
class Office:
    """Ann has a follow-up that `ada` was given, and people act on it."""

    world: World
    desk: Desk
    contact: str
    task: str = ""
    begun: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    async def open(self, wanted: Wanted = CALL, key: str | None = None) -> Opened:
        def work(session: Session) -> Opened:
            contact = session.get(Contact, self.contact)
            assert contact is not None
            return open_by_hand(session, self.world.published, contact, wanted, key or str(uuid4()), self.begun)

        return await self.world.database.write(work)

    async def act(self, action: Action, key: str | None = None) -> Stands:
        with self.world.env.with_time_skipping_disabled():
            return await self.desk.act(self.task, action, key or str(uuid4()))

    async def refusal(self, action: Action) -> str:
        with pytest.raises(Refused) as refused:
            await self.act(action)
        return str(refused.value)

    async def row(self) -> FollowUp:
        row = await self.world.database.read(lambda session: session.get(FollowUp, self.task))
        assert row is not None
        return row

    async def told(self) -> list[tuple[str, str | None]]:
        """Return what the timeline says, and who did it."""

        def read(session: Session) -> list[tuple[str, str | None]]:
            theirs = select(Interaction).where(Interaction.contact_id == self.contact)
            rows = session.exec(theirs.order_by(col(Interaction.id)))
            return [(row.name, row.person) for row in rows.all()]

        return await self.world.database.read(read)

    @property
    def workflow(self) -> WorkflowHandle[Any, Any]:
        return self.world.env.client.get_workflow_handle(follow_up_workflow(self.task))

    async def is_begun(self) -> None:
        """Return once its workflow runs."""
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(RPCError):
                    await self.workflow.describe()
                    return
                await asyncio.sleep(0.02)

    async def is_over(self) -> bool:
        """Whether its workflow comes to its end."""
        with self.world.env.with_time_skipping_disabled():
            await asyncio.wait_for(self.workflow.result(), 20)
        return (await self.workflow.describe()).status == WorkflowExecutionStatus.COMPLETED


@pytest_asyncio.fixture
async def office(env: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Office]:
    async with living(env, tmp_path) as world:
        await world.publish(FILES)
        ann = {"email": "ann@acme.example", "first_name": "Ann"}
        now = datetime.now(UTC)
        contact = await world.database.write(lambda session: make_contact(session, ann, now).id)

        async def connect() -> Client:
            return env.client

        office = Office(world, Desk(connect, world.database, task_queue=world.task_queue), contact)
        office.task = (await office.open()).row.id
        assert (await office.row()).assignee == "ada"
        yield office


async def test_it_is_accepted_and_completed_and_its_timeline_says_by_whom(office: Office) -> None:
    accepted = await office.act(Accept(by="Ada <ADA@acme.example>"))
    done = await office.act(Complete(by="ada", outcome="booked", note="Friday at ten"))

    row = await office.row()
    assert (accepted.ended, row.outcome, row.note, row.person) == (None, "booked", "Friday at ten", "ada")
    assert (row.accepted_at or office.begun) <= (row.ended_at or office.begun)
    assert str(done.ended).startswith("was completed with 'booked' by ada at ")
    assert await office.told() == [
        ("task_opened", "lea"),
        ("task_assigned", "rapport"),
        ("task_accepted", "ada"),
        ("task_completed", "ada"),
    ]
    assert await office.is_over()


async def test_it_is_completed_once_and_nothing_but_a_comment_is_taken_after_its_end(office: Office) -> None:
    await office.act(Complete(by="ada", outcome="booked"))
    until = office.begun + timedelta(days=1)
    late: list[Action] = [
        Complete(by="ada", outcome="not_now"),
        Accept(by="ada"),
        PutOff(by="ada", until=until),
        Reassign(by="ada", to="bob"),
        Cancel(by="ada", reason="never mind"),
    ]

    said = [await office.refusal(action) for action in late]

    assert all(each.startswith("this task was completed with 'booked' by ada at ") for each in said)
    assert all(each.endswith("; open a new one") for each in said)
    await office.act(Comment(by="bob", note="They called back"))
    assert [name for name, _ in await office.told()].count("task_completed") == 1
    assert (await office.told())[-1] == ("task_commented", "bob")


async def test_an_outcome_that_is_not_known_is_refused_with_those_that_are(office: Office) -> None:
    said = "'boked' is no outcome of this task; use one of booked, not_now, meeting_booked, or 'otherwise'"

    assert await office.refusal(Complete(by="ada", outcome="boked")) == said
    await office.act(Accept(by="ada"))
    assert await office.refusal(Complete(by="ada", outcome="boked")) == said  # by its workflow, which knows them now


async def test_it_is_put_off_no_further_and_no_oftener_than_its_policy_says(office: Office) -> None:
    too_far = await office.refusal(PutOff(by="ada", until=office.begun + timedelta(days=8)))
    over = await office.refusal(PutOff(by="ada", until=office.begun - timedelta(days=1)))
    for days in (1, 3):
        await office.act(PutOff(by="ada", until=office.begun + timedelta(days=days)))

    assert too_far.startswith("a task may be put off by 5 days; give ")
    assert over.endswith(" is over; give an instant to come")
    once_more = await office.refusal(PutOff(by="ada", until=office.begun + timedelta(days=4)))
    assert once_more == "this task was put off as often as is allowed; do it, or hand it on"
    row = await office.row()
    assert (row.accepted_at is not None, row.state["snoozes"]) == (True, 2)


async def test_it_is_handed_on_to_whoever_is_there(office: Office) -> None:
    away_until = office.begun + timedelta(days=30)

    def leaves(session: Session) -> None:
        is_away(session, "lea", office.begun, away_until, by="operator", now=office.begun)

    await office.world.database.write(leaves)

    assert (await office.refusal(Reassign(by="ada", to="lea"))).startswith("lea is away until ")
    assert await office.refusal(Reassign(by="ada", to="eve")) == (
        "there is nobody 'eve' in policies/teams.yaml; use the key or the address of a person"
    )
    assert await office.refusal(Reassign(by="ada", to="ada")) == "this task is with ada already"
    assert "there is nobody 'mallory'" in await office.refusal(Reassign(by="mallory", to="bob"))
    await office.act(Reassign(by="ada", to="bob@acme.example", note="she speaks French"))
    assert ((await office.row()).assignee, (await office.row()).accepted_at) == ("bob", None)


async def test_what_is_with_somebody_else_is_not_accepted(office: Office) -> None:
    said = await office.refusal(Accept(by="bob"))

    assert said == "this task is with ada; have it reassigned to bob first"
    await office.act(Accept(by="ada"))
    assert (await office.refusal(Accept(by="ada"))).startswith("ada accepted this task at ")


async def test_the_same_key_is_one_deed_even_after_the_end(office: Office) -> None:
    first = await office.act(Comment(by="ada", note="Busy; later"), key="mail-1")
    again = await office.act(Comment(by="ada", note="Busy; later"), key="mail-1")
    done = await office.act(Complete(by="ada", outcome="booked"), key="mail-2")
    assert await office.is_over()
    once_more = await office.act(Complete(by="ada", outcome="booked"), key="mail-2")

    assert (again.moves, once_more.ended) == (first.moves, done.ended)
    names = [name for name, _ in await office.told()]
    assert (names.count("task_commented"), names.count("task_completed")) == (1, 1)


async def test_many_at_once_with_one_key_are_one_deed(office: Office) -> None:
    taken = [office.desk.act(office.task, Complete(by="ada", outcome="booked"), "click") for _ in range(5)]

    with office.world.env.with_time_skipping_disabled():
        stands = await asyncio.gather(*taken)

    assert {each.ended for each in stands} == {stands[0].ended}
    assert [name for name, _ in await office.told()].count("task_completed") == 1


async def test_one_whose_workflow_was_lost_begins_again_by_being_acted_on(office: Office) -> None:
    await office.act(Accept(by="ada"))
    await office.workflow.terminate("lost")

    await office.act(Cancel(by="lea", reason="sold"))

    row = await office.row()
    assert (row.ended, row.note) == ("cancelled", "sold")
    assert await office.is_over()


async def test_one_whose_workflow_is_lost_while_it_is_asked_is_asked_again(office: Office) -> None:
    client = office.world.env.client

    async def connect() -> Client:
        return client

    unheard = Desk(connect, office.world.database, task_queue=f"nobody-{uuid4()}")
    with office.world.env.with_time_skipping_disabled():
        asking = asyncio.create_task(unheard.act(office.task, Accept(by="ada"), "once"))
        await asyncio.wait_for(office.is_begun(), 10)
        await client.start_workflow(
            "FollowUp",
            office.task,
            id=follow_up_workflow(office.task),
            task_queue=office.world.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
        )
        stands = await asking

    assert stands.ended is None
    assert (await office.row()).accepted_at is not None


async def test_a_task_that_does_not_exist_is_refused(office: Office) -> None:
    office.task = str(uuid4())

    assert await office.refusal(Accept(by="ada")) == f"there is no task {office.task}"


async def test_without_a_worker_it_is_not_known_whether_it_is_done_and_to_ask_again_does_it_once(
    office: Office,
) -> None:
    async def connect() -> Client:
        return office.world.env.client

    nobody = Desk(connect, office.world.database, task_queue=f"nobody-{uuid4()}", patience=timedelta(seconds=0.5))
    with office.world.env.with_time_skipping_disabled():
        with pytest.raises(OutOfReach) as error:
            await nobody.act(office.task, Accept(by="ada"), "once")
        await office.workflow.terminate("it waits for a worker that there is not")

    assert error.value.maybe_done
    assert "this may be done or not, and to ask again does it once" in str(error.value)
    await office.act(Accept(by="ada"), "once")
    assert [name for name, _ in await office.told()].count("task_accepted") == 1


async def test_without_temporal_nothing_is_done(office: Office) -> None:
    async def connect() -> Client:
        raise RuntimeError("connection refused")

    with pytest.raises(OutOfReach) as error:
        await Desk(connect, office.world.database).act(office.task, Accept(by="ada"), "once")

    assert (error.value.maybe_done, str(error.value)) == (
        False,
        "Temporal is out of reach, and nothing was done; try again",
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"title": " \n\u202e"}, "the title is not one of 1 to 200 characters"),
        ({"title": "x" * 201}, "the title is not one of 1 to 200 characters"),
        ({"team": None}, "this task is for nobody; name a team or a person"),
        ({"team": "sale"}, "there is no team 'sale' in policies/teams.yaml; did you mean 'sales'?"),
        ({"owner": "eve"}, "there is nobody 'eve' in policies/teams.yaml"),
        ({"by": "eve"}, "there is nobody 'eve' in policies/teams.yaml"),
        ({"policy": "hott"}, "there is no policy 'hott' for follow-ups; did you mean 'hot'?"),
        ({"outcomes": ("", "booked")}, "outcomes are at most 30 names"),
    ],
)
async def test_what_cannot_be_opened_is_refused_and_nothing_is_written(
    office: Office, change: dict[str, Any], says: str
) -> None:
    before = await office.told()

    with pytest.raises(Refused) as refused:
        await office.open(Wanted(**cast(dict[str, Any], {"title": "Call", "team": "sales"} | change)))

    assert says in str(refused.value)
    assert await office.told() == before


async def test_it_is_opened_once_for_each_key_even_after_its_end_and_is_for_its_owner_and_their_team(
    office: Office,
) -> None:
    wanted = Wanted("Send the offer", owner="bob@acme.example", outcomes=("sent",))

    first = await office.open(wanted, "k-1")
    office.task = first.row.id
    await office.act(Complete(by="bob", outcome="sent"))
    again = await office.open(wanted, "k-1")

    assert (first.fresh, again.fresh, again.row.id) == (True, False, first.row.id)
    row = await office.row()
    assert (row.team, row.owner, row.assignee, row.source) == ("sales", "bob", "bob", "person operator")
