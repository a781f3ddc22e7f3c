"""Where what happened stands on the timeline when nobody says so."""

import pytest

from domain.events import BUILT_IN
from domain.origins import origin_of, told_by
from domain.teams import Person, Team, TeamsPolicy

TEAMS = TeamsPolicy(
    people={key: Person(name=key.title(), email=f"{key}@acme.example") for key in ("ada", "bob", "eve", "kim")},
    teams={
        "inside-sales": Team(email="in@acme.example", members=["ada"], lead="eve", department="sales"),
        "service": Team(email="care@acme.example", members=["bob", "ada"]),
    },
)


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_event_stands_somewhere(name: str) -> None:
    origin = origin_of(name, {})

    assert origin.department in ("marketing", "sales", "service")
    assert origin.direction in ("in", "out", "both", "internal", "none")


def test_what_people_do_among_themselves_did_not_come_from_the_contact() -> None:
    assert {origin_of(name, {}).direction for name in ("note_added", "task_completed", "case_opened")} == {"internal"}


def test_a_call_went_the_way_it_says() -> None:
    assert [origin_of("call_logged", {"direction": way}).direction for way in ("in", "out", "up", 7)] == [
        "in",
        "out",
        "out",
        "out",
    ]


def test_an_answer_is_on_the_channel_of_what_it_answers() -> None:
    assert origin_of("replied", {}, "sms").channel == "sms"
    assert origin_of("replied", {}).channel is None


@pytest.mark.parametrize("data", [{}, {"person": ""}, {"person": 7}, {"person": None}])
def test_whoever_is_not_named_is_nobody(data: dict[str, object]) -> None:
    assert told_by("note_added", data).person is None


def test_a_persons_department_is_that_of_their_first_team() -> None:
    assert [TEAMS.department_of(key) for key in ("ada", "bob", "eve", "kim", "zoe")] == [
        "sales",
        "service",
        "sales",
        None,
        None,
    ]
    assert TEAMS.department_of_team("service") == "service"
    assert TEAMS.department_of_team("elsewhere") == "elsewhere"
