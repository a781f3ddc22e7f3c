"""Pauses on the time-skipping server: what is left of a wait, what stays, what waits."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from records.holding import pause, resume
from records.models import Enrolment
from records.runs import stir_all
from tests.workflows.test_sequence import ANN, BOB, EVE, FILES
from tests.workflows.world import Journey, Someone, living

pytestmark = pytest.mark.workflow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEAR = timedelta(seconds=20)
HELD = """
topic: news
goal: {event: meeting_booked}
steps:
  - wait: 2 days
  - update: {score: +1}
  - wait: until contact.renewal_date
    if_past: continue
"""
DATED = {**FILES, "policies/contact.yaml": "fields: {renewal_date: {type: date}}\n", "sequences/held.yaml": HELD}


def steps(told: dict[str, Any]) -> dict[str, datetime]:
    """Return when each step was done."""
    return {row["step"]: datetime.fromisoformat(row["at"]) for row in told["timeline"] if row["did"] != "deferred"}


async def test_a_hold_keeps_the_rest_of_two_days_and_leaves_a_date_where_it_is(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    date = (start + 10 * DAY).date()
    known = {"time_zone": "UTC", "renewal_date": date.isoformat()}
    async with living(env, tmp_path) as world:
        await world.publish(DATED)
        people = [
            Someone(ANN | known, [(DAY, "pause", None, {}), (4 * DAY, "resume", None, {})]),
            Someone(BOB | known, [(DAY, "pause", None, {"until": 4 * DAY})]),
            Someone(EVE | known, [(DAY, "pause", None, {}), (DAY + HOUR, "meeting_booked", None, {})]),
        ]
        journey = await world.enter("held", people, start)

        await journey.live()

        *held, gone = await journey.timelines()
        for told in held:
            assert abs(steps(told)["wait-1"] - (start + 5 * DAY)) < NEAR
            assert steps(told)["wait-3"] == datetime(date.year, date.month, date.day, tzinfo=UTC)
            assert "paused until" in told["timeline"][0]["why"][0]
        assert gone["end"] == {"at": (start + DAY + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": "converted"}
        await journey.replay()


async def test_a_paused_sequence_sends_nothing_while_its_clock_runs_on(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    files = {
        **FILES,
        "sequences/two.yaml": "topic: news\nsteps:\n  - wait: 1 day\n  - send: t/hello\n  - wait: 1 day\n",
    }
    start = datetime.now(UTC).replace(microsecond=0)
    async with living(env, tmp_path) as world:
        await world.publish(files)
        journey = await world.enter("two", [Someone(ANN), Someone(BOB)], start)
        await journey.quiet()
        await paused(journey, start + HOUR)

        assert await journey.go_to(start + 3 * DAY)

        assert world.mail.mailbox.list() == []
        await resumed(journey, start + 3 * DAY)
        await journey.live()
        for told in await journey.timelines():
            assert [row["did"] for row in told["timeline"]] == ["waited", "deferred", "sent", "waited"]
            assert told["timeline"][1]["why"][-1] == "sequence paused"
            assert abs(steps(told)["wait-1"] - (start + DAY)) < NEAR
            assert abs(steps(told)["hello"] - (start + 3 * DAY)) < NEAR
        assert len(world.mail.mailbox.list()) == 2


async def paused(journey: Journey, at: datetime) -> None:
    await journey.world.database.write(lambda session: pause(session, "two", None, at, by="test"))


async def resumed(journey: Journey, at: datetime) -> None:
    def work(session: Any) -> None:
        resume(session, "two", None, at)
        stir_all(session, [session.get(Enrolment, each) for each in journey.enrolments], at)

    await journey.world.database.write(work)
    await journey.handle.signal("look")
