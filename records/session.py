"""The one place that commits.

A database has one writer thread. Whatever waits for it when it looks is written in one transaction, each piece of
work in a savepoint of its own, and shares one durable commit: a burst of a hundred forms costs one `fsync`, and work
that fails takes nobody with it. Work is a plain function of a session, so no transaction can span an await.

Everybody is told once, and only after the commit; whatever goes wrong, the writer goes on. What the database has
certainly undone (a deadlock, a connection lost before COMMIT, a transaction SQLite gave up on a full disk) is tried
again, one piece at a time; what may have been kept is not. So work may run more than once, and changes nothing but
the session's rows.
"""

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from records.engine import READERS, open_engine
from records.waiting import Pieces, Waiting, do

Result = TypeVar("Result")
Work = Callable[[Session], Result]

TRIES = 3
_UNDONE = ("40001", "40P01")  # PostgreSQL: serialization failure, deadlock


class Database:
    """One database: `write` shares commits, `read` sees one consistent state.

    >>> database = Database("sqlite://")
    >>> database.write_now(lambda session: 1 + 1)
    2
    >>> database.close()
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)
        self._reading = self.engine.execution_options(reads=True)
        if self.engine.dialect.name == "postgresql":
            # Its default shows each statement a state of its own.
            self._reading = self._reading.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._closing = threading.Lock()
        self._closed = False
        self._writer = threading.Thread(target=self._write_on, name="writer", daemon=True)
        self._writer.start()

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction; return what it returned once that is durably committed.

        Raises what `work` raised, with nothing of it kept, or the database's error when the commit failed (when a
        server was lost at that very moment, only the rows can tell). Whoever is cancelled before the turn of `work`
        leaves nothing; later, it is written although nobody waits.
        """
        return await asyncio.wrap_future(self._enqueue(work))

    def write_now(self, work: Work[Result]) -> Result:
        """As `write`, for callers outside an event loop."""
        if threading.current_thread() is self._writer:
            raise RuntimeError("work cannot wait for other work of the same database; give that the session instead")
        return self._enqueue(work).result()

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one consistent state of the database; it may not write."""
        return await asyncio.wrap_future(self._readers.submit(self.read_now, work))

    def read_now(self, work: Work[Result]) -> Result:
        """As `read`, for callers outside an event loop."""
        with Session(self._reading, expire_on_commit=False) as session:
            result = do(work, session)
            session.expunge_all()  # a rollback empties what it still holds, and these rows are the caller's now
            return result

    def close(self) -> None:
        """Finish what waits, then let go of every connection. Work that comes later is refused."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._writer.join()
        self._readers.shutdown()
        self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def _enqueue(self, work: Work[Result]) -> "Future[Result]":
        future: Future[Result] = Future()
        with self._closing:  # so that nothing can come to wait behind the end
            if self._closed:
                raise RuntimeError("the database is closed")
            self._waiting.put(Waiting(work, future))
        return future

    def _write_on(self) -> None:
        while (first := self._waiting.get()) is not None:
            pieces = Pieces(self._waiting, first)
            again = deque(_Group(self.engine).write(pieces))
            while again:
                one_by_one = (again.popleft() for _ in range(len(again)))
                again.extend(_Group(self.engine).write(one_by_one, most=1))
            if pieces.ended:
                return


class _Undone(Exception):
    """The database gave up the whole transaction; its cause says why."""


class _Group:
    """One transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.taken: list[Waiting] = []
        self.done: list[tuple[Waiting, Any]] = []

    def write(self, pieces: Iterable[Waiting], most: int | None = None) -> list[Waiting]:
        """Write up to `most` pieces and tell everybody; return those to be tried again."""
        taking = self._take(pieces)
        try:
            with self._begun() as connection:
                for each in islice(taking, most):
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
