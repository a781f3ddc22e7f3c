"""One contact in one program: how `advance` moves it, whatever the kinds of its steps."""

import json
from datetime import timedelta

import pytest

from domain.needs import Broken, Decide, Decided, Deliver, Done, Elapsed, Later, Left, Sent
from domain.run import Run, advance, asks_admission, departed, entered, need
from tests.domain.kit import MONDAY, program

DAY = timedelta(days=1)
TWO = program("steps: [{send: welcome/hello}, {wait: 1 day}]")


def test_a_run_begins_at_the_first_step_on_its_first_visit() -> None:
    run = entered(TWO, MONDAY)

    assert (run.position, run.visit, run.entered_at, run.arrived_at) == ("hello", 1, MONDAY, MONDAY)


def test_without_steps_it_is_over_at_once() -> None:
    assert entered(program("steps: []"), MONDAY).ended == "completed"


def test_it_moves_step_by_step_and_knows_when_it_arrived() -> None:
    run = advance(TWO, entered(TWO, MONDAY), Sent("accepted"), MONDAY + DAY)

    assert (run.position, run.arrived_at) == ("wait-2", MONDAY + DAY)
    run = advance(TWO, run, Elapsed(), MONDAY + 2 * DAY)
    assert (run.position, run.ended, need(TWO, run)) == (None, "completed", None)


def test_later_keeps_it_where_it_is_and_says_why() -> None:
    before = entered(TWO, MONDAY)

    run = advance(TWO, before, Later(MONDAY + DAY, "quiet hours"), MONDAY)

    assert run.waiting is not None
    assert (run.waiting.due, run.waiting.why) == (MONDAY + DAY, "quiet hours")
    assert run.model_copy(update={"waiting": None}) == before
    assert advance(TWO, run, Sent("accepted"), MONDAY + DAY).waiting is None


def test_whoever_has_ended_is_moved_by_nothing() -> None:
    run = advance(TWO, entered(TWO, MONDAY), Left("converted"), MONDAY)

    assert (run.position, run.ended) == (None, "converted")
    for outcome in (Sent("accepted"), Later(MONDAY), Left("erased"), Elapsed(), Broken("x")):
        assert advance(TWO, run, outcome, MONDAY + DAY) == run


def test_a_step_that_breaks_moves_nobody() -> None:
    with pytest.raises(ValueError, match="step hello: no date; park the run as failed"):
        advance(TWO, entered(TWO, MONDAY), Broken("no date"), MONDAY)


def test_advancing_changes_no_run_in_place() -> None:
    run = entered(TWO, MONDAY)
    before = run.model_dump()

    advance(TWO, departed(TWO, run, MONDAY), Sent("accepted"), MONDAY + DAY)

    assert run.model_dump() == before


# `when`, on every kind ---------------------------------------------------------------------------------------------

KINDS = [
    "send: welcome/hello",
    "wait: 1 day",
    "wait_for: clicked, up_to: 1 day",
    "branch: [{otherwise: [{exit: inside}]}]",
    "update: {score: +1}",
    "exit: gone",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_condition_is_asked_before_the_step_whatever_its_kind(kind: str) -> None:
    made = program(f"steps: [{{{kind}, id: it, when: contact.score > 5}}, {{wait: 2 days, id: behind}}]")
    run = entered(made, MONDAY)

    assert asks_admission(made, run)
    assert need(made, run) == Decide(conditions=("contact.score > 5",))
    assert departed(made, run, MONDAY).marks == {}, "the step itself is not begun"

    assert advance(made, run, Decided(None), MONDAY).position == "behind"
    admitted = advance(made, run, Decided(0), MONDAY)
    assert not asks_admission(made, admitted)
    if kind.startswith("exit"):
        assert admitted.ended == "exited:gone"
    else:
        assert (admitted.position, admitted.visit) == ("it", 1)
        assert need(made, admitted) == made.step("it").need()


def test_steps_passed_by_lead_to_the_end() -> None:
    made = program("steps: [{wait: 1 day, when: has(contact.vip)}, {wait: 1 day, when: has(contact.vip)}]")
    run = advance(made, entered(made, MONDAY), Decided(None), MONDAY)

    assert run.position == "wait-2"
    assert advance(made, run, Decided(None), MONDAY).ended == "completed"


def test_each_step_asks_for_itself() -> None:
    made = program("steps: [{update: {score: +1}, when: has(contact.vip)}, {wait: 1 day, when: has(contact.vip)}]")
    run = advance(made, entered(made, MONDAY), Decided(0), MONDAY)

    assert asks_admission(made, advance(made, run, Done(), MONDAY))


# What travels ------------------------------------------------------------------------------------------------------


def test_it_is_small_and_survives_travelling() -> None:
    run = advance(TWO, departed(TWO, entered(TWO, MONDAY), MONDAY), Sent("accepted"), MONDAY)
    travelled = run.model_dump_json()

    assert Run.model_validate_json(travelled) == run
    assert len(travelled) < 1000
    assert "ada" not in travelled


def test_a_run_of_a_later_version_can_be_read() -> None:
    stored = json.loads(entered(TWO, MONDAY).model_dump_json()) | {"of_the_future": 1}

    assert Run.model_validate(stored) == entered(TWO, MONDAY)


def test_only_sends_and_the_steps_named_by_others_are_remembered() -> None:
    made = program(
        "steps: [{wait: 1 day}, {send: welcome/hello}, {wait: 1 day, id: pause}, "
        "{wait_for: clicked, since: pause, up_to: 1 day}]"
    )
    assert made.remembered == {"pause"}
    run = entered(made, MONDAY)
    for outcome in (Elapsed(), Sent("accepted"), Elapsed()):
        run = advance(made, departed(made, run, MONDAY), outcome, MONDAY)

    assert set(run.marks) == {"hello", "pause"}
    assert isinstance(made.step("hello").need(), Deliver)
