"""Work that waits for the writer, and who waits for it."""

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlmodel import Session

Result = TypeVar("Result")

MOST_WORK = 100
MOST_TIME = 0.05  # seconds


@dataclass
class Waiting:
    """A piece of work, and who waits for it. `tried` counts the runs that the database gave up."""

    work: Callable[[Session], Any]
    future: "Future[Any]"
    tried: int = 0


def do(work: Callable[[Session], Result], session: Session) -> Result:
    """Run `work`. What would be taken for an end of its caller's own (StopIteration, SystemExit) comes out as an error.

    An event loop never hands on a StopIteration: whoever waits for it would wait for ever.
    """
    try:
        return work(session)
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, StopIteration):
            raise
        raise RuntimeError(f"the work ended with {type(error).__name__}: {error}") from error


class Pieces:
    """What waits now: at most MOST_WORK pieces, and none is begun after MOST_TIME."""

    def __init__(self, waiting: "queue.SimpleQueue[Waiting | None]", first: Waiting) -> None:
        self.waiting, self.first, self.ended = waiting, first, False

    def __iter__(self) -> Iterator[Waiting]:
        until = time.monotonic() + MOST_TIME
        yield self.first
        for _ in range(MOST_WORK - 1):
            if time.monotonic() > until or self.waiting.empty():
                return
            each = self.waiting.get()
            if each is None:
                self.ended = True
                return
            yield each
