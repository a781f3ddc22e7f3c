"""`simulate --contacts`: what many will get, as a table, a document and a page; and what may be typed wrong."""

import re
from pathlib import Path

import pytest

from domain.facts import Facts
from domain.letters import Plan, Written
from domain.letters import plan as planned
from starter.cli_forecast import Sampled
from tests.domain.kit import TEMPLATES, facts, program
from tests.starter.small_home import FRIDAY, SmallHome

MANY = """\
email,first_name,time_zone,score,consent:product-news
ann@acme.example,Ann,Europe/Berlin,12,opted_in
bob@acme.example,Bob,Europe/Berlin,12,opted_in
cyd@acme.example,Cyd,Europe/Berlin,70,
dan@acme.example,Dan,Asia/Tokyo,70,opted_out
"""


@pytest.fixture
def many(home: SmallHome) -> Path:
    return home.write("many.csv", MANY)


@pytest.mark.system
def test_a_forecast_is_one_document(home: SmallHome, many: Path) -> None:
    typed = home.type("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--json")

    assert typed.status == 0
    document = typed.document
    assert (document["contacts"], document["entered"], document["refused"]) == (4, 3, {"consent": 1})
    assert document["assumed"] == {"consent: product-news": 1}
    assert document["messages"]["total"] == 9
    assert document["messages"]["per_step"] == {"hello": 3, "nudge": 3, "tips": 3}
    days = {each["day"]: each["messages"] for each in document["messages"]["per_day"]}
    assert days == {"2026-03-27": 3, "2026-03-29": 3, "2026-04-01": 3}
    assert document["messages"]["per_hour"][1] == {"hour": "2026-03-29T08:00:00+01:00", "messages": 3}
    assert document["ends"] == {"completed": 3}
    assert document["days"] == {"median": 4.9, "longest": 4.9}
    assert document["left_out"] == {"rows": 0, "first": []}


@pytest.mark.system
def test_rates_are_drawn_by_lot_and_always_the_same(home: SmallHome) -> None:
    rows = "".join(f"p{number}@acme.example\n" for number in range(60))
    many = home.write("many.csv", f"email\n{rows}")
    words = ("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--assume", "clicked of tips: 40%", "--json")

    first, second = home.type(*words).document, home.type(*words).document

    assert first == second
    assert first["reactions"] == ["clicked of tips: 40%"]
    assert 12 <= 60 - first["messages"]["per_step"]["nudge"] <= 36


@pytest.mark.system
def test_events_happen_to_everybody(home: SmallHome, many: Path) -> None:
    events = home.write("events.yaml", "- {after: 1 day, event: meeting_booked}\n")

    typed = home.type("simulate", "welcome", "--contacts", many, "--events", events, "--at", FRIDAY, "--json")

    assert typed.document["ends"] == {"converted": 3}


@pytest.mark.system
def test_until_an_instant_they_wait_and_it_is_said_where(home: SmallHome, many: Path) -> None:
    typed = home.type("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--until", "1 day", "--json")

    assert (typed.document["waiting"], typed.document["ends"]) == ({"wait-2": 3}, {})


@pytest.mark.system
def test_people_see_figures_and_bars_in_eighty_columns(home: SmallHome, many: Path) -> None:
    typed = home.type("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--assume", "clicked: 10%")

    assert typed.out.startswith("welcome, 4 contacts, from Friday 27 March 2026, 09:00\n")
    assert "taken for granted: consent: product-news, for 1 who said nothing about it" in typed.out
    assert re.search(r"^  Sun 29 Mar 2026 +3 █+$", typed.out, re.MULTILINE)
    assert max(map(len, typed.out.splitlines())) <= 80
    assert re.search(r"^4 contacts in [0-9.]+ s$", typed.err, re.MULTILINE)


@pytest.mark.system
def test_out_holds_a_page_that_loads_nothing(home: SmallHome, many: Path) -> None:
    home.type("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--out", home.folder / "out")

    page = (home.folder / "out/forecast.html").read_text(encoding="utf-8")
    assert "<title>welcome for 4 contacts</title>" in page
    assert not re.search(r"<script|\bsrc=|\bhref=|url\(|@import", page)
    assert "Sun 29 Mar: 3" in page


@pytest.mark.system
def test_a_bad_row_is_left_out_and_said_and_the_status_says_so(home: SmallHome) -> None:
    many = home.write("many.csv", MANY + "eve@acme.example,Eve,Europe/Berlin,much,\n")

    typed = home.type("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--json")

    assert (typed.status, typed.document["contacts"]) == (1, 4)
    assert typed.document["left_out"]["rows"] == 1
    assert "many.csv:6: 'score' is 'much'; write a number" in typed.err


@pytest.mark.system
def test_a_message_that_lacks_a_value_of_some_is_found_though_few_are_rendered(home: SmallHome) -> None:
    home.change("templates/email/welcome/tips.html", "plan six hours", "{{ contact.company }}")
    rows = [f"p{number}@acme.example,{'Acme' if number % 3 else ''}" for number in range(30)]
    many = home.write("many.csv", "email,company\n" + "\n".join(rows) + "\n")

    document = home.type("simulate", "welcome", "--contacts", many, "--at", FRIDAY, "--json").document

    held = {reason: count for reason, count in document["put_off"].items() if reason.startswith("held: ")}
    assert list(held.values()) == [10]
    assert document["not_sent"] == {"expired": 10}


def test_one_message_is_rendered_for_each_set_of_fields_that_are_filled_in() -> None:
    rendered: list[str] = []

    def compose(plan: Plan, facts: Facts) -> Written:
        rendered.append("one")
        return Written("Hello", "<p>", "Hello")

    sampled = Sampled(compose, frozenset({"first_name"}))
    made = program("steps: [{send: welcome/hello}]")
    for contact in ({"email": "a@b.example", "first_name": "A"}, {"email": "c@d.example", "first_name": "B"},
                    {"email": "e@f.example", "first_name": None}):  # fmt: skip
        known = facts(made, contact=contact)
        need = made.step("hello").need()
        sampled(planned(need, known, TEMPLATES), known)  # type: ignore[arg-type]  # a send needs a delivery

    assert len(rendered) == 2


@pytest.mark.parametrize(
    ("words", "status", "what"),
    [
        ([], 2, "give --contact FILE for one contact, or --contacts FILE.csv for many"),
        (["--contacts", "many.csv", "--contact", "ann.json"], 2, "give --contact FILE"),
        (["--contact", "ann.json", "--assume", "clicked: 8%"], 2, "rates are of many"),
        (["--contacts", "many.csv", "--assume", "clicked"], 2, "'clicked' is no rate"),
        (["--contacts", "many.csv", "--assume", "cliked: 8%"], 1, "no event 'cliked'; did you mean 'clicked'?"),
        (["--contacts", "many.csv", "--assume", "clicked of tps: 8%"], 1, "no step 'tps' sends; did you mean 'tips'?"),
        (["--contacts", "none.csv"], 1, "none.csv:1: cannot be read"),
    ],
)
def test_what_is_typed_wrong_is_said(home: SmallHome, words: list[str], status: int, what: str) -> None:
    typed = home.type("simulate", "welcome", *words)

    assert typed.status == status
    assert what in " ".join(typed.err.split())
