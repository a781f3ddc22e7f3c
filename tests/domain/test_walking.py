"""A run found by walking its decision log is the run that was lived."""

from datetime import datetime, timedelta
from random import Random

import pytest

from domain.loader import load
from domain.needs import (
    Broken,
    Decide,
    Decided,
    Deliver,
    Done,
    Draw,
    Elapsed,
    Happened,
    Listen,
    Need,
    Outcome,
    Sent,
    Sleep,
    TimedOut,
)
from domain.program import Program
from domain.run import Run, advance, asks_admission, departed, entered, need
from domain.walking import Told, walked
from tests.domain.kit import MONDAY, Templates, program
from tests.domain.programs import corpus

CLICK = program("""
steps:
  - send: welcome/hello
  - wait: 1 day
    when: contact.score > 5
  - wait_for: clicked
    of: hello
    up_to: 3 days
""")


def an_outcome(wanted: Need, random: Random) -> Outcome:
    if isinstance(wanted, Decide):
        return Decided(random.choice([None, *range(len(wanted.conditions))]))
    if isinstance(wanted, Listen):
        return Happened("clicked", id=1) if random.random() < 0.5 else TimedOut()
    if isinstance(wanted, Draw):
        return Decided(random.randrange(len(wanted.shares)))
    kinds: dict[type[Need], Outcome] = {Sleep: Elapsed(), Deliver: Sent("accepted")}
    return kinds.get(type(wanted), Done())


def lived(of: Program, random: Random, most: int) -> tuple[Run, list[Told]]:
    """Move a run along by chance; return it with its log."""
    run, now = entered(of, MONDAY), MONDAY
    log: list[Told] = []
    while run.position is not None and len(log) < most:
        wanted = need(of, run)
        assert wanted is not None
        now += timedelta(minutes=random.randint(0, 5000))
        outcome = an_outcome(wanted, random)
        log.append(Told(run.position, run.visit, asks_admission(of, run), now, outcome))
        run = advance(of, departed(of, run, now), outcome, now)
    return run, log


@pytest.mark.parametrize("seed", range(30))
def test_walked_it_stands_where_it_was_lived_to(seed: int) -> None:
    random = Random(seed)
    (case,) = corpus(seed, 1)
    of = load(case.files, Templates.of(case.files)).programs["story"]

    run, log = lived(of, random, random.randint(0, 12))

    assert walked(of, MONDAY, log) == run


def told(step: str, outcome: Outcome, *, admission: bool = False, after: int = 0) -> Told:
    return Told(step, 1, admission, at(after), outcome)


def at(hours: int) -> datetime:
    return MONDAY + timedelta(hours=hours)


def test_it_keeps_when_it_arrived_and_since_when_an_answer_counts() -> None:
    run = walked(
        CLICK,
        MONDAY,
        [told("hello", Sent("accepted"), after=1), told("wait-2", Decided(None), admission=True, after=2)],
    )

    assert (run.position, run.arrived_at, run.marks) == ("wait_for-3", at(2), {"hello": at(1)})


def test_it_stands_at_the_step_that_broke() -> None:
    log = [
        told("hello", Sent("accepted")),
        told("wait-2", Decided(0), admission=True),
        told("wait-2", Broken("its data")),
    ]

    run = walked(CLICK, MONDAY, log)

    assert (run.position, run.admitted, run.ended) == ("wait-2", True, None)


def test_what_belongs_to_no_place_where_it_comes_by_is_left_out() -> None:
    log = [told("elsewhere", Done()), told("wait-2", Elapsed()), told("hello", Sent("accepted"))]

    assert walked(CLICK, MONDAY, log).position == "wait-2"
