"""A sequence drawn: every step, every way out and every end, whatever kinds there are and whatever names hold."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from domain.drawing import COMPLETED, START, Arrow, Box, Drawing, drawn
from domain.drawing_mermaid import mermaid
from domain.drawing_svg import svg
from domain.program import Program
from tests.domain.kit import GOOD, program

FORK = """
enter: {on: {form: demo-request}, when: contact.score > 3}
goal: {event: meeting_booked}
steps:
  - send: welcome/hello
    on_error: exit
  - wait_for: clicked
    up_to: 3 days
    then: [{update: {score: +20}}]
    otherwise: [{exit: cold}]
  - exit: owned
    when: has(contact.owner)
  - send: welcome/tips
    when: contact.score > 5
"""


def says(drawing: Drawing) -> dict[str, str]:
    return {box.id: box.says for box in drawing.boxes}


def ways(drawing: Drawing) -> set[tuple[str, str, str]]:
    return {(arrow.source, arrow.target, arrow.label) for arrow in drawing.arrows}


def circle(back: str) -> Program:
    """Two steps, the second of which may lead back to `back`: a program may, whatever the language allows."""
    made = program("steps: [{send: welcome/hello}, {branch: [{when: contact.score > 3, steps: []}]}]")
    stored = made.model_dump(mode="json")
    stored["steps"]["branch-2"]["branch"][0]["steps"] = {"first": back}
    return Program.load(stored)


def test_every_step_of_a_sequence_is_a_box_and_so_is_who_enters() -> None:
    made = program(GOOD)
    drawing = drawn(made)

    assert set(made.steps) <= set(says(drawing))
    assert says(drawing)[START].startswith("form demo-request or event trial_started where event.plan != 'free', when ")
    assert drawing.any_time[0] == "goal: event meeting_booked where event.email == contact.email"


def test_ways_and_ends_are_labelled_where_there_is_a_choice() -> None:
    drawing = drawn(program(FORK))

    assert ways(drawing) == {
        (START, "hello", ""),
        ("hello", "wait_for-2", ""),
        ("hello", "hello(exited:send refused)", "refused"),
        ("wait_for-2", "wait_for-2.1.update-1", "it happens"),
        ("wait_for-2", "wait_for-2.2.exit-1", "it does not"),
        ("wait_for-2.1.update-1", "exit-3", ""),
        ("exit-3", "tips", "else"),
        ("tips", COMPLETED, ""),
    }


def test_a_step_that_only_ends_the_run_is_the_end() -> None:
    sorts = {box.id: box.sort for box in drawn(program(FORK)).boxes}

    assert sorts["wait_for-2.2.exit-1"] == sorts["exit-3"] == sorts[COMPLETED] == "end"


def test_a_condition_of_a_step_stands_in_its_box() -> None:
    notes = {box.id: box.note for box in drawn(program(FORK)).boxes}

    assert (notes["tips"], notes["hello"]) == ("only when contact.score > 5", "")


def test_what_leads_back_leads_through_one_box_so_that_there_is_no_circle_without_it() -> None:
    drawing = drawn(circle("hello"))

    assert ("branch-2", "hello(again)", "yes") in ways(drawing)
    assert drawing.back() == {("hello(again)", "hello")}


def test_the_way_somebody_took_is_found_through_steps_nothing_is_told_of() -> None:
    drawing = drawn(program(FORK))

    assert drawing.walked(["hello", "wait_for-2"], "exited:cold") == {
        (START, "hello"), ("hello", "wait_for-2"), ("wait_for-2", "wait_for-2.2.exit-1"),
    }  # fmt: skip
    assert ("hello", "hello(exited:send refused)") in drawing.walked(["hello"], "exited:send refused")
    assert drawing.walked(["hello"], "converted") == {(START, "hello")}


def test_a_second_round_is_walked_too() -> None:
    walked = drawn(circle("hello")).walked(["hello", "branch-2", "hello", "branch-2"], "completed")

    assert {("hello(again)", "hello"), ("branch-2", COMPLETED)} <= walked


def test_an_empty_sequence_is_completed_at_once() -> None:
    assert ways(drawn(program("steps: []"))) == {(START, COMPLETED, "")}


anything = st.text(max_size=40)


def of(words: str, label: str) -> Drawing:
    boxes = (Box("x", "start", words), Box("y", "decide", words, words), Box("z", "end", "completed"))
    return Drawing(words, words, (words,), boxes, (Arrow("x", "y", label), Arrow("y", "z", label, aside=True)))


@given(anything, anything)
def test_mermaid_keeps_to_its_grammar_whatever_the_names_hold(words: str, label: str) -> None:
    for line in mermaid(of(words, label)).splitlines()[1:]:
        outside = re.sub(r'"[^"]*"', '""', line)
        assert re.fullmatch(r'  (\w+(\(\[|\{\{|>)""(\]\)|\}\}|\])|b\d (-->|-\.->)(\|""\|)? b\d)', outside), line
        assert not re.search(r"[%`<>&;]", re.sub(r"<br/>|#\w+;|-->|-\.->|y>|\w>\"", "", line)), line


@given(anything, anything)
def test_a_picture_is_well_formed_whatever_the_names_hold(words: str, label: str) -> None:
    picture = ElementTree.fromstring(svg(of(words, label), {("x", "y")}))

    assert picture.get("width")


def test_a_picture_loads_nothing_and_runs_nothing() -> None:
    text = svg(drawn(program(GOOD)))

    assert not re.search(r"<script|href|url\(|@import|\bon\w+=", text)
    assert text.count("http") == 1  # the name of its own vocabulary


def test_the_way_taken_is_marked() -> None:
    drawing = drawn(program(FORK))
    picture = svg(drawing, drawing.walked(["hello", "wait_for-2"], "exited:cold"))

    assert re.search(r'<g class="end walked"><title>exit cold', picture)
    assert not re.search(r'walked"><title>tips', picture)
