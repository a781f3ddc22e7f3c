"""What docs/sequences.md and docs/templates.md show works, and what exists they mention."""

import re
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from domain import program
from domain.calendars import Calendar, Calendars, Holidays
from domain.consent import ALLOWED
from domain.definition import Header
from domain.dues import Sight, resolve
from domain.entrance import Enter
from domain.events import BUILT_IN, CONTACT_FIELDS, OF_A_SEND, WRITABLE_FIELDS
from domain.facts import Event, Facts
from domain.forms import ConsentAsked, FormMapping
from domain.letters import context, plan
from domain.loader import load
from domain.needs import Deliver
from domain.policies import (
    ContactPolicy,
    EventsPolicy,
    MessageClass,
    Messaging,
    Organisation,
    OwnEvent,
    OwnField,
    Quiet,
    Sender,
    Topic,
)
from domain.program import Trigger
from domain.span_grammar import UNITS
from domain.spans import Delay, Moment, Span
from domain.steps.base import Step
from domain.vocabulary import CEL_FUNCTIONS, CEL_METHODS, FUNCTIONS
from rendering.known import Known
from rendering.sandbox import FILTERS, OWN_FILTERS, Sandbox
from rendering.source import FRONT_KEYS
from rendering.template import Library
from starter.cli import run
from tests.home import LINKS, PROJECT, Pen, shipped

