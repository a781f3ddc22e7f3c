"""How a database is opened: SQLite and PostgreSQL made to keep the same promises.

A commit is on disk before it returns, foreign keys hold, and a lock that somebody else forgot stops nobody for ever.
Errors name statements, never their values: error texts travel into logs and histories, where nothing personal belongs.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

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
    engine = create_engine(url, poolclass=QueuePool, connect_args=connecting, hide_parameters=True, **most)

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
    engine = create_engine(url, pool_size=READERS + 1, pool_pre_ping=True, connect_args=waits, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The writer is one thread: a lock somebody forgot in another program must not stop it for ever.
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
        connection.autocommit = False

    return engine
