"""`task`: a person does something, and the contact goes on with the outcome."""

from datetime import timedelta

import pytest

from domain.needs import Open
from domain.program import Program
from tests.domain.kit import POLICIES, ended, lived, on, program, rows, said

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TEAMS = POLICIES | {"policies/teams.yaml": "teams: {sales: {label: Sales, email: sales@acme.example}}"}
CALL = """
    steps:
      - task: Call {{ contact.first_name }} about the demo
        team: sales
        up_to: 5 days
        outcomes:
          booked: [{exit: met}]
          no_answer: [{send: welcome/nudge}]
          timed_out: [{update: {tags: [+cold]}}]
      - wait: 1 day
    """


def made(text: str = CALL) -> Program:
    return program(text, TEAMS)


def test_it_is_opened_once_and_waits_for_its_outcome() -> None:
    story = lived(made(), [on(2 * HOUR, "task_completed", of="task-1", outcome="booked")])

    assert rows(story) == ["2026-03-02T09:00 task-1 opened", "2026-03-02T11:00 task-1 matched"]
    assert story.timeline[0]["task"] == "Call Ada about the demo"
    assert story.timeline[1]["outcome"] == "booked"
    assert ended(story) == "exited:met"


def test_a_delay_after_it_counts_from_its_completion() -> None:
    story = lived(made(), [on(2 * HOUR, "task_completed", of="task-1", outcome="no_answer")])

    assert rows(story)[-1] == "2026-03-03T11:00 wait-2 waited"


def test_an_outcome_nobody_wrote_takes_otherwise_or_goes_on() -> None:
    story = lived(made(), [on(2 * HOUR, "task_completed", of="task-1", outcome="rang_back")])

    assert [row["did"] for row in story.timeline] == ["opened", "matched", "waited"]


def test_one_that_nobody_completes_times_out() -> None:
    story = lived(made())

    assert [row["did"] for row in story.timeline] == ["opened", "timed_out", "updated", "waited"]
    assert story.timeline[1]["at"] == "2026-03-07T09:00:00Z"


def test_the_outcome_can_be_asked_afterwards() -> None:
    text = """
        steps:
          - {task: Call, team: sales}
          - branch: [{when: outcome == 'booked', steps: [{exit: met}]}]
        """

    assert ended(lived(made(text), [on(HOUR, "task_completed", of="task-1", outcome="booked")])) == "exited:met"
    assert ended(lived(made(text), [on(HOUR, "task_completed", of="task-1", outcome="lost")])) == "completed"


def test_one_that_is_not_waited_for_lets_the_contact_go_on_at_once() -> None:
    story = lived(made("steps: [{task: Say thank you, team: sales, blocking: false}, {update: {score: +1}}]"))

    assert rows(story) == ["2026-03-02T09:00 task-1 opened", "2026-03-02T09:00 update-2 updated"]


def test_the_window_holds_the_contact_before_it() -> None:
    night = lived(made("steps: [{task: Call, team: sales, window: office-hours, up_to: 1 day}]"), until=None,
                  at=on(12 * HOUR, "x").at)  # fmt: skip

    assert [row["did"] for row in night.timeline] == ["deferred", "opened", "timed_out"]
    assert night.timeline[1]["at"] == "2026-03-03T09:00:00Z"


def test_in_each_round_it_is_another_one() -> None:
    text = "steps: [{repeat: {times: 2, steps: [{task: Call, team: sales, up_to: 1 day}]}}]"

    story = lived(made(text), [on(HOUR, "task_completed", of="repeat-1.1.task-1", outcome="booked")])

    assert [row["did"] for row in story.timeline] == ["opened", "matched", "opened", "timed_out"]


def test_the_outcome_that_conditions_ask_for_is_that_of_the_last_task_in_time_or_not() -> None:
    asks = "branch: [{when: outcome == 'booked', steps: [{exit: booked}]}, {when: outcome == 'timed_out', steps: []}]"
    text = f"""
        steps:
          - {{task: Call, team: sales, up_to: 1 day}}
          - {{task: Write, team: sales, up_to: 1 day}}
          - {{wait_for: purchased, up_to: 1 day}}
          - {asks}
        """

    booked = on(HOUR, "task_completed", of="task-1", outcome="booked")
    late = lived(made(text), [booked])
    bought = lived(
        made(text), [booked, on(2 * HOUR, "task_completed", of="task-2", outcome="booked"), on(DAY, "purchased")]
    )

    assert [row["arm"] for row in late.timeline if row["did"] == "took"] == ["2"]
    assert ended(bought) == "exited:booked"


def test_it_asks_for_a_record_with_the_outcomes_people_may_choose() -> None:
    need = made().step("task-1").need()

    assert isinstance(need, Open)
    assert (need.what, need.team, need.outcomes) == ("task", "sales", ("booked", "no_answer"))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{task: Call}", "this 'task' is for nobody; add 'team:' or 'owner:'"),
        ("{task: Call, team: slaes}", "team 'slaes' is not in policies/teams.yaml; did you mean 'sales'?"),
        ('{task: "Call {{ contact.frist_name }}", team: sales}', "there is no field contact.frist_name; did you mean"),
        ('{task: "Call {{ name }}", team: sales}', "'{{ name }}' cannot be filled in; write {{ contact.first_name }}"),
        (
            "{task: Call, team: sales, blocking: false, outcomes: {a: []}}",
            "'outcomes' of a task that is not waited for",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(step: str, expected: str) -> None:
    found = said(f"topic: product-news\nsteps:\n  - {step}\n", TEAMS)

    assert len(found) == 1, found
    assert found[0].startswith(f"3: {expected}")
