"""The time-skipping server of this tier: one for all tests, each workflow on its own clock."""

import sysconfig
from collections.abc import AsyncIterator
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
    # A history begins anew often here, so that every longer test is also one of continuing as new.
    "limit.historyCount.suggestContinueAsNew=60",
    "system.forceSearchAttributesCacheRefreshOnRead=true",
)


@pytest_asyncio.fixture(scope="session")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    arguments = [part for each in DYNAMIC for part in ("--dynamic-config-value", each)]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        # The server stops skipping, silently, after 200 skips of one workflow unless it is told otherwise.
        ts_config=TimeSkippingConfig(max_session_skip_count=5000),
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(SERVER),
        dev_server_extra_args=arguments,
        search_attributes=[SEQUENCE, VERSION, MEMBERS],
    )
    async with environment:
        yield environment
