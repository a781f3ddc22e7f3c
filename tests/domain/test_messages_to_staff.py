"""How long a message to staff is of use: its time runs from when nothing of ours held it any more."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.deeds import held_back, of_use_until
from domain.facts import Facts
from domain.holds import Hold
from domain.needs import Later, Notify, Sent
from tests.domain.kit import MONDAY, facts, policies, program
from tests.domain.steps.test_deeds import TEAMS

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PROGRAM = program("steps: [{wait: 1 day}]", TEAMS)
NEED = Notify(team="sales", template="lead", window="none")
OFFICE = Notify(team="sales", template="lead", window="office-hours")
FRIDAY_EVENING = MONDAY + 4 * DAY + 10 * HOUR
NEXT_MONDAY = MONDAY + 7 * DAY  # ten o'clock in Berlin, when the office opens


def known(now: datetime, **more: Any) -> Facts:
    return facts(PROGRAM, now=now, policies=policies(TEAMS), **more)


@pytest.mark.parametrize(
    ("need", "arrived", "held", "until"),
    [
        (NEED, MONDAY, {}, MONDAY + DAY),
        (OFFICE, FRIDAY_EVENING, {}, NEXT_MONDAY + DAY),
        (NEED, MONDAY, {"suspended": Hold(MONDAY - DAY, MONDAY + 3 * DAY)}, MONDAY + 4 * DAY),
        (NEED, MONDAY, {"holds": (Hold(MONDAY + HOUR, MONDAY + 6 * DAY),)}, MONDAY + 7 * DAY),
        (NEED, MONDAY, {"suspended": Hold(MONDAY - 2 * DAY, MONDAY - DAY)}, MONDAY + DAY),
    ],
)
def test_its_time_runs_from_when_it_could_go(
    need: Notify, arrived: object, held: dict[str, object], until: object
) -> None:
    known = facts(PROGRAM, now=MONDAY + 9 * DAY, policies=facts(PROGRAM).policies, **held)

    assert of_use_until(need, arrived, known) == until  # type: ignore[arg-type]


def test_nobody_misses_one_for_a_week_end() -> None:
    waits = held_back(OFFICE, FRIDAY_EVENING, known(FRIDAY_EVENING))
    opens = held_back(OFFICE, FRIDAY_EVENING, known(NEXT_MONDAY))

    assert waits is not None
    assert isinstance(waits.outcome, Later)
    assert waits.outcome.due == NEXT_MONDAY
    assert opens is None, "it goes"


def test_what_waited_longer_is_let_go() -> None:
    found = held_back(NEED, MONDAY, known(MONDAY + DAY, waited_for="channel staff is stopped"))

    assert found is not None
    assert found.outcome == Sent("skipped", "expired")
    assert found.row is not None
    assert found.row.why == ["expired at 2026-03-03 09:00 UTC, waiting for: channel staff is stopped"]
