"""What Temporal says of a wave."""

import asyncio

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus

from tests.system.company import Company
from tests.system.waiting import until


def end_of(company: Company, wave: str | None, within: float = 30) -> WorkflowExecutionStatus:
    """Wait until the workflow of a wave has come to an end; return which."""

    async def ask() -> WorkflowExecutionStatus | None:
        client = await Client.connect(company.stack.addresses["temporal"])
        status = (await client.get_workflow_handle(str(wave)).describe()).status
        return None if status == WorkflowExecutionStatus.RUNNING else status

    return until(lambda: asyncio.run(ask()), "the end of the wave's workflow", within, every=0.2)


def has_set_a_timer(company: Company, wave: str | None) -> bool:
    """Whether the workflow of a wave sleeps until something is due, or has."""

    async def ask() -> bool:
        client = await Client.connect(company.stack.addresses["temporal"])
        history = await client.get_workflow_handle(str(wave)).fetch_history()
        return any(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in history.events)

    return asyncio.run(ask())
