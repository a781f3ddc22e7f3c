"""`send`: asked for once, and gone on from when its fate is known."""

from datetime import timedelta

import pytest

from domain.needs import Deliver, Later, Sent
from domain.run import advance, departed, entered, need
from tests.domain.kit import MONDAY, program

ONE = program("steps: [{send: welcome/hello, topic: service, sender: service, window: daytime, expires: 2 days}]")
HOUR = timedelta(hours=1)


def test_it_needs_the_message_as_the_author_wrote_it() -> None:
    wanted = need(ONE, entered(ONE, MONDAY))

    assert isinstance(wanted, Deliver)
    assert (wanted.template, wanted.channel, wanted.topic) == ("welcome/hello", "email", "service")
    assert (wanted.sender, wanted.window, str(wanted.expires)) == ("service", "daytime", "2 days")


@pytest.mark.parametrize("fate", ["accepted", "refused", "unknown", "skipped"])
def test_whatever_the_fate_the_contact_goes_on(fate: str) -> None:
    run = advance(ONE, entered(ONE, MONDAY), Sent(fate), MONDAY)  # type: ignore[arg-type]

    assert run.ended == "completed"


def test_a_refusal_ends_the_run_where_the_author_says_so() -> None:
    strict = program("steps: [{send: welcome/hello, on_error: exit}, {wait: 1 day}]")

    assert advance(strict, entered(strict, MONDAY), Sent("refused"), MONDAY).ended == "exited:send refused"
    assert advance(strict, entered(strict, MONDAY), Sent("unknown"), MONDAY).position == "wait-2"


def test_a_postponed_send_stays_where_it_is_on_the_same_visit() -> None:
    run = advance(ONE, entered(ONE, MONDAY), Later(MONDAY + HOUR, "outside daytime"), MONDAY)

    assert (run.position, run.visit, run.arrived_at) == ("hello", 1, MONDAY)
    assert run.waiting is not None
    assert run.waiting.due == MONDAY + HOUR


def test_answers_count_from_the_last_time_it_was_asked_for() -> None:
    run = departed(ONE, entered(ONE, MONDAY), MONDAY)
    run = advance(ONE, run, Later(MONDAY + HOUR), MONDAY)

    assert departed(ONE, run, MONDAY + HOUR).marks == {"hello": MONDAY + HOUR}


def test_it_is_named_after_its_template() -> None:
    assert set(ONE.steps) == {"hello"}
