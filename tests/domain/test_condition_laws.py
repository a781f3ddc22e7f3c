"""Conditions: no data and no text breaks them, and they keep the laws of logic where nothing is missing."""

import json
import string
from datetime import UTC
from zoneinfo import ZoneInfo

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.cel_plan import plan
from domain.conditions import Names, check, functions_used, judge, paths

_ROOTS = ["contact.a", "contact.b", "contact.list", "contact.none", "run.event.x", "now", "outcome", "contact"]
_LITERALS = ["1", "0", "-3", "2.5", "'a'", "''", "r'x'", "true", "false", "null", "[1, 'a']", "{'a': 1}", "1u", "b'a'"]


def _grown(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["&&", "||", "==", "!=", "<", ">=", "+", "-", "*", "/", "%", "in"]
    names = ["size", "int", "string", "timestamp", "duration", "type", "days_since", "nope", "boom", "dyn", "double"]
    return st.one_of(
        st.builds("({} {} {})".format, below, st.sampled_from(operators), below),
        st.builds("!({})".format, below),
        st.builds("-({})".format, below),
        st.builds("({} ? {} : {})".format, below, below, below),
        st.builds("{}({})".format, st.sampled_from(names), below),
        st.builds(
            "({}).{}({})".format, below, st.sampled_from(["contains", "matches", "startsWith", "getHours"]), below
        ),
        st.builds("({}).{}(i, {})".format, below, st.sampled_from(["all", "exists", "map", "filter"]), below),
        st.builds("({})[{}]".format, below, below),
        st.builds("({}).a".format, below),
        st.builds("has(({}).a)".format, below),
        st.builds("[{}, {}]".format, below, below),
        st.builds("{{{}: {}}}".format, below, below),
    )


EXPRESSIONS = st.recursive(st.sampled_from([*_ROOTS, *_LITERALS, "i", "has(contact.a)"]), _grown, max_leaves=8)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.datetimes(timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")])) | st.dates() | st.timedeltas()
    | st.binary()
)  # fmt: skip
DATA = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=2), below), max_leaves=6
)
RECORDS = st.fixed_dictionaries({}, optional={"a": DATA, "b": DATA, "list": st.lists(DATA, max_size=3)})


def _boom(value: object) -> object:
    raise ValueError(value)


def never_breaks(source: str, contact: dict[str, object], x: object, now: object) -> None:
    names = {"contact": contact, "run": {"event": {"x": x}}, "now": now, "outcome": x}
    functions = {"boom": _boom, "days_since": lambda value: value}

    judgement = judge(source, names, functions)

    assert set(judgement.read) >= set(paths(source))
    json.dumps(judgement.model_dump(mode="json"))
    assert judgement.why.count(" is true") + judgement.why.count(" is false") >= 1


@given(EXPRESSIONS, RECORDS, DATA, SCALARS)
def test_no_expression_and_no_data_makes_a_judgement_raise(
    source: str, contact: dict[str, object], x: object, now: object
) -> None:
    never_breaks(source, contact, x, now)


@pytest.mark.large
@settings(max_examples=20_000)
@given(EXPRESSIONS, RECORDS, DATA, SCALARS)
def test_no_expression_and_no_data_makes_a_judgement_raise_at_full_size(
    source: str, contact: dict[str, object], x: object, now: object
) -> None:
    never_breaks(source, contact, x, now)


_SCRAPS = st.lists(
    st.sampled_from([*_ROOTS, *_LITERALS, *string.punctuation, "a", " ", "//", '"""', "\\x4", "é", "has("])
)


@given(st.text() | _SCRAPS.map("".join))
def test_no_text_makes_a_check_raise(source: str) -> None:
    for problem in check(source, Names()):
        assert "; " in problem
    paths(source)
    functions_used(source)
    judge(source, {}, {})


_SOUND = st.recursive(
    st.sampled_from(
        [
            "contact.a > 3", "contact.a == contact.b", "contact.b <= 2.5", "contact.s == 'x'", "has(contact.a)",
            "has(contact.zz)", "contact.s in ['x', 'y']", "contact.l.exists(i, i > 2)", "contact.l.all(i, i > 2)",
            "contact.l.filter(i, i > contact.a).size() > 1", "contact.t", "contact.a + contact.b * 2 > 5", "true",
            "contact.s.startsWith('x')", "(contact.t ? contact.a : contact.b) > 1", "contact.a % 2 == 0", "false",
        ]
    ),
    lambda below: st.builds("({} && {})".format, below, below) | st.builds("({} || {})".format, below, below)
    | st.builds("!({})".format, below) | st.builds("({} ? {} : {})".format, below, below, below)
    | st.builds("(({}) == ({}))".format, below, below),
    max_leaves=8,
)  # fmt: skip
_NUMBERS = st.integers(-5, 5)
_PRESENT = st.fixed_dictionaries(
    {"a": _NUMBERS, "b": _NUMBERS, "s": st.sampled_from("xyz"), "l": st.lists(_NUMBERS), "t": st.booleans()}
)


@given(_SOUND, _PRESENT)
def test_on_present_values_it_is_what_the_library_says_and_not_is_the_opposite(
    source: str, contact: dict[str, object]
) -> None:
    if plan(source).problem is not None:  # more than one comprehension
        return
    judgement = judge(source, {"contact": contact}, {})

    assert judgement.true is cel.evaluate(source, {"contact": contact})
    assert judge(f"!({source})", {"contact": contact}, {}).true is not judgement.true


@given(EXPRESSIONS, RECORDS)
def test_or_true_is_true_and_and_false_is_false(source: str, contact: dict[str, object]) -> None:
    if plan(source).problem is not None:
        return
    for whole in (f"({source}) || true", f"true || ({source})", f"!(({source}) && false)"):
        if plan(whole).problem is None:
            assert judge(whole, {"contact": contact}, {}).true
