"""A program's steps in the order of the file, and the loops among them."""

from domain.outline import loops, outline
from tests.domain.kit import program

STORY = program("""
    enter: {on: {form: demo-request}}
    steps:
      - wait: 1 hour
      - branch:
          - when: contact.score > 1
            steps: [{wait: 1 day, id: in-branch}]
          - otherwise: []
      - repeat:
          times: 3
          steps:
            - repeat: {times: 2, steps: [{wait: 2 hours, id: innermost}]}
              id: inner
            - wait: 2 days
              id: after-inner
        id: outer
      - send: welcome/hello
    """)


def test_every_step_stands_once_in_the_order_of_the_file() -> None:
    assert [(placed.step.id, placed.depth) for placed in outline(STORY)] == [
        ("wait-1", 0),
        ("branch-2", 0),
        ("in-branch", 1),
        ("outer", 0),
        ("inner", 1),
        ("innermost", 2),
        ("after-inner", 1),
        ("hello", 0),
    ]


def test_a_loop_knows_where_its_rounds_begin_and_what_is_around_it() -> None:
    found = loops(STORY)

    assert (found["outer"].begins, found["outer"].times, found["outer"].outer) == ("innermost", 3, None)
    assert found["inner"].outer == found["outer"]
    assert found["inner"].shares_beginning


def test_what_forks_and_what_sends_is_told() -> None:
    placed = {each.step.id: each for each in outline(STORY)}

    assert [name for name, each in placed.items() if each.forks] == ["branch-2"]
    assert [name for name, each in placed.items() if each.sends] == ["hello"]
    assert placed["branch-2"].labels["1"] == "contact.score > 1"
