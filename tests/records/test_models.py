from datetime import datetime

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import col, select

from domain.events import WRITABLE_FIELDS
from domain.field_values import LONGEST
from records.contacts import record_consent
from records.models import Contact, Decision, Enrolment, Record, Suppression
from records.session import Database
from tests.records.works import NOON


async def test_an_outcome_that_is_not_there_is_null_to_the_database_too(main: Database) -> None:
    def decided() -> Decision:
        return Decision(contact_id="c1", sequence="s", kind="send", did="deferred", at=NOON, outcome=None)

    await main.write(lambda session: session.add(Contact(id="c1", created_at=NOON, updated_at=NOON)))
    await main.write(lambda session: session.add(decided()))

    found = await main.read(lambda session: session.exec(select(Decision).where(col(Decision.outcome).is_(None))).all())
    assert len(found) == 1


async def test_an_instant_without_a_zone_is_refused(main: Database) -> None:
    unzoned = datetime(2026, 3, 27)  # noqa: DTZ001

    with pytest.raises(StatementError, match="an instant needs a time zone"):
        await main.write(
            lambda session: session.add(Suppression(kind="contact", value="c1", reason="manual", recorded_at=unzoned))
        )


async def test_a_row_of_nobody_is_refused(main: Database) -> None:
    orphan = Enrolment(id="e1", contact_id="nobody", sequence="s", version="v", entered_at=NOON)

    with pytest.raises(IntegrityError):
        await main.write(lambda session: session.add(orphan))


@pytest.mark.parametrize("change", ["update consent set state = 'opted_in'", "delete from consent"])
async def test_what_somebody_said_is_never_changed_and_never_deleted(main: Database, change: str) -> None:
    await main.write(lambda session: session.add(Contact(id="c1", created_at=NOON, updated_at=NOON)))
    await main.write(
        lambda session: record_consent(session, "c1", "news", "pending", NOON, basis="consent", source="test")
    )

    with pytest.raises(DBAPIError, match="consent is append-only: write a new row"):
        await main.write(lambda session: session.connection().exec_driver_sql(change))


def test_the_rules_know_how_much_room_the_fields_of_a_contact_have() -> None:
    columns = {
        column.name: getattr(column.type, "length", None) for column in Record.metadata.tables["contact"].columns
    }

    assert {name: columns[name] for name in LONGEST} == LONGEST
    assert {name for name in WRITABLE_FIELDS if columns[name] is not None} == set(LONGEST)
