"""The figures of cases: what holds of them whatever happened."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.away import WEEKDAYS
from domain.case_tallies import PROMISES, CaseTold, Promised, tally
from domain.dues import Sight
from domain.holds import Hold

MAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIGHT = Sight(ZoneInfo("UTC"), WEEKDAYS)
HOURS = st.integers(0, 400)


@st.composite
def cases(draw: st.DrawFn) -> CaseTold:
    """A case with pauses, and promises whose due is as much later as those are long."""
    opened = MAY + draw(HOURS) * HOUR
    pauses = [(opened + draw(HOURS) * HOUR, draw(st.none() | HOURS)) for _ in range(draw(st.integers(0, 2)))]
    holds = tuple(Hold(at, None if long is None else at + long * HOUR) for at, long in pauses)
    stands = any(hold.until is None for hold in holds)
    held = sum((hold.until - hold.paused_at for hold in holds if hold.until is not None), timedelta())
    promises = []
    for name in draw(st.lists(st.sampled_from(PROMISES), max_size=6)):
        plain = opened + draw(HOURS) * HOUR
        end, at = draw(st.sampled_from(("kept", "dropped", "open"))), opened + draw(HOURS) * HOUR
        kept, dropped = at if end == "kept" else None, at if end == "dropped" else None
        promises.append(Promised(name, opened, None if stands else plain + held, plain, kept, dropped))
    over = draw(st.none() | HOURS)
    return CaseTold(
        "c",
        "ann",
        "S3",
        opened,
        SIGHT,
        MAY + 500 * HOUR,
        resolved_at=None if over is None else opened + over * HOUR,
        rounds=draw(st.integers(1, 3)),
        score=draw(st.none() | st.integers(1, 5)),
        holds=holds,
        promises=tuple(promises),
    )


@given(st.lists(cases(), max_size=6))
@settings(max_examples=120)
def test_with_the_pauses_left_out_no_smaller_share_is_in_time(some: list[CaseTold]) -> None:
    for kept in tally(some).promises.values():
        if kept.in_time.of and kept.in_plain_time.of:
            assert (kept.in_time.rate or 0) >= (kept.in_plain_time.rate or 0)
        assert kept.in_time.count >= kept.in_plain_time.count


@given(st.lists(cases(), max_size=6))
@settings(max_examples=80)
def test_shares_are_shares_and_parts_add_up(some: list[CaseTold]) -> None:
    every = tally(some)

    assert every.paused is None or 0 <= every.paused <= 1
    assert every.severities.total() == every.sources.total() == every.opened == len(some)
    assert every.open <= every.opened
    for lengths in every.lengths.values():
        for working, elapsed in zip(lengths.working, lengths.elapsed, strict=True):
            assert 0 <= working <= elapsed


@given(st.lists(cases(), max_size=6), st.integers(0, 6))
@settings(max_examples=60)
def test_two_parts_together_are_the_whole(some: list[CaseTold], where: int) -> None:
    one, other, whole = tally(some[:where]), tally(some[where:]), tally(some)

    assert one.opened + other.opened == whole.opened
    assert one.stood_still + other.stood_still == whole.stood_still
    assert one.promises["contact"].in_time.of + other.promises["contact"].in_time.of == (
        whole.promises["contact"].in_time.of
    )


def test_who_kept_it_while_the_clock_stood_still_was_in_time() -> None:
    kept = Promised("contact", MAY, None, MAY + HOUR, kept_at=MAY + 2 * HOUR)

    assert (kept.in_time(MAY + 9 * HOUR), kept.in_plain_time(MAY + 9 * HOUR)) == (True, False)


def test_what_was_dropped_before_it_was_late_is_in_no_share() -> None:
    dropped = Promised("update", MAY, MAY + 3 * HOUR, MAY + HOUR, dropped_at=MAY + 2 * HOUR)

    assert (dropped.in_time(MAY + 9 * HOUR), dropped.in_plain_time(MAY + 9 * HOUR)) == (None, False)


def test_the_time_between_two_rounds_is_none_of_it() -> None:
    rounds = (
        Promised("resolve", MAY, None, MAY, kept_at=MAY + 10 * HOUR),
        Promised("resolve", MAY + 40 * HOUR, None, MAY, kept_at=MAY + 50 * HOUR),
    )
    case = CaseTold("c", "ann", "S2", MAY, SIGHT, MAY + 90 * HOUR, resolved_at=MAY + 50 * HOUR, promises=rounds)

    assert case.lasted == 20 * HOUR
