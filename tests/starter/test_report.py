"""`rapport report`: typed, as a table, as JSON, as a page."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select, update

from domain.comparison import Comparison, Side
from domain.statistics import Share
from records.entry_models import Holdout
from records.models import Contact, Enrolment
from records.published import Published
from records.published_models import Edition
from records.reports.figures import Period, SequenceFigures
from records.reports.sequence import report_on
from starter.report_page import page
from starter.report_words import verdict
from tests.records.crowd import Crowd
from tests.starter.small_home import SmallHome

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
EVIL = "<script>alert('x')</script>"
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def visited(records: SmallHome) -> SmallHome:
    """The records, after forty people went through the sequence."""

    def happened(session: Session) -> None:
        version = session.exec(select(Edition.version)).one()
        crowd = Crowd(Published().program(session, version), NEW_YEAR, 40)
        crowd.write(session, published=True)

    with records.database() as database:
        database.write_now(happened)
    return records


def test_alone_it_lists_the_reports(records: SmallHome) -> None:
    typed = records.type("report")

    assert typed.status == 0
    assert [line.partition(": ")[0] for line in typed.out.splitlines()] == [
        "rapport report follow-ups",
        "rapport report recovery",
        "rapport report sequence NAME",
        "rapport report surveys",
    ]


def test_the_list_of_reports_is_a_document_too(records: SmallHome) -> None:
    assert records.type("report", "--json").document == {"reports": ["follow-ups", "recovery", "sequence", "surveys"]}
    assert records.type("report", "--json", "sequence", "welcome").status == 2


def test_people_read_who_came_and_how_it_ended(visited: SmallHome) -> None:
    typed = visited.type("report", "sequence", "welcome")

    assert typed.status == 0, typed.err
    lines = typed.out.splitlines()
    assert lines[0] == "welcome: A welcome, and a tip two days later."
    assert lines[1].startswith("40 people entered; ")
    assert "Can't tell what it adds." in lines
    assert any(line.split()[:2] == ["hello", "40"] for line in lines)
    assert any(line.startswith("Ends: ") for line in lines)


def test_programs_read_one_document(visited: SmallHome) -> None:
    document = visited.type("report", "sequence", "sequences/welcome.yaml", "--json").document

    assert (document["report"], document["sequence"], document["entered"]) == ("sequence", "welcome", 40)
    assert document["converted"]["of"] == 40
    assert document["comparison"]["verdict"] == "nobody held out"
    steps = {step["step"]: step for step in document["steps"]}
    assert list(steps) == ["hello", "wait-2", "tips", "wait_for-4", "wait_for-4.1.update-1", "nudge"]
    assert (steps["hello"]["visited"], steps["nudge"]["depth"]) == (40, 1)
    assert set(steps["hello"]["messages"]) >= {"sent", "opened", "clicked", "clicked_by_machines", "replied"}
    assert "messages" not in steps["wait-2"]
    assert {arm["arm"] for arm in steps["wait_for-4"]["arms"]} == {"matched", "timed_out"}
    assert document["inside"] == sum(step["waiting"] for step in document["steps"])


def test_a_day_begins_at_midnight_where_the_organisation_is(visited: SmallHome) -> None:
    visited.change("policies/messaging.yaml", "Europe/London", "Asia/Tokyo")
    assert visited.type("publish", "--yes").status == 0

    document = visited.type("report", "sequence", "welcome", "--since", "2026-01-02", "--json").document

    assert document["since"] == "2026-01-01T15:00:00Z"
    assert document["entered"] == 0
    at = visited.type("report", "sequence", "welcome", "--until", "2026-01-01T00:20:00Z", "--json").document
    assert at["entered"] == 20


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["welcom"], 1, "sequence 'welcom' was never published; did you mean 'welcome'?"),
        (["welcome", "--version", "zz"], 1, "--version: no version begins with 'zz'; there is sha256:"),
        (["welcome", "--since", "2026-02-01", "--until", "2026-01-01"], 1, "--until: nobody can have entered"),
        (["welcome", "--within", "3 business days"], 1, "--within: '3 business days' is not a length"),
        (["welcome", "--since", "yesterday"], 2, "write it like 2026-03-27"),
        (["welcome", "--within", "soon"], 2, "bad span 'soon'"),
    ],
)
def test_what_cannot_be_reported_says_what_to_do(visited: SmallHome, words: list[str], status: int, said: str) -> None:
    typed = visited.type("report", "sequence", *words)

    assert (typed.status, typed.out) == (status, "")
    assert said in " ".join(typed.err.replace("│", " ").split())


def test_a_version_is_named_by_its_first_digits(visited: SmallHome) -> None:
    (version,) = (row["version"] for row in visited.type("versions", "welcome", "--json").document["versions"])

    document = visited.type("report", "sequence", "welcome", "--version", version[:12], "--json").document

    assert (document["version"], document["entered"]) == (version, 40)


def test_the_smallest_installation_has_a_report(records: SmallHome) -> None:
    typed = records.type("report", "sequence", "welcome")

    assert typed.status == 0, typed.err
    assert "0 people entered; 0 are inside now." in typed.out


# --- the page --------------------------------------------------------------------------------------------------------


class Read(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href")]
        if tag not in ("meta", "rect", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing(visited: SmallHome, tmp_path: Path) -> None:
    typed = visited.type("report", "sequence", "welcome", "--out", tmp_path / "new" / "report.html")

    read = Read((tmp_path / "new" / "report.html").read_text(encoding="utf-8"))
    assert (typed.status, read.open, read.links) == (0, [], [])
    assert "svg" in read.tags
    assert not {"script", "img", "link", "iframe"} & set(read.tags)


def test_a_page_that_cannot_be_written_says_so(visited: SmallHome, tmp_path: Path) -> None:
    typed = visited.type("report", "sequence", "welcome", "--out", tmp_path)

    assert typed.status == 1
    assert typed.err.startswith("--out: cannot write ")


def test_what_people_wrote_is_escaped_wherever_it_stands(visited: SmallHome) -> None:
    def meddle(session: Session) -> SequenceFigures:
        session.exec(update(Enrolment).where(Enrolment.id == "crowd-1").values(end_reason=EVIL))  # type: ignore[arg-type]
        session.flush()
        figures = report_on(session, Published(), Period("welcome"), NEW_YEAR)
        figures.description = figures.owner = EVIL
        figures.remarks.append(EVIL)
        figures.refused[EVIL] = 1
        for step in figures.steps:
            step.skipped[EVIL] = step.failed[EVIL] = step.left[EVIL] = 1
            step.arms = [type(arm)(EVIL, EVIL, arm.took, arm.converted) for arm in step.arms]
        return figures

    with visited.database() as database:
        text = page(database.write_now(meddle))

    assert EVIL not in text
    assert "script" not in Read(text).tags


# --- the comparison, in words ----------------------------------------------------------------------------------------


def words(entered: Side, held_out: Side) -> str:
    return " ".join(verdict(Comparison(entered, held_out, timedelta(days=30))))


@pytest.mark.parametrize(
    ("entered", "held_out", "said"),
    [
        (Side(Share(500, 5000)), Side(Share(25, 500)), "It works. Within 30 days, 10.0 % (500 of 5,000) who entered"),
        (Side(Share(500, 5000)), Side(Share(25, 500)), "of 1,000 who enter, 26 to 68 because of it."),
        (Side(Share(250, 5000)), Side(Share(50, 500)), "It does harm."),
        (Side(Share(250, 5000)), Side(Share(50, 500)), "less because of it"),
        (Side(Share(500, 5000)), Side(Share(45, 500)), "so it may be nothing at all."),
        (Side(Share(1, 3)), Side(Share(2, 2)), "could not even show the largest lift there can be."),
        (Side(Share(0, 0), 5, NEW_YEAR), Side(Share(0, 0), 1, NEW_YEAR), "First figures can be had on 01 Feb 2026."),
        (Side(Share(3, 9)), Side(), "'holdout: 5%' under 'enter' holds some out."),
    ],
)
def test_a_comparison_says_what_it_can_and_no_more(entered: Side, held_out: Side, said: str) -> None:
    assert said in words(entered, held_out)


def test_a_comparison_stands_in_the_report(visited: SmallHome) -> None:
    def hold_out(session: Session) -> None:
        edition = session.exec(select(Edition)).one()
        edition.program = {**edition.program, "holdout": 0.1}
        session.add(edition)
        for number in range(5):
            session.add(Contact(id=f"held-{number}", created_at=NEW_YEAR, updated_at=NEW_YEAR))
            session.flush()
            of_it: dict[str, Any] = {"contact_id": f"held-{number}", "version": edition.version, "event": {}}
            session.add(Holdout(sequence="welcome", held_at=NEW_YEAR, **of_it))

    with visited.database() as database:
        database.write_now(hold_out)

    typed = visited.type("report", "sequence", "welcome")

    assert "5 people were held out, to compare with." in typed.out
    assert "Can't tell yet." in typed.out
    comparison = visited.type("report", "sequence", "welcome", "--json").document["comparison"]
    assert (comparison["verdict"], comparison["entered"]["of"], comparison["held_out"]["of"]) == ("cannot tell", 40, 5)
