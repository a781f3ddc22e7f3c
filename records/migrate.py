"""Bring a database up to what this code expects: `migrate_main`, `migrate_inbox`.

One transaction, one process at a time: whoever comes second waits, finds nothing to do, and goes on. There is no way
back; a database that is newer than the code is refused untouched.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from records.engine import open_engine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")
_EXAMPLES = "write it as sqlite:///folder/main.db or postgresql://user:password@host/name"
# Any number does, as long as it stays: PostgreSQL knows an advisory lock by nothing else.
_ADVISORY_LOCK = 7_267_704
_ONE_AT_A_TIME = threading.Lock()  # Alembic keeps what it works on in a module's variables
_PATIENCE = 60  # seconds to wait for another process that migrates


class DatabaseProblem(Exception):
    """The database cannot be used as it is; the message names it (without its password) and says what to do."""


class TooNew(DatabaseProblem):
    """The database was migrated by a later version of this code."""


def migrate_main(url: str, revisions: Path = MIGRATIONS) -> None:
    """Create or upgrade the main database, and the folder of its file.

    Raises DatabaseProblem when it cannot be reached or changed, TooNew when it is ahead of this code.
    """
    _migrate(url, "main", revisions)


def migrate_inbox(url: str, revisions: Path = MIGRATIONS) -> None:
    """As `migrate_main`, for the inbox; on PostgreSQL both may share one database."""
    _migrate(url, "inbox", revisions)


def configuration(connection: Connection, name: str, revisions: Path = MIGRATIONS) -> Config:
    """Return Alembic's configuration for the database `name`, `main` or `inbox`, open on `connection`."""
    config = Config(attributes={"connection": connection, "database": name})
    # Alembic reads its options with %-interpolation, and a folder's name may hold one.
    config.set_main_option("script_location", str(revisions).replace("%", "%%"))
    config.set_main_option("version_locations", str(revisions / name).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _migrate(url: str, name: str, revisions: Path) -> None:
    address = _address(url)
    place = address.render_as_string(hide_password=True)
    try:
        with _ONE_AT_A_TIME, _alone(address), _begun(address) as connection:
            config = configuration(connection, name, revisions)
            _refuse_newer(connection, config, name, place)
            command.upgrade(config, "head")
            _refuse_orphans(connection, place)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise DatabaseProblem(f"{place}: {_what(error)}; {_way_out(error)}") from error


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # it is not quoted: a password may stand in it
        raise DatabaseProblem(f"the database's address cannot be read; {_EXAMPLES}") from error
    if address.drivername not in _DRIVERS:
        raise DatabaseProblem(f"{address.drivername}: this kind of database is not supported; {_EXAMPLES}")
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise DatabaseProblem(f"{url}: a database in memory keeps nothing; {_EXAMPLES}")
    return address


@contextmanager
def _alone(address: URL) -> Iterator[None]:
    """Keep other processes from migrating the same SQLite file; PostgreSQL has its own lock, taken in `_begun`."""
    if address.get_backend_name() != "sqlite":
        yield
        return
    file = Path(str(address.database))
    file.parent.mkdir(parents=True, exist_ok=True)
    # A lock that works on every system and goes with its process, however that ends: SQLite's own, on a file beside.
    lock = sqlite3.connect(file.with_name(file.name + ".migrating"), timeout=_PATIENCE, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()


@contextmanager
def _begun(address: URL) -> Iterator[Connection]:
    engine = open_engine(address.render_as_string(hide_password=False))
    try:
        with engine.connect().execution_options(writes=True) as connection:
            if engine.dialect.name == "sqlite":
                # Only outside a transaction has this an effect; a table built anew must not take its rows' kin along.
                connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
                yield connection
    finally:
        engine.dispose()


def _refuse_newer(connection: Connection, config: Config, name: str, place: str) -> None:
    context = MigrationContext.configure(connection, opts={"version_table": f"migration_{name}"})
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    for head in context.get_current_heads():
        if head not in known:
            raise TooNew(
                f"{place}: is at revision '{head}', which this version does not know; start the version that made it, "
                "or a later one"
            )


def _refuse_orphans(connection: Connection, place: str) -> None:
    if connection.dialect.name == "sqlite":
        orphan = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if orphan is not None:
            raise DatabaseProblem(
                f"{place}: row {orphan[1]} of '{orphan[0]}' points at a row of '{orphan[2]}' that is not there; "
                "nothing was changed; restore a copy, or mend that row"
            )


def _what(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(cause).split())


def _way_out(error: Exception) -> str:
    if isinstance(error, OSError):
        return "name a folder that this user may write to"
    if isinstance(error, OperationalError | sqlite3.OperationalError):
        return "see that the address is right, that the server runs or the folder can be written to, and try again"
    return "nothing was changed; see that this database was made by this program and by nothing else"
