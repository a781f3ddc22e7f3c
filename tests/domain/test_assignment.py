from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.assignment import Staff, Wanted, assign, stand_in
from domain.calendars import Calendar, Calendars
from domain.teams import Absence, Person, Strategy, Team, TeamsPolicy

MONDAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
NIGHT = datetime(2026, 5, 4, 23, tzinfo=UTC)
OFFICE = Calendars(default="office", calendars={"office": Calendar(zone="UTC", hours={"mon-fri": ["09:00-17:00"]})})


def person(key: str, **more: object) -> Person:
    return Person.model_validate({"name": key.title(), "email": f"{key}@acme.example", **more})


def staff(
    members: dict[str, int], *, assign: Strategy = "round_robin", people: dict[str, Person] | None = None, **team: str
) -> Staff:
    known = {key: person(key) for key in (*members, *team.values())} | (people or {})
    sales = Team(email="sales@acme.example", members=members, assign=assign, **team)
    return Staff(TeamsPolicy(people=known, teams={"sales": sales}), "sales", ZoneInfo("UTC"), OFFICE)


def given_out(team: Staff, many: int, now: datetime = MONDAY) -> tuple[Counter[str], Staff]:
    counts: Counter[str] = Counter()
    for _ in range(many):
        choice = assign(team, Wanted(), now)
        assert choice.person is not None
        counts[choice.person] += 1
        team = replace(team, turns={**team.turns, **choice.turns})
    return counts, team


def test_everybody_gets_one_in_turn() -> None:
    counts, _ = given_out(staff({"ada": 1, "bob": 1, "cy": 1}), 7)

    assert counts == {"ada": 3, "bob": 2, "cy": 2}


def test_who_weighs_twice_as_much_gets_twice_as_many() -> None:
    counts, _ = given_out(staff({"ada": 2, "bob": 1}), 300)

    assert counts == {"ada": 200, "bob": 100}


def test_whoever_comes_back_gets_no_more_than_the_others_from_then_on() -> None:
    team = staff({"ada": 1, "bob": 1, "cy": 1})
    _, team = given_out(team, 3)
    counts, team = given_out(replace(team, absences={"cy": (Absence(MONDAY),)}), 100)
    assert counts == {"ada": 50, "bob": 50}

    counts, _ = given_out(replace(team, absences={}), 9)
    assert counts == {"ada": 3, "bob": 3, "cy": 3}


def test_a_new_member_begins_where_the_others_are() -> None:
    _, team = given_out(staff({"ada": 1, "bob": 1}), 100)
    grown = replace(staff({"ada": 1, "bob": 1, "cy": 1}), turns=team.turns)

    assert given_out(grown, 9)[0] == {"ada": 3, "bob": 3, "cy": 3}


def test_the_contacts_own_owner_is_asked_first_and_it_costs_nobody_a_turn() -> None:
    team = staff({"ada": 1, "bob": 1})
    choice = assign(team, Wanted(owner="bob"), MONDAY)

    assert (choice.person, choice.by, choice.why) == ("bob", "owner", ("bob looks after the contact",))
    assert not choice.turns


def test_an_owner_who_is_away_is_passed_over_and_that_is_said() -> None:
    team = replace(staff({"ada": 1, "bob": 1}), absences={"bob": (Absence(MONDAY, MONDAY + timedelta(days=2)),)})
    choice = assign(team, Wanted(owner="bob"), MONDAY)

    assert choice.person == "ada"
    assert choice.why == (
        "bob, who looks after the contact, is away until 2026-05-06 09:00 UTC",
        "bob is away until 2026-05-06 09:00 UTC",
        "it is the turn of ada",
    )


def test_who_has_all_they_can_have_is_skipped() -> None:
    team = replace(staff({"ada": 1, "bob": 1}, people={"ada": person("ada", capacity=2)}), open={"ada": 2})
    choice = assign(team, Wanted(), MONDAY)

    assert (choice.person, choice.why[0]) == ("bob", "ada has 2 of 2")


def test_outside_hours_it_goes_to_whoever_is_on_call_else_to_the_lead() -> None:
    both = staff({"ada": 1}, on_call="dan", lead="eve")

    assert assign(both, Wanted(), NIGHT).person == "dan"
    assert assign(staff({"ada": 1}, lead="eve"), Wanted(), NIGHT).person == "eve"
    assert assign(staff({"ada": 1}), Wanted(), NIGHT).why == (
        "ada is off duty until 2026-05-05 09:00 UTC",
        "nobody can be asked",
    )


def test_the_least_loaded_has_least_for_their_weight() -> None:
    team = replace(staff({"ada": 2, "bob": 1}, assign="least_loaded"), open={"ada": 3, "bob": 2})

    assert assign(team, Wanted(), MONDAY).why == ("ada has least to do: 3 open",)


def test_where_the_first_has_it_everybody_on_duty_is_asked() -> None:
    team = replace(staff({"ada": 1, "bob": 1, "cy": 1}, assign="first_to_accept"), gone=frozenset({"bob"}))

    assert assign(team, Wanted(), MONDAY).offered == ("ada", "cy")


def test_language_and_skills_are_asked_for_and_nobody_is_lost_for_want_of_them() -> None:
    people = {"ada": person("ada", languages=["de"]), "bob": person("bob", languages=["fr"])}
    team = staff({"ada": 1, "bob": 1}, people=people)

    assert assign(team, Wanted(language="fr-CA"), MONDAY).person == "bob"
    choice = assign(team, Wanted(skills=("welding",)), MONDAY)
    assert choice.person == "ada"
    assert choice.why[0] == "nobody on duty has the skills or the language; anybody will do"


def test_a_deputy_who_is_away_has_a_deputy_and_two_who_stand_in_for_each_other_end_the_search() -> None:
    people = {
        "ada": person("ada", deputy="bob"), "bob": person("bob", deputy="cy"), "cy": person("cy", deputy="ada")
    }  # fmt: skip
    team = staff({"ada": 1, "bob": 1, "cy": 1}, people=people)
    away = {"ada": (Absence(MONDAY),), "bob": (Absence(MONDAY),)}

    assert stand_in(replace(team, absences=away), "ada", MONDAY) == "cy"
    assert stand_in(replace(team, absences=away | {"cy": (Absence(MONDAY),)}), "ada", MONDAY) is None
    assert stand_in(replace(team, absences={"ada": (Absence(MONDAY, deputy="cy"),)}), "ada", MONDAY) == "cy"


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 10), min_size=2),
    st.lists(st.tuples(st.sets(st.sampled_from("abcdefgh"), max_size=5), st.integers(1, 30)), min_size=1, max_size=8),
)
def test_counts_stay_within_one_turn_of_each_other_among_those_who_are_there(
    members: dict[str, int], spells: list[tuple[set[str], int]]
) -> None:
    team = staff(members)
    for missing, many in spells:
        there = members.keys() - missing
        if not there:
            continue
        before = {key: team.had(key) for key in there}
        team = replace(team, absences={key: (Absence(MONDAY),) for key in missing})
        counts, team = given_out(team, many)
        # Whoever was behind at the beginning of the spell catches up first; beyond that everybody is within a turn.
        level = min(before.values())
        if all(had - level <= 2520 / members[key] for key, had in before.items()):
            shares = [counts[key] / members[key] for key in there]
            longest = max(1 / members[key] for key in there)
            assert max(shares) - min(shares) <= 2 * longest + 1e-9
