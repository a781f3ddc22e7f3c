"""Waking the drainer costs a request nothing, and an outage of Temporal costs nobody anything."""

import asyncio
import logging
import sysconfig
import time
from functools import partial
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from starter.waker import Waker
from tests.starter.site import Sleeper, until


async def test_a_wake_signals_the_one_drainer_and_starts_it_where_it_does_not_run() -> None:
    sleeper = Sleeper()
    waker = Waker(sleeper.connect, task_queue="somewhere")

    waker.wake()
    await until(lambda: bool(sleeper.looks))
    await waker.aclose()

    [look] = sleeper.looks
    assert (look["workflow"], look["id"], look["start_signal"]) == ("Intake", "intake", "look")
    assert look["task_queue"] == "somewhere"


async def test_a_burst_becomes_two_wakes_and_the_second_comes_after_the_burst() -> None:
    sleeper = Sleeper()
    waker = Waker(sleeper.connect, pause=0.05)

    began = time.monotonic()
    waker.wake()
    await until(lambda: len(sleeper.looks) == 1)
    for _ in range(1000):
        waker.wake()
    await until(lambda: len(sleeper.looks) == 2)
    took = time.monotonic() - began
    await waker.aclose()

    assert len(sleeper.looks) == 2
    assert took >= 0.05
    assert sleeper.connections == 1


async def test_an_outage_is_said_once_and_its_end_too(caplog: pytest.LogCaptureFixture) -> None:
    sleeper = Sleeper(away=True)
    waker = Waker(sleeper.connect, pause=0.001, pause_in_an_outage=0.001)

    with caplog.at_level(logging.WARNING, "starter.waker"):
        for attempts in range(1, 6):
            waker.wake()
            await until(partial(sleeper.was_tried, attempts))
        sleeper.away = False
        waker.wake()
        await until(lambda: bool(sleeper.looks))
        await until(lambda: len(caplog.messages) == 2)
    await waker.aclose()

    assert "out of reach" in caplog.messages[0]
    assert "within reach again" in caplog.messages[1]


async def test_closing_gives_up_a_wake_that_hangs() -> None:
    class Hanging(Sleeper):
        async def start_workflow(self, workflow: str, **how: object) -> None:
            await asyncio.Event().wait()

    waker = Waker(Hanging().connect)
    waker.wake()
    await asyncio.sleep(0)

    async with asyncio.timeout(1):
        await waker.aclose()


@pytest.mark.system
async def test_temporal_itself_takes_two_wakes_as_one_drainer_with_two_signals() -> None:
    server = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(server)) as environment:

        async def connect() -> Client:
            return environment.client

        waker = Waker(connect, pause=0.001)
        for signals in (1, 2):
            waker.wake()
            async with asyncio.timeout(20):
                while await signals_in(environment.client) < signals:  # noqa: ASYNC110  a server tells nobody
                    await asyncio.sleep(0.02)
        await waker.aclose()


async def signals_in(client: Client) -> int:
    if not [each async for each in client.list_workflows()]:
        return 0
    history = await client.get_workflow_handle("intake").fetch_history()
    return sum(each.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED for each in history.events)
