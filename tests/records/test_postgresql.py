"""What only PostgreSQL does: deadlocks, lost connections, zones of its own."""

import asyncio
import threading
from datetime import UTC
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from records.migrate import migrate_inbox, migrate_main
from records.models import Suppression
from records.session import TRIES, Database, Work
from tests.records.works import LONG, NOON, suppress, suppressed

pytestmark = pytest.mark.system


def touching(first: str, second: str, meeting: threading.Barrier) -> Work[int]:
    """Work that takes two rows, the second once somebody else has taken a row, too."""
    runs = 0

    def work(session: Session) -> int:
        nonlocal runs
        runs += 1
        _note(session, first)
        if runs == 1:
            meeting.wait(LONG)
        _note(session, second)
        return runs

    return work


def _note(session: Session, value: str) -> None:
    session.exec(  # type: ignore[call-overload]
        text("update suppression set reason = reason || '+' where value = :value").bindparams(value=value)
    )


async def test_a_deadlock_is_tried_again_and_nobody_notices(postgresql_main: str) -> None:
    meeting = threading.Barrier(2)
    async with Database(postgresql_main) as one, Database(postgresql_main) as two:
        await asyncio.gather(one.write(suppress("a")), one.write(suppress("b")))

        runs = await asyncio.gather(
            one.write(touching("a", "b", meeting)),
            one.write(suppress("c")),
            two.write(touching("b", "a", meeting)),
            two.write(suppress("d")),
        )

        # Who tries again may take its first row before the other is awake, and they meet again.
        assert 2 <= max(runs[0], runs[2]) <= TRIES
        rows = await one.read(lambda session: list(session.exec(select(Suppression))))
        assert {row.value: row.reason.count("+") for row in rows} == {"a": 2, "b": 2, "c": 0, "d": 0}


@pytest.mark.parametrize(("losses", "expected"), [(1, ["beside", "lost"]), (99, ["beside"])])
async def test_a_connection_lost_before_the_commit_harms_nobody_else(
    postgresql_main: str, losses: int, expected: list[str]
) -> None:
    runs = 0

    def loses_it(session: Session) -> None:
        nonlocal runs
        runs += 1
        suppress("lost")(session)
        [own] = session.connection().exec_driver_sql("select pg_backend_pid()").one()
        if runs <= losses:
            with psycopg.connect(postgresql_main, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [own])

    async with Database(postgresql_main) as main:
        told = await asyncio.gather(main.write(loses_it), main.write(suppress("beside")), return_exceptions=True)

        assert told[1] == "beside"
        assert isinstance(told[0], OperationalError) == (losses == 99)
        assert runs == min(losses + 1, TRIES)
        assert sorted(await main.read(suppressed)) == expected


async def test_instants_come_back_in_utc_whatever_the_servers_zone(postgresql_main: str) -> None:
    with psycopg.connect(postgresql_main, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone TO 'Asia/Kolkata'".encode())
    async with Database(postgresql_main) as main:
        await main.write(suppress("a"))
        [row] = await main.read(lambda session: list(session.exec(select(Suppression))))

    assert row.recorded_at == NOON
    assert row.recorded_at.tzinfo is UTC


def test_both_databases_wait_for_the_same_lock(postgresql_url: str, tmp_path: Path) -> None:
    migrating = [
        threading.Thread(target=migrate, args=[postgresql_url])
        for migrate in (migrate_main, migrate_inbox, migrate_main)
    ]
    for thread in migrating:
        thread.start()
    for thread in migrating:
        thread.join(LONG)

    migrate_main(postgresql_url)
