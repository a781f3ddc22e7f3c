"""A score is said as terms with points; what was done fades by half each half-life, whoever looks and whenever."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.scoring import (
    Scored,
    Sum,
    Term,
    added,
    falls_below,
    left,
    meets,
    newly_reached,
    rounded,
    score,
    still_reached,
    told,
    worth,
)
from domain.scoring_policy import EngagementTerm, Threshold
from domain.spans import Span
from tests.domain.scores import DAY, HOUR, MADE, NOON, event, facts, scored, sums

PRICES: dict[str, Any] = {"url": "https://acme.example/pricing"}
BIG: dict[str, Any] = {"benches": 60, "country": "AT"}
HOT = MADE.thresholds["hot"]


def test_a_score_is_said_as_terms_with_points() -> None:
    clicks = [event("clicked", NOON - 9 * DAY), event("clicked", NOON - 2 * DAY), event("clicked", NOON - 2 * DAY)]

    found = scored(*clicks, **BIG)

    assert found.says() == ("fit: 20 (more than 50 benches) · engagement: 24.5 (clicked 3 times, newest 2 days ago)")
    assert (found.total, found.fit) == (45, 20)


def test_of_several_terms_each_says_its_points() -> None:
    found = scored(event("clicked", NOON - HOUR), event("trial_started"), benches=60, country="DE")

    assert found.says() == (
        "fit: 30 (more than 50 benches: 20; in Germany: 10)"
        " · engagement: 40 (clicked once, 1 hour ago: 10; trial started once, just now: 30)"
    )


def test_who_did_nothing_and_fits_nothing_has_no_terms() -> None:
    assert (scored().total, scored().terms, scored().says()) == (0, (), "fit: 0 · engagement: 0")


def test_half_is_left_after_a_half_life_and_a_quarter_after_two() -> None:
    [started] = [event("trial_started", NOON)]

    assert [scored(started, now=NOON + days * 30 * DAY).engagement for days in range(3)] == [30, 15, 7.5]


def test_what_fits_does_not_fade() -> None:
    assert scored(now=NOON + 900 * DAY, **BIG).total == 20


def test_clicks_of_machines_give_nothing() -> None:
    assert scored(event("clicked", by="machine"), event("clicked", by="unknown")).total == 0


def test_a_condition_on_the_event_says_which_ones_count() -> None:
    assert scored(event("clicked", url="https://acme.example/")).total == 10
    assert scored(event("clicked", **PRICES)).total == 25


def test_a_term_comes_to_no_more_than_its_most_and_fades_from_there() -> None:
    often = [event("clicked")] * 200

    assert scored(*often).engagement == 40
    assert scored(*often, now=NOON + 14 * DAY).engagement == 20, "a busy day is not remembered for months"


def test_points_are_taken_off_and_that_fades_too() -> None:
    assert scored(event("bounced")).total == -20
    assert scored(event("bounced"), now=NOON + 30 * DAY).total == -10


@pytest.mark.parametrize(("points", "whole"), [(59.5, 60), (59.4999999, 60), (59.49, 59), (-2.5, -2), (0, 0)])
def test_a_half_is_rounded_up(points: float, whole: int) -> None:
    assert rounded(points) == whole


# Laws of fading.

TERM = EngagementTerm(event="clicked", points=10, half_life=Span.parse("14 days"))
spans = some.timedeltas(timedelta(), timedelta(days=400))


@given(some.floats(-1000, 1000), spans, spans)
def test_splitting_time_changes_nothing(points: float, first: timedelta, second: timedelta) -> None:
    whole = left(points, first + second, TERM.half)

    assert left(left(points, first, TERM.half), second, TERM.half) == pytest.approx(whole)


@given(some.floats(0, 1000), spans, spans)
def test_nothing_ever_grows_by_itself(points: float, first: timedelta, more: timedelta) -> None:
    assert 0 <= left(points, first + more, TERM.half) <= left(points, first, TERM.half) <= points


@given(some.lists(spans, min_size=1, max_size=8), some.permutations(range(8)), spans)
def test_without_a_most_it_does_not_matter_in_which_order_events_are_told(
    ages: list[timedelta], order: list[int], later: timedelta
) -> None:
    def fold(ats: list[datetime]) -> Sum:
        found = Sum()
        for at in ats:
            found = added(TERM, found, at)
        return found

    ats = [NOON - age for age in ages]
    shuffled = [ats[place] for place in order if place < len(ats)]

    one, other = fold(ats), fold(shuffled)

    assert (one.at, one.times) == (other.at, other.times)
    assert worth(TERM, one, NOON + later) == pytest.approx(worth(TERM, other, NOON + later))


@given(some.lists(spans, min_size=1, max_size=8), spans)
def test_a_running_sum_is_what_the_whole_timeline_comes_to(ages: list[timedelta], later: timedelta) -> None:
    events = [event("trial_started", NOON - age) for age in sorted(ages, reverse=True)]
    at_once = sum(left(30, each - (NOON - NOON) + later, timedelta(days=30)) for each in ages)

    running: tuple[Sum, ...] = ()
    for each in events:
        running = told(MADE, running, [each])

    assert score(MADE, facts(NOON + later), running).engagement == pytest.approx(at_once)


# Bars.


def test_a_bar_asks_for_each_side_it_names() -> None:
    assert meets(HOT, Scored(fit=20, engagement=40))
    assert not meets(HOT, Scored(fit=10, engagement=80)), "who does not fit is not hot, whatever they click"
    assert not meets(HOT, Scored(fit=20, engagement=39.4))
    assert meets(HOT, Scored(fit=20, engagement=39.5)), "as contact.score has it"
    assert not meets(Threshold(score=10, engagement=30), Scored(fit=90, engagement=20))


def test_a_bar_is_reached_once_until_the_score_falls_below_the_lower_one() -> None:
    reached = {"hot": NOON}

    for total, stays in ((59, True), (45, True), (44, False)):
        now_reached = still_reached(MADE, reached, Scored(fit=20, engagement=total - 20), NOON + DAY)
        assert (now_reached == reached) is stays, total
    assert newly_reached(MADE, ["warm"], Scored(fit=20, engagement=45)) == ["hot"]
    assert newly_reached(MADE, ["warm", "hot"], Scored(fit=20, engagement=45)) == []
    assert newly_reached(MADE, [], Scored(fit=20, engagement=45)) == ["warm", "hot"]


def test_a_bar_without_until_falls_back_below_three_quarters() -> None:
    assert still_reached(MADE, {"warm": NOON}, Scored(fit=22), NOON) == {"warm": NOON}
    assert still_reached(MADE, {"warm": NOON}, Scored(fit=21), NOON) == {}


def test_who_stays_above_has_reached_it_once_more_after_again_after() -> None:
    above = Scored(fit=20, engagement=50)

    assert still_reached(MADE, {"hot": NOON}, above, NOON + 89 * DAY) == {"hot": NOON}
    assert still_reached(MADE, {"hot": NOON}, above, NOON + 90 * DAY) == {}


def test_a_bar_that_is_not_there_any_more_is_forgotten() -> None:
    assert still_reached(MADE, {"lukewarm": NOON}, Scored(fit=500), NOON) == {}


@given(some.integers(2, 300), some.integers(1, 60))
def test_it_is_known_when_a_score_will_fall_below_a_bar(clicks: int, bar: int) -> None:
    did = sums(*[event("trial_started", NOON + number * HOUR) for number in range(clicks)])
    begin = NOON + clicks * HOUR

    falls = falls_below(MADE, 0, did, bar, begin)

    assert falls is not None
    assert score(MADE, facts(falls), did).total < bar
    if falls > begin:
        assert score(MADE, facts(falls - timedelta(seconds=1)), did).total >= bar


def test_who_fits_well_enough_never_falls_below() -> None:
    assert falls_below(MADE, 60, sums(event("clicked")), 60, NOON) is None
    assert falls_below(MADE, 10, sums(), 60, NOON) == NOON, "below already"


def test_points_that_were_taken_off_can_bring_the_score_up_again() -> None:
    did = sums(event("trial_started"), event("trial_started"), event("bounced", NOON))

    assert falls_below(MADE, 0, did, 30, NOON) is not None


def test_a_term_is_said_with_a_tenth_of_a_point() -> None:
    assert Term("fit", "in Germany", 10.0).says() == "in Germany: 10"
    assert Term("engagement", "clicked once", 3.14159).says() == "clicked once: 3.1"
