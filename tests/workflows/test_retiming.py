"""A calendar that changes while people sleep on it, on the time-skipping server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.test_sequence import ANN, DAY, FILES
from tests.workflows.world import Journey, Someone, World, living

pytestmark = pytest.mark.workflow

MINUTE = timedelta(minutes=1)


def home(start: datetime, steps: str, shut: range) -> dict[str, str]:
    """A company that never closes but on some days, counted from the start."""
    also = ", ".join(f'"{(start + n * DAY).date()}"' for n in shut)
    calendar = f'{{zone: UTC, hours: {{mon-sun: ["00:00-24:00"]}}, holidays: {{also: [{also}]}}}}'
    calendars = f"default: office\ncalendars:\n  office: {calendar}\n"
    return {**FILES, "policies/calendars.yaml": calendars, "sequences/counts.yaml": f"topic: news\n{steps}"}


async def begun(world: World, start: datetime, files: dict[str, str]) -> Journey:
    await world.publish(files)
    journey = await world.enter("counts", [Someone(ANN)], start)
    await journey.quiet()
    return journey


async def republished(world: World, journey: Journey, at: datetime, files: dict[str, str]) -> None:
    assert await journey.go_to(at)
    await world.publish(files)
    await journey.handle.signal("look")  # as the intake does for every row of `wake`
    await journey.quiet()


@pytest.fixture
def start() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


WAIT = "steps: [{wait: 5 business days}, {update: {score: +1}}]"
SEND = "window: office\nsteps: [{send: t/hello, expires: 60 days}]"


@pytest.mark.parametrize("steps", [WAIT, SEND])
async def test_days_that_are_opened_wake_whoever_slept_over_them_at_once(
    env: WorkflowEnvironment, tmp_path: Path, start: datetime, steps: str
) -> None:
    async with living(env, tmp_path) as world:
        journey = await begun(world, start, home(start, steps, range(30)))

        await republished(world, journey, start + 10 * DAY, home(start, steps, range(20, 30)))
        await journey.end()

        (told,) = await journey.timelines()
        assert abs(datetime.fromisoformat(told["end"]["at"]) - (start + 10 * DAY)) < MINUTE


async def test_days_that_are_closed_wake_whoever_counts_on_them_and_they_sleep_again(
    env: WorkflowEnvironment, tmp_path: Path, start: datetime
) -> None:
    async with living(env, tmp_path) as world:
        journey = await begun(world, start, home(start, WAIT, range(0)))

        await republished(world, journey, start + 2 * DAY, home(start, WAIT, range(3, 6)))
        await journey.end()

        (told,) = await journey.timelines()
        assert datetime.fromisoformat(told["timeline"][0]["until"]) == start + 8 * DAY
        assert [row["did"] for row in told["timeline"]] == ["waited", "updated"]
