"""Intervals and lifts: the laws they keep, and how often they are right."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.statistics import Interval, Share, difference, interval_of, smallest_lift, within_which

SIZES = st.integers(1, 100_000)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    of = draw(SIZES)
    return Share(draw(st.integers(0, of)), of)


def width(interval: Interval) -> float:
    return interval.high - interval.low


@given(shares())
def test_an_interval_contains_its_share_and_stays_possible(share: Share) -> None:
    interval = interval_of(share)

    assert share.rate is not None
    assert 0 <= interval.low <= share.rate <= interval.high <= 1


@given(shares())
def test_those_who_did_not_are_as_uncertain_as_those_who_did(share: Share) -> None:
    interval, opposite = interval_of(share), interval_of(Share(share.of - share.count, share.of))

    assert opposite.low == pytest.approx(1 - interval.high, abs=1e-12)
    assert opposite.high == pytest.approx(1 - interval.low, abs=1e-12)


@given(shares(), st.integers(2, 50))
def test_more_people_with_the_same_share_are_surer(share: Share, times: int) -> None:
    assert width(interval_of(Share(share.count * times, share.of * times))) < width(interval_of(share))


@given(shares(), shares())
def test_a_difference_is_contained_in_its_interval_and_turns_with_its_sides(one: Share, other: Share) -> None:
    there, back = difference(one, other), difference(other, one)

    assert one.rate is not None
    assert other.rate is not None
    assert -1 <= there.low <= one.rate - other.rate <= there.high <= 1
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


@given(shares(), shares(), st.integers(2, 50))
def test_a_difference_is_surer_with_more_people(one: Share, other: Share, times: int) -> None:
    more = difference(Share(one.count * times, one.of * times), Share(other.count * times, other.of * times))

    assert width(more) < width(difference(one, other))


def test_of_nobody_nothing_is_known() -> None:
    assert Share(0, 0).rate is None
    assert interval_of(Share(0, 0)) == Interval(0, 1)
    assert difference(Share(3, 10), Share(0, 0)) == Interval(-1, 1)
    assert smallest_lift(0.1, 100, 0) is None


@pytest.mark.parametrize(("count", "of"), [(2, 1), (-1, 4)])
def test_what_is_no_share_is_refused(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        Share(count, of)


@given(st.floats(0, 1), SIZES, SIZES, st.integers(2, 20))
def test_more_people_show_smaller_lifts(rate: float, treated: int, compared: int, times: int) -> None:
    few, many = smallest_lift(rate, treated, compared), smallest_lift(rate, treated * times, compared * times)

    assume(few is not None)
    assert few is not None
    assert many is not None
    assert 0 < many <= few <= 1 - rate + 1e-9


def test_to_halve_what_can_be_shown_takes_about_four_times_the_people() -> None:
    lifts = [smallest_lift(0.1, 20_000 * times, 1_000 * times) or 0 for times in (1, 4, 16)]

    assert [later / before for before, later in pairwise(lifts)] == pytest.approx([0.5, 0.5], abs=0.05)


@pytest.mark.large
@pytest.mark.parametrize(("treated", "rate", "compared", "other"), [(950, 0.12, 50, 0.1), (300, 0.02, 300, 0.02)])
def test_ninety_five_of_a_hundred_intervals_contain_the_truth(
    treated: int, rate: float, compared: int, other: float
) -> None:
    chance = Random(2026)
    draws = 4000

    def drawn(of: int, how_often: float) -> Share:
        return Share(sum(chance.random() < how_often for _ in range(of)), of)

    right = sum((rate - other) in difference(drawn(treated, rate), drawn(compared, other)) for _ in range(draws))

    assert right / draws == pytest.approx(0.95, abs=0.02)


@pytest.mark.large
def test_the_smallest_lift_is_found_in_eight_of_ten_cases() -> None:
    chance = Random(2026)
    rate, treated, compared = 0.1, 4000, 1000
    raised = rate + (smallest_lift(rate, treated, compared) or 0)

    def drawn(of: int, how_often: float) -> Share:
        return Share(sum(chance.random() < how_often for _ in range(of)), of)

    found = sum(0 not in difference(drawn(treated, raised), drawn(compared, rate)) for _ in range(1000))

    assert found / 1000 == pytest.approx(0.8, abs=0.05)


VALUES = st.lists(st.integers(0, 50), min_size=1, max_size=40)
PERCENT = st.integers(1, 100)


@given(VALUES, PERCENT)
def test_so_many_are_within_it_and_fewer_below(values: list[int], percent: int) -> None:
    found = within_which(values, percent / 100)

    assert found in values
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    assert 100 * sum(value < found for value in values) < percent * len(values)


@given(VALUES, PERCENT, PERCENT, st.randoms())
def test_it_hangs_on_no_order_and_grows_with_the_share(values: list[int], one: int, other: int, chance: Random) -> None:
    mixed, (less, more) = list(values), sorted((one, other))
    chance.shuffle(mixed)

    assert within_which(mixed, one / 100) == within_which(values, one / 100)
    assert within_which(values, less / 100) <= within_which(values, more / 100)  # type: ignore[operator]
    assert within_which(values, 1) == max(values)


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_within_which_share_nobody_can_be_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="is no share"):
        within_which([1], share)
