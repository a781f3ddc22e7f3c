"""What can be said of what a sequence adds."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.comparison import Comparison, Side, counted_within
from domain.program import Program, Trigger
from domain.statistics import Share, smallest_lift

MONTH = timedelta(days=30)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def compared(entered: Side, held_out: Side) -> Comparison:
    return Comparison(entered, held_out, MONTH)


@pytest.mark.parametrize(
    ("entered", "held_out", "verdict"),
    [
        (Share(0, 0), Share(0, 0), "nobody held out"),
        (Share(500, 5000), Share(0, 0), "nobody held out"),
        (Share(500, 5000), Share(25, 500), "adds"),
        (Share(250, 5000), Share(50, 500), "harms"),
        (Share(500, 5000), Share(45, 500), "cannot tell"),
        (Share(0, 50), Share(0, 3), "cannot tell"),
    ],
)
def test_a_verdict_stands_only_where_zero_lies_outside(entered: Share, held_out: Share, verdict: str) -> None:
    assert compared(Side(entered), Side(held_out)).verdict == verdict


def test_while_one_side_has_nobody_to_count_it_is_too_early() -> None:
    later = MONDAY + timedelta(days=5)
    comparison = compared(Side(Share(1, 10), first_at=MONDAY), Side(have_time=3, first_at=later))

    assert (comparison.verdict, comparison.lift, comparison.interval) == ("too early", None, None)
    assert comparison.smallest is None
    assert comparison.begins_at == later + MONTH


def test_the_smallest_lift_starts_from_the_share_of_both_sides() -> None:
    few, none = (compared(Side(Share(100, 2000)), Side(Share(count, 100))) for count in (7, 0))

    assert few.smallest == smallest_lift(107 / 2100, 2000, 100)
    assert none.smallest == smallest_lift(100 / 2100, 2000, 100)  # not from zero, which nobody believes
    assert compared(Side(Share(1, 3)), Side(Share(2, 2))).smallest is None


@pytest.mark.parametrize(
    ("within", "days"), [(None, 30), ("14 days", 30), ("45 days", 45), ("2 months", 60), ("40 business days", 30)]
)
def test_a_goal_is_counted_for_a_month_or_for_its_own_longer_time(within: str | None, days: int) -> None:
    program = Program(sequence="s", goal=(Trigger(event="purchased", within=within), Trigger(event="booked")))

    assert counted_within(program) == timedelta(days=days)
