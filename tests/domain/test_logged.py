"""What people log: what is kept of it, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.events import BUILT_IN
from domain.logged import EVENTS, FIELDS, read_logged
from domain.teams import Person, Team, TeamsPolicy

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEAMS = TeamsPolicy(
    people={"ada": Person(name="Ada", email="Ada <ada@acme.example>"), "kim": Person(name="Kim", email="k@x.example")},
    teams={"hot-leads": Team(email="sales@acme.example", members={"ada": 1}, department="sales")},
)


def test_a_call_is_kept_with_who_it_was_and_whose() -> None:
    told = {"by": "ADA@acme.example", "minutes": 12, "outcome": " reached ", "text": "One.\r\nTwo.", "at": NOW - HOUR}

    logged = read_logged("call", told, TEAMS, NOW)

    assert (logged.event, logged.at) == ("call_logged", NOW - HOUR)
    assert logged.data == {
        "person": "ada",
        "department": "sales",
        "direction": "out",
        "minutes": 12,
        "outcome": "reached",
        "text": "One.\nTwo.",
    }


def test_somebody_in_no_team_has_no_department_unless_it_is_said() -> None:
    assert "department" not in read_logged("note", {"by": "kim", "text": "Hm."}, TEAMS, NOW).data
    said = {"by": "kim", "text": "Hm.", "department": "legal"}
    assert read_logged("note", said, TEAMS, NOW).data["department"] == "legal"


def test_a_meeting_may_be_still_to_come() -> None:
    assert read_logged("meeting", {"by": "ada", "at": NOW + 24 * HOUR}, TEAMS, NOW).at == NOW + 24 * HOUR


def test_the_clock_of_whoever_tells_it_may_be_a_little_fast() -> None:
    assert read_logged("call", {"by": "ada", "at": NOW + timedelta(minutes=4)}, TEAMS, NOW).event == "call_logged"


@pytest.mark.parametrize("kind", EVENTS)
def test_what_can_be_logged_is_what_conditions_may_read(kind: str) -> None:
    assert (FIELDS[kind] - {"by", "at"}) | {"person"} == BUILT_IN[EVENTS[kind]]


@pytest.mark.parametrize(
    ("kind", "told", "refused"),
    [
        ("fax", {"by": "ada"}, "kind: 'fax' is nothing that is logged; write call, meeting or note"),
        ("call", {}, "by: is missing"),
        ("call", {"by": 7}, "by: is missing"),
        ("call", {"by": "adda"}, "by: 'adda' is nobody of policies/teams.yaml; did you mean 'ada'?"),
        ("call", {"by": "ada", "at": NOW + HOUR}, "at: a call that is still to come cannot be logged"),
        ("call", {"by": "ada", "at": "no time"}, "at: is not a time"),
        ("call", {"by": "ada", "at": datetime(2026, 3, 1)}, "at: is not a time"),  # noqa: DTZ001
        ("note", {"by": "ada", "text": "x", "at": NOW + HOUR}, "at: a note that is still to come"),
        ("call", {"by": "ada", "direction": "up"}, "direction: is neither in"),
        ("call", {"by": "ada", "direction": ["in"]}, "direction: is neither in"),
        ("meeting", {"by": "ada", "direction": "in"}, "direction: a meeting has none; leave it out"),
        ("note", {"by": "ada", "text": "x", "minutes": 3}, "minutes: a note has none"),
        ("call", {"by": "ada", "minutes": -1}, "minutes: is no whole number"),
        ("call", {"by": "ada", "minutes": True}, "minutes: is no whole number"),
        ("call", {"by": "ada", "minutes": 1441}, "minutes: is no whole number"),
        ("call", {"by": "ada", "outcome": "o" * 101}, "outcome: is not a line"),
        ("call", {"by": "ada", "outcome": " "}, "outcome: is not a line"),
        ("call", {"by": "ada", "department": ""}, "department: is no word"),
        ("note", {"by": "ada"}, "text: is not a text"),
        ("note", {"by": "ada", "text": "\0"}, "text: is not a text"),
        ("call", {"by": "ada", "text": "x" * 4001}, "text: is not a text of up to 4000"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(kind: str, told: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValueError, match="; ") as said:
        read_logged(kind, told, TEAMS, NOW)

    assert str(said.value).startswith(refused)


def test_without_people_in_the_file_it_says_where_they_belong() -> None:
    with pytest.raises(ValueError, match="write them under 'people' and publish"):
        read_logged("call", {"by": "ada"}, TeamsPolicy(), NOW)


def test_where_nobody_can_be_looked_up_the_person_is_kept_as_told() -> None:
    assert read_logged("call", {"by": "zoe"}, None, NOW).data == {"person": "zoe", "direction": "out"}
