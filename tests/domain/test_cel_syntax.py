"""The syntax tree: it reads what the library reads, and keeps to its bounds."""

from itertools import pairwise

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cel_functions import matches, part_of, states
from domain.cel_parser import parse
from domain.cel_syntax import Chain, Choice, Constant, Item, Member, Name, Not, every, path
from domain.cel_tokens import NotCel, tokens


def value_of(source: str) -> object:
    tree = parse(source)
    assert isinstance(tree, Constant)
    return tree.value


@pytest.mark.parametrize(
    "source",
    [
        "'it\\'s'", '"a\\"b"', "'''a'b\n'''", '"""a"b"""', r"r'\d'", r'R"\d"', "r'''a\\'''", "b'a'", "br'a'",
        "''", '""',
        "'\\x41\\u00e9\\U0001F600\\101\\n\\t\\\\'", "'// no comment'", "'é'", "0", "12", "0xfF", "12u", "1.5", ".5",
        "1e3", "1.5e-3", "-7", "-2.5", "9223372036854775807", "18446744073709551615u", "true", "false", "null",
    ],
)  # fmt: skip
def test_a_constant_means_what_it_means_to_the_library(source: str) -> None:
    assert value_of(source) == cel.evaluate(source)


def test_the_strongest_operator_binds_first() -> None:
    tree = parse("a || b && c == d + e * -f")

    assert isinstance(tree, Chain)
    assert tree.operators == ("||",)
    assert [type(node).__name__ for node in every(tree)].count("Chain") == 5


def test_operators_of_one_strength_stand_in_one_chain() -> None:
    tree = parse("1 + 2 - 3 + 4")

    assert isinstance(tree, Chain)
    assert tree.operators == ("+", "-", "+")


def test_a_choice_leans_to_the_right_and_a_double_not_is_counted() -> None:
    tree = parse("a ? b : c ? d : !!e")

    assert isinstance(tree, Choice)
    assert isinstance(tree.other, Choice)
    assert isinstance(tree.other.other, Not)
    assert tree.other.other.times == 2


def test_a_node_knows_where_it_stands() -> None:
    source = "(a + b) * c // end\n && contact . tags [ 'x' ].exists( t , t == 'y' )"

    for node in every(parse(source)):
        again = parse(source[node.start : node.end])
        assert type(again) is type(node)


def test_a_path_is_names_and_written_out_keys() -> None:
    assert path(parse("contact.orders")) == ("contact", "orders")
    assert path(parse("contact [ 'first name' ].x")) == ("contact", "first name", "x")
    assert path(parse("contact.orders[0].x")) is None
    assert isinstance(parse("a.b"), Member)
    assert isinstance(parse("a[0]"), Item)
    assert parse(".a") == Name(0, 2, "a")


@pytest.mark.parametrize(
    "source",
    [
        "a b", "a..b", "a.", "(a", "a)", "[1", "{1}", "{'a': 1", "f(1,)", "a ? b", "if", "a.in", "-!a", "1 +", "&& a",
        "a = b", "'a", "'a\nb'", "'\\q'", "'\\400'", "'\\ud800'", "@", "a[", "has(a)", "has(a['b'])", "a.?b", "1.",
        "a.exists(1, true)", "9223372036854775808", "18446744073709551616u", "1e999", "`a`", "\ud800",
    ],
)  # fmt: skip
def test_what_the_library_refuses_is_refused_here_with_a_way_out(source: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        cel.compile(source)

    with pytest.raises(NotCel, match=r"[^;]; ."):
        parse(source)


@pytest.mark.parametrize(
    "wrap", ["({})", "[{}]", "!({})", "f({})", "true ? 1 : {}", "a[{}]", "{{1: {}}}", "1||1&&1<1+1*({})"]
)
def test_depth_is_bounded_before_anything_recurses(wrap: str) -> None:
    source = "1"
    for _ in range(5):
        source = wrap.format(source)
    list(every(parse(source)))

    while len(source) < 980 - len(wrap):
        source = wrap.format(source)
    with pytest.raises(NotCel, match="nested more than 50 deep"):
        parse(source)


def test_long_rows_are_not_deep() -> None:
    parse("||".join(["a"] * 300))
    parse("!" * 990 + "a")
    parse("1" + "+1" * 490)


_PIECES = [
    "a",
    "b.c",
    "1",
    "'x'",
    "true",
    "[1, 2]",
    "{'a': 1}",
    "f(a, 1)",
    "a.f()",
    "l.all(x, x)",
    "has(a.b)",
    "-1",
    "r'\\'",
]
_TREES = st.recursive(
    st.sampled_from(_PIECES),
    lambda below: st.one_of(
        st.builds("{} {} {}".format, below, st.sampled_from(["&&", "||", "<", "==", "in", "+", "-", "*", "%"]), below),
        st.builds("!({})".format, below),
        st.builds("({}) ? ({}) : {}".format, below, below, below),
        st.builds("({})[{}]".format, below, below),
        st.builds("({}).b".format, below),
        st.builds("g({}, {}) // c\n".format, below, below),
    ),
    max_leaves=8,
)


@given(_TREES)
def test_what_the_library_reads_is_read_here(source: str) -> None:
    cel.compile(source)
    for node in every(parse(source)):
        cel.compile(source[node.start : node.end])


_CHARACTERS = st.text(st.sampled_from("ab1.5(){}[]'\"\\/!=<>&|+-*%?:, \nrin\ud800é"), max_size=30)


@given(_CHARACTERS)
def test_any_text_is_a_tree_or_refused(source: str) -> None:
    try:
        tree = parse(source)
    except NotCel:
        return
    for node in every(tree):
        assert 0 <= node.start < node.end <= len(source)


@given(_CHARACTERS)
def test_words_stand_in_order_and_cover_all_but_space(source: str) -> None:
    try:
        found = tokens(source)
    except NotCel:
        return
    for before, after in pairwise(found):
        between = source[before.end : after.start]
        assert before.end <= after.start
        assert not between.strip() or between.lstrip().startswith("//")


@pytest.mark.parametrize(
    ("pattern", "about"),
    [("", 0), ("a{3}", 3), ("(ab){2,5}c", 11), ("((a{9}){9}){9}", 729), ("a{", 2), ("(a", 1), ("a{2}{3}", 6)],
)
def test_states_are_counted_with_repetitions_multiplied(pattern: str, about: int) -> None:
    assert states(pattern) == about


def test_a_pattern_that_is_too_large_is_not_tried() -> None:
    with pytest.raises(ValueError, match="too large"):
        matches("a" * 50_000, "(a{0,1000}){0,50}b")
    assert matches("+49 30 1234", r"^\+\d{1,3}( \d+){2}$")


def test_parts_of_a_date_are_those_of_the_library() -> None:
    moment = cel.evaluate("timestamp('2026-03-01T22:45:10.250Z')")
    names = [
        "FullYear",
        "Month",
        "Date",
        "DayOfMonth",
        "DayOfWeek",
        "DayOfYear",
        "Hours",
        "Minutes",
        "Seconds",
        "Milliseconds",
    ]

    for name in names:
        assert part_of(f"get{name}")(moment, "UTC") == cel.evaluate(f"now.get{name}()", {"now": moment}), name
