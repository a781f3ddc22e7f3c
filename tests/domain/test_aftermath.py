"""Whether customers bought again, against others: what holds whatever they did."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aftermath import FRESH, WITHIN, OfACause, Watched, came_again, repurchase, watched
from domain.statistics import Share

MAY = datetime(2026, 5, 15, tzinfo=UTC)
DAY = timedelta(days=1)
MONTHS = st.tuples(st.just(2026), st.integers(1, 3))
PEOPLE = st.lists(st.builds(Watched, st.tuples(MONTHS, MONTHS), st.booleans()), max_size=40)


@given(PEOPLE, PEOPLE)
@settings(max_examples=150)
def test_shares_stay_shares_and_nobody_counts_twice(recovered: list[Watched], others: list[Watched]) -> None:
    found = repurchase(recovered, others)

    assert found.recovered.of + found.left_out == len(recovered)
    assert found.others.of <= len(others), "weighted, they are worth no more than they are"
    assert 0 <= (found.others.rate or 0) <= 1


@given(PEOPLE.filter(bool))
@settings(max_examples=80)
def test_against_people_like_themselves_there_is_no_difference(people: list[Watched]) -> None:
    found = repurchase(people, people)

    assert found.recovered == found.others
    assert 0 in found.interval


def test_who_is_fresh_is_compared_with_who_is_fresh() -> None:
    fresh, stale = ((2026, 4), (2026, 5)), ((2025, 9), (2026, 5))
    recovered = [Watched(fresh, True)] * 8 + [Watched(fresh, False)] * 2
    others = [Watched(fresh, True)] * 8 + [Watched(fresh, False)] * 2 + [Watched(stale, False)] * 90

    assert repurchase(recovered, others).others.rate == pytest.approx(0.8), "not 8 of 100"


def test_who_has_not_bought_for_a_year_is_no_customer() -> None:
    assert watched([MAY - FRESH - DAY], MAY) is None
    assert watched([MAY + DAY], MAY) is None


def test_a_purchase_counts_for_ninety_days() -> None:
    before = MAY - DAY

    assert watched([before, MAY + WITHIN], MAY) == Watched(((2026, 5), (2026, 5)), True)
    assert watched([before, MAY + WITHIN + DAY], MAY) == Watched(((2026, 5), (2026, 5)), False)


def test_the_same_again_is_counted_from_the_first_in_the_span() -> None:
    long_ago, first, again = MAY - 10 * DAY, MAY, MAY + WITHIN
    told = [OfACause("ann", "late", at) for at in (again, long_ago, first)]

    assert came_again(told, MAY - DAY, MAY + DAY, MAY + WITHIN) == {"late": Share(1, 1)}
