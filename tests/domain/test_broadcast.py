"""Broadcasts as rules: rates and chunks, lots, the program that is made, and who wins."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.broadcast import ARMS, Announcement, arm_of, as_file, begins_at, read_share, slug
from domain.broadcast_rates import MOST_IN_A_CHUNK, Rate, chunk_of, next_chunk
from domain.definition import NAME
from domain.loader import load_sequence
from domain.winner import FEWEST, Arm, decide
from tests.domain.kit import TEMPLATES, policies

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@given(st.integers(1, 1_000_000), st.sampled_from(sorted(UNITS)), st.integers(1, 50))
def test_no_rate_is_exceeded_over_however_many_chunks(count: int, unit: str, chunks: int) -> None:
    rate = Rate.parse(f"{count} per {unit}")
    at, last = NOON, NOON
    for _ in range(chunks):
        last, at = at, next_chunk(rate, at, rate.chunk) or at

    let_in_before_the_last = rate.chunk * (chunks - 1)
    assert let_in_before_the_last * UNITS[unit] / count <= (last - NOON).total_seconds() + 0.001 * chunks
    assert 1 <= rate.chunk <= MOST_IN_A_CHUNK


@pytest.mark.parametrize(
    "words", ["500", "per hour", "0 per hour", "-1 per hour", "1 per fortnight", "1.5 per hour", ""]
)
def test_what_is_no_rate_is_refused_with_what_to_write(words: str) -> None:
    with pytest.raises(ValueError, match="write"):
        Rate.parse(words)


def test_without_a_rate_a_whole_wave_is_let_in_at_once() -> None:
    assert (chunk_of(None), next_chunk(None, NOON, 250), next_chunk(Rate.parse("1 per day"), None, 0)) == (
        250,
        None,
        None,
    )


@given(st.text())
def test_whatever_it_is_named_after_the_name_is_one_or_empty(words: str) -> None:
    assert slug(words) == "" or NAME.fullmatch(slug(words))


def test_lots_are_drawn_by_share_half_each_and_the_same_for_ever() -> None:
    drawn = [arm_of("sale", f"c{number}", 0.2) for number in range(20_000)]

    assert drawn == [arm_of("sale", f"c{number}", 0.2) for number in range(20_000)]
    for arm in ARMS:
        assert drawn.count(arm) / 20_000 == pytest.approx(0.1, abs=0.01)
    assert {arm_of("sale", str(number), 1.0) for number in range(99)} == set(ARMS)


@pytest.mark.parametrize("words", ["0%", "101%", "20", "a fifth", "-5%", "100.0001%"])
def test_what_is_no_share_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="is no share"):
        read_share(words)


@pytest.mark.parametrize(
    ("announced", "steps"),
    [
        (Announcement(name="x", template="welcome/hello", topic="product-news"), ["message"]),
        (Announcement(name="x", template="shop/receipt"), ["message"]),
        (
            Announcement(name="x", template="welcome/hello", other="welcome/tips", topic="product-news"),
            ["b", "a", "arms"],
        ),
        (
            Announcement(
                name="x",
                template="welcome/hello",
                topic="product-news",
                own_clock=NOON,
                goal="purchased",
                within="4 hours",
            ),
            ["own-clock", "message"],
        ),
    ],
)
def test_the_program_is_one_that_the_loader_takes(announced: Announcement, steps: list[str]) -> None:
    program, problems = load_sequence("sequences/broadcast-x.yaml", as_file(announced), policies(), TEMPLATES)

    assert program is not None, problems
    assert (program.sequence, program.again.rule, list(program.steps)) == ("broadcast-x", "never", steps)
    assert program.enter == ()
    assert bool(program.goal) == (announced.goal is not None)


def test_an_arm_is_what_the_run_says_and_nobody_else() -> None:
    announced = Announcement(name="x", template="welcome/hello", other="welcome/tips", topic="product-news")
    sends = json.loads(as_file(announced))["steps"][0]["branch"]

    assert sends[0]["when"] == "run.event.arm == 'b'"
    assert [step["send"] for arm in sends for step in arm.get("steps", arm.get("otherwise"))] == [
        "welcome/tips",
        "welcome/hello",
    ]


def test_the_hour_comes_to_the_easternmost_fourteen_hours_before_utc() -> None:
    assert begins_at(None, NOON) == NOON - timedelta(hours=14)
    assert begins_at(NOON, None) == NOON
    assert begins_at(None, None) is None


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 2000))
def test_the_worse_message_never_wins_and_b_only_beyond_chance(a: int, b: int, did_a: int, did_b: int) -> None:
    one, other = Arm(delivered=a, did=min(a, did_a)), Arm(delivered=b, did=min(b, did_b))

    verdict = decide(one, other, "clicks")

    if verdict.winner == "b":
        assert verdict.decided
        assert (other.share.rate or 0) > (one.share.rate or 0)
    if verdict.decided:
        assert min(a, b) >= FEWEST
        mirrored = decide(other, one, "clicks")
        assert {verdict.winner, mirrored.winner} == {"a", "b"}


@pytest.mark.parametrize(
    ("a", "b", "winner", "said"),
    [
        (Arm(delivered=1000, did=50), Arm(delivered=1000, did=90), "b", "more than chance"),
        (Arm(delivered=1000, did=90), Arm(delivered=1000, did=50), "a", "more than chance"),
        (Arm(delivered=1000, did=50), Arm(delivered=1000, did=50), "a", "may be chance"),
        (Arm(delivered=1000, did=50), Arm(delivered=1000, did=55), "a", "may be chance"),
        (Arm(delivered=9, did=0), Arm(delivered=1000, did=900), "a", "too few"),
        (Arm(delivered=0, did=0), Arm(delivered=0, did=0), "a", "too few"),
    ],
)
def test_who_wins_and_why(a: Arm, b: Arm, winner: str, said: str) -> None:
    verdict = decide(a, b, "clicks")

    assert verdict.winner == winner
    assert said in verdict.why
