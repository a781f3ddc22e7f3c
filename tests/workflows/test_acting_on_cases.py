"""What people want done about a case, through the door of its workflow: done once, or refused with a reason."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import Session, col, select
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from domain.keys import recovery_workflow
from domain.recovery_actions import CaseAction, Commented, Proposed, Resolved, Updated
from domain.recovery_door import CaseStands
from records.case_models import CaseLetter, ServiceCase
from records.case_rows import case_of
from records.follow_up_models import FollowUpWords
from records.models import Contact, Interaction
from starter.acting import Desk, Refused
from starter.case_by_hand import CaseWanted, open_case_by_hand
from tests.workflows.care import HOME
from tests.workflows.world import World, living, make_contact

pytestmark = pytest.mark.workflow

SECRET = "She keeps a crocodile"


class Counter:
    """A case of Ann's, opened by hand, and where people act on it."""

    def __init__(self, world: World, desk: Desk, case: str) -> None:
        self.world, self.desk, self.case = world, desk, case

    async def act(self, action: CaseAction, key: str) -> CaseStands:
        with self.world.env.with_time_skipping_disabled():
            return await self.desk.act_on_case(self.case, action, key)

    async def notes(self) -> list[str]:
        def read(session: Session) -> list[str]:
            said = select(Interaction).where(Interaction.name == "case_commented").order_by(col(Interaction.id))
            return [str(each.data.get("note")) for each in session.exec(said)]

        return await self.world.database.read(read)


@pytest_asyncio.fixture
async def counter(env: WorkflowEnvironment, tmp_path: Path) -> AsyncIterator[Counter]:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        now = datetime.now(UTC).replace(microsecond=0)

        def work(session: Session) -> str:
            id = make_contact(session, {"email": "ann@acme.example", "first_name": "Ann"}, now).id
            contact = session.get_one(Contact, id)
            wanted = CaseWanted("The parcel was lost", "S2", by="lea")
            return open_case_by_hand(session, world.published, contact, wanted, "k1", now).row.id

        async def connect() -> Client:
            return env.client

        case = await world.database.write(work)
        yield Counter(world, Desk(connect, world.database, task_queue=world.task_queue), case)


async def test_it_is_done_once_and_what_was_written_stands_in_no_history(counter: Counter) -> None:
    first = await counter.act(Commented(by="ada", note=SECRET), "c1")
    again = await counter.act(Commented(by="ada", note=SECRET), "c1")
    await counter.act(Updated(by="ada", text=SECRET), "u1")

    assert (first.stage, first.number, again.moves) == ("open", 1001, first.moves)
    assert await counter.notes() == [SECRET]
    history = await counter.world.env.client.get_workflow_handle(recovery_workflow(counter.case)).fetch_history()
    assert SECRET not in history.to_json()
    left = await counter.world.database.read(lambda session: [each.key for each in session.exec(select(FollowUpWords))])
    assert "u1" not in left, "words are gone from their place once they are taken"
    letters = await counter.world.database.read(
        lambda session: [each.letter for each in session.exec(select(CaseLetter))]
    )
    assert "update" in letters


async def test_what_makes_no_sense_is_refused_with_its_sentence(counter: Counter) -> None:
    with pytest.raises(Refused, match="is not resolved without its cause; diagnose it first"):
        await counter.act(Resolved(by="ada"), "r1")
    with pytest.raises(Refused, match="there is nobody 'zoe'"):
        await counter.act(Commented(by="zoe", note="Hello"), "r2")


async def test_a_double_click_proposes_one_remedy_however_the_answers_come(counter: Counter) -> None:
    proposed = Proposed(by="ada", kind="voucher", amount="120")

    await asyncio.gather(*(counter.act(proposed, "p1") for _ in range(4)))

    row = await counter.world.database.read(lambda session: session.get(ServiceCase, counter.case))
    assert row is not None
    assert [each.state for each in case_of(row).remedies] == ["asked"]
