"""What becomes of a follow-up, as `contact show` and `why` tell it."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain.events import BUILT_IN
from domain.follow_up_actions import Accept, Comment, Complete, PutOff, Reassign
from starter.task_words import SAID, said_of_task, task_stands, task_told
from tests.records.team_at_work import TeamAtWork
from tests.starter.small_home import SmallHome

DOCS = (Path(__file__).parents[2] / "docs/why.md").read_text(encoding="utf-8")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT = "2026-05-04T15:00:00+00:00"
SHOWN = "Mon 04 May 2026 17:00"
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANN = "ann@customer.example"


WORDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("opened", {"team": "sales", "source": "rule demo", "policy": "hot"}, "opened for sales", "rule demo; policy hot"),
    ("assigned", {"to": "bob", "why": ["it is the turn of bob"]}, "assigned to bob", "it is the turn of bob"),
    ("offered", {"to": ["ada", "bob", "cai"], "why": []}, "offered to ada, bob and cai", ""),
    ("unassigned", {"why": ["nobody can be asked"]}, "nobody has it; tried again", "nobody can be asked"),
    ("accepted", {}, "accepted", ""),
    (
        *("not_accepted", {"why": ["bob did not accept it in time"]}),
        *("not accepted in time, and nobody is left to ask", "bob did not accept it in time"),
    ),
    (
        *("reminded", {"to": ["bob", "lea"], "clock": "done", "percent": 50, "due": AT}),
        *("reminded bob and lea", f"50 % of done by {SHOWN}"),
    ),
    ("reminded", {"clock": "accept", "percent": 75}, "a reminder was due", "75 % of the time to accept it is over"),
    (
        *("escalated", {"to": "max", "role": "manager", "percent": 150, "of": "bob"}),
        *("overdue: max (manager) was told", "150 % of the time to do it is over; bob has it"),
    ),
    (
        *("escalated", {"role": "head", "percent": 200}),
        *("overdue: the team, for there is no head, was told", "200 % of the time to do it is over; nobody has it"),
    ),
    ("snoozed", {"until": AT}, f"put off until {SHOWN}", ""),
    ("commented", {"note": "She is at the fair."}, "commented", "She is at the fair."),
    ("held", {"until": AT, "why": "out of office"}, f"its clocks stand still until {SHOWN}", "out of office"),
    ("held", {"why": "paused"}, "its clocks stand still, nobody knows until when", "paused"),
    ("released", {}, "its clocks go on", ""),
    ("completed", {"outcome": "booked", "note": "Friday"}, "completed: booked", "Friday"),
    ("completed", {"outcome": "meeting_booked", "why": "the contact: meeting_booked"}, "completed: meeting_booked", ""),
    ("cancelled", {"why": "bought elsewhere"}, "cancelled", "bought elsewhere"),
]


@pytest.mark.parametrize(("event", "data", "what", "why"), WORDS)
def test_each_line_of_a_task_says_what_and_why(event: str, data: dict[str, Any], what: str, why: str) -> None:
    told = said_of_task(f"task_{event}", data, BERLIN)

    assert told[0] == what
    assert told[1] == (why or "; ".join([data["why"]] if isinstance(data.get("why"), str) else data.get("why", [])))


def test_every_event_of_tasks_has_its_words_and_every_word_is_documented() -> None:
    events = {name for name in BUILT_IN if name.startswith("task_")}

    assert set(SAID) == events
    assert {f"task_{event}" for event, *_ in WORDS} == events
    assert [event for event in sorted(events) if f"| `{event}` |" not in DOCS] == []
    documented = "\n".join(line for line in DOCS.splitlines() if line.startswith("| `task_"))
    for words in ("opened for", "assigned to", "offered to", "tried again", "accepted", "nobody is left to ask"):
        assert f" {words}" in documented
    for words in ("reminded", "overdue: max (manager) was told", "put off until", "clocks stand still until"):
        assert f" {words}" in documented


def test_a_task_is_named_by_its_title_where_that_is_known() -> None:
    assert (
        task_told("task_opened", {"title": "Call Ada", "team": "sales"}, UTC)[0] == "task 'Call Ada' opened for sales"
    )
    assert task_told("task_accepted", {}, UTC, "Call Ada")[0] == "task 'Call Ada': accepted"
    assert task_told("task_accepted", {}, UTC)[0] == "task: accepted"


def test_what_others_tell_of_tasks_breaks_nothing() -> None:
    assert said_of_task("task_snoozed", {"until": "soon"}, UTC) == ("put off until soon", "")
    assert said_of_task("task_reminded", {"due": 7, "to": []}, UTC) == ("a reminder was due", "? % of done by 7")
    assert said_of_task("task_of_tomorrow", {"why": None}, UTC) == ("of tomorrow", "")


OPEN: dict[str, Any] = {
    "ended": None,
    "assignee": None,
    "offered": [],
    "team": "sales",
    "held": False,
    "accepted_at": None,
}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"assignee": "bob", "accepted_at": MONDAY}, "with bob, who has accepted it"),
        ({"assignee": "bob"}, "with bob, who has not accepted it yet"),
        ({"offered": ["ada", "bob"]}, "offered to ada and bob; whoever takes it first has it"),
        ({}, "nobody has it by name; it lies with sales"),
        (
            {"assignee": "bob", "held": True, "held_until": MONDAY},
            "with bob, who has not accepted it yet; its clocks stand still until Mon 04 May 2026 12:00",
        ),
        (
            {"ended": "cancelled", "ended_at": MONDAY, "person": "rapport", "outcome": None},
            "cancelled Mon 04 May 2026 12:00 by what the contact did",
        ),
    ],
)
def test_where_a_task_stands(more: dict[str, Any], said: str) -> None:
    assert task_stands(OPEN | {"done_due": None} | more, BERLIN) == said


# --- typed -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def accepted(records: SmallHome) -> SmallHome:
    """The records, with a task that bob is reminded of and accepts."""
    with records.database() as database:
        team = TeamAtWork(database)
        team.publish(datetime.now(UTC))
        team.open("zoe", MONDAY)  # the turn of ada
        id = team.open("ann", MONDAY)
        assert team.row(id).assignee == "bob"
        team.look(id, MONDAY + 2 * HOUR)
        team.act(id, Accept(by="bob"), MONDAY + 2 * HOUR + HOUR / 2)
    return records


@pytest.fixture
def asked(accepted: SmallHome) -> SmallHome:
    """The same, and bob puts it off and hands it on."""
    with accepted.database() as database:
        team = TeamAtWork(database)
        id = team.ids()[1]
        team.act(id, Comment(by="bob", note="She is at the fair."), MONDAY + 3 * HOUR)
        team.act(id, PutOff(by="bob", until=MONDAY + 5 * HOUR), MONDAY + 3 * HOUR)
        team.act(id, Reassign(by="bob", to="lea", note="She knows her."), MONDAY + 6 * HOUR)
    return accepted


def told(home: SmallHome, *words: str) -> str:
    typed = home.type(*words)
    assert typed.status == 0, typed.err
    return " ".join(typed.out.split())


def test_why_tells_the_story_of_a_task(asked: SmallHome) -> None:
    found = told(asked, "why", ANN)

    assert "task 'Call ann': opened Mon 04 May 2026 12:00 (10:00 UTC), goes on (policy normal)" in found
    for line in (
        "Mon 04 May 2026 12:00 (10:00 UTC) rapport: opened for sales policy normal",
        "Mon 04 May 2026 12:00 (10:00 UTC) rapport: assigned to bob it is the turn of bob",
        "Mon 04 May 2026 14:00 (12:00 UTC) rapport: reminded bob 50 % of accept by Mon 04 May 2026 16:00",
        "Mon 04 May 2026 14:30 (12:30 UTC) bob: accepted",
        "bob: commented She is at the fair.",
        "bob: put off until Mon 04 May 2026 17:00",
        "bob: assigned to lea bob handed it on; She knows her.",
        "now: with lea, who has not accepted it yet; to be done by Wed 06 May 2026 14:00",
        "next it rings ",
    ):
        assert line in found
    assert "was never in any sequence" in found


def test_the_example_in_the_docs_is_what_is_printed(accepted: SmallHome) -> None:
    shown = next(block for block in re.findall(r"^\$ (.*?)^```", DOCS, re.MULTILINE | re.DOTALL) if "\ntask '" in block)
    command, _, printed = shown.partition("\n")

    typed = accepted.type(*command.split()[1:])

    assert ID.sub("ID", typed.out) == ID.sub("ID", printed)


def test_why_about_a_day_tells_of_that_day(asked: SmallHome) -> None:
    found = told(asked, "why", ANN, "--at", "2026-05-04")

    assert "bob: accepted" in found
    assert "now: with" not in found
    assert "task '" not in told(asked, "why", ANN, "--at", "2026-05-05")


def test_programs_read_the_rows_behind_each_line_of_a_task(asked: SmallHome) -> None:
    (answer,) = asked.type("why", ANN, "--json").document["answers"]

    assert answer["head"].startswith("task 'Call ann': opened")
    assert [each["said"] for each in answer["decided"]][:2] == ["opened for sales", "assigned to bob"]
    assert answer["decided"][1]["rows"][0]["data"]["to"] == "bob"


def test_contact_show_lists_tasks_and_their_lines(asked: SmallHome) -> None:
    found = told(asked, "contact", "show", ANN)

    assert "'Call ann': with lea, who has not accepted it yet; to be done by Wed 06 May 2026 14:00" in found
    assert "task 'Call ann' opened for sales" in found
    assert "sales: bob staff internal task 'Call ann': accepted" in found
    document = asked.type("contact", "show", ANN, "--json").document
    assert [(task["title"], task["assignee"], task["ended"]) for task in document["tasks"]] == [
        ("Call ann", "lea", None)
    ]


def test_what_has_ended_says_how(asked: SmallHome) -> None:
    with asked.database() as database:
        team = TeamAtWork(database)
        team.act(team.ids()[1], Complete(by="lea", outcome="booked", note="Friday at two."), MONDAY + 7 * HOUR)

    assert "completed Mon 04 May 2026 19:00 by lea: booked" in told(asked, "contact", "show", ANN)
    found = told(asked, "why", ANN)
    assert "completed, Mon 04 May 2026 19:00 (17:00 UTC) (policy normal)" in found
    assert "lea: completed: booked Friday at two." in found
    assert "now: " not in found
