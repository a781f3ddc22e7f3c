"""`repeat`: steps in rounds."""

from datetime import timedelta

from domain.paths import longest, past
from domain.run import entered
from tests.domain.kit import MONDAY, ended, lived, on, program, rows, said

DAY = timedelta(days=1)
NUDGES = """
    steps:
      - repeat:
          times: 3
          until: clicked('nudge')
          steps:
            - send: welcome/nudge
              window: none
            - wait: 1 day
      - update: {tags: [+done]}
    """


def test_the_rounds_are_gone_through_as_often_as_written() -> None:
    story = lived(NUDGES)

    assert [row["step"] for row in story.timeline if row["did"] == "sent"] == ["nudge"] * 3
    assert ended(story) == "completed"


def test_after_each_round_it_is_asked_whether_it_is_enough() -> None:
    story = lived(NUDGES, [on(1.5 * DAY, "clicked", of="nudge")])

    assert rows(story) == [
        "2026-03-02T09:00 nudge sent",
        "2026-03-03T09:00 repeat-1.1.wait-2 waited",
        "2026-03-03T09:00 repeat-1 took",
        "2026-03-03T09:00 nudge sent",
        "2026-03-04T09:00 repeat-1.1.wait-2 waited",
        "2026-03-04T09:00 repeat-1 took",
        "2026-03-04T09:00 update-2 updated",
    ]
    assert [row["arm"] for row in story.timeline if row["did"] == "took"] == ["none", "until"]


def test_functions_of_a_step_mean_its_latest_visit() -> None:
    # The click on the first round's message does not answer the question about the second's.
    text = """
        steps:
          - repeat:
              times: 2
              steps:
                - send: welcome/nudge
                - wait: 1 day
                - branch:
                    - {when: clicked('nudge'), steps: [{update: {score: +1}}]}
        """

    story = lived(text, [on(DAY / 2, "clicked", of="nudge")], score=0)

    assert [row["arm"] for row in story.timeline if row["did"] == "took"] == ["1", "none"]


def test_the_number_of_the_round_can_be_asked() -> None:
    text = """
        steps:
          - repeat:
              times: 3
              steps:
                - update: {tags: [+last]}
                  when: run.round == 3
                - wait: 1 day
        """

    assert [row["did"] for row in lived(text).timeline if "update" in row["step"]] == ["skipped", "skipped", "updated"]


def test_rounds_inside_of_rounds_begin_anew() -> None:
    inner = "{repeat: {times: 2, steps: [{update: {score: +1}}]}}"

    story = lived(f"steps: [{{repeat: {{times: 3, steps: [{inner}, {{wait: 1 day}}]}}}}]", score=0)

    assert sum(row["did"] == "updated" for row in story.timeline) == 6
    assert ended(story) == "completed"


def test_its_own_when_is_asked_once_before_the_first_round() -> None:
    text = "steps: [{when: contact.score < 2, repeat: {times: 4, steps: [{update: {score: +1}}]}}]"

    assert sum(row["did"] == "updated" for row in lived(text, score=0).timeline) == 4
    assert [row["did"] for row in lived(text, score=5).timeline] == ["skipped"]


def test_an_exit_inside_ends_the_run() -> None:
    assert ended(lived("steps: [{repeat: {times: 4, steps: [{exit: met}]}}]")) == "exited:met"


def test_leaving_out_the_next_step_does_not_leave_the_rounds() -> None:
    text = """
        steps:
          - repeat:
              times: 2
              steps:
                - update: {score: +1}
                - wait: until contact.renewal_date
                  if_past: skip
          - update: {tags: [+out]}
        """

    story = lived(text, renewal_date="2026-01-01")

    assert [row["did"] for row in story.timeline] == ["updated", "waited", "updated", "waited", "updated"]


def test_the_longest_way_counts_every_round() -> None:
    made = program(
        "steps: [{repeat: {times: 5, steps: [{wait: 2 days}, {repeat: {times: 3, steps: [{wait: 1 day}]}}]}}]"
    )

    assert longest(made.steps, made.first) == timedelta(days=25)


def test_a_wait_that_skips_at_the_end_of_a_round_leads_back_to_its_repeat() -> None:
    skips = "{wait: until contact.renewal_date, if_past: skip}"
    inner = f"{{repeat: {{times: 2, steps: [{{wait: 1 day}}, {skips}]}}}}"

    made = program(f"steps: [{{repeat: {{times: 3, steps: [{inner}]}}}}, {{wait: 5 days}}]")
    story = lived(made, renewal_date="2020-01-01")

    assert longest(made.steps, made.first) == timedelta(days=11)
    assert past(made.steps, made.step("repeat-1.1.repeat-1.1.wait-2")) == "repeat-1.1.repeat-1"
    assert [row["step"] for row in story.timeline].count("repeat-1.1.repeat-1.1.wait-1") == 6
    assert story.timeline[-1]["step"] == "wait-2"


def test_a_wait_that_skips_before_a_repeat_leaves_all_of_it_out() -> None:
    made = program(
        "steps: [{wait: until 2020-01-01, if_past: skip}, {repeat: {times: 3, steps: [{wait: 1 day}]}}, {wait: 5 days}]"
    )

    assert [row["step"] for row in lived(made).timeline] == ["wait-1", "wait-3"]


def test_without_a_bound_it_is_refused() -> None:
    assert said("topic: product-news\nsteps: [{repeat: {steps: [{wait: 1 day}]}}]") == ["2: 'times' is missing; add it"]
    assert said("topic: product-news\nsteps: [{repeat: {times: 0, steps: [{wait: 1 day}]}}]") == [
        "2: 'times' cannot be '0'; write at least 1"
    ]


def test_a_run_in_its_second_round_survives_being_stored() -> None:
    made = program(NUDGES)
    run = entered(made, MONDAY).model_copy(update={"rounds": {"repeat-1": 2}})

    assert type(run).model_validate_json(run.model_dump_json()) == run


def test_rounds_of_nothing_are_refused() -> None:
    # Inside of each other they would keep a run walking, and its wave from ever starting.
    inner = "{repeat: {times: 100, steps: []}}"

    assert said(f"topic: product-news\nsteps: [{{repeat: {{times: 100, steps: [{inner}]}}}}]") == [
        "2: there is nothing to repeat; write the steps of a round below 'steps'"
    ]
