"""A clock whose truth is a row: it sleeps until something rings or somebody calls, asks, and sleeps again.

What follow-ups and cases have in common. Whatever dies goes on from the row.
"""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.follow_up_door import REFUSED

Answer = TypeVar("Answer")

# Continue as new at this many events.
MOST_EVENTS = 2_000


async def unless_refused(deed: Awaitable[Answer]) -> Answer:
    """Return what became of what a person wants done, or raise the refusal as it was put.

    Whoever asked is told the reason, not by which activity it was found.
    """
    try:
        return await deed
    except ActivityError as error:
        if isinstance(error.cause, ApplicationError) and error.cause.type == REFUSED:
            raise ApplicationError(error.cause.message, type=REFUSED, non_retryable=True) from None
        raise


class Standing(Protocol):
    """Where something stands after so many `moves`, and when something rings next."""

    @property
    def moves(self) -> int: ...
    @property
    def due(self) -> datetime | None: ...


Seen = TypeVar("Seen", bound=Standing)


class Clockwork(Generic[Seen]):
    """Knows what it has seen last, and when to look again."""

    def __init__(self) -> None:
        self.called = True  # whatever has happened before it began, it has not seen
        self.seen: Seen | None = None

    async def rest(self) -> None:
        """Sleep until something rings, somebody calls, or an action has changed when that is."""
        due = self.seen.due if self.seen is not None else None
        moves = self.seen.moves if self.seen is not None else 0
        workflow.set_current_details(f"next: {due or 'when it is called'}")
        timeout = None if due is None else max(due - workflow.now(), timedelta(0))
        try:
            await workflow.wait_condition(lambda: self.called or self.has_moved(moves), timeout=timeout)
        except TimeoutError:
            return

    def saw(self, stands: Seen) -> None:
        """Keep where it stands; of two answers the one after more moves."""
        if self.seen is None or stands.moves >= self.seen.moves:
            self.seen = stands

    def has_moved(self, moves: int) -> bool:
        """Whether an action came in between."""
        return self.seen is not None and self.seen.moves != moves

    def has_to_look(self) -> bool:
        """Whether something rings now, or somebody called."""
        due = self.seen.due if self.seen is not None else None
        return self.called or self.seen is None or (due is not None and due <= workflow.now())

    def is_long(self) -> bool:
        """Whether the history should begin anew."""
        info = workflow.info()
        return (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= MOST_EVENTS
            or info.is_target_worker_deployment_version_changed()
        )
