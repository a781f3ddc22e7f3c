"""`rapport report follow-ups`: typed, as tables, as JSON, as a page."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.follow_up_actions import Accept, Complete
from domain.statistics import Share
from domain.tallies import Tally
from records.reports.follow_up_figures import FollowUpFigures, OpenNow, Span
from starter.follow_up_report_page import page
from starter.follow_up_report_words import COLUMNS, cells, summary
from tests.records.team_at_work import TeamAtWork
from tests.starter.small_home import SmallHome

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVIL = "<script>alert('x')</script>"
SINCE = ("--since", "2026-05-01")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def worked(records: SmallHome) -> SmallHome:
    """The records, after a day on which ada and bob had eight follow-ups."""
    with records.database() as database:
        team = TeamAtWork(database)
        team.publish(datetime.now(UTC))
        for number in range(8):
            team.open(f"c{number}", MONDAY)
        for id in team.ids():
            who = str(team.row(id).assignee)
            team.act(id, Accept(by=who), MONDAY + HOUR)
            if who == "ada":
                team.act(id, Complete(by=who, outcome="booked"), MONDAY + 2 * HOUR)
    return records


def test_people_read_what_was_kept_and_how_fast(worked: SmallHome) -> None:
    typed = worked.type("report", "follow-ups", *SINCE)

    assert typed.status == 0, typed.err
    lines = [" ".join(line.split()) for line in typed.out.splitlines()]
    assert lines[:4] == [
        "8 follow-ups were opened from 30 Apr 2026 on: 5 completed, 3 open.",
        "Accepted in time: 100.0 % (8 of 8); half of them within 1 h of open time (1 hour by the clock), "
        "nine of ten within 1 h (1 hour).",
        "Done in time: 62.5 % (5 of 8); half of them within 2 h of open time (2 hours by the clock), "
        "nine of ten within 2 h (2 hours).",
        "Outcomes: booked 5.",
    ]
    assert "sales 8 3 100.0 % (8 of 8) 1 h 1 h 62.5 % (5 of 8) 2 h 2 h · · · ·" in lines
    assert "ada 5 0 100.0 % (5 of 5) 1 h 1 h 100.0 % (5 of 5) 2 h 2 h · · · ·" in lines
    assert "bob too few*" in lines
    assert "* fewer than 5 say nothing about a person" in lines
    assert "Open now: 3 (more than 7 days late 3)." in lines
    assert "ada 2 5 5.3 0" in lines, "her weight, what she had in turn, what would be hers, and otherwise"


def test_programs_read_one_document(worked: SmallHome) -> None:
    document = worked.type("report", "follow-ups", *SINCE, "--until", "2026-06-01", "--json").document

    assert (document["report"], document["since"]) == ("follow-ups", "2026-04-30T22:00:00Z")
    assert document["all"]["accepted_in_time"]["count"] == 8
    assert document["teams"]["sales"]["to_done"]["working_seconds"] == {"median": 7200.0, "p90": 7200.0}
    assert document["policies"]["normal"]["opened"] == 8
    assert document["people"]["bob"] == {"too_few": True}
    assert document["people"]["ada"]["outcomes"] == {"booked": 5}
    assert document["open_now"]["teams"]["sales"]["ages"]["more than 7 days late"] == 3
    assert document["speed_to_lead"]["within"][0]["seconds"] == 300
    assert document["shares"]["sales"]["members"][0]["key"] == "ada"


def test_alone_it_is_about_the_last_thirty_days(worked: SmallHome) -> None:
    document = worked.type("report", "follow-ups", "--json").document
    until = worked.type("report", "follow-ups", "--until", "2026-05-20", "--json").document

    asked, since = (datetime.fromisoformat(document[name]) for name in ("asked_at", "since"))
    assert asked - since == timedelta(days=30)
    assert (until["since"], until["all"]["opened"]) == ("2026-04-19T22:00:00Z", 8)


def test_one_team_can_be_asked_for(worked: SmallHome) -> None:
    document = worked.type("report", "follow-ups", *SINCE, "--team", "care", "--json").document

    assert (document["team"], document["all"]["opened"], document["open_now"]["open"]) == ("care", 0, 0)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--team", "sale"], 1, "--team: there is no team 'sale'; did you mean 'sales'?"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], 1, "--until: nothing can have been opened"),
        (["--since", "yesterday"], 2, "write it like 2026-03-27"),
    ],
)
def test_what_cannot_be_reported_says_what_to_do(worked: SmallHome, words: list[str], status: int, said: str) -> None:
    typed = worked.type("report", "follow-ups", *words)

    assert (typed.status, typed.out) == (status, "")
    assert said in " ".join(typed.err.replace("│", " ").split())


def test_the_smallest_installation_has_a_report(records: SmallHome) -> None:
    typed = records.type("report", "follow-ups", *SINCE)

    assert typed.status == 0, typed.err
    assert typed.out.splitlines() == ["0 follow-ups were opened from 30 Apr 2026 on.", "", "Open now: 0."]


def test_the_page_needs_nothing_from_elsewhere(worked: SmallHome) -> None:
    typed = worked.type("report", "follow-ups", *SINCE, "--out", worked.folder / "out" / "may.html")

    assert typed.status == 0, typed.err
    text = (worked.folder / "out" / "may.html").read_text(encoding="utf-8")
    assert "<h2>By person</h2>" in text
    assert "too few" in text
    assert "8 in time, 0 late" in text
    assert "http" not in text.replace("http-equiv", "")


def test_what_somebody_wrote_is_escaped_on_the_page() -> None:
    figures = FollowUpFigures(Span(MONDAY, team=EVIL), MONDAY, Tally(opened=1, done=Share(0, 1)))
    figures.every.outcomes[EVIL] = 1
    figures.teams = {EVIL: figures.every}
    figures.people, figures.policies = {EVIL: None}, {EVIL: figures.every}
    figures.open_by_team = {EVIL: OpenNow(1), "sales": OpenNow(2)}

    assert "<script" not in page(figures)
    assert page(figures).count("&lt;script&gt;") > 6


def test_what_was_needed_is_said_only_where_something_was() -> None:
    every = Tally(opened=2, completed=1, by_contact=1, cancelled=1, hops=1, snoozes=2, reassigned=3)
    every.escalated.update(lead=2, manager=1)

    told = list(summary(FollowUpFigures(Span(MONDAY, MONDAY + DAY, "sales"), MONDAY, every)))

    assert told[0] == (
        "2 follow-ups were opened for sales from 04 May 2026 before 05 May 2026: "
        "1 completed (1 by what the contact did), 1 cancelled, 0 open."
    )
    assert told[1:3] == ["Accepted in time: –.", "Done in time: –."]
    assert told[3] == (
        "What was needed: once it went on to the next; 2 times put off; 3 times handed on; "
        "told that it is overdue: lead 2, manager 1."
    )
    assert len(cells(every)) == len(COLUMNS)
