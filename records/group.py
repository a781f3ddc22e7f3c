"""Work that shares one commit.

Everybody in a group is told once, and only after the commit; whatever goes wrong, the thread that writes goes on. What
the database has certainly undone (a deadlock, a connection lost before COMMIT, a transaction SQLite gave up on a full
disk) is tried again, one piece at a time; what may have been kept is not.
"""

import queue
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

Result = TypeVar("Result")

MOST_WORK = 100
MOST_TIME = 0.05  # seconds
TRIES = 3
_UNDONE = ("40001", "40P01")  # PostgreSQL: serialization failure, deadlock


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


def write_together(engine: Engine, waiting: "queue.SimpleQueue[Waiting | None]", first: Waiting) -> bool:
    """Write `first` and what waits behind it; return whether the end of the queue, a None, was met."""
    pieces = _Pieces(waiting, first)
    again = _Group(engine).write(pieces)
    while again:
        each = again.pop(0)
        again += _Group(engine).write([each])
    return pieces.ended


class _Pieces:
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


class _Undone(Exception):
    """The database gave up the whole transaction; its cause says why."""


class _Group:
    """One transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.taken: list[Waiting] = []
        self.done: list[tuple[Waiting, Any]] = []

    def write(self, pieces: Iterable[Waiting]) -> list[Waiting]:
        """Write the pieces and tell everybody; return those to be tried again."""
        taking = self._take(pieces)
        try:
            with self._begun() as connection:
                for each in taking:
                    self._write_one(connection, each)
        except BaseException as error:
            if not self.taken:  # BEGIN failed; those who wait behind need not find out one by one
                list(taking)
            return self._fail(error)
        for each, result in self.done:
            each.future.set_result(result)
        return []

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def _take(self, pieces: Iterable[Waiting]) -> Iterator[Waiting]:
        for each in pieces:
            # Whoever asked may have left before we begin; from here on they cannot.
            if each.tried or each.future.set_running_or_notify_cancel():
                self.taken.append(each)
                yield each

    def _write_one(self, connection: Connection, each: Waiting) -> None:
        try:
            with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
                result = do(each.work, session)
                session.commit()
        except Exception as error:
            if _is_undone(connection, error):
                raise _Undone from error
            each.future.set_exception(error)
        else:
            self.done.append((each, result))

    def _fail(self, error: BaseException) -> list[Waiting]:
        undone = isinstance(error, _Undone)
        cause = error.__cause__ or error if undone else error
        again = []
        for each in self.taken:
            if each.future.done():
                continue
            each.tried += 1
            if undone and each.tried < TRIES:
                again.append(each)
            else:
                each.future.set_exception(cause)
        return again


def _is_undone(connection: Connection, error: BaseException | None) -> bool:
    if connection.invalidated:
        return True  # lost before COMMIT was said
    if connection.dialect.name == "sqlite":
        # A full disk can end the transaction; what came after would be written at once, for nobody holds it together.
        driver = connection.connection.driver_connection
        return driver is not None and not driver.in_transaction
    while error is not None:
        if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _UNDONE:
            return True
        error = error.__cause__ or error.__context__
    return False
