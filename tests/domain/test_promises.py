"""Whether follow-ups were kept, as somebody with a calendar and a watch would say it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.business_time import business_time_between
from domain.calendars import Calendar
from domain.dues import Sight
from domain.fair_shares import by_turn, shares
from domain.follow_up import FollowUp, Rang
from domain.holds import Hold
from domain.promises import (
    AGES,
    HELD,
    IN_TIME,
    Given,
    Promise,
    accepted_by,
    accepted_in_time,
    age,
    done_in_time,
    open_time,
)
from domain.speed_to_lead import Lead, speed
from domain.statistics import Share
from domain.tallies import FEWEST_OF_A_PERSON, people_in, tally, tally_of
from domain.teams import Team
from tests.domain.clocks import calendars, minutes, moments, shows_open
from tests.domain.follow_ups import Keeper, team_of

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OFFICE = Sight(ZoneInfo("UTC"), Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]}))
BOB = (Given(MONDAY, "bob", "rapport", ("it is the turn of bob",)),)


def promise(**state: Any) -> Promise:
    """A follow-up that bob was given on Monday at ten: to be accepted at two, and done on Wednesday at ten."""
    more = {name: state.pop(name) for name in ("given", "accepted", "accept_due") if name in state}
    had = {"number": 1, "assignee": "bob", "assigned_at": MONDAY}
    kept = FollowUp.model_validate({"id": "1", "team": "sales", "opened_at": MONDAY} | had | state)
    dues = {"accept_due": MONDAY + 4 * HOUR, "done_due": MONDAY + 2 * DAY}
    fields: dict[str, Any] = {"given": BOB} | dues | more
    return Promise(kept, OFFICE, **fields)


def ended(how: str, at: datetime, **more: Any) -> Promise:
    return promise(ended=how, ended_at=at, by="bob", **more)


# --- in time ---------------------------------------------------------------------------------------------------------


def test_who_accepts_at_the_very_instant_is_in_time() -> None:
    assert accepted_in_time(promise(accepted_at=MONDAY + 4 * HOUR), MONDAY + DAY) is True
    assert accepted_in_time(promise(accepted_at=MONDAY + 4 * HOUR + MINUTE), MONDAY + DAY) is False


def test_what_can_still_be_accepted_is_neither() -> None:
    assert accepted_in_time(promise(), MONDAY + HOUR) is None
    assert accepted_in_time(promise(), MONDAY + 5 * HOUR) is False


def test_what_went_on_to_the_next_was_not_accepted_in_time_though_the_next_was_quick() -> None:
    late = MONDAY + 4 * HOUR + MINUTE

    assert accepted_in_time(promise(hops=1, tried=("ada",), accepted_at=late), MONDAY + DAY) is False
    assert accepted_in_time(promise(hops=1, tried=("bob",), assignee="ada"), late) is False


def test_who_accepted_it_and_handed_it_on_accepted_it() -> None:
    handed_on = promise(assignee="ada", accepted=(MONDAY + HOUR,))

    assert accepted_in_time(handed_on, MONDAY + 5 * DAY) is True
    assert tally([handed_on], MONDAY + 5 * DAY).to_accept.working == [3600]


def test_nobody_is_late_who_was_not_asked() -> None:
    assert accepted_in_time(promise(accept_due=None), MONDAY + 5 * DAY) is None


def test_what_the_contact_made_needless_in_time_counts_for_nobody() -> None:
    assert accepted_in_time(ended("completed", MONDAY + HOUR), MONDAY + 5 * DAY) is None
    assert accepted_in_time(ended("completed", MONDAY + 6 * HOUR), MONDAY + 5 * DAY) is False


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (ended("completed", MONDAY + 2 * DAY), True),
        (ended("completed", MONDAY + 2 * DAY + MINUTE), False),
        (ended("cancelled", MONDAY + DAY), None),
        (ended("cancelled", MONDAY + 3 * DAY), False),
        (promise(), False),
        (promise(holds=(Hold(MONDAY + HOUR),)), None),
        (promise(holds=(Hold(MONDAY + 2 * DAY + HOUR),)), False),
    ],
)
def test_what_is_done_in_time(told: Promise, kept: bool | None) -> None:
    assert done_in_time(told, MONDAY + 4 * DAY) is kept


def test_an_age_is_how_late_it_is_now() -> None:
    due = MONDAY + 2 * DAY
    ages = [age(promise(), due + late) for late in (0 * DAY, MINUTE, DAY, 3 * DAY, 7 * DAY)]

    assert ages == [IN_TIME, *AGES[2:]]
    assert age(promise(holds=(Hold(MONDAY, due + 9 * DAY),)), due + DAY) == HELD


# --- open time -------------------------------------------------------------------------------------------------------


@st.composite
def stretches(draw: st.DrawFn) -> tuple[datetime, datetime, datetime, list[Hold], Sight]:
    at, zone = draw(moments())
    a, m, b = sorted(at + draw(st.integers(0, 5 * 24 * 60)) * MINUTE for _ in range(3))
    begun = [at + draw(st.integers(-24 * 60, 6 * 24 * 60)) * MINUTE for _ in range(draw(st.integers(0, 3)))]
    holds = [
        Hold(begin, draw(st.none() | st.just(begin + draw(st.integers(0, 2 * 24 * 60)) * MINUTE))) for begin in begun
    ]
    return a, m, b, holds, Sight(zone, draw(calendars()))


@given(stretches())
@settings(max_examples=60)
def test_open_time_is_counted_piece_by_piece(drawn: tuple[datetime, datetime, datetime, list[Hold], Sight]) -> None:
    a, middle, b, holds, sight = drawn
    assert sight.calendar is not None

    whole = open_time(a, b, holds, sight)

    assert open_time(a, middle, holds, sight) + open_time(middle, b, holds, sight) == whole
    assert timedelta() <= whole <= business_time_between(a, b, sight.calendar, sight.zone)
    assert open_time(a, b, [], sight) == business_time_between(a, b, sight.calendar, sight.zone)
    assert open_time(a, b, [Hold(a)], sight) == timedelta()


@given(stretches())
@settings(max_examples=10, deadline=None)
def test_it_is_what_the_clock_on_the_wall_shows_open_and_not_held(
    drawn: tuple[datetime, datetime, datetime, list[Hold], Sight],
) -> None:
    a, _, _, holds, sight = drawn
    assert sight.calendar is not None
    a = a.replace(second=0, microsecond=0)
    b, holds = a + DAY, [Hold(_full(each.paused_at), each.until and _full(each.until)) for each in holds]

    open_minutes = [
        at
        for at in minutes(a, b)
        if shows_open(at, sight.calendar, sight.zone)
        and not any(each.paused_at <= at and (each.until is None or at < each.until) for each in holds)
    ]

    assert open_time(a, b, holds, sight) == len(open_minutes) * MINUTE


def _full(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_of_some_are_those_of_each() -> None:
    told = [
        ended("completed", MONDAY + DAY + HOUR, accepted_at=MONDAY + HOUR, outcome="booked", snoozes=1),
        ended("completed", MONDAY + 3 * DAY, accepted_at=MONDAY + 2 * HOUR, outcome="booked"),
        promise(ended="completed", ended_at=MONDAY + HOUR, by="rapport", outcome="meeting_booked", accept_due=None),
        ended("cancelled", MONDAY + HOUR),
        promise(
            rang=(Rang(key="ladder/0", at=MONDAY), Rang(key="ladder/0/take/100", at=MONDAY)), hops=2, tried=("ada",)
        ),
    ]

    found = tally(told, MONDAY + 4 * DAY)

    assert (found.opened, found.open, found.completed, found.by_contact, found.cancelled) == (5, 1, 3, 1, 1)
    assert (found.accepted, found.done) == (Share(2, 3), Share(2, 4))
    assert sorted(found.to_accept.working) == [3600, 7200]
    assert (found.to_done.working_half, found.to_done.elapsed_half) == (9 * 3600, 25 * 3600)
    assert (found.hops, found.snoozes, dict(found.escalated)) == (2, 1, {"lead": 1})
    assert found.outcomes == {"booked": 2, "meeting_booked": 1}


def test_a_person_answers_for_what_they_had_from_when_they_had_it() -> None:
    passed = promise(hops=1, tried=("bob",), assignee="ada", given=(*BOB, Given(MONDAY + DAY, "ada", "rapport")))
    begun = MONDAY + DAY
    taken = ended("completed", begun + 2 * HOUR, assigned_at=begun, accepted_at=begun + HOUR)
    told = [passed, *[taken] * (FEWEST_OF_A_PERSON - 1)]

    bob = tally_of("bob", told, MONDAY + 9 * DAY)

    assert bob is not None
    assert (bob.opened, bob.hops, bob.accepted) == (5, 1, Share(4, 5))
    assert bob.done == Share(4, 4), "what went on to ada is hers"
    assert set(bob.to_accept.working) == {3600}
    assert people_in(told) == ["ada", "bob"]


def test_of_somebody_who_had_few_nothing_is_said() -> None:
    told = [promise()] * FEWEST_OF_A_PERSON

    assert tally_of("bob", told, MONDAY) is not None
    assert tally_of("bob", told[1:], MONDAY) is None


def test_who_was_asked_together_with_others_did_not_let_it_pass() -> None:
    offered = promise(hops=1, tried=("bob", "ada"), assignee="lea", given=(Given(MONDAY, "lea", "rapport"),))

    assert accepted_by(offered, "bob") is None


def test_what_is_taken_as_the_last_is_no_answer_to_a_question() -> None:
    assert accepted_by(promise(last=True, accepted_at=MONDAY), "bob") is None
    assert accepted_by(promise(accepted_at=MONDAY), "bob") is True


# --- speed to lead ---------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 200), st.none() | st.integers(0, 200)), max_size=30), st.integers(0, 500))
def test_more_are_answered_within_more_time(told: list[tuple[int, int | None]], later: int) -> None:
    now = MONDAY + (400 + later) * MINUTE
    leads = [
        Lead(MONDAY + came * MINUTE, None if took is None else MONDAY + (came + took) * MINUTE, OFFICE)
        for came, took in told
    ]

    found = speed(leads, now)

    assert [share.count for share in found.within] == sorted(share.count for share in found.within)
    assert {share.of for share in found.within} == {len(leads)}
    assert found.leads - found.waiting == len(found.took.elapsed)


def test_who_came_a_moment_ago_is_not_waited_for_too_long() -> None:
    found = speed([Lead(MONDAY, None, OFFICE)], MONDAY + 10 * MINUTE)

    assert found.within == (Share(0, 1), Share(0, 0), Share(0, 0))


# --- fair shares -----------------------------------------------------------------------------------------------------


def test_the_rules_say_whose_turn_it_was_in_words_that_are_read_again() -> None:
    keeper = Keeper(team_of("ada", "bob"), MONDAY)
    for number in range(6):
        keeper.open(FollowUp(id=str(number), team="sales", opened_at=MONDAY))
    keeper.open(FollowUp(id="own", team="sales", owner="ada", opened_at=MONDAY))
    assigned = [deed for _, _, deed in keeper.told if getattr(deed, "what", "") == "task_assigned"]
    told = [Given(MONDAY, deed.data["to"], "rapport", tuple(deed.data["why"])) for deed in assigned]

    found = shares(keeper.staff.policy.teams["sales"], told, keeper.staff.turns)

    assert [(each.key, each.in_turn, each.otherwise, each.fair) for each in found.members] == [
        ("ada", 3, 1, 3.0),
        ("bob", 3, 0, 3.0),
    ]
    assert found.apart == 0


def test_who_has_least_to_do_has_the_turn_too() -> None:
    keeper = Keeper(team_of("ada", "bob", assign="least_loaded"), MONDAY)
    keeper.open(FollowUp(id="1", team="sales", opened_at=MONDAY))

    assert by_turn(next(deed for _, _, deed in keeper.told if getattr(deed, "what", "") == "task_assigned").data["why"])


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10), min_size=1), st.integers(0, 60))
def test_fair_parts_add_up_to_all_turns(weights: dict[str, int], turns: int) -> None:
    team = Team(email="sales@acme.example", members=weights)
    someone = next(iter(weights))

    found = shares(team, [Given(MONDAY, someone, "rapport", (f"it is the turn of {someone}",))] * turns, {})

    assert sum(each.fair for each in found.members) == pytest.approx(turns)
    assert sum(each.in_turn for each in found.members) == turns
