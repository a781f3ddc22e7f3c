"""`update`: the record changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.answering import Asked, answer, changed
from domain.facts import Facts
from domain.needs import Change, Done
from domain.run import advance, entered, need
from tests.domain.kit import ADA, MONDAY, POLICIES, ended, facts, lived, on, policies, program, said


def change(written: str) -> Change:
    made = program(f"steps: [{{update: {written}}}]")
    wanted = need(made, entered(made, MONDAY))
    assert isinstance(wanted, Change)
    return wanted


@pytest.mark.parametrize(
    ("written", "contact", "expected"),
    [
        ("{score: +5}", {"score": 10}, {"score": 15}),
        ("{score: -5}", {"score": 3}, {"score": -2}),
        ("{score: +5}", {}, {"score": 5}),
        ("{score: {set: -5}}", {"score": 3}, {"score": -5}),
        ("{score: 7}", {"score": 3}, {"score": 7}),
        ("{stage: customer}", {"stage": "lead"}, {"stage": "customer"}),
        ("{company: {set: +5 Ltd}}", {}, {"company": "+5 Ltd"}),
        ("{vip: yes}", {"vip": False}, {"vip": True}),
        ("{benches: 2.5}", {"benches": 1}, {"benches": 2.5}),
        ("{benches: +2}", {"benches": 1.5}, {"benches": 3.5}),
        ("{tags: [+a, -b]}", {"tags": ["b", "c"]}, {"tags": ["c", "a"]}),
        ("{tags: [+a]}", {"tags": ["a"]}, {"tags": ["a"]}),
        ("{tags: [-a]}", {}, {"tags": []}),
    ],
)
def test_what_is_written_becomes_the_record(written: str, contact: dict[str, Any], expected: dict[str, Any]) -> None:
    assert changed(change(written), about(**{"score": 0, **contact})) == expected


def test_a_topic_can_be_withdrawn() -> None:
    assert change("{topics: [-product-news]}").topics_off == ("product-news",)


def about(**contact: Any) -> Facts:
    return facts(program("steps: []"), contact={**ADA, **contact})


@pytest.mark.parametrize(
    ("need", "contact"),
    [
        (Change(add={"score": 5}), {"score": "many"}),
        (Change(set={"score": "lots"}), {}),
        (Change(set={"benches": "x"}), {"benches": 1}),
        (Change(tags_on=("keen",)), {"tags": True}),
    ],
)
def test_what_does_not_fit_the_record_breaks_the_step(need: Change, contact: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="; correct the"):
        changed(need, about(**contact))


def test_the_contact_goes_on_at_once() -> None:
    made = program("steps: [{update: {score: +5}}, {wait: 1 day}]")

    assert advance(made, entered(made, MONDAY), Done(), MONDAY).position == "wait-2"


def test_the_steps_behind_it_see_the_new_record_and_the_row_tells_both() -> None:
    text = """
        steps:
          - update: {score: +60, tags: [+keen]}
          - branch:
              - {when: "contact.score >= 60 && 'keen' in contact.tags", steps: [{exit: hot}]}
        """

    story = lived(text)

    assert story.timeline[0]["why"] == ["score: 10 → 70", "tags: nothing → keen"]
    assert ended(story) == "exited:hot"
    assert ADA["score"] == 10, "the script's contact is not touched"


def test_a_topic_withdrawn_is_not_written_about_any_more() -> None:
    story = lived("steps: [{update: {topics: [-product-news]}}, {send: welcome/hello}]")

    assert [row["did"] for row in story.timeline] == ["updated", "skipped"]
    assert story.timeline[1]["why"][-1] == "no consent: product-news is opted_out"


def test_an_exit_condition_that_becomes_true_ends_the_run_there() -> None:
    text = "exit: {when: contact.stage == 'customer'}\nsteps: [{update: {stage: customer}}, {wait: 1 day}]"

    assert ended(lived(text)) == "exited:condition"


@pytest.mark.parametrize(
    ("field", "given", "held"),
    [("vip", "yes", True), ("benches", "3", 3), ("benches", "2.5", 2.5), ("renewal_date", "2026-05-01", "2026-05-01")],
)
def test_a_value_is_kept_as_its_field_says_also_where_nothing_was_before(field: str, given: str, held: Any) -> None:
    assert changed(Change(set={field: given}), about()) == {field: held}


def test_a_value_can_be_copied_from_what_has_just_happened() -> None:
    text = """
        steps:
          - wait_for: survey_answered
            up_to: 3 days
          - update: {benches: {from: matched.score}, stage: {from: matched.comment}}
        """

    story = lived(text, [on(timedelta(hours=1), "survey_answered", score=9)], stage="lead")

    assert story.timeline[-1]["set"] == {"benches": 9}
    assert story.timeline[-1]["why"] == [
        "benches: nothing → 9",
        "stage: left as it is, matched.comment holds nothing that fits",
    ]


@pytest.mark.parametrize("value", [None, "many", [1], {"a": 1}, True])
def test_what_does_not_fit_is_not_copied(value: Any) -> None:
    known = replace(about(), run_event={"seats": value})

    assert changed(Change(copied={"benches": "run.event.seats"}), known) == {}


@pytest.mark.parametrize(
    ("field", "value"), [("country", "Germany"), ("company", "x" * 201), ("stage", "x" * 61), ("score", 10**10)]
)
def test_what_a_field_has_no_room_for_is_not_copied(field: str, value: Any) -> None:
    # One database cuts nothing and keeps it all, another refuses the row.
    known = replace(about(), run_event={"said": value})

    assert changed(Change(copied={field: "run.event.said"}), known) == {}
    assert changed(Change(copied={"note": "run.event.said"}), known) == {"note": str(value)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("{benches: {from: score}}", "'score' is no field; write where the value stands, such as matched.score"),
        ("{benches: {from: contact.benchs}}", "there is no field contact.benchs; did you mean 'benches'?"),
        ("{country: Germany}", "'country' has no room for 'Germany'; write something shorter"),
        ("{nps: {from: matched.score}}", "'nps' is no field that can be updated"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(change: str, expected: str) -> None:
    [found] = said(f"topic: product-news\nsteps:\n  - update: {change}\n")

    assert found.startswith(f"3: {expected}")


def test_a_score_that_is_computed_is_left_as_it_is() -> None:
    wanted = change("{score: +5, stage: customer}")
    computed = policies({**POLICIES, "policies/scoring.yaml": "fit: [{when: contact.vip, points: 5}]"})
    known = facts(program("steps: []"), policies=computed)

    found = answer(wanted, Asked("it", "update", 1, MONDAY, MONDAY), known)

    assert found.row is not None
    assert found.row.more["set"] == {"stage": "customer"}
    assert found.row.why == [
        "stage: lead → customer",
        "score: left as it is, policies/scoring.yaml computes it",
    ]
