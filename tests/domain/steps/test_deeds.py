"""`case`, `notify`, `call`, `start`, `stop`: deeds elsewhere, after which the contact goes on."""

from datetime import timedelta

import pytest

from domain.needs import Call, Notify, Open
from domain.program import Program
from tests.domain.kit import POLICIES, ended, lived, on, program, said

HOUR = timedelta(hours=1)
TEAMS = POLICIES | {
    "policies/teams.yaml": "teams: {sales: {label: Sales, email: sales@acme.example}}",
    "sequences/other.yaml": "steps: [{wait: 1 day}]",
}


def made(steps: str) -> Program:
    return program(f"steps: {steps}", TEAMS)


def test_a_case_is_opened_and_the_contact_goes_on_at_once() -> None:
    story = lived(made("[{case: 'Unhappy: {{ contact.first_name }}', severity: S2}, {update: {score: +1}}]"))

    assert [row["did"] for row in story.timeline] == ["opened", "updated"]
    assert (story.timeline[0]["case"], story.timeline[0]["severity"]) == ("Unhappy: Ada", "S2")


def test_a_case_is_about_the_event_that_was_waited_for_unless_it_says_otherwise() -> None:
    text = "[{wait_for: survey_answered, up_to: 1 day}, {case: Low score}]"
    own = "[{wait_for: purchased, up_to: 1 day}, {case: Late, incident: matched.order_id}]"

    low = lived(made(text), [on(HOUR, "survey_answered", score=2)])
    late = lived(made(own), [on(HOUR, "purchased", order_id="o-7")])

    assert low.timeline[1]["incident"] == "1"
    assert late.timeline[1]["incident"] == "o-7"
    assert made(own).step("case-2").need() == Open(what="case", title="Late", incident="matched.order_id")


def test_a_case_waits_for_no_working_hours() -> None:
    steps = "window: office-hours\nsteps: [{case: Unhappy}, {task: Call, team: sales, up_to: 1 day}]"

    story = lived(program(steps, TEAMS), at=on(12 * HOUR, "x").at)

    assert [(row["did"], row["at"]) for row in story.timeline[:2]] == [
        ("opened", "2026-03-02T21:00:00Z"),
        ("deferred", "2026-03-02T21:00:00Z"),
    ]


def test_a_call_gives_its_answer_a_name() -> None:
    text = """[{call: "https://erp.example/credit", save_as: credit, body: {id: "{{ contact.id }}"}},
               {branch: [{when: calls.credit.score > 5, steps: [{exit: good}]}]}]"""

    story = lived(made(text), [on(HOUR, "called", of="call-1", score=9)])

    assert story.timeline[0]["did"] == "called"
    assert ended(story) == "exited:good"


def test_a_call_without_a_name_is_called_by_its_id() -> None:
    need = made('[{id: ask-erp, call: "https://erp.example"}]').step("ask-erp").need()

    assert isinstance(need, Call)
    assert need.save_as == "ask_erp"


@pytest.mark.parametrize(("on_error", "reason"), [("continue", "completed"), ("exit", "exited:call failed")])
def test_a_call_that_fails_goes_on_or_ends_the_run_as_written(on_error: str, reason: str) -> None:
    text = f'[{{call: "https://erp.example", on_error: {on_error}}}]'

    story = lived(made(text), [on(HOUR, "called", of="call-1", failed="HTTP 500")])

    assert story.timeline[0]["why"] == ["HTTP 500"]
    assert ended(story) == reason


def test_other_sequences_are_started_and_stopped() -> None:
    story = lived(made("[{start: other}, {stop: other}]"))

    assert [(row["did"], row["sequence"]) for row in story.timeline] == [("started", "other"), ("stopped", "other")]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{stop: story}", "a sequence cannot stop itself; write 'exit: REASON'"),
        ("{start: stroy}", "there is no sequence 'stroy'; did you mean 'story'?"),
        ("{case: Bad, severity: S9}", "'severity'"),
        ("{case: Bad, incident: order}", "'incident'"),
        ('{call: "ftp://x.example"}', "'ftp://x.example' is no address to call; write https://…"),
        ('{call: "http://x.example/hook"}', "'http://x.example/hook' would send the contact's data in the clear"),
        ('{call: "https://u:p@x.example"}', "'https://u:p@x.example' is no address to call"),
        ('{call: "https://x.example", up_to: 2 days}', "'2 days' is too long to wait for an answer"),
        ("{notify: sales, template: lead-cold}", "'lead-cold' is not for staff; write staff/NAME"),
        ("{notify: sales, template: staff/cold}", "template 'cold' does not exist for staff"),
    ],
)
def test_what_cannot_be_meant_is_refused(step: str, expected: str) -> None:
    found = said(f"topic: product-news\nsteps:\n  - {step}\n", TEAMS)

    assert len(found) == 1, found
    assert found[0].startswith(f"3: {expected}")


def test_a_team_is_written_to_with_a_template_of_the_room_for_staff() -> None:
    from domain.steps.notify import Notify as Step

    step = Step.model_validate({"notify": "sales", "template": "staff/lead-cold"})

    assert step.need() == Notify(team="sales", template="lead-cold")
