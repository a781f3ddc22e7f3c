"""Wakes the drainer after something came in, without anybody waiting for it.

A wake is a courtesy: what came in is on disk, and every worker looks at the inbox by itself every two seconds. So
wakes are merged (at most ten a second) and lost without harm while Temporal is away.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy

from domain.keys import INTAKE_WORKFLOW
from workflows.options import TASK_QUEUE

logger = logging.getLogger(__name__)

PAUSE = 0.1
PAUSE_IN_AN_OUTAGE = 2.0
PATIENCE = timedelta(seconds=5)


class Waker:
    """Signals the intake workflow, starting it where it does not run. Connects at the first wake."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Client]],
        *,
        task_queue: str = TASK_QUEUE,
        pause: float = PAUSE,
        pause_in_an_outage: float = PAUSE_IN_AN_OUTAGE,
    ) -> None:
        self._connect = connect
        self._task_queue = task_queue
        self._pauses = {True: pause, False: pause_in_an_outage}
        self._client: Client | None = None
        self._wanted = False
        self._waking: asyncio.Task[None] | None = None
        self._reached = True
        self._later: set[asyncio.TimerHandle] = set()

    def wake_in(self, wait: timedelta) -> None:
        """Have the drainer look after a while. Returns at once and never raises; call it on the event loop."""

        def wake() -> None:
            self._later.discard(handle)
            self.wake()

        handle = asyncio.get_running_loop().call_later(wait.total_seconds(), wake)
        self._later.add(handle)

    def wake(self) -> None:
        """Have the drainer look soon. Returns at once and never raises; call it on the event loop."""
        self._wanted = True
        if self._waking is None or self._waking.done():
            self._waking = asyncio.get_running_loop().create_task(self._wake_while_wanted())

    async def aclose(self) -> None:
        """Stop; a wake on its way is given up."""
        for handle in self._later:
            handle.cancel()
        if self._waking is not None:
            self._waking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._waking

    async def _wake_while_wanted(self) -> None:
        while self._wanted:
            self._wanted = False
            reached = await self._try_to_wake()
            await asyncio.sleep(self._pauses[reached])

    async def _try_to_wake(self) -> bool:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await self._look()
        except Exception as error:
            self._client = None
            if self._reached:  # once an outage, not once a request
                logger.warning("temporal: out of reach (%s); what comes in is kept for later", type(error).__name__)
            self._reached = False
            return False
        if not self._reached:
            logger.warning("temporal: within reach again")
        self._reached = True
        return True

    async def _look(self) -> None:
        if self._client is None:
            self._client = await self._connect()
        await self._client.start_workflow(
            "Intake",
            id=INTAKE_WORKFLOW,
            task_queue=self._task_queue,
            start_signal="look",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            rpc_timeout=PATIENCE,
        )
