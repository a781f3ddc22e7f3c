"""Two workers at one broadcast on PostgreSQL: a page is taken down once, a chunk is let in once."""

from collections.abc import Iterator

import pytest

from records.audience import page_of, take_down
from records.broadcasts import held, stop
from records.session import Database
from tests.records.mailing import NOW, Mailing
from tests.records.test_two_workers import PATIENCE, Midway, beside

pytestmark = pytest.mark.system


@pytest.fixture
def mailing(postgresql_main: str) -> Iterator[Mailing]:
    database = Database(postgresql_main)
    yield Mailing(database).open(5, rate="120 per hour")
    database.close()


@pytest.fixture
def other(mailing: Mailing, postgresql_main: str) -> Iterator[Database]:
    database = Database(postgresql_main)
    yield database
    database.close()


def test_a_page_that_two_workers_read_is_written_once(mailing: Mailing, other: Database) -> None:
    page = mailing.database.read_now(lambda session: page_of(session, mailing.published, "warm", "", NOW))

    first = Midway(mailing.database, lambda session: take_down(session, mailing.id, "", page))
    second = beside(other, lambda session: take_down(session, mailing.id, "", page))

    assert (first.commit(), second.result(PATIENCE)) == (True, False)
    assert len(mailing.members()) == 5


def test_two_workers_let_different_members_in(mailing: Mailing, other: Database) -> None:
    mailing.take_down()

    first = Midway(mailing.database, mailing.let_in_within)
    second = beside(other, mailing.let_in_within)

    assert (first.commit(), second.result(PATIENCE)) == (2, 2)
    assert [run.contact_id for run in mailing.runs()] == ["c-000", "c-001", "c-002", "c-003"]
    assert mailing.row().chunk == 2


def test_who_stops_it_waits_for_the_chunk_and_nobody_enters_after_that(mailing: Mailing, other: Database) -> None:
    mailing.take_down()

    first = Midway(mailing.database, mailing.let_in_within)

    def stops(session: object) -> None:
        row = held(session, mailing.id)  # type: ignore[arg-type]
        assert row is not None
        stop(session, row, NOW, by="test", reason=None)  # type: ignore[arg-type]

    stopping = beside(other, stops)
    first.commit()
    stopping.result(PATIENCE)

    assert mailing.row().state == "stopping"
    assert len(mailing.runs()) == 2
