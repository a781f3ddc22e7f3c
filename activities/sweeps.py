"""What every worker looks for beside its tasks: what nobody was woken for, what comes due, what was left on its way.

Any number of workers may look at once: what is started here has one workflow id, and a second start changes nothing.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from sqlmodel import Session
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.clock import wall_clock
from domain.keys import INTAKE_WORKFLOW, RETENTION_WORKFLOW, broadcast_workflow
from records import broadcasts, inbox, rounds
from records.abandoned import abandoned, lose_abandoned
from records.broadcast_models import Broadcast
from records.falling_due import next_due
from records.published import Published
from records.runs import anything_to_send_out
from records.session import Database

logger = logging.getLogger("worker")

# Every worker looks this often whether something waits that nobody was woken for (house.md section 2).
SWEEP = 2.0
# How often messages are looked for that somebody left on their way and nobody asks for.
BURY = 30.0
# How often every broadcast is called that is not over: one whose workflow was lost begins again, and goes on.
CALL_ALL = 60.0


async def bury(main: Database) -> None:
    """Write `unknown` behind messages that a dead worker left on their way, and that no run asks for any more."""
    while True:
        try:
            await _bury_now(main, wall_clock())
        except Exception:
            logger.exception("cannot look for messages left on their way; trying again")
        await asyncio.sleep(BURY)


async def _bury_now(main: Database, now: datetime) -> None:
    left = await main.read(lambda session: abandoned(session, now))
    if left:
        await main.write(lambda session: lose_abandoned(session, left, now))
        logger.warning("the fate of %d messages is unknown: worker dead, run over", len(left))


async def sweep(client: Client, main: Database, received: Database, task_queue: str) -> None:
    """Wake the drainer for whatever waits: a form whose wake was lost, a start or a signal that did not get out.

    Also for what comes due: it is woken within the second.
    """
    while True:
        await asyncio.sleep(await _until_due(main))
        try:
            if await received.read(_anything_is_ready) or await main.read(_anything_waits):
                await client.start_workflow("Intake", id=INTAKE_WORKFLOW, task_queue=task_queue, start_signal="look")
        except RPCError as error:
            logger.warning("Temporal does not answer (%s); trying again", error.status)
        except Exception:
            logger.exception("cannot look for what waits; trying again")


def _anything_is_ready(session: Session) -> bool:
    return inbox.is_waiting(session, wall_clock())


def _anything_waits(session: Session) -> bool:
    due = next_due(session)
    return anything_to_send_out(session) or (due is not None and due <= wall_clock())


async def _until_due(main: Database) -> float:
    """Return the seconds until something comes due, at most those between two looks."""
    try:
        due = await main.read(next_due)
    except Exception:
        return SWEEP  # said by the look that follows
    left = (due - wall_clock()).total_seconds() if due is not None else SWEEP
    return left if 0 < left < SWEEP else SWEEP


async def make_rounds(client: Client, main: Database, every: timedelta, task_queue: str) -> None:
    """Begin a round through all contacts when it is time, and after each publication."""
    published = Published()
    while True:
        await asyncio.sleep(SWEEP)
        try:
            if await main.read(lambda session: rounds.is_wanted(session, published, wall_clock(), every)):
                await client.start_workflow("Retention", id=RETENTION_WORKFLOW, task_queue=task_queue)
        except WorkflowAlreadyStartedError:
            continue
        except RPCError as error:
            logger.warning("Temporal does not answer (%s); trying again", error.status)
        except Exception:
            logger.exception("cannot look whether a round is due; trying again")


async def call_broadcasts(client: Client, main: Database, task_queue: str) -> None:
    """Have every broadcast look whose row was changed, and each that is not over now and then."""
    next_round = 0.0
    while True:
        try:
            rows = await main.read(broadcasts.active)
            everybody = asyncio.get_running_loop().time() >= next_round
            for row in rows:
                if row.asked_at is not None or everybody:
                    await _call(client, main, row, task_queue)
            if everybody:
                next_round = asyncio.get_running_loop().time() + CALL_ALL
        except RPCError as error:
            logger.warning("Temporal does not answer (%s); trying again", error.status)
        except Exception:
            logger.exception("cannot call broadcasts; trying again")
        await asyncio.sleep(SWEEP)


async def _call(client: Client, main: Database, row: Broadcast, task_queue: str) -> None:
    """Start a broadcast's workflow where it does not run; signal it only if somebody asked."""
    asked_at, id = row.asked_at, row.id
    try:
        await client.start_workflow(
            "Broadcast",
            id,
            id=broadcast_workflow(id),
            task_queue=task_queue,
            static_summary=row.name,
            start_signal=None if asked_at is None else "look",
        )
    except WorkflowAlreadyStartedError:
        return
    if asked_at is not None:
        await main.write(lambda session: broadcasts.was_told(session, id, asked_at))