NOW = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)
HOME = shipped()
LOADED = HOME.load()
KNOWN = Known.of(LOADED.policies.contact.fields)
WHOLE = "topic: product-news\nsteps:\n  - send: welcome/hello\n  - send: welcome/tips\n"
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<mark>[^\n]*))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A fenced block. `mark` is what stands behind its language, `line` where it begins."""

    kind: str
    mark: str
    text: str
    line: int

    @property
    def path(self) -> str | None:
        found = re.fullmatch(r'title="(.+)"', self.mark)
        return found[1] if found else None


def page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def examples(name: str) -> list[Example]:
    text = page(name)
    return [
        Example(found["kind"], found["mark"] or "", found["text"], text.count("\n", 0, found.start()) + 1)
        for found in BLOCK.finditer(text)
    ]


SEQUENCES, TEMPLATES = examples("sequences.md"), examples("templates.md")


def marked_as(mark: str) -> list[Example]:
    return [each for each in SEQUENCES if each.mark == mark]


def marked(mark: str) -> list[Any]:
    return [pytest.param(each, id=f"line-{each.line}") for each in marked_as(mark)]


def problems(files: dict[str, str]) -> list[str]:
    return [str(problem) for problem in HOME.load(files).problems]


def indented(text: str, by: str) -> str:
    return "".join(f"{by}{line}" for line in text.splitlines(keepends=True))


def test_every_example_is_of_a_kind_that_is_tried() -> None:
    marks = {each.mark for each in (*SEQUENCES, *TEMPLATES) if each.path is None and each.kind in ("yaml", "html")}

    assert marks - {""} == {"steps", "header", "refused", "fragment"}
    assert [each for each in SEQUENCES if each.kind in ("yaml", "json") and not each.mark] == []
    assert {each.mark for each in SEQUENCES if each.kind in ("bash", "text")} == {"run", "says", ""}


def test_every_file_shown_loads() -> None:
    files = {each.path: each.text for each in SEQUENCES if each.path}

    assert problems({path: text for path, text in files.items() if path.startswith("sequences/")}) == []
    alone = {path: text for path, text in files.items() if path.startswith("policies/")}
    assert load(alone, HOME.catalogue).problems == []


def test_every_simulation_shown_runs_and_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("sequences", "policies", "templates", "docs/samples"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    files = [each for each in SEQUENCES if each.path and not each.path.startswith("policies/")]
    for each in files:
        (tmp_path / str(each.path)).write_text(each.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    said = []
    for command in marked_as("run"):
        assert run(shlex.split(command.text)[1:]) == 0, capsys.readouterr().err
        said.append([line.rstrip() for line in capsys.readouterr().out.splitlines()])

    [shown] = [each.text.splitlines() for each in marked_as("says")]
    assert said[0][-len(shown) :] == shown
    assert len(said) == 2


@pytest.mark.parametrize("example", marked("steps"))
def test_every_step_shown_loads(example: Example) -> None:
    assert problems({"sequences/shown.yaml": WHOLE + indented(example.text, "  ")}) == []


@pytest.mark.parametrize("example", marked("header"))
def test_every_head_shown_loads(example: Example) -> None:
    assert problems({"sequences/shown.yaml": f"{example.text}steps:\n  - send: order/all-right\n"}) == []


@pytest.mark.parametrize(
    "condition", [line for each in SEQUENCES if each.kind == "cel" for line in each.text.splitlines()]
)
def test_every_condition_shown_is_one(condition: str) -> None:
    call = "  - {call: 'https://erp.acme.example', save_as: credit}\n"
    step = f'  - exit: shown\n    when: "{condition}"\n'

    assert problems({"sequences/shown.yaml": WHOLE + call + step}) == []


def test_check_says_what_the_page_says_it_says() -> None:
    said = [(each.text, below.text.splitlines()) for each, below in pairwise(SEQUENCES) if each.mark == "refused"]

    assert said
    for text, lines in said:
        assert problems({"sequences/refused.yaml": text}) == lines


def words(name: str) -> set[str]:
    """Return every word that the page prints as code: in backticks or in a block."""
    text = page(name)
    code = [each["text"] for each in BLOCK.finditer(text)] + re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))
    return set(re.findall(r"[A-Za-z_][\w-]*", " ".join(code)))


def keys(*models: type[BaseModel]) -> Iterator[str]:
    for model in models:
        for name, field in model.model_fields.items():
            yield field.alias or name


MESSAGING: list[type[BaseModel]] = [Messaging, Organisation, Sender, Topic, Quiet]
OTHERS: list[type[BaseModel]] = [Calendars, Calendar, Holidays, ContactPolicy, OwnField, EventsPolicy, OwnEvent]
FORMS: list[type[BaseModel]] = [FormMapping, ConsentAsked]
EXISTS = {
    "kinds of steps": set(Step.kinds),
    "keys of steps": set().union(*(kind.keys() for kind in Step.kinds.values())),
    "keys of the head": {*keys(Header), *keys(Enter), *keys(Trigger)},
    "keys of policies": set(keys(*MESSAGING, *OTHERS, *FORMS)),
    "kinds of own fields": set(get_args(OwnField.model_fields["type"].annotation)),
    "events": set(BUILT_IN) | {field for fields in BUILT_IN.values() for field in fields},
    "fields of contacts": set(CONTACT_FIELDS),
    "functions": set(FUNCTIONS) | set(CEL_FUNCTIONS) | set(CEL_METHODS),
    "units of time": {word for unit in UNITS for word in unit.split()},
}


@pytest.mark.parametrize("what", EXISTS)
def test_everything_that_exists_is_mentioned(what: str) -> None:
    assert program.kind_of({"send": "a/b"}) == "send", "all kinds of steps are known"
    assert EXISTS[what] - words("sequences.md") == set()


@pytest.mark.parametrize("kind", Step.kinds)
def test_every_kind_of_step_has_a_section_that_shows_all_its_keys(kind: str) -> None:
    steps = page("sequences.md").partition("\n## Steps\n")[2].partition("\n## Time\n")[0]
    sections = {each.partition("\n")[0]: each for each in steps.split("\n### ")[1:]}
    [section] = [text for title, text in sections.items() if kind in title.split(" and ")]

    blocks = " ".join(each["text"] for each in BLOCK.finditer(section))
    shown = set(re.findall(r"(\w+):", blocks)) | set(re.findall(r"`(\w+)`", BLOCK.sub("", section)))

    assert Step.kinds[kind].keys() - {"id", "when"} - shown == set()


def table_row(text: str, first: str) -> list[str]:
    rows = [line for line in text.splitlines() if line.startswith("|") and f"`{first}`" in line.split("|")[1]]
    assert len(rows) == 1, f"one row about {first}"
    return [cell.strip() for cell in rows[0].strip("|").split("|")]


@pytest.mark.parametrize("reason", ALLOWED)
def test_the_table_of_what_reaches_whom_is_the_one_in_the_code(reason: str) -> None:
    after = page("sequences.md").partition("What reaches whom")[2].partition("###")[0]

    said = dict(zip(get_args(MessageClass), table_row(after, reason)[1:], strict=True))

    assert {class_ for class_, answer in said.items() if answer == "yes"} == set(ALLOWED[reason])


def test_the_page_names_what_may_be_updated_and_what_belongs_to_a_message() -> None:
    text = page("sequences.md")

    assert set(re.findall(r"It may change `([^`]+)`", text)[0].split()) == WRITABLE_FIELDS - {"tags"}
    assert set(re.findall(r"`(\w+)`", re.findall(r"message it must belong to \(for (.+?)\)", text)[0])) == OF_A_SEND


@pytest.mark.parametrize("event", BUILT_IN)
def test_every_event_is_listed_with_its_fields(event: str) -> None:
    table = page("sequences.md").partition("## Events")[2].partition("##")[0]
    row = table_row(table, event)[1]

    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", row)))) - {"human", "machine", "unknown"}
    if row.startswith("the same"):
        named |= BUILT_IN["delivered"]
    assert named == BUILT_IN[event]


def test_every_time_quoted_in_the_text_can_be_read() -> None:
    time = page("sequences.md").partition("## Time")[2].partition("## Conditions")[0]

    spans = re.findall(r"^\| `.+` \| `(\d[^`]+)` \|", time, re.MULTILINE)
    assert len(spans) == 4
    assert [str(Span.parse(each)) for each in (*spans, "P1DT12H")] == [*spans, "P1DT12H"]
    moments = re.findall(r"`([^`]+)`", re.findall(r"\*\*Moments\*\*.+", time)[0])
    assert {each.partition(".")[0] for each in moments} == {"contact", "run", "matched", "calls", "2026-05-01 at 09:00"}
    assert [Moment.parse(each).words for each in moments] == moments
    assert Delay.parse("1 day at 09:00").at is not None


BERLIN = ZoneInfo("Europe/Berlin")
INSTANT = r"\w{3} \d\d \w{3} \d{4} \d\d:\d\d"
WORKED = re.findall(rf"^\| ({INSTANT}) \| `([^`]+)` \| ({INSTANT}) \|$", page("sequences.md"), re.MULTILINE)


@pytest.mark.parametrize(("at", "words", "until"), WORKED)
def test_every_worked_example_of_a_wait_is_right(at: str, words: str, until: str) -> None:
    began, due = (datetime.strptime(each, "%a %d %b %Y %H:%M").replace(tzinfo=BERLIN) for each in (at, until))
    shown = next(each.text for each in SEQUENCES if each.path == "policies/calendars.yaml")
    calendar = load({"policies/calendars.yaml": shown}, HOME.catalogue).policies.calendar("office-hours")

    found = resolve(Delay.parse(words), began, Sight(BERLIN, calendar, lambda path: None))

    assert found is not None
    assert found.at == due
    assert f"{began:%a %d} {due:%a %d}" == f"{at[:6]} {until[:6]}", "the weekday is that of the date"


def test_each_kind_of_span_has_worked_examples() -> None:
    assert len(WORKED) >= 15


def names() -> dict[str, Any]:
    """Return the names of a message's context, as they are when everything is known."""
    contact = {"first_name": "Ada", "score": 10, "renewal_date": date(2026, 5, 1), "email": "a@b.example"}
    clicked = Event(1, "clicked", NOW, {"url": "https://a.example", "outcome": "met"})
    facts = Facts(NOW, LOADED.programs["demo-welcome"], LOADED.policies, contact, NOW, matched=clicked, round=1)
    return context(plan(Deliver(template="welcome/hello"), facts, HOME.catalogue), facts, LINKS)


