"""What every kind says of itself for drawings: a sentence, and every way out with its label."""

from collections.abc import Iterator

import pytest

from domain.steps.base import Ends, Step
from tests.domain.kit import POLICIES, program

EVERY_KIND = """
steps:
  - send: welcome/hello
    on_error: exit
  - wait: until contact.renewal_date
    if_past: skip
  - send: welcome/tips
    expires: 1 day
  - wait_for: [clicked, replied]
    up_to: 3 days
    then: [{update: {score: +20, tags: [+engaged]}}]
    otherwise: [{exit: cold}]
  - wait_for: {form: demo-request}
    up_to: 3 days
  - branch:
      - when: contact.score > 60
        steps: [{send: welcome/nudge}]
      - when: contact.score > 30
        steps: [{exit: warm}]
  - wait: 1 day
"""


def steps() -> Iterator[Step]:
    yield from program(EVERY_KIND).steps.values()


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("hello", "send welcome/hello"),
        ("wait-2", "wait until contact.renewal_date"),
        ("wait_for-4", "wait for clicked or replied, up to 3 days"),
        ("wait_for-4.1.update-1", "update score +20, tags +engaged"),
        ("wait_for-4.2.exit-1", "exit cold"),
        ("wait_for-5", "wait for form demo-request, up to 3 days"),
        ("branch-6", "which way?"),
    ],
)
def test_a_step_says_what_it_does_in_the_author_s_words(step: str, sentence: str) -> None:
    assert program(EVERY_KIND).step(step).says() == sentence


def test_every_way_out_has_its_label() -> None:
    made = program(EVERY_KIND)

    assert list(made.step("hello").exits()) == [("", "wait-2"), ("refused", Ends("exited:send refused"))]
    assert list(made.step("branch-6").exits()) == [
        ("contact.score > 60", "nudge"),
        ("contact.score > 30", "branch-6.2.exit-1"),
        ("none of these", "wait-7"),
    ]


def test_what_is_drawn_is_where_a_run_can_go() -> None:
    for step in steps():
        drawn = {where for _, where in step.exits() if not isinstance(where, Ends)}
        assert drawn == set(step.ways()), step.id


WITH_OTHERS = """
steps:
  - split:
      arms:
        - {name: story, share: 60%, steps: [{send: welcome/hello}]}
        - {name: number, share: 40%, steps: [{send: welcome/tips}]}
  - repeat: {times: 3, until: contact.score > 5, steps: [{wait: 1 day}]}
  - task: Call {{ contact.first_name }}
    team: sales
    outcomes:
      no_answer: [{send: welcome/nudge}]
  - wait_for: {when: contact.score > 9}
    up_to: until contact.renewal_date
  - wait_for: {segment: keen}
    up_to: forever
  - case: Unhappy
  - call: https://erp.example/credit?customer=1
  - start: other
  - stop: other
"""
MORE = POLICIES | {
    "policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}",
    "policies/segments.yaml": "segments: {keen: {when: contact.score > 60}}",
    "sequences/other.yaml": "steps: [{wait: 1 day}]",
}


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("split-1", "by lot"),
        ("repeat-2", "repeat 3 times at most until contact.score > 5"),
        ("task-3", "task for sales: Call {{ contact.first_name }}"),
        ("wait_for-4", "wait for contact.score > 9, until contact.renewal_date"),
        ("wait_for-5", "wait for segment keen, forever"),
        ("case-6", "case Unhappy"),
        ("call-7", "call erp.example"),
        ("start-8", "start other"),
        ("stop-9", "stop other"),
    ],
)
def test_so_do_those_that_deal_with_people_lots_and_other_systems(step: str, sentence: str) -> None:
    assert program(WITH_OTHERS, MORE).step(step).says() == sentence


def test_their_ways_are_drawn_where_a_run_can_go() -> None:
    for step in program(WITH_OTHERS, MORE).steps.values():
        drawn = {where for _, where in step.exits() if not isinstance(where, Ends)}
        assert drawn == set(step.ways()), step.id


def test_a_branch_with_one_arm_asks_a_question() -> None:
    step = program("steps: [{branch: [{when: contact.score > 3, steps: [{exit: met}]}]}]").step("branch-1")

    assert (step.says(), [label for label, _ in step.exits()]) == ("is contact.score > 3?", ["yes", "no"])
