"""Whatever the text, loading ends in problems with lines and remedies, or in a program."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.tree import Problem
from tests.domain.kit import GOOD, checked

# Whatever the text ---------------------------------------------------------------------------------------------------


def problems_or_program(text: str) -> list[Problem]:
    """Load, and assert what holds whatever was written."""
    loaded = checked(text)
    assert bool(loaded.programs) != bool(loaded.errors())
    lines = len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text)) + 1
    for problem in loaded.problems:
        assert 1 <= problem.line <= lines, problem
        assert "; " in problem.what, problem
        assert "\n" not in problem.what
        assert "docs." not in problem.what
        assert "pydantic" not in problem.what.lower()
        assert "Error" not in problem.what
    return loaded.problems


@given(st.text(max_size=300))
def test_any_text_gives_problems_or_a_program(text: str) -> None:
    problems_or_program(text)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """Draw the good file with a few accidents."""
    lines = GOOD.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        place, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        accident = draw(st.sampled_from(["delete", "swap", "twice", "letter", "shift", "value"]))
        line = lines[place]
        at = draw(st.integers(0, max(len(line) - 1, 0)))
        if accident == "delete" and len(lines) > 1:
            del lines[place]
        elif accident == "swap":
            lines[place], lines[other] = lines[other], lines[place]
        elif accident == "twice":
            lines.insert(other, line)
        elif accident == "letter":
            letter = draw(st.sampled_from(list("aZ09 :-#{}[]'\"!&*+\t\0é,")))
            lines[place] = line[:at] + letter + line[at + 1 :]
        elif accident == "shift":
            lines[place] = "  " + line if draw(st.booleans()) else line[2:]
        else:
            value = draw(st.sampled_from(["", "[]", "{}", "[[a]]", "{a: {b: c}}", "-1", "x" * 300, "null", "~", "'"]))
            lines[place] = line.partition(":")[0] + ": " + value
    return "\n".join(lines)


@given(mutations())
def test_any_accident_to_a_good_file_gives_problems_or_a_program(text: str) -> None:
    problems_or_program(text)


@pytest.mark.large
@given(mutations())
@settings(max_examples=3_000)
def test_any_accident_to_a_good_file_gives_problems_or_a_program_at_full_size(text: str) -> None:
    problems_or_program(text)
