"""Small pieces of work for the tests of the writer, and what they left."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextlib import suppress as suppress_errors
from datetime import UTC, datetime

from sqlalchemy import Connection, event
from sqlmodel import Session, col, select

from records.models import Suppression
from records.session import Database

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
LONG = 30  # seconds: a test that waits longer has failed


def suppress(value: str) -> Callable[[Session], str]:
    """Work that writes one row; a second of the same value violates a constraint."""

    def work(session: Session) -> str:
        session.add(Suppression(kind="contact", value=value, reason="manual", recorded_at=NOON))
        session.flush()
        return value

    return work


def suppressed(session: Session) -> list[str]:
    return list(session.exec(select(Suppression.value).order_by(col(Suppression.id))))


@contextmanager
def busy(database: Database) -> Iterator[None]:
    """Keep the writer at one piece of work, so that what comes meanwhile waits."""
    begun, go_on = threading.Event(), threading.Event()

    def work(_: Session) -> None:
        begun.set()
        assert go_on.wait(LONG)

    def hold() -> None:
        with suppress_errors(Exception):  # it may share a commit that is meant to fail
            database.write_now(work)

    holding = threading.Thread(target=hold)
    holding.start()
    assert begun.wait(LONG)
    try:
        yield
    finally:
        go_on.set()
        holding.join()


@contextmanager
def counted_commits(database: Database) -> Iterator[list[object]]:
    commits: list[object] = []

    def count(connection: Connection) -> None:
        commits.append(connection)

    event.listen(database.engine, "commit", count)
    yield commits
    event.remove(database.engine, "commit", count)
