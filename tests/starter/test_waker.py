"""Waking the drainer costs a request nothing, and an outage of Temporal costs nobody anything."""

import asyncio
import logging
import time
from functools import partial

import pytest

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
