"""Files become programs, or a list of everything that is wrong: all of it in one go, sorted by place."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loader import load
from domain.program import Program
from tests.domain.kit import GOOD, POLICIES, TEMPLATES, Templates, checked, program, said
from tests.domain.programs import a_case, corpus

# All of it, in one go ----------------------------------------------------------------------------------------------


def test_a_template_with_a_name_that_is_no_id_leaves_the_step_its_place() -> None:
    name = "x" * 65
    found = load(
        POLICIES | {"sequences/a.yaml": f"steps: [{{send: shop/{name}}}]"}, Templates({f"shop/{name}": "service"})
    )

    assert set(found.programs["a"].steps) == {"send-1"}


def test_an_id_that_no_column_holds_is_refused() -> None:
    inner = "[{wait: 1 day}]"
    for _ in range(16):
        inner = f"[{{wait_for: purchased, up_to: 1 day, then: {inner}}}]"

    assert said(f"steps: {inner}") == [
        "1: this stands so deep that its id has more than 200 characters; give a step around it an 'id'"
    ]


def test_a_good_file_has_no_problem() -> None:
    assert said(GOOD) == []


def test_all_problems_of_all_files_are_said_in_one_go_sorted_by_place() -> None:
    files = POLICIES | {
        "sequences/b.yaml": "topics: x\nsteps:\n  - sned: welcome/hello\n  - wait: 2 dayz\n  - send: welcome/hallo\n",
        "sequences/a.yaml": "steps: []\nphase: sales\ntopic: nwes\n",
        "policies/contact.yaml": "fields: {email: {}}\n",
    }

    problems = load(files, TEMPLATES).problems

    assert [(each.path, each.line) for each in problems] == [
        ("policies/contact.yaml", 1),
        ("sequences/a.yaml", 2),
        ("sequences/a.yaml", 3),
        ("sequences/b.yaml", 1),
        ("sequences/b.yaml", 3),
        ("sequences/b.yaml", 4),
        ("sequences/b.yaml", 5),
    ]


def test_a_broken_policy_is_said_once_and_not_in_every_sequence_that_needs_it() -> None:
    broken = POLICIES | {"policies/messaging.yaml": "topics: [product-news]\n", "policies/calendars.yaml": "a: 1\n"}

    assert [each.path for each in checked(GOOD, broken).problems] == [
        "policies/calendars.yaml",
        "policies/messaging.yaml",
    ]


def test_a_broken_step_is_said_once_and_not_where_others_name_it() -> None:
    text = GOOD.replace("  - send: welcome/tips\n    expires: 3 days", "  - send: welcome/tips\n    expires: 3 dys")

    [problem] = said(text)

    assert problem.startswith("27: bad span '3 dys'")


def test_two_files_of_one_name_are_refused() -> None:
    files = POLICIES | {"sequences/a.yaml": "steps: []\n", "sequences/old/a.yml": "steps: []\n"}

    [problem] = load(files, TEMPLATES).problems

    assert str(problem) == (
        "sequences/old/a.yml:1: sequences/a.yaml is named 'a', too, and a sequence is named after its file; rename one"
    )


@pytest.mark.parametrize("name", ["Welcome", "a b", "ä", "-a", "a.b", "x" * 65])
def test_a_name_that_cannot_be_part_of_an_id_is_refused(name: str) -> None:
    [problem] = checked("steps: []", name=name).problems

    assert problem.what.endswith("cannot be a name; use small letters, digits and -, at most 64")


# Simulations are lenient about what is declared ----------------------------------------------------------------------


def test_an_undeclared_event_or_form_is_a_problem_of_check_and_a_warning_of_a_simulation() -> None:
    text = """\
        enter: {on: [{form: contact-us}, {event: webinar_joined, where: "event.title != ''"}]}
        exit: {when: "did('webinar_left')"}
        steps: [{wait_for: webinar_left, up_to: 1 day}]
        """

    assert len(checked(text).errors()) == 4
    assert checked(text, strict=False).errors() == []
    assert len(checked(text, strict=False).problems) == 3
    assert set(checked(text, strict=False).programs) == {"story"}


# Ids -----------------------------------------------------------------------------------------------------------------


def test_a_send_is_named_after_its_template_and_others_after_kind_and_place() -> None:
    found = program(
        """
        steps:
          - send: welcome/hello
          - wait: 1 day
          - send: welcome/hello
          - branch:
              - when: contact.score > 1
                steps:
                  - wait: 1 day
                  - send: welcome/hello
              - otherwise:
                  - update: {score: +1}
          - wait_for: clicked
            up_to: 1 day
            then: [{update: {score: +1}}]
            otherwise: [{exit: gone, id: my-exit}]
        """
    )

    assert set(found.steps) == {
        "hello", "wait-2", "hello-2", "branch-4", "branch-4.1.wait-1", "hello-3", "branch-4.2.update-1",
        "wait_for-5", "wait_for-5.1.update-1", "my-exit",
    }  # fmt: skip


def test_an_id_that_is_written_is_never_taken_by_one_that_is_not() -> None:
    found = program(
        "steps: [{send: welcome/hello}, {send: welcome/tips, id: hello}, {wait: 1 day, id: wait-4}, {wait: 1 day}]"
    )

    assert set(found.steps) == {"hello-2", "hello", "wait-4", "wait-4-2"}


# Versions and storing ------------------------------------------------------------------------------------------------


def test_a_program_is_the_same_after_it_was_stored() -> None:
    found = program(GOOD)

    again = Program.load(json.loads(found.model_dump_json()))

    assert again == found
    assert again.version == found.version


@pytest.mark.parametrize(
    "text",
    [
        "steps: [{branch: [{when: contact.score > 1, steps: []}]}]",
        "steps: [{branch: [{otherwise: []}]}]",
        "steps: [{wait_for: clicked, up_to: forever}]",
        "steps: []",
    ],
)
def test_what_holds_nothing_can_be_stored_too(text: str) -> None:
    found = program(text)

    assert Program.load(json.loads(found.model_dump_json())).version == found.version


@given(st.integers(min_value=0))
@settings(max_examples=30)
def test_every_program_survives_storing(seed: int) -> None:
    case = a_case(Random(seed))
    loaded = load(case.files, Templates.of(case.files))
    assert loaded.errors() == []

    found = loaded.programs["story"]

    assert Program.load(json.loads(found.model_dump_json())).version == found.version


SAME = [
    ("a comment", GOOD.replace("phase:", "# why\nphase:")),
    ("the order of keys", GOOD.replace("phase: acquisition\n", "") + "\nphase: acquisition\n"),
    ("quotes", GOOD.replace("topic: product-news", 'topic: "product-news"')),
    ("blanks", GOOD.replace("2 days at 09:00", "2  days   at 09:00")),
    ("a default written out", GOOD.replace("phase:", "status: live\nphase:")),
    ("a block, not braces", GOOD.replace("[+engaged]}", "\n            - +engaged").replace("{score: +20, ", "\n"
     "          score: +20\n          ")),
]  # fmt: skip


@pytest.mark.parametrize("text", [text for _, text in SAME], ids=[name for name, _ in SAME])
def test_the_version_stays_when_only_the_writing_changes(text: str) -> None:
    assert text != GOOD
    assert program(text).version == program(GOOD).version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("From a demo", "From the demo"),
        ("priority: 50", "priority: 51"),
        ("2 days at", "3 days at"),
        ("+20", "+21"),
        ("+engaged", "+keen"),
        ("clicked\n", "replied\n"),
        ("score >= 60", "score >= 61"),
        ("if_past: skip", "if_past: exit"),
        ("exit: met", "exit: seen"),
        ("again: after_exit 30 days", "again: after_exit 31 days"),
        ("window: daytime", "window: office-hours"),
        ("event.email == contact.email", "event.email != contact.email"),
    ],
)
def test_the_version_changes_with_every_change_of_meaning(old: str, new: str) -> None:
    assert old in GOOD
    assert program(GOOD.replace(old, new)).version != program(GOOD).version


def test_a_program_stored_by_a_later_version_still_loads() -> None:
    found = program(GOOD)
    stored = _with_more(json.loads(found.model_dump_json()))

    assert Program.load(stored).version == found.version


def _with_more(value: Any) -> Any:
    """Add a field of the future to every object; mappings by name (of steps, of updates) hold no fields."""
    if isinstance(value, list):
        return [_with_more(each) for each in value]
    if not isinstance(value, dict):
        return value
    by_name = {"steps", "update"}
    found = {
        key: {name: _with_more(each) for name, each in inner.items()}
        if key == "steps" and "sequence" in value
        else inner
        if key in by_name and "first" not in str(inner)
        else _with_more(inner)
        for key, inner in value.items()
    }
    return found | {"of_the_future": {"a": [1]}}


def test_many_files_are_checked_in_one_go() -> None:
    cases = corpus(7, 50)
    files = {path: text for path, text in cases[0].files.items() if path != "sequences/story.yaml"}
    files |= {f"sequences/s-{n}.yaml": case.files["sequences/story.yaml"] for n, case in enumerate(cases)}

    loaded = load(files, Templates.of(files))

    assert len(loaded.programs) == 50 + 1  # and the one that others start and stop
    assert loaded.errors() == []
