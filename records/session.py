"""The one place that commits.

A database has one writer thread. Whatever waits for it when it looks is written in one transaction, each piece of
work in a savepoint of its own, and shares one durable commit: a burst of a hundred forms costs one `fsync`, and work
that fails takes nobody with it. Work is a plain function of a session, so no transaction can span an await.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

Result = TypeVar("Result")
Work = Callable[[Session], Result]

MOST_WORK = 100
MOST_TIME = 0.05
READERS = 4


def open_engine(url: str) -> Engine:
    """Return an engine on `url`; SQLite in WAL mode, every commit on disk before it returns."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=READERS + 1, pool_pre_ping=True)
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=READERS + 1, connect_args={"check_same_thread": False, "timeout": 30}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it too late
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that read first could be refused at its first write, too late to wait.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@dataclass
class _Waiting:
    work: Work[Any]
    future: Future[Any]


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
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._writer = threading.Thread(target=self._write_on, name="writer", daemon=True)
        self._writer.start()
        self._closed = False

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction; return what it returned once that is durably committed.

        Raises what `work` raised, with nothing of it kept, or the database's error when the commit failed.
        """
        return await asyncio.wrap_future(self._enqueue(work))

    def write_now(self, work: Work[Result]) -> Result:
        """As `write`, for callers outside an event loop."""
        return self._enqueue(work).result()

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one consistent state of the database; it may not write."""
        return await asyncio.wrap_future(self._readers.submit(self.read_now, work))

    def read_now(self, work: Work[Result]) -> Result:
        """As `read`, for callers outside an event loop."""
        with Session(self.engine, expire_on_commit=False) as session:
            result = work(session)
            session.expunge_all()  # a rollback empties what it still holds, and these rows are the caller's now
            return result

    def close(self) -> None:
        """Finish what waits, then let go of every connection."""
        if not self._closed:
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
        if self._closed:
            raise RuntimeError("the database is closed")
        future: Future[Result] = Future()
        self._waiting.put(_Waiting(work, future))
        return future

    def _write_on(self) -> None:
        while (first := self._waiting.get()) is not None:
            together = _Together(self._waiting, first)
            together.write(self.engine)
            if together.last:
                return


class _Together:
    """The work that shares one commit."""

    def __init__(self, waiting: "queue.SimpleQueue[_Waiting | None]", first: _Waiting) -> None:
        self.waiting, self.first, self.last = waiting, first, False
        self.done: list[tuple[_Waiting, Any]] = []

    def write(self, engine: Engine) -> None:
        try:
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                for each in self._pieces():
                    self._write_one(connection, each)
        except Exception as error:
            self._fail(error)
        else:
            for each, result in self.done:
                each.future.set_result(result)

    def _pieces(self) -> Iterator[_Waiting]:
        until = time.monotonic() + MOST_TIME
        yield self.first
        for _ in range(MOST_WORK - 1):
            if time.monotonic() > until:
                return
            try:
                each = self.waiting.get_nowait()
            except queue.Empty:
                return
            if each is None:
                self.last = True
                return
            yield each

    def _write_one(self, connection: Connection, each: _Waiting) -> None:
        if not each.future.set_running_or_notify_cancel():
            return  # whoever asked has left before we began; from here on they cannot
        try:
            with _savepoint(connection) as session:
                result = each.work(session)
        except Exception as error:
            each.future.set_exception(error)
        else:
            self.done.append((each, result))

    def _fail(self, error: Exception) -> None:
        # The commit (or the begin) failed: nothing of this is kept, and everybody who waits is told.
        for each, _ in self.done or [(self.first, None)]:
            if not each.future.done():
                each.future.set_exception(error)


@contextmanager
def _savepoint(connection: Connection) -> Iterator[Session]:
    with Session(bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        yield session
        session.commit()
