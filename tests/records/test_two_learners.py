"""Two workers on PostgreSQL at two cases of one cause: one opens the corrective action, the other joins it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from domain.recovery_actions import Diagnosed
from records.cases import act
from records.models import Contact
from records.session import Database
from records.timeline import record_all
from tests.records.care_at_work import CareAtWork
from tests.records.test_two_workers import PATIENCE, Midway, beside

pytestmark = pytest.mark.system

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.fixture
def care(postgresql_main: str) -> Iterator[CareAtWork]:
    team = CareAtWork(Database(postgresql_main))
    team.begin(MONDAY - timedelta(days=1))
    yield team
    team.database.close()


@pytest.fixture
def other(care: CareAtWork, postgresql_main: str) -> Iterator[Database]:
    database = Database(postgresql_main)
    yield database
    database.close()


def diagnosing(care: CareAtWork, id: str) -> Callable[[Session], None]:
    def work(session: Session) -> None:
        kept = act(session, care.published, id, Diagnosed(by="ada", cause="late-delivery"), f"d/{id}", MONDAY)
        assert kept is not None
        assert kept.refusal is None, kept.refusal
        contact = session.get_one(Contact, kept.row.contact_id)
        record_all(session, care.published, contact, kept.told, MONDAY)

    return work


@pytest.mark.parametrize("severity", ["S1", "S3"])
def test_of_two_cases_at_once_one_opens_the_action_and_the_other_joins_it(
    care: CareAtWork, other: Database, severity: str
) -> None:
    for who in ("ann", "ben"):
        care.diagnosed(who, MONDAY)
    one, another = (care.case(who, MONDAY, severity) for who in ("cai", "dee"))  # type: ignore[arg-type]

    first = Midway(care.database, diagnosing(care, one))
    second = beside(other, diagnosing(care, another))

    first.commit()
    second.result(PATIENCE)
    [action] = care.actions()
    assert (action.case_id, care.state(another).action) == (one, action.id)
    assert len(care.ids()) == 5, "one task for each case, and one for the cause"
