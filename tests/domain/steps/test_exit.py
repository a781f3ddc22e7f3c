"""`exit`: the run ends with the author's reason."""

from domain.needs import Decide, Decided
from domain.run import advance, entered, need
from tests.domain.kit import MONDAY, ended, lived, program


def test_it_ends_the_run_at_once_without_asking_anybody() -> None:
    made = program("steps: [{exit: met}]")

    run = entered(made, MONDAY)

    assert (run.position, run.ended) == (None, "exited:met")
    assert need(made, run) is None


def test_with_a_condition_it_ends_only_whom_it_is_about() -> None:
    made = program("steps: [{exit: has-owner, when: has(contact.owner)}, {wait: 1 day}]")
    run = entered(made, MONDAY)

    assert need(made, run) == Decide(conditions=("has(contact.owner)",))
    assert advance(made, run, Decided(0), MONDAY).ended == "exited:has-owner"
    assert advance(made, run, Decided(None), MONDAY).position == "wait-2"


def test_deep_inside_it_ends_the_whole_run() -> None:
    text = """
        steps:
          - branch:
              - when: contact.score > 5
                steps:
                  - wait_for: clicked
                    up_to: 1 day
                    otherwise: [{exit: nobody-there}]
          - wait: 1 day
        """

    assert ended(lived(text)) == "exited:nobody-there"
    assert ended(lived(text, score=1)) == "completed"
