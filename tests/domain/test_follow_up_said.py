"""What is said of a follow-up is said once and in few words, and at full seconds, whatever clocks say."""

from datetime import timedelta

from domain.assignment import Wanted, assign
from domain.follow_up import FollowUp, Tell, alarms
from domain.follow_up_actions import Accept, Complete
from domain.follow_up_moves import opened
from domain.teams import Absence
from tests.domain.follow_ups import Keeper, at, team_of
from tests.domain.test_follow_up import TERMS, keeper


def whys(kept: Keeper) -> list[list[str]]:
    """Why it was given to somebody, each time."""
    told = [deed for _, _, deed in kept.told if isinstance(deed, Tell) and deed.what == "task_assigned"]
    return [list(deed.data["why"]) for deed in told]


def test_why_it_goes_to_the_next_is_said_once() -> None:
    kept = keeper("ada", "bob", "cy")
    kept.until(at(4, 11))

    assert whys(kept) == [
        ["it is the turn of ada"],
        ["ada did not accept it in time", "it is the turn of bob"],
        ["bob did not accept it in time", "ada did not take it", "it is the turn of cy"],
    ]


def test_that_somebody_is_away_is_said_once() -> None:
    kept = keeper("ada", "bob")
    kept.absent("ada", Absence(at(4), at(6)))

    assert whys(kept)[1:] == [["ada is away until 2026-05-06 09:00 Europe/Berlin", "it is the turn of bob"]]


def test_of_a_big_team_few_are_named_who_were_passed_over() -> None:
    members = [f"p{number:03}" for number in range(500)]
    staff = team_of(*members)

    why = assign(staff, Wanted(), at(4, 20)).why

    assert len(why) < 15
    assert "and 490 others cannot be asked" in why


def test_everything_rings_at_a_full_second() -> None:
    now = at(4, 9) + timedelta(milliseconds=700)
    nobody = team_of()
    staff = nobody.__class__(**{**nobody.__dict__, "absences": {"lea": (Absence(at(4), None),)}})
    state = opened(FollowUp(id="call", team="sales", terms=TERMS, opened_at=now), staff, now).state

    assert next(alarm.key for alarm in alarms(state, staff)).startswith("ask/")
    assert not any(alarm.at.microsecond for alarm in alarms(state, staff))


def test_what_was_done_was_not_done_before_it_was_asked_whatever_clocks_say() -> None:
    kept = keeper("ada")
    kept.now = at(4, 8, 59)
    kept.act("call", Accept(by="ada"))
    kept.act("call", Complete(by="ada", outcome="done"))

    state = kept.kept["call"]
    assert (state.accepted_at, state.ended_at) == (at(4), at(4))
