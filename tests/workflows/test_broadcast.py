"""A broadcast's clock: begun at its time, at its rate, paused, re-rated, stopped, compared, while weeks are skipped."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.sweeps import call_broadcasts
from records.broadcast_models import Broadcast
from records.broadcasts import go_on, hold_up, stop
from records.models import Message
from starter.broadcast_wanted import Wanted
from starter.trials import enter_test
from tests.workflows.campaign import FILES, Campaign, drain
from tests.workflows.world import World, living

pytestmark = pytest.mark.workflow


def pauses(session: Session, row: Broadcast, now: datetime) -> None:
    hold_up(session, row, now, until=None, by="test", reason=None)


def resumes(session: Session, row: Broadcast, now: datetime) -> None:
    assert go_on(session, row, now)


def stops(session: Session, row: Broadcast, now: datetime) -> None:
    stop(session, row, now, by="test", reason="the wrong price")


def twice_as_fast(session: Session, row: Broadcast, now: datetime) -> None:
    row.rate = "240 per hour"


async def test_it_begins_at_its_time_and_lets_in_at_its_rate(env: WorkflowEnvironment, tmp_path: Path) -> None:
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    async with living(env, tmp_path) as world:
        campaign = await Campaign.begin(world, 5, at=begins, rate="120 per hour")
        assert (await campaign.row()).state == "scheduled"

        await campaign.go(days=1)
        assert (await campaign.row()).state == "scheduled"
        await campaign.go(days=1, minutes=10)

        two_days = 2 * 24 * 60
        assert await campaign.let_in() == [two_days, two_days, two_days + 1, two_days + 1, two_days + 2]
        await campaign.delivered(5)
        await campaign.go(minutes=10)
        assert (await campaign.row()).state == "done"
        assert await campaign.fates() == {"entered": 5}
        await campaign.replay()


async def test_a_pause_lets_nobody_in_and_another_rate_counts_from_then_on(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        campaign = await Campaign.begin(world, 8, rate="120 per hour")
        assert len(await campaign.let_in()) == 2

        await campaign.change(pauses)
        await campaign.go(minutes=60)
        assert len(await campaign.let_in()) == 2

        await campaign.change(resumes)
        assert len(await campaign.let_in()) == 4
        await campaign.change(twice_as_fast)
        await campaign.go(minutes=2)

        assert await campaign.let_in() == [0, 0, 60, 60, *[pytest.approx(60, abs=1)] * 4]
        await campaign.replay()


async def test_stopped_it_lets_nobody_in_any_more_and_everybody_knows_why(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        campaign = await Campaign.begin(world, 6, rate="120 per hour")

        await campaign.change(stops)

        await campaign.handle.result()
        row = await campaign.row()
        assert (row.state, row.stop_reason) == ("stopped", "the wrong price")
        assert await campaign.fates() == {"entered": 2, "left_out": 4}
        await campaign.replay()


async def test_one_whose_workflow_is_lost_begins_again_and_goes_on(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        campaign = await Campaign.begin(world, 6, rate="120 per hour")
        await campaign.handle.terminate("lost")
        with env.with_time_skipping_disabled():
            calling = asyncio.create_task(call_broadcasts(env.client, world.database, world.task_queue))
            try:
                async with asyncio.timeout(30):
                    while (await campaign.again()).status is not WorkflowExecutionStatus.RUNNING:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
            finally:
                calling.cancel()
        await campaign.quiet()

        await campaign.go(minutes=10)

        assert await campaign.fates() == {"entered": 6}


async def test_the_rest_gets_what_people_clicked_more(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        campaign = await Campaign.begin(world, 80, other="t/two", share="60%", after="4 hours")
        compared = await campaign.arms(compared=True)
        assert (await campaign.row()).state == "comparing"
        await campaign.delivered(compared.total())
        await campaign.happens("clicked", "t/one", by="machine")
        clicked = await campaign.happens("clicked", "t/two", by="human")

        await campaign.go(minutes=3 * 60)
        assert (await campaign.arms(compared=False)).total() == 0
        await campaign.go(minutes=2 * 60)

        row = await campaign.row()
        assert row.winner == "b"
        assert row.verdict is not None
        assert (row.verdict["a"]["did"], row.verdict["b"]["did"]) == (0, clicked)
        assert await campaign.arms(compared=False) == {"b": 80 - compared.total()}


async def test_a_test_is_marked_and_needs_no_consent(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        quiet = FILES["policies/messaging.yaml"].replace("default: opted_in", "default: opted_out")
        await world.publish(FILES | {"policies/messaging.yaml": quiet})
        now = datetime.now(UTC)
        await world.database.write(
            lambda session: enter_test(session, world.published, Wanted("t/one", ""), "mira@acme.example", now)
        )
        await drain(world)

        message = await accepted(world)

        assert (message.subject, message.class_) == ("[Test] One", "transactional")
        assert [kept.recipient for kept in world.mail.mailbox.list()] == ["mira@acme.example"]


async def accepted(world: World) -> Message:
    """Wait for the one message that the mail server takes."""
    found = select(Message).where(Message.state == "accepted")
    async with asyncio.timeout(60):
        while True:
            message = await world.database.read(lambda session: session.exec(found).first())
            if message is not None:
                return message
            await asyncio.sleep(0.05)


async def test_too_few_show_nothing_and_the_rest_gets_the_first(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        campaign = await Campaign.begin(
            world, 20, other="t/two", share="50%", winner="conversions", goal="booked", after="1 hours"
        )
        compared = (await campaign.arms(compared=True)).total()
        await campaign.delivered(compared)
        await campaign.happens("booked", "t/two")

        await campaign.go(minutes=61)

        row = await campaign.row()
        assert row.verdict is not None
        assert (row.winner, row.verdict["decided"]) == ("a", False)
        assert "too few" in row.verdict["why"]
        assert await campaign.arms(compared=False) == {"a": 20 - compared}
