"""Writing for many in one piece."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from activities.together import Together
from records.session import Database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Book:
    """Writes down names, each once, in a table that has no place for `bad`; remembers who came together, and when."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.instants: list[datetime] = []

    def write(self, session: Session, now: datetime, names: Sequence[str]) -> list[str]:
        self.groups.append(list(names))
        self.instants.append(now)
        for name in names:
            session.connection().execute(text("INSERT INTO book VALUES (:name)"), {"name": name})
            if name == "bad":
                raise KeyError(name)
            if name == "away":
                raise OperationalError("insert", {}, Exception("the disk is full"))
        return [name.upper() for name in names]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    async with Database("sqlite://") as database:
        await database.write(lambda session: session.connection().execute(text("CREATE TABLE book (name PRIMARY KEY)")))
        yield database


def kept(database: Database) -> set[str]:
    return database.read_now(lambda session: set(session.connection().execute(text("SELECT name FROM book")).scalars()))


async def test_who_comes_at_the_same_time_is_written_in_one_piece_and_each_gets_its_own_answer(
    database: Database,
) -> None:
    book = Book()
    together = Together(database, book.write)

    answers = await asyncio.gather(*(together(name, NOW) for name in ("ann", "ben", "cleo")))

    assert answers == ["ANN", "BEN", "CLEO"]
    assert book.groups == [["ann", "ben", "cleo"]]


async def test_the_instant_is_that_of_the_last_who_came(database: Database) -> None:
    book = Book()
    together = Together(database, book.write)
    later = NOW + timedelta(milliseconds=5)

    await asyncio.gather(together("ann", NOW), together("ben", later))

    assert book.instants == [later]


async def test_what_fails_for_one_stops_none_of_its_companions(database: Database) -> None:
    book = Book()
    together = Together(database, book.write)

    answers = await asyncio.gather(*(together(name, NOW) for name in ("ann", "bad", "cleo")), return_exceptions=True)

    assert [answers[0], answers[2]] == ["ANN", "CLEO"]
    assert isinstance(answers[1], KeyError)
    assert kept(database) == {"ann", "cleo"}


async def test_a_database_that_is_out_of_reach_is_not_asked_once_more_for_each(database: Database) -> None:
    book = Book()
    together = Together(database, book.write)

    answers = await asyncio.gather(*(together(name, NOW) for name in ("ann", "away")), return_exceptions=True)

    assert [type(each) for each in answers] == [OperationalError, OperationalError]
    assert book.groups == [["ann", "away"]]


async def test_who_has_gone_before_its_turn_leaves_nothing(database: Database) -> None:
    together = Together(database, Book().write)
    first, second = (asyncio.create_task(together(name, NOW)) for name in ("ann", "ben"))
    await asyncio.sleep(0)  # both have asked
    second.cancel()

    assert await first == "ANN"
    assert kept(database) == {"ann"}


async def test_who_comes_while_the_writer_is_busy_goes_with_the_next_piece(database: Database) -> None:
    book = Book()
    together = Together(database, book.write)
    first = asyncio.create_task(together("ann", NOW))
    for _ in range(3):
        await asyncio.sleep(0)  # until the first is with the writer

    await asyncio.gather(first, *(together(name, NOW) for name in ("ben", "cleo")))

    assert [name for group in book.groups for name in group] == ["ann", "ben", "cleo"]
    assert book.groups[0] == ["ann"]
