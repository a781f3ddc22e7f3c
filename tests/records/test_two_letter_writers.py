"""Two workers at the letters of one case on PostgreSQL: each is written once, and nobody waits for ever."""

from collections.abc import Iterator

import pytest

from records.case_letters import ask_to_look, settle
from records.case_models import ServiceCase
from records.migrate import migrate_main
from records.session import Database
from tests.records.letters_at_work import ACKNOWLEDGED, NOW, LettersAtWork
from tests.records.test_two_workers import PATIENCE, Midway, beside

pytestmark = pytest.mark.system


@pytest.fixture
def case(postgresql_url: str) -> Iterator[LettersAtWork]:
    migrate_main(postgresql_url)
    database = Database(postgresql_url)
    yield LettersAtWork(database).open()
    database.close()


@pytest.fixture
def other(case: LettersAtWork, postgresql_url: str) -> Iterator[Database]:
    database = Database(postgresql_url)
    yield database
    database.close()


def test_a_letter_that_two_workers_write_at_once_is_written_once(case: LettersAtWork, other: Database) -> None:
    first = Midway(case.database, lambda session: case.write_in(session, ACKNOWLEDGED))
    second = beside(other, lambda session: case.write_in(session, ACKNOWLEDGED))

    first.commit()
    second.result(PATIENCE)
    assert len(case.letters()) == len(case.runs()) == 1


def test_two_cases_that_write_the_first_letter_of_a_kind_at_once_share_its_program(
    case: LettersAtWork, other: Database
) -> None:
    another = LettersAtWork(case.database).open(1043)

    first = Midway(case.database, lambda session: case.write_in(session, ACKNOWLEDGED))
    second = beside(other, lambda session: another.write_in(session, ACKNOWLEDGED))

    first.commit()
    second.result(PATIENCE)
    assert len({run.version for run in case.runs()}) == 1
    assert len(case.letters()) == 2


def test_who_asks_a_case_to_look_waits_for_who_moves_it_and_asks_in_vain_when_that_settled_it(
    case: LettersAtWork, other: Database
) -> None:
    case.write()
    case.message("accepted")

    moves = Midway(
        case.database,
        lambda session: settle(session, session.get_one(ServiceCase, case.id, with_for_update=True)),
    )
    asks = beside(other, lambda session: ask_to_look(session, NOW))

    assert len(moves.commit()) == 1
    assert asks.result(PATIENCE) == 1  # it looks once more, and finds nothing
    assert case.fated() == []
