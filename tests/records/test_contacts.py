"""What a contact's record says of itself."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlmodel import Session

from records.contacts import change, find, find_or_make
from records.session import Database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNFIT = "time_zone 'Mars/Olympus' is not an IANA zone; treated as missing"


def noted(main: Database, *fields: Mapping[str, str | None]) -> list[str]:
    """Change Ann's record, one time after the other; return what is noted on it."""
    main.write_now(lambda session: find_or_make(session, {"email": "ann@acme.example"}, "test", NOW).id)
    for each in fields:

        def work(session: Session, each: Mapping[str, str | None] = each) -> None:
            contact = find(session, "ann@acme.example")
            assert contact is not None
            change(session, contact, each, NOW)

        main.write_now(work)
    found = main.read_now(lambda session: find(session, "ann@acme.example"))
    assert found is not None
    return found.notes


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        ([{"time_zone": "Mars/Olympus"}], [UNFIT]),
        ([{"time_zone": "Mars/Olympus"}, {"city": "Bern"}], [UNFIT]),
        ([{"time_zone": "CEST"}, {"time_zone": "Mars/Olympus"}], [UNFIT]),
        ([{"time_zone": "Mars/Olympus"}, {"time_zone": "Europe/Zurich"}], []),
        ([{"time_zone": "Mars/Olympus"}, {"time_zone": None}], []),
        ([{"time_zone": "Europe/Zurich"}], []),
    ],
)
def test_a_zone_that_does_not_exist_is_noted_on_the_record_until_it_is_corrected(
    main: Database, fields: list[Mapping[str, str | None]], notes: list[str]
) -> None:
    assert noted(main, *fields) == notes


def test_a_zone_from_a_form_is_noted_too(main: Database) -> None:
    told = {"email": "bob@acme.example", "time_zone": "Mars/Olympus"}

    contact = main.write_now(lambda session: find_or_make(session, told, "form demo", NOW).notes)

    assert contact == [UNFIT]
