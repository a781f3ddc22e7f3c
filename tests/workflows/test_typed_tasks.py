"""`rapport task …` against a worker: what is typed is done when the command returns, or refused with a sentence."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from tests.starter.small_home import SmallHome, Typed
from tests.workflows.test_acting import FILES as STAFF
from tests.workflows.test_sequence import ANN
from tests.workflows.test_sequence import FILES as HOME
from tests.workflows.world import Journey, Someone, World, living

pytestmark = pytest.mark.workflow

CALLED = """
topic: news
steps:
  - task: Call {{ contact.first_name }}
    team: sales
    outcomes:
      booked: [{exit: booked}]
      otherwise: [{exit: other}]
"""
# Without calendars everybody is on duty, whenever the test runs.
FILES = STAFF | {"policies/messaging.yaml": HOME["policies/messaging.yaml"], "sequences/called.yaml": CALLED}


@dataclass
class Typist:
    """Somebody at a command line, beside a worker."""

    world: World
    home: SmallHome
    journey: Journey

    async def type(self, *words: str) -> Typed:
        with self.world.env.with_time_skipping_disabled():
            return await asyncio.to_thread(self.home.type, "task", *words)

    async def tasks(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.type("list", *words, "--json")).document["tasks"]
        return found


@pytest_asyncio.fixture
async def typist(
    env: WorkflowEnvironment,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Typist]:
    async with living(env, tmp_path) as world:
        await world.publish(FILES)
        for name, value in {
            "RAPPORT_DATABASE_URL": world.database.url,
            "RAPPORT_INBOX_URL": f"sqlite:///{tmp_path}/inbox.db",
            "RAPPORT_TASK_QUEUE": world.task_queue,
            "TEMPORAL_ADDRESS": env.client.service_client.config.target_host,
        }.items():
            monkeypatch.setenv(name, value)
        start = datetime.now(UTC).replace(microsecond=0)
        journey = await world.enter("called", [Someone(ANN)], start)
        await journey.quiet()
        yield Typist(world, SmallHome(tmp_path, capsys), journey)


async def test_a_task_of_a_sequence_is_accepted_and_completed_and_the_run_goes_on_from_there(typist: Typist) -> None:
    [task] = await typist.tasks("--person", "ada")

    accepted = await typist.type("accept", task["id"], "--by", "ada@acme.example")
    other = await typist.type("accept", task["id"], "--by", "bob")
    wrong = await typist.type("complete", task["id"], "--outcome", "boked", "--by", "ada")
    done = await typist.type("complete", task["id"], "--outcome", "booked", "--note", "Friday", "--json")
    again = await typist.type("complete", task["id"], "--outcome", "booked")

    assert (accepted.status, accepted.out.startswith("Call Ann: with ada, accepted; due ")) == (0, True)
    assert (other.status, other.err) == (1, "task: this task is with ada; have it reassigned to bob first\n")
    assert (wrong.status, wrong.err) == (
        1,
        "task: 'boked' is no outcome of this task; use one of booked, or 'otherwise'\n",
    )
    assert (done.status, done.document["outcome"], done.document["person"]) == (0, "booked", "operator")
    assert again.status == 1
    assert again.err.startswith("task: this task was completed with 'booked' by operator at ")
    shown = (await typist.type("show", task["id"])).out
    assert "Call Ann: completed with 'booked' by operator\n  Friday\n" in shown
    # The run's end is written by the wave, which is woken.
    await typist.journey.handle.signal("look")
    await typist.journey.end()
    [end] = [each["end"] for each in await typist.journey.timelines()]
    assert end["reason"] == "exited:booked"


async def test_whatever_else_is_the_answer_the_run_takes_the_other_way(typist: Typist) -> None:
    [task] = await typist.tasks()

    typed = await typist.type("complete", task["id"], "--outcome", "otherwise")
    await typist.journey.handle.signal("look")
    await typist.journey.end()

    [end] = [each["end"] for each in await typist.journey.timelines()]
    assert (typed.status, end["reason"]) == (0, "exited:other")


async def test_a_task_is_put_off_handed_on_commented_and_cancelled(typist: Typist) -> None:
    [task] = await typist.tasks()
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"

    put_off = await typist.type("snooze", task["id"], "--until", tomorrow, "--json")
    too_far = await typist.type("snooze", task["id"], "--until", "2126-03-27T09:00:00Z")
    handed = await typist.type("reassign", task["id"], "--to", "bob", "--note", "French", "--json")
    said = await typist.type("comment", task["id"], "--note", "Busy", "--by", "bob", "--id", "c-1", "--json")
    twice = await typist.type("comment", task["id"], "--note", "Busy", "--by", "bob", "--id", "c-1")
    cancelled = await typist.type("cancel", task["id"], "--reason", "sold")

    assert (put_off.status, put_off.document["stands_still_until"]) == (0, tomorrow)
    assert (too_far.status, too_far.err.startswith("task: a task may be put off by 5 business days; give ")) == (
        1,
        True,
    )
    assert (handed.document["assignee"], handed.document["accepted_at"]) == ("bob", None)
    assert (said.document["did"], said.document["key"], twice.status) == ("comment", "c-1", 0)
    assert cancelled.out == "Call Ann: cancelled by operator\n"
    story = (await typist.type("show", task["id"], "--json")).document
    assert [each["event"] for each in story["timeline"]] == [
        *("task_opened", "task_assigned", "task_snoozed", "task_assigned", "task_commented", "task_cancelled"),
    ]
    assert story["note"] == "sold"
