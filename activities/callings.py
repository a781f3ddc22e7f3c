"""Clocks whose truth is a row are called: those of follow-ups and cases that were opened, changed, or lost.

Any number of workers may call at once: each has one workflow id, and a second call changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from activities.clock import wall_clock
from domain.keys import follow_up_workflow, recovery_workflow
from records.case_letters import ask_to_look, fated
from records.case_models import ServiceCase
from records.follow_up_models import FollowUp
from records.session import Database
from records.wanting import wanting

logger = logging.getLogger("worker")

# How often, and how many at once, are called that were opened or changed.
CALL = 1.0
MOST_CALLS = 500
CALL_AGAIN = 10.0
CALLS_AT_ONCE = 10


@dataclass(frozen=True)
class Callee:
    """What is called: the rows that want it, the workflow that looks at one, and its id."""

    table: type[FollowUp] | type[ServiceCase]
    workflow: str
    id_of: Callable[[str], str]
    ask: Callable[[Database], Awaitable[None]] | None = None
    """Finds out which rows have something to look at that nobody has told them."""


async def ask_those_with_letters(main: Database) -> None:
    """Have cases look of which a letter has a fate: the ledger tells nobody."""
    if await main.read(partial(fated, most=1)):
        await main.write(partial(ask_to_look, now=wall_clock()))


FOLLOW_UPS = Callee(FollowUp, "FollowUp", follow_up_workflow)
CASES = Callee(ServiceCase, "ServiceRecovery", recovery_workflow, ask_those_with_letters)


async def call(client: Client, main: Database, callee: Callee, task_queue: str) -> None:
    """Start the workflow of everything that was opened, and have those look whose row was changed.

    One whose alarm is overdue has lost its workflow: it begins again, and goes on from the row.
    """
    called: dict[str, datetime] = {}
    again_at = 0.0
    while True:
        try:
            if asyncio.get_running_loop().time() >= again_at:  # who has not looked by then is called again
                called, again_at = {}, asyncio.get_running_loop().time() + CALL_AGAIN
            if callee.ask is not None:
                await callee.ask(main)
            wants = partial(wanting, table=callee.table, now=wall_clock(), most=MOST_CALLS, called=called)
            fresh = await main.read(wants)
            called |= dict(fresh)
            for number in range(0, len(fresh), CALLS_AT_ONCE):
                calls = (_call(client, callee, id, task_queue) for id, _ in fresh[number : number + CALLS_AT_ONCE])
                await asyncio.gather(*calls)
        except RPCError as error:
            called = {}
            logger.warning("Temporal does not answer (%s); trying again", error.status)
        except Exception:
            called = {}
            logger.exception("cannot call %s; trying again", callee.workflow)
        await asyncio.sleep(CALL)


async def _call(client: Client, callee: Callee, id: str, task_queue: str) -> None:
    await client.start_workflow(
        callee.workflow,
        id,
        id=callee.id_of(id),
        task_queue=task_queue,
        start_signal="look",
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
