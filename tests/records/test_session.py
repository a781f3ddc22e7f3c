import asyncio
import threading
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session, select

from records.models import Record, Suppression
from records.session import Database, Work
from records.waiting import MOST_TIME
from tests.records.works import LONG, busy, counted_commits, suppress, suppressed


async def waiting_for(database: Database, *works: Work[object]) -> "list[asyncio.Task[object]]":
    """Let each of these wait for the writer, in this order."""
    tasks = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    return tasks


async def told(tasks: "list[asyncio.Task[object]]") -> list[object]:
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), LONG)


async def test_what_waits_together_shares_a_commit(main: Database) -> None:
    began = time.monotonic()
    with counted_commits(main) as commits:
        with busy(main):
            tasks = await waiting_for(main, *(suppress(f"c{number}") for number in range(150)))
        assert await told(tasks) == [f"c{number}" for number in range(150)]

    # A hundred pieces, or what was begun within the time one commit may take.
    assert len(commits) <= 3 + (time.monotonic() - began) / MOST_TIME
    assert await main.read(suppressed) == [f"c{number}" for number in range(150)]


async def test_work_that_fails_takes_nobody_with_it(main: Database) -> None:
    def late_failure(session: Session) -> None:
        suppress("half")(session)
        raise ValueError("changed its mind")

    with busy(main):
        tasks = await waiting_for(main, suppress("c1"), late_failure, suppress("c1"), suppress("c2"))

    first, failed, twice, last = await told(tasks)
    assert (first, last) == ("c1", "c2")
    assert isinstance(failed, ValueError)
    assert isinstance(twice, IntegrityError)
    assert await main.read(suppressed) == ["c1", "c2"]


async def test_a_commit_that_fails_is_told_to_everybody_and_the_writer_goes_on(main: Database) -> None:
    def owes_a_parent(session: Session) -> None:
        if main.engine.dialect.name == "sqlite":
            session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            session.connection().exec_driver_sql(
                "insert into identity values (1, 'nobody', 'email', 'a', '2026', null)"
            )
        else:
            session.connection().exec_driver_sql(
                "create table owing (id int references suppression(id) deferrable initially deferred);"
                "insert into owing values (-1)"
            )

    with busy(main):
        tasks = await waiting_for(main, suppress("c1"), owes_a_parent, suppress("c2"))

    assert [type(error) for error in await told(tasks)] == [IntegrityError] * 3
    assert await main.write(suppress("c3")) == "c3"
    assert await main.read(suppressed) == ["c3"]


async def test_a_database_out_of_reach_is_told_to_everybody_at_once(tmp_path: Path) -> None:
    async with Database(f"sqlite:///{tmp_path}/missing/main.db") as database:
        tasks = await waiting_for(database, *(suppress(f"c{number}") for number in range(20)))

        assert {type(error) for error in await told(tasks)} == {OperationalError}
        with pytest.raises(OperationalError):
            await database.read(suppressed)

        (tmp_path / "missing").mkdir()
        assert await database.write(lambda _: "reached") == "reached"


async def test_who_leaves_before_the_turn_leaves_nothing(main: Database) -> None:
    with busy(main):
        tasks = await waiting_for(main, suppress("c1"), suppress("c2"))
        tasks[0].cancel()
        await asyncio.sleep(0)

    assert isinstance((await told(tasks))[0], asyncio.CancelledError)
    assert await main.read(suppressed) == ["c2"]


