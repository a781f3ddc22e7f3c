"""What people want done about a follow-up or a case, done: by the command line, the API and the links of mails alike.

The one thing to know: an action has a key. Asked again with the same one it is done once, so whoever does not learn
what became of it asks again. A follow-up or a case whose workflow was lost gets a new one by being acted on.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from temporalio.client import Client, RPCTimeoutOrCancelledError, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain import recovery_actions
from domain.follow_up_actions import Action, Asked, without_words, words_of
from domain.follow_up_door import REFUSED, Stands
from domain.keys import follow_up_workflow, recovery_workflow
from domain.recovery_actions import CaseAction, CaseAsked
from domain.recovery_door import CaseStands
from records.follow_up_words import lay_down
from records.session import Database
from settings import Settings, connect_options
from workflows.options import TASK_QUEUE

# So long somebody who acts waits for an answer. It takes milliseconds where a worker runs.
PATIENCE = timedelta(seconds=10)
PAUSE = 0.1
# The workflow ended, or was ended, between the question and its answer; or it is asked very much at once.
_PASSING = {RPCStatusCode.NOT_FOUND, RPCStatusCode.ABORTED, RPCStatusCode.RESOURCE_EXHAUSTED}
_CUT_OFF = "AcceptedUpdateCompletedWorkflow"

Answer = TypeVar("Answer", bound=BaseModel)


class Refused(Exception):
    """It makes no sense as things stand, and nothing was done. The text is for whoever asked, as it is."""


class OutOfReach(Exception):
    """Nobody answered. `maybe_done` tells whether it may be done all the same; the same key is safe to ask again."""

    def __init__(self, what: str, *, maybe_done: bool) -> None:
        super().__init__(what)
        self.maybe_done = maybe_done


def connecting(settings: Settings) -> Callable[[], Awaitable[Client]]:
    """Return how to connect to Temporal so that actions can be sent; nothing happens before it is called."""

    async def connect() -> Client:
        return await Client.connect(**connect_options(settings), data_converter=pydantic_data_converter)

    return connect


class Desk:
    """Where people say what they want done about follow-ups and cases. Connects at the first action."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Client]],
        main: Database,
        *,
        task_queue: str = TASK_QUEUE,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._connect = connect
        self._main = main
        self._task_queue = task_queue
        self._patience = patience
        self._client: Client | None = None

    async def act(self, follow_up: str, action: Action, key: str) -> Stands:
        """Do what somebody wants done; return where the follow-up stands then. `key` names this one deed.

        Raises `Refused` with a sentence for them, and `OutOfReach` if nobody answers in time.
        """
        now = datetime.now(UTC)
        asked = Asked(action=without_words(action), at=now)
        door = _Door("FollowUp", follow_up, follow_up_workflow(follow_up), Stands)
        return await self._ask_at(door, asked, _Deed(key, words_of(action), now))

    async def act_on_case(self, case: str, action: CaseAction, key: str) -> CaseStands:
        """Do what somebody wants done about a case, by its id; return where it stands then. As `act` otherwise."""
        now = datetime.now(UTC)
        asked = CaseAsked(action=recovery_actions.without_words(action), at=now)
        door = _Door("ServiceRecovery", case, recovery_workflow(case), CaseStands)
        return await self._ask_at(door, asked, _Deed(key, recovery_actions.words_of(action), now))

    async def _ask_at(self, door: "_Door[Answer]", asked: BaseModel, deed: "_Deed") -> Answer:
        connected = False
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                client = await self._connected()
                if deed.words is not None:
                    await self._main.write(lambda session: lay_down(session, deed.key, deed.words, deed.at))
                connected = True
                return await _ask_until_answered(client, door, asked, deed.key, self._task_queue)
        except SQLAlchemyError:
            # Its text would repeat what was written.
            raise OutOfReach(
                "the database is out of reach, and nothing was done; try again", maybe_done=False
            ) from None
        except (RPCError, RPCTimeoutOrCancelledError, RuntimeError, OSError, TimeoutError) as error:
            raise _out_of_reach(error, maybe_done=connected) from None

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await self._connect()
        return self._client


@dataclass(frozen=True)
class _Door(Generic[Answer]):
    """Whom an action is put to: a workflow, what it is about, and what it answers with."""

    workflow: str
    about: str
    workflow_id: str
    answer: type[Answer]


@dataclass(frozen=True)
class _Deed:
    """One deed by its key; its words go another way than the rest."""

    key: str
    words: str | None
    at: datetime


async def _ask_until_answered(
    client: Client, door: _Door[Answer], asked: BaseModel, key: str, task_queue: str
) -> Answer:
    while True:
        try:
            return await _ask(client, door, asked, key, task_queue)
        except RPCError as error:
            if error.status not in _PASSING:
                raise
        except WorkflowUpdateFailedError as error:
            _tell_why(error)
        await asyncio.sleep(PAUSE)


async def _ask(client: Client, door: _Door[Answer], asked: BaseModel, key: str, task_queue: str) -> Answer:
    begun = WithStartWorkflowOperation[object, object](
        door.workflow,
        door.about,
        id=door.workflow_id,
        task_queue=task_queue,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    try:
        stands: Answer = await client.execute_update_with_start_workflow(
            "act", asked, start_workflow_operation=begun, id=key, result_type=door.answer
        )
    except BaseException:
        # The library keeps the error there, too, and would complain that nobody has asked for it.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(0):
                await begun.workflow_handle()
        raise
    return stands


def _tell_why(error: WorkflowUpdateFailedError) -> None:
    """Raise what an update that failed means; return where it is to be asked again."""
    cause: BaseException | None = error.cause
    while cause is not None and not (isinstance(cause, ApplicationError) and cause.type in (REFUSED, _CUT_OFF)):
        cause = cause.__cause__
    if cause is None:
        raise OutOfReach(
            "the worker could not do this; nothing was done, and its log tells why", maybe_done=False
        ) from error
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        raise Refused(cause.message) from None


def _out_of_reach(error: Exception, *, maybe_done: bool) -> OutOfReach:
    if not maybe_done:
        return OutOfReach("Temporal is out of reach, and nothing was done; try again", maybe_done=False)
    why = f" ({error.status.name.lower()})" if isinstance(error, RPCError) else ""
    return OutOfReach(
        f"no worker answered in time{why}; this may be done or not, and to ask again does it once", maybe_done=True
    )
