from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendars import Calendar
from domain.clocks import Clock, due, reached
from domain.dues import Sight, resolve
from domain.holds import Hold
from domain.spans import Span

BERLIN = ZoneInfo("Europe/Berlin")
TEN_TO_SIX = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["10:00-18:00"]})
EARLY = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["09:30-17:00"]})
SIGHT = Sight(BERLIN, TEN_TO_SIX)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """May 2026 in Berlin; the 6th is a Wednesday."""
    return datetime(2026, 5, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("calendar", "since", "target", "expected"),
    [
        (TEN_TO_SIX, at(6, 15), "10 business hours", at(7, 17)),
        (TEN_TO_SIX, at(6, 20), "10 business hours", at(8, 12)),
        (EARLY, at(8, 16, 30), "1 business hour", at(11, 10)),
        (EARLY, at(8, 16, 50), "15 business minutes", at(11, 9, 35)),
    ],
)
def test_a_clock_is_due_when_a_wait_of_the_same_words_is(
    calendar: Calendar, since: datetime, target: str, expected: datetime
) -> None:
    sight = Sight(BERLIN, calendar)
    waited = resolve(Span.parse(target), since, sight)

    assert waited is not None
    assert due(Clock(target=Span.parse(target), started_at=since), sight) == expected == waited.at


def test_a_day_and_ten_hours_are_counted_one_after_the_other() -> None:
    tomorrow = due(Clock(target=Span.parse("1 business day"), started_at=at(6, 15)), SIGHT)

    assert tomorrow is not None
    assert due(Clock(target=Span.parse("10 business hours"), started_at=tomorrow), SIGHT) == at(8, 17)


def test_a_pause_remembers_what_had_passed() -> None:
    clock = Clock(target=Span.parse("4 business hours"), started_at=at(6, 10), holds=(Hold(at(6, 11), at(7, 12)),))

    assert due(clock, SIGHT) == at(7, 15)
    assert reached(clock, 50, SIGHT) == at(7, 13)
    assert reached(clock, 25, SIGHT) == at(6, 11)


def test_a_pause_without_an_end_leaves_what_comes_after_it_unknown() -> None:
    clock = Clock(target=Span.parse("4 business hours"), started_at=at(6, 10), holds=(Hold(at(6, 12), None),))

    assert [reached(clock, percent, SIGHT) for percent in (25, 50, 75, 100, 150)] == [
        at(6, 11),
        at(6, 12),
        None,
        None,
        None,
    ]


def test_what_is_over_the_target_is_counted_from_the_due_on() -> None:
    clock = Clock(target=Span.parse("2 business days"), started_at=at(6, 15))

    assert [reached(clock, percent, SIGHT) for percent in (100, 150, 200)] == [at(8, 15), at(11, 15), at(12, 15)]


spans = st.one_of(
    st.integers(1, 900).map(lambda n: Span.parse(f"{n} business minutes")),
    st.integers(1, 40).map(lambda n: Span.parse(f"{n} business hours")),
    st.integers(1, 9).map(lambda n: Span.parse(f"{n} business days")),
    st.integers(1, 90).map(lambda n: Span.parse(f"{n} hours")),
    st.integers(1, 9).map(lambda n: Span.parse(f"{n} days")),
)
SPRING = datetime(2026, 3, 20, tzinfo=UTC)  # the clocks change on the 29th
instants = st.integers(0, 16 * 86400).map(lambda seconds: SPRING + timedelta(seconds=seconds))


@given(spans, instants, st.lists(st.integers(1, 300), min_size=2, max_size=4, unique=True))
def test_shares_come_in_order_and_the_whole_is_the_due(target: Span, since: datetime, shares: list[int]) -> None:
    clock = Clock(target=target, started_at=since)
    instants = [reached(clock, percent, SIGHT) for percent in sorted(shares)]

    assert instants == sorted(filter(None, instants))
    assert reached(clock, 100, SIGHT) == due(clock, SIGHT)
    assert all(each is not None and each >= since for each in instants)


@given(spans, instants, st.integers(1, 99), st.integers(0, 100), st.integers(1, 60))
def test_a_pause_makes_nothing_earlier_and_one_that_comes_after_changes_nothing(
    target: Span, since: datetime, percent: int, after: int, hours: int
) -> None:
    plain = Clock(target=target, started_at=since)
    begins = since + timedelta(hours=after)
    paused = plain.model_copy(update={"holds": (Hold(begins, begins + timedelta(hours=hours)),)})
    before, behind = reached(plain, percent, SIGHT), reached(paused, percent, SIGHT)

    assert before is not None
    assert behind is not None
    assert behind == before if before <= begins else behind >= before
