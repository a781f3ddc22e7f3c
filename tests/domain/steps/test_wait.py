"""`wait`: a span or until a moment; what happens if the moment is past is the author's to say."""

from datetime import timedelta

import pytest

from domain.needs import Elapsed, Later, Passed, Sleep
from domain.run import advance, entered, need
from domain.steps.base import Skips
from domain.steps.wait import Wait
from tests.domain.kit import MONDAY, ended, lived, program, rows

DAY = timedelta(days=1)


def until(if_past: str) -> str:
    return f"""
        steps:
          - wait: until contact.renewal_date at 09:00
            if_past: {if_past}
          - send: welcome/hello
            expires: 1 day
          - send: welcome/tips
            expires: 1 day
        """


def test_it_needs_a_time_in_the_author_s_words() -> None:
    made = program("steps: [{wait: 2 days at 09:00}]")
    wanted = need(made, entered(made, MONDAY))

    assert isinstance(wanted, Sleep)
    assert str(wanted.words) == "2 days at 09:00"


def test_it_moves_on_when_the_time_has_come_and_not_before() -> None:
    made = program("steps: [{wait: 2 days}]")
    run = advance(made, entered(made, MONDAY), Later(MONDAY + 2 * DAY, "2 days"), MONDAY)

    assert run.position == "wait-1"
    assert advance(made, run, Elapsed(), MONDAY + 2 * DAY).ended == "completed"


@pytest.mark.parametrize(
    ("if_past", "sent", "end"),
    [("continue", ["hello", "tips"], "completed"), ("skip", ["tips"], "completed"), ("exit", [], "exited:too late")],
)
def test_a_moment_in_the_past_does_what_if_past_says(if_past: str, sent: list[str], end: str) -> None:
    story = lived(until(if_past), renewal_date="2026-02-20")

    assert [row["step"] for row in story.timeline if row["did"] == "sent"] == sent
    assert ended(story) == end


def test_a_moment_to_come_is_waited_for_whatever_if_past_says() -> None:
    story = lived(until("exit"), renewal_date="2026-03-05")

    assert rows(story)[0] == "2026-03-05T08:00 wait-1 waited"
    assert ended(story) == "completed"


def test_a_moment_that_passes_during_the_wait_has_come_and_is_not_past() -> None:
    made = program(until("exit"))

    assert advance(made, entered(made, MONDAY), Elapsed(), MONDAY).position == "hello"
    assert advance(made, entered(made, MONDAY), Passed(), MONDAY).ended == "exited:too late"


def test_skipping_past_the_last_step_completes_the_run() -> None:
    last = "steps: [{wait: until contact.renewal_date, if_past: skip}, {update: {score: +1}}]"

    assert ended(lived(last, renewal_date="2026-01-01")) == "completed"
    assert rows(lived(last, renewal_date="2026-01-01")) == ["2026-03-02T09:00 wait-1 waited"]


def test_skipping_a_step_with_blocks_skips_its_blocks() -> None:
    text = """
        steps:
          - wait: until contact.renewal_date
            if_past: skip
          - branch: [{otherwise: [{update: {score: +1}}]}]
          - update: {score: +2}
        """

    assert [row["step"] for row in lived(text, renewal_date="2026-01-01").timeline] == ["wait-1", "update-3"]


def test_skipping_at_the_end_of_a_block_skips_the_step_behind_the_block() -> None:
    text = """
        steps:
          - branch: [{otherwise: [{wait: until contact.renewal_date, if_past: skip}]}]
          - update: {score: +1}
          - update: {score: +2}
        """

    done = [row["step"] for row in lived(text, renewal_date="2026-01-01").timeline]
    assert done == ["branch-1", "branch-1.1.wait-1", "update-3"]


def test_what_stands_behind_an_exit_can_be_reached_by_skipping_it() -> None:
    text = "steps: [{wait: until contact.renewal_date, if_past: skip}, {exit: early}, {update: {score: +1}}]"

    assert ended(lived(text, renewal_date="2026-01-01")) == "completed"
    assert ended(lived(text, renewal_date="2026-04-01")) == "exited:early"


def test_a_date_that_is_not_there_parks_the_run_as_failed() -> None:
    story = lived(until("skip"))

    assert ended(story) == "failed"
    assert story.end is not None
    assert "contact.renewal_date: there is no value" in story.end["why"][0]
    assert [row["did"] for row in story.timeline] == ["stopped"]


def test_it_says_where_it_can_lead() -> None:
    made = Wait.model_validate({"wait": "until 2026-01-01", "if_past": "skip", "next": "b"})

    assert list(made.ways()) == ["b", Skips()]
