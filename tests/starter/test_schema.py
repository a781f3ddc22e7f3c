"""What editors check by is what the loader reads: never stricter, and as strict as one file lets it be."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode

from domain.definition import Header
from domain.policy_files import POLICY_FILES
from domain.spans import Delay, Expiry, Limit, Moment, Span
from domain.steps.base import Step
from domain.written import Written
from starter.cli_schema import as_text
from starter.schema import SEQUENCE, schemas
from tests.domain.kit import GOOD, POLICIES
from tests.domain.programs import a_case
from tests.home import PROJECT, shipped
from tests.json_schema import fits, wrong
from tests.starter import test_check_refuses as refused
from tests.test_author_docs import SEQUENCES as SHOWN

SCHEMAS = schemas()
WHOLE = SCHEMAS[f"{SEQUENCE}.schema.json"]
FORM = SCHEMAS["policies/form.schema.json"]


def as_editors_read(text: str) -> Any:
    """Return a file as the YAML language server has it: by the core schema of YAML 1.2, dates as texts."""
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", _as_text)
    return yaml.load(text)


def _as_text(_: Any, node: ScalarNode) -> str:
    return str(node.value)


def said(text: str, schema: dict[str, Any] = WHOLE) -> list[str]:
    return list(wrong(as_editors_read(text), schema, schema))


def schema_of(path: str) -> dict[str, Any]:
    if path.startswith("policies/forms/"):
        return FORM
    return SCHEMAS[path.replace(".yaml", ".schema.json")] if path.startswith("policies/") else WHOLE


@pytest.mark.parametrize("path", SCHEMAS)
def test_the_schema_in_docs_is_the_one_of_today(path: str) -> None:
    assert (PROJECT / "docs" / path).read_text(encoding="utf-8") == as_text(SCHEMAS[path]), (
        "run `rapport schema --out docs`"
    )


def test_there_are_no_schemas_of_what_is_gone() -> None:
    there = {path.relative_to(PROJECT / "docs").as_posix() for path in (PROJECT / "docs").rglob("*.schema.json")}

    assert there == set(SCHEMAS)


# Never stricter than the loader ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [path for path in shipped().files if path.endswith(".yaml")])
def test_every_file_of_ours_is_accepted(path: str) -> None:
    assert said(shipped().files[path], schema_of(path)) == []


@pytest.mark.parametrize("path", POLICIES)
def test_every_policy_of_the_tests_is_accepted(path: str) -> None:
    assert said(POLICIES[path], schema_of(path)) == []


@pytest.mark.parametrize("each", [each for each in SHOWN if each.path and "/" in each.path], ids=str)
def test_every_file_the_docs_show_is_accepted(each: Any) -> None:
    assert said(each.text, schema_of(each.path)) == []


@pytest.mark.parametrize("each", [each for each in SHOWN if each.mark == "steps"], ids=lambda each: f"line-{each.line}")
def test_every_step_the_docs_show_is_accepted(each: Any) -> None:
    assert said("steps:\n" + each.text) == []


def test_a_file_with_every_key_of_the_head_is_accepted() -> None:
    assert said(GOOD) == []


@given(st.integers(min_value=0))
def test_every_sequence_of_the_corpus_is_accepted(seed: int) -> None:
    files = a_case(Random(seed)).files

    assert said(files["sequences/story.yaml"]) == []


UNITS = ["second", "minutes", "Hour", "days", "WEEKS", "month", "business hour", "business days"]
SPANS = st.one_of(
    st.builds(lambda number, unit: f"{number} {unit}", st.integers(1, 90), st.sampled_from(UNITS)),
    st.sampled_from(["P1D", "pt90m", "P1DT12H", "P2Y3M4W5DT6H7M8S"]),
)
SOURCES = st.sampled_from(
    ["contact.renewal_date", "run.event.due", "matched.at", "calls.crm.until", "2026-05-01", "run.entered_at"]
)
HOURS = st.sampled_from(["", " at 09:00", " AT 23:59"])
MOMENTS = st.builds(
    lambda source, sign, span, hour: f"{source}{sign + span if sign else ''}{hour}",
    SOURCES,
    st.sampled_from(["", " + ", "-", " - "]),
    SPANS,
    HOURS,
)
OTHERS = st.sampled_from(
    ["until mon, Thursday at 08:00", "until 17:30", "forever", "Forever", "until friday at 9", "9", "soon", "until"]
)
WORDS = st.one_of(
    SPANS, MOMENTS, OTHERS, st.builds("{}{}".format, SPANS, HOURS), MOMENTS.map("until {}".format), st.text(max_size=12)
)


@pytest.mark.parametrize("kind", [Span, Moment, Delay, Limit, Expiry])
@given(words=WORDS)
def test_whatever_time_the_loader_reads_its_pattern_accepts(kind: type[Written], words: str) -> None:
    try:
        kind.parse(words)
    except ValueError:
        return
    schema = {"pattern": f"^(?:{kind.pattern})$"}
    assert fits(" ".join(words.split()), schema, schema)


# As strict as one file lets it be ----------------------------------------------------------------------------------

# What only the whole home, the whole sequence or a calendar can tell.
BEYOND = {
    "topic", "calendar", "zone", "form", "event", "segment", "date", "field", "name", "function", "argument", "step",
    "template", "sender", "team", "sequence", "nothing can produce it", "thread", "call", "until", "blank",
    "1,000 characters", "one comprehension", "goal and exit", "two ids", "address", "arms", "id", "exit", "shares",
    "expires", "on_conflict", "update", "of", "time", "too long", "unreachable", "marketing without topic",
}  # fmt: skip
STEP_ROWS = [row for row in refused.STEPS if row.item not in BEYOND]
HEAD_ROWS = [row for row in refused.HEAD if row.item not in BEYOND]


@pytest.mark.parametrize("row", STEP_ROWS, ids=refused.named)
def test_what_one_step_shows_is_refused_while_one_types(row: refused.Row) -> None:
    assert said(f"steps:\n  - {row.written}\n")


@pytest.mark.parametrize("row", HEAD_ROWS, ids=refused.named)
def test_what_one_line_of_the_head_shows_is_refused_while_one_types(row: refused.Row) -> None:
    assert said(f"{row.written}\nsteps: []\n")


WRONG = [
    "description: x\n",
    "steps: {send: a/b}\n",
    "steps: [a]\n",
    "steps: [{send: a/b, wait: 1 day}]\n",
    "steps: [{when: contact.score > 1}]\n",
    "steps: [{wait: until contact.renewal_date}]\n",
    "steps: [{wait: 1 day, if_past: skip}]\n",
    "steps: [{wait: until friday}]\n",
    "steps: [{wait: 5 hours and more}]\n",
    "steps: [{wait_for: clicked, up_to: until}]\n",
    "steps: [{wait_for: {segment: a, form: b}, up_to: 1 day}]\n",
    "steps: [{wait_for: clicked, up_to: 1 day, then: {send: a/b}}]\n",
    "steps: [{wait_for: clicked, up_to: 1 day, then: [{sned: a/b}]}]\n",
    "steps: [{branch: [{when: a, otherwise: []}]}]\n",
    "steps: [{update: {tags: [engaged]}}]\n",
    "steps: [{update: {topics: [+news]}}]\n",
    "steps: [{update: {}}]\n",
    "steps: [{send: a/b, on_cap: later}]\n",
    "steps: [{send: a/b, expires: until 2026-05-01}]\n",
    "steps: [{send: }]\n",
    "steps: [{split: {arms: [{name: a, share: half, steps: []}]}}]\n",
    "steps: [{repeat: {times: 200, steps: []}}]\n",
    "enter: {on: {form: a, event: b}}\nsteps: []\n",
    "enter: {on: {when: a}}\nsteps: []\n",
    "enter: {again: after_exit 3 dayz}\nsteps: []\n",
    "exit: {event: a, within: 3 days}\nsteps: []\n",
    "priority: 101\nsteps: []\n",
    "steps: []\nowner:\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_meant_is_refused_while_one_types(text: str) -> None:
    assert said(text)


# What an editor shows ----------------------------------------------------------------------------------------------


def test_every_kind_and_every_key_of_a_sequence_has_a_sentence_to_show() -> None:
    silent = [
        f"{name}.{key}"
        for name, schema in (("head", WHOLE), *WHOLE["definitions"].items())
        for key, each in schema.get("properties", {}).items()
        if not each.get("description")
    ]

    assert silent == []
    assert set(WHOLE["definitions"]["step"]["properties"]) == set(Step.kinds)


def test_nothing_internal_is_offered() -> None:
    for kind in Step.kinds.values():
        assert set(WHOLE["definitions"][kind.__name__]["properties"]) == kind.keys()
    assert set(WHOLE["properties"]) == {*Header.model_fields, "steps"}
    assert "null" not in json.dumps(WHOLE)


def test_every_policy_has_its_schema() -> None:
    assert set(SCHEMAS) == {
        "sequence.schema.json",
        "policies/form.schema.json",
        *(f"policies/{name}.schema.json" for name in POLICY_FILES),
    }