async def test_who_leaves_after_the_beginning_is_written_all_the_same(main: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        begun.set()
        assert go_on.wait(LONG)
        suppress("c1")(session)

    [task] = await waiting_for(main, slow)
    await asyncio.to_thread(begun.wait, LONG)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()

    assert await main.write(suppress("c2")) == "c2"
    assert await main.read(suppressed) == ["c1", "c2"]


def test_a_loop_that_closed_meanwhile_is_no_matter(main: Database) -> None:
    async def leave() -> None:
        asyncio.get_running_loop().call_soon(asyncio.get_running_loop().stop)
        await main.write(suppress("c1"))

    with busy(main):
        loop = asyncio.new_event_loop()
        task = loop.create_task(leave())
        loop.run_forever()
        loop.close()
        task._log_destroy_pending = False  # type: ignore[attr-defined]

    assert main.write_now(suppress("c2")) == "c2"
    assert main.read_now(suppressed) == ["c1", "c2"]


@pytest.mark.parametrize("kind", [StopIteration, SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
async def test_an_end_that_is_no_error_becomes_one_and_is_told(kind: type[BaseException]) -> None:
    def ends(_: Session) -> None:
        raise kind("early")

    async with Database("sqlite://") as database:
        for doing in (database.write(ends), database.read(ends)):
            with pytest.raises(RuntimeError, match=f"the work ended with {kind.__name__}: early"):
                await asyncio.wait_for(doing, LONG)
        assert await database.write(lambda _: 1) == 1


async def test_closing_finishes_what_waits_and_refuses_what_comes_later(url: str, main: Database) -> None:
    with busy(main):
        tasks = await waiting_for(main, *(suppress(f"c{number}") for number in range(120)))
        closing = asyncio.create_task(asyncio.to_thread(main.close))
        await asyncio.sleep(0)

    assert len(await told(tasks)) == 120
    await closing
    for late in (main.write(suppress("late")), main.read(suppressed)):
        with pytest.raises(RuntimeError):
            await late
    async with Database(url) as again:
        assert len(await again.read(suppressed)) == 120


async def test_nobody_is_forgotten_between_the_last_work_and_the_end() -> None:
    for _ in range(30):
        database = Database("sqlite://")
        answers: list[object] = []

        def ask(database: Database = database, answers: list[object] = answers) -> None:
            try:
                answers.append(database.write_now(lambda _: "written"))
            except RuntimeError as error:
                answers.append(str(error))

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for thread in asking:
            thread.start()
        database.close()
        for thread in asking:
            thread.join(LONG)
        assert len(answers) == 4
        assert set(answers) <= {"written", "the database is closed"}


async def test_a_reader_sees_one_state_while_others_write(main: Database) -> None:
    def pair(number: int) -> Awaitable[None]:
        def work(session: Session) -> None:
            suppress(f"left {number}")(session)
            suppress(f"right {number}")(session)

        return main.write(work)

    def counted_twice(session: Session) -> tuple[int, int]:
        count = select(func.count()).select_from(Suppression)
        return session.exec(count).one(), session.exec(count).one()

    async def write_all() -> None:
        for number in range(40):
            await pair(number)

    writing = asyncio.create_task(write_all())
    seen: list[tuple[int, int]] = []
    while not writing.done():
        seen += await asyncio.gather(*(main.read(counted_twice) for _ in range(3)))
    await writing

    assert all(first == second and first % 2 == 0 for first, second in seen)


async def test_a_reader_may_not_write(main: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        await main.read(suppress("c1"))

    assert await main.write(suppress("c2")) == "c2"
    assert await main.read(suppressed) == ["c2"]


async def test_rows_that_were_read_keep_their_values(main: Database) -> None:
    await main.write(suppress("c1"))

    [row] = await main.read(lambda session: list(session.exec(select(Suppression))))

    assert row.value == "c1"


async def test_work_cannot_wait_for_other_work(main: Database) -> None:
    with pytest.raises(RuntimeError, match="give that the session instead"):
        await main.write(lambda _: main.write_now(suppress("c1")))


async def test_what_sqlite_gave_up_is_written_again_one_by_one(tmp_path: Path) -> None:
    def gives_up(session: Session) -> None:
        # As a full disk does: the whole transaction is gone, not this statement alone.
        session.execute(
            text("insert or rollback into suppression values (null, 'contact', 'c1', 'manual', '2026-03-27')")
        )

    async with Database(f"sqlite:///{tmp_path}/main.db") as main:
        await main.write(lambda session: Record.metadata.create_all(session.connection()))
        with busy(main):
            tasks = await waiting_for(main, suppress("c1"), gives_up, suppress("c2"))

        first, failed, last = await told(tasks)

        assert (first, last) == ("c1", "c2")
        assert isinstance(failed, DBAPIError)
        assert await main.read(suppressed) == ["c1", "c2"]


@pytest.fixture(scope="module")
def in_memory() -> Iterator[Database]:
    database = Database("sqlite://")
    database.write_now(lambda session: Record.metadata.create_all(session.connection()))
    yield database
    database.close()


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_was_acknowledged_is_what_is_there(in_memory: Database, asked: list[tuple[int, bool]]) -> None:
    def work(value: int, fails: bool) -> Work[str]:
        def do(session: Session) -> str:
            suppress(str(value))(session)
            if fails:
                raise ValueError("fails at last")
            return str(value)

        return do

    await in_memory.write(lambda session: session.execute(text("delete from suppression")) and None)
    with busy(in_memory):
        tasks = await waiting_for(in_memory, *(work(value, fails) for value, fails in asked))

    acknowledged = [answer for answer in await told(tasks) if isinstance(answer, str)]
    assert await in_memory.read(suppressed) == acknowledged
    assert set(acknowledged) == {str(value) for value, fails in asked if not fails}
