"""Blanks in titles and bodies: names only, and a word for nothing."""

from datetime import date

import pytest

from domain.blanks import filled, filled_tree, names_in, problems

READ = {"contact.first_name": "Ada", "contact.score": 5, "contact.renewal_date": date(2026, 5, 4), "run.event.note": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call {{ contact.first_name }}", "Call Ada"),
        ("{{contact.first_name}} on {{ contact.renewal_date }}", "Ada on 2026-05-04"),
        ("Call {{ contact.company or 'them' }}", "Call them"),
        ("Note: {{ run.event.note or 'none' }}", "Note: none"),
        ("Note: {{ run.event.note }}", "Note: —"),
        ("no blank", "no blank"),
    ],
)
def test_a_blank_is_filled_with_the_value_or_the_word_for_nothing(text: str, expected: str) -> None:
    assert filled(text, READ.get) == expected


def test_in_a_body_a_text_that_is_one_blank_keeps_the_value_and_its_kind() -> None:
    body = {"score": "{{ contact.score }}", "who": ["{{ contact.first_name }}!"], "none": "{{ contact.tier }}"}

    assert filled_tree(body, READ.get) == {"score": 5, "who": ["Ada!"], "none": None}


@pytest.mark.parametrize(
    "text", ["{{ 1 + 1 }}", "{{ contact }}", "{{ contact.x | upper }}", "{% if x %}", "{{ open", "a }}"]
)
def test_whatever_is_no_name_is_refused_with_what_to_write(text: str) -> None:
    assert [each for each in problems(text) if "; write {{ contact.first_name }}" in each]


def test_what_a_value_holds_is_never_read_as_a_blank() -> None:
    assert (
        filled("{{ contact.first_name }}", {"contact.first_name": "{{ contact.email }}"}.get) == "{{ contact.email }}"
    )


def test_the_names_of_a_text_are_told_in_its_order() -> None:
    assert names_in("{{ contact.b or 'x' }} {{ run.event.a }}") == ["contact.b", "run.event.a"]
