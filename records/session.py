"""The one place that commits.

A database has one writer thread. Whatever waits for it when it looks is written in one transaction, each piece of
work in a savepoint of its own, and shares one durable commit: a burst of a hundred forms costs one `fsync`, and work
that fails takes nobody with it. Work is a plain function of a session, so no transaction can span an await. It may be
run again when the database gave up the first run (a deadlock), so it changes nothing but the session's rows.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

from records.group import Waiting, do, write_together

Result = TypeVar("Result")
Work = Callable[[Session], Result]

READERS = 4
PATIENCE = 30  # seconds to wait for a lock that another process holds


def open_engine(url: str) -> Engine:
    """Return an engine on `url`; SQLite in WAL mode, every commit on disk before it returns.

    Execution option `writes` takes SQLite's write lock at BEGIN; `reads` refuses to write. A database in memory has
    one connection, which everybody shares in turn.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        return _open_postgresql(url)
    in_memory = address.database in (None, "", ":memory:")
    most = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": READERS + 1}
    connecting = {"check_same_thread": False, "timeout": PATIENCE}
    engine = create_engine(url, poolclass=QueuePool, connect_args=connecting, **most)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it too late
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes its lock at once: one that read first could be refused at its first write, too late to wait.
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if options.get('reads') else 'OFF'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return engine


def _open_postgresql(url: str) -> Engine:
    waits = {"connect_timeout": 10} if "connect_timeout" not in make_url(url).query else {}
    engine = create_engine(url, pool_size=READERS + 1, pool_pre_ping=True, connect_args=waits)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The writer is one thread: a lock somebody forgot in another program must not stop it for ever.
        connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
        connection.commit()

    return engine


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
            if write_together(self.engine, self._waiting, first):
                return
