"""YAML as authors mean it: text with positions, and a line for whatever is wrong."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.tree import MOST_BYTES, Items, Keys, Problem, at, empties, line_of, locate, read_tree


def tree(text: str) -> Keys:
    found, problems = read_tree("a.yaml", dedent(text))
    assert problems == []
    assert isinstance(found, Keys)
    return found


def said(text: str) -> list[str]:
    return [f"{problem.line}: {problem.what}" for problem in read_tree("a.yaml", text)[1]]


# What is read ----------------------------------------------------------------------------------------------------


def test_every_scalar_is_text_whatever_yaml_thinks_of_it() -> None:
    found = tree("{country: NO, at: 09:00, more: +5, off: off, none: 'null', float: 1e3, date: 2026-01-01}")

    assert list(found.values()) == ["NO", "09:00", "+5", "off", "null", "1e3", "2026-01-01"]


def test_a_value_that_is_quoted_may_be_empty() -> None:
    assert tree("a: ''")["a"] == ""


def test_a_value_that_is_not_there_is_none_and_can_be_found() -> None:
    found = tree("a:\nb: [{c: }]")

    assert [(line_of(keys, key), key) for keys, key in empties(found)] == [(1, "a"), (2, "c")]


def test_every_key_and_item_knows_its_line() -> None:
    found = tree(
        """\
        # a comment
        topic: news
        steps:
          - send: hello

          -
          - wait: 2 days
        """
    )

    assert line_of(found, "topic") == 2
    assert [line_of(found["steps"], place) for place in range(3)] == [4, 6, 7]


def test_a_place_is_found_as_far_as_it_exists() -> None:
    found = tree("a:\n  b:\n    - c: 1\n    - d: 2\n")

    assert locate(found, ("a", "b", 1, "d")) == 4
    assert locate(found, ("a", "list[str]", "b", 1, "nowhere")) == 4, "names of types are passed over"
    assert locate(found, ("a", "b", 7)) == 2
    assert at(found, ("a", "b", 0)) == {"c": "1"}
    assert isinstance(at(found, ("a", "b", 9)), Items)


def test_an_anchor_may_be_used_again() -> None:
    assert tree("a: &x [1]\nb: *x")["b"] == ["1"]


# What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: the file is empty; write something or delete it"),
        ("# only a comment\n", "1: the file is empty; write something or delete it"),
        ("a:\n\tb: 1\n", "2: there is a tab; indent with spaces"),
        ("a: 1\nb: 2\na: 3\n", "3: 'a' is written twice (first on line 1); keep one of them"),
        ("a: 1\n---\nb: 1\n", "2: there is a second document; delete the '---', or make it a file of its own"),
        ("a: 1\nb: 'it\nc: 2\n", "2: a quote is opened here and not closed; close it, or delete it"),
        ('a: "it\n', "1: a quote is opened here and not closed; close it, or delete it"),
        ("a: !has(contact.vip)\n", "1: a value cannot begin with '!'; put the whole value in double quotes"),
        ("a: 1\nb: &x [*x]\n", "2: '*x' stands inside what it repeats; write out what you mean"),
        ("a: &x 1\n", "1: '&x' marks what nothing repeats; delete it, or put the whole value in double quotes"),
        ("a: !x [1]\n", "1: a value cannot begin with '!'; put the whole value in double quotes"),
        ("!a b: 1\n", "1: a key has to be a word; put the whole value in double quotes"),
        ("a: 1\nb: [c\n", "2: a '[' is opened here and not closed; close it, or put the whole value in double quotes"),
        ("b: {c\nd: e\n", "1: a '{' is opened here and not closed; close it, or put the whole value in double quotes"),
        (
            "%YAML 1.1\n---\na: 1\n",
            "1: a line cannot begin with '%'; delete it, or put the whole value in double quotes",
        ),
        ('a: "\\ud800"\n', "1: \\ud800 is no character of a text; delete it"),
        ('a: 1\n"b\\0": 1\n', "2: \\x00 is no character of a text; delete it"),
        ("a: 1\n? [b]\n: c\n", "2: a key has to be a word; put the whole value in double quotes"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_line_and_a_way_out(text: str, expected: str) -> None:
    assert said(text) == [expected]


@pytest.mark.parametrize(
    "value", ["@home", "%done", "`x`", "'a' == 'b'", "{{ x }}: y", "&& true", "* 2", "[a] + [b]", "a: b", "{a} b"]
)
def test_a_value_that_yaml_takes_for_something_else_is_to_be_quoted(value: str) -> None:
    [problem] = said(f"topic: news\nwhen: {value}\n")

    assert problem.startswith("2: ")
    assert problem.endswith("put the whole value in double quotes")


def test_what_is_said_after_a_tag_is_still_read() -> None:
    found, problems = read_tree("a.yaml", "when: !has(contact.vip)\n")

    assert found == {"when": "!has(contact.vip)"}
    assert len(problems) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [" + "x," * 10 + "]\n" + "".join(f"a{n + 1}: &a{n + 1} [{f'*a{n},' * 10}]\n" for n in range(5)),
        "a: " + "[" * 80 + "]" * 80,
        "[" * 2_000,
        "x" * (MOST_BYTES + 1),
        "a: [" + "1," * 20_500 + "]",
    ],
    ids=["alias bomb", "deep", "very deep", "large", "many"],
)
def test_a_file_that_would_grow_without_end_is_refused(text: str) -> None:
    _, problems = read_tree("a.yaml", text)

    assert len(problems) == 1
    assert "split it" in problems[0].what or "flatter" in problems[0].what


def test_control_characters_are_no_text() -> None:
    assert said("a: 1\nb: \0\n")[0].startswith("2: this is not YAML")


def test_a_condition_that_yaml_takes_apart_is_still_read_as_written() -> None:
    found, problems = read_tree("a.yaml", "when: !has(contact.vip) &&\n  contact.score > 1\n")

    assert found == {"when": "!has(contact.vip) && contact.score > 1"}
    assert len(problems) == 1


def test_a_problem_is_one_line_whatever_it_quotes() -> None:
    assert Problem("a.yaml", 1, "'a\n\x1b[2J' is bad; do this").what == r"'a\n\x1b[2J' is bad; do this"
    assert len(Problem("a.yaml", 1, f"'{'x' * 9_000}' is bad; write 'y'").what) < 200


def test_a_problem_reads_as_place_what_and_remedy() -> None:
    assert str(Problem("a.yaml", 3, "it is so; do this")) == "a.yaml:3: it is so; do this"
    assert str(Problem("a.yaml", 3, "it is so; do this", warning=True)) == "a.yaml:3: warning: it is so; do this"


# Whatever the bytes ----------------------------------------------------------------------------------------------

YAMLISH = st.text(alphabet=st.sampled_from(list("abc:-#'\"[]{}!&*%@|>?,\\ \n\n\n\t\r\0é\u2028\ud800")), max_size=60)


@given(st.one_of(st.text(max_size=200), YAMLISH))
def test_whatever_the_text_reading_ends_in_a_tree_or_in_problems_with_lines(text: str) -> None:
    found, problems = read_tree("a.yaml", text)

    assert found is not None or problems
    assert all(1 <= problem.line <= text.count("\n") + text.count("\r") + 2 for problem in problems)
    assert all("; " in problem.what and "\n" not in problem.what for problem in problems)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_text_do_no_harm(data: bytes) -> None:
    read_tree("a.yaml", data.decode("utf-8", "surrogateescape"))
