"""`branch`: the first arm that is true."""

import pytest

from domain.needs import Decide, Decided
from domain.run import advance, entered, need
from tests.domain.kit import MONDAY, ended, lived, program

THREE = """
    steps:
      - branch:
          - {when: contact.score > 50, steps: [{update: {tags: [+hot]}}]}
          - {when: contact.score > 10, steps: [{update: {tags: [+warm]}}]}
          - {otherwise: [{update: {tags: [+cold]}}]}
      - update: {score: +1}
    """


def test_it_asks_all_its_conditions_at_once_and_names_the_arms() -> None:
    made = program(THREE)

    assert need(made, entered(made, MONDAY)) == Decide(
        conditions=("contact.score > 50", "contact.score > 10", None), arms=("1", "2", "otherwise")
    )


@pytest.mark.parametrize(("score", "arm"), [(99, "1"), (51, "1"), (50, "2"), (10, "otherwise"), (None, "otherwise")])
def test_the_first_that_is_true_is_taken_and_all_come_together_behind_it(score: int | None, arm: str) -> None:
    story = lived(THREE, score=score)

    assert story.timeline[0]["arm"] == arm
    assert [row["step"] for row in story.timeline][-1] == "update-2"


def test_the_row_tells_every_condition_that_was_asked_with_its_values() -> None:
    [row, *_] = lived(THREE, score=12).timeline

    assert row["why"] == [
        "contact.score > 50 is false: contact.score is 12",
        "contact.score > 10 is true: contact.score is 12",
    ]


def test_without_otherwise_the_contact_goes_on_behind_it() -> None:
    made = program("steps: [{branch: [{when: contact.score > 50, steps: [{exit: met}]}]}, {wait: 1 day}]")
    run = entered(made, MONDAY)

    assert advance(made, run, Decided(None), MONDAY).position == "wait-2"
    assert advance(made, run, Decided(0), MONDAY).ended == "exited:met"


@pytest.mark.parametrize("arm", [0, 1])
def test_an_empty_arm_leads_on_behind_it(arm: int) -> None:
    made = program("steps: [{branch: [{when: contact.score > 50, steps: []}, {otherwise: []}]}, {wait: 1 day}]")

    assert advance(made, entered(made, MONDAY), Decided(arm), MONDAY).position == "wait-2"


def test_an_empty_arm_at_the_end_completes_the_run() -> None:
    made = program("steps: [{branch: [{when: contact.score > 50, steps: []}]}]")

    assert advance(made, entered(made, MONDAY), Decided(0), MONDAY).ended == "completed"


def test_branches_in_branches_lead_back_out_one_after_the_other() -> None:
    text = """
        steps:
          - branch:
              - otherwise:
                  - branch:
                      - otherwise:
                          - branch: [{when: contact.score > 99, steps: [{exit: never}]}]
                  - update: {tags: [+middle]}
          - update: {tags: [+out]}
        """

    assert [row["step"] for row in lived(text).timeline] == [
        "branch-1", "branch-1.1.branch-1", "branch-1.1.branch-1.1.branch-1", "branch-1.1.update-2", "update-2",
    ]  # fmt: skip


def test_with_a_condition_of_its_own_it_is_passed_by() -> None:
    text = "steps: [{when: contact.score > 50, branch: [{otherwise: [{exit: met}]}]}]"

    story = lived(text)

    assert [(row["step"], row["did"]) for row in story.timeline] == [("branch-1", "skipped")]
    assert ended(story) == "completed"
    assert ended(lived(text, score=60)) == "exited:met"