def test_every_template_shown_is_sound_and_can_be_written() -> None:
    shown = {each.path.removeprefix("templates/"): each.text for each in TEMPLATES if each.path}
    sources = {**HOME.templates, **shown}
    pen = Pen(sources)

    assert Library(sources).problems(KNOWN) == []
    assert pen.write("webinar/invitation", None, names())["subject"] == "Ada, half an hour about planning"
    assert (
        pen.write("webinar/reminder", "de-AT", names())["text"]
        == "Um vier geht es los: https://www.acme.example/webinar/room"
    )


@pytest.mark.parametrize("example", [each for each in TEMPLATES if each.mark == "fragment"])
def test_every_piece_of_a_template_shown_can_be_written(example: Example) -> None:
    blocks = f"{{% block subject %}}S{{% endblock %}}{{% block html %}}{example.text}{{% endblock %}}"
    sources = {"email/shown/piece.html": f"---\nclass: service\n---\n{blocks}"}

    assert Library(sources).problems(KNOWN) == []
    assert Pen(sources).write("shown/piece", None, names())["html"]


def test_the_page_about_templates_mentions_everything_that_is_allowed() -> None:
    sandbox = Sandbox({}, html=True)
    text = page("templates.md")

    assert set(sandbox.filters) - words("templates.md") == set()
    assert {test for test in sandbox.tests if test.isalpha()} - words("templates.md") == set()
    assert set(FRONT_KEYS) - words("templates.md") == set()
    assert set(names()) - words("templates.md") == set()
    assert set(re.findall(r"`(\w+)`", re.findall(r"Of Jinja's own: (.+)", text)[0])) == FILTERS
    assert set(re.findall(r"^\| `(\w+)`(?: · `(\w+)`)? \| (?:says|`short|with so)", text, re.MULTILINE)) == {
        ("fallback", ""),
        ("date", "time"),
        ("number", "money"),
    }
    assert set(OWN_FILTERS) == {"fallback", "date", "time", "number", "money"}
