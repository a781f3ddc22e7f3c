"""The time-skipping server of this tier: one for all tests of this folder, each workflow on its own clock."""

import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from activities.intake import MEMBERS, SEQUENCE, VERSION

SERVER = Path(sysconfig.get_path("scripts")) / "temporal"
DYNAMIC = (
    "frontend.WorkflowTimeSkippingEnabled=true",
    # Timers are late by up to this; a second each would make a 90-day sequence slow.
    'history.timerProcessorMaxTimeShift="50ms"',
    "system.forceSearchAttributesCacheRefreshOnRead=true",
)


@asynccontextmanager
async def server(*more: str) -> AsyncIterator[WorkflowEnvironment]:
    """Start a time-skipping server with these dynamic settings beside the usual ones."""
    arguments = [part for each in (*DYNAMIC, *more) for part in ("--dynamic-config-value", each)]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        # The server stops skipping, silently, after 200 skips of one workflow unless it is told otherwise.
        ts_config=TimeSkippingConfig(max_session_skip_count=5000),
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(SERVER),
        dev_server_extra_args=arguments,
        dev_server_log_level="error",
        search_attributes=[SEQUENCE, VERSION, MEMBERS],
    )
    async with environment:
        yield environment


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    async with server() as environment:
        yield environment


@pytest_asyncio.fixture
async def restless_env() -> AsyncIterator[WorkflowEnvironment]:
    """A server that wants every history to begin anew after 60 events.

    Its skipped time is not to be compared: when a run continues as new, this server (1.32) now and then adds what it
    has skipped a second time.
    """
    async with server("limit.historyCount.suggestContinueAsNew=60") as environment:
        yield environment
