"""Lots: the same for ever, in the shares written, and independent of each other."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lots import PLACES, drawn, place

CONTACTS = 100_000


def test_a_lot_is_the_same_on_every_machine_and_for_ever() -> None:
    # Written down once: a change of the rule would move every contact of every running split to another arm.
    assert place("welcome/split-1", "0190c5a2") == 4117641093460380112
    assert [drawn("welcome/split-1", f"c{number}", (50, 50)) for number in range(12)] == [
        1,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        1,
        1,
        1,
        0,
    ]


@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.integers(0, 10**6), min_size=1, max_size=6).filter(any))
def test_whoever_draws_gets_an_arm_that_has_a_share(salt: str, contact: str, shares: list[int]) -> None:
    assert 0 <= place(salt, contact) < PLACES
    assert shares[drawn(salt, contact, shares)] > 0


@given(st.text(max_size=10), st.text(max_size=10), st.integers(1, 1000))
def test_shares_are_compared_with_each_other_only(salt: str, contact: str, times: int) -> None:
    assert drawn(salt, contact, (3, 2, 5)) == drawn(salt, contact, (3 * times, 2 * times, 5 * times))


@pytest.mark.parametrize("shares", [(50, 50), (90, 10), (1, 1, 1), (5, 95), (10, 20, 30, 40)])
def test_over_many_contacts_every_arm_gets_its_share_within_chance(shares: tuple[int, ...]) -> None:
    counts = [0] * len(shares)
    for number in range(CONTACTS):
        counts[drawn("news/split-2", f"contact-{number}", shares)] += 1

    for count, share in zip(counts, shares, strict=True):
        expected = share / sum(shares)
        # Five standard errors: one arm in 1.7 million would lie outside by chance.
        assert abs(count / CONTACTS - expected) < 5 * sqrt(expected * (1 - expected) / CONTACTS)


def test_two_splits_with_different_salts_are_independent() -> None:
    both = {(one, other): 0 for one in (0, 1) for other in (0, 1)}
    for number in range(CONTACTS):
        contact = f"contact-{number}"
        both[drawn("news/split-2", contact, (50, 50)), drawn("news/split-5", contact, (50, 50))] += 1

    # Chi-squared with three degrees of freedom: 30 lies beyond one in 700,000.
    assert sum((count - CONTACTS / 4) ** 2 / (CONTACTS / 4) for count in both.values()) < 30
