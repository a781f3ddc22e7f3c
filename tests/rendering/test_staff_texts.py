"""What our people are told of tasks: ours in two languages, the same in the example home, about anybody."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from domain.case_notes import CASE_FOLDER, CASE_TEMPLATES
from domain.follow_up import FollowUp
from domain.follow_up_moves import ended, opened
from domain.policies import Policies
from domain.staff_notes import FOLDER, TEMPLATES, Line, Occasion, Task, context, template_of
from rendering.bundle import Place
from rendering.known import Known
from rendering.parts import Press
from rendering.staff_texts import built_in, with_built_in
from rendering.template import Library
from tests.domain.follow_ups import at, team_of

EXAMPLE = Path(__file__).parents[2] / "templates"
URL = "https://crm.acme.example/s/token"
STAFF, NOW = team_of("ada", "bob"), at(5, 10)
OPEN = opened(FollowUp(id="f1", team="sales", opened_at=NOW), STAFF, NOW).state
DONE = ended(OPEN, "completed", "meeting_booked", "bob", NOW).state
POLICIES = Policies.model_validate({"messaging": {"organisation": {"name": "Acme", "locale": "en-GB"}}})

CONTACTS: dict[str, dict[str, Any]] = {
    "full": {
        "first_name": "Ann",
        "last_name": "Lee",
        "company": "Lee & Co",
        "email": "ann@x.example",
        "phone": "+49 30 1",
    },
    "minimal": {"phone": "+49 30 1"},
    "hostile": {
        "first_name": "<script>alert(1)</script>\nBcc: eve@evil.example",
        "company": "{{ 7*7 }}",
        "email": '"><img src=x onerror=a()>@x.example',
        "owner": "javascript:alert(1)",
    },
}
PRESS = Press(with_built_in({})[1], 2_000_000)


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


def occasion(about: str, contact: dict[str, Any], state: FollowUp = OPEN, **data: Any) -> Occasion:
    given = {
        "why": ["opened", "it is the turn of ada"],
        "clock": "accept",
        "percent": 50,
        "event": "replied",
        "of": "ada",
    }
    task = Task(f"Call {contact.get('first_name', 'them')}", "rule hot", "hot")
    lines = (Line(NOW, "task_opened", "sales", "bob"),)
    return Occasion("n1", about, "ada", state, task, STAFF, POLICIES, contact, NOW, given | data, lines)


def said(
    about: str, contact: dict[str, Any], locale: str = "en-GB", state: FollowUp = OPEN, **data: Any
) -> dict[str, Any]:
    told = occasion(about, contact, state, **data)
    return PRESS.render("staff", template_of(about), locale, context(told, URL))


@pytest.mark.parametrize("locale", ["en-GB", "de"])
@pytest.mark.parametrize("who", CONTACTS)
@pytest.mark.parametrize("about", TEMPLATES)
def test_every_occasion_is_told_about_everybody(about: str, who: str, locale: str) -> None:
    parts = said(about, CONTACTS[who], locale, DONE if about in ("completed", "cancelled") else OPEN)

    assert parts["subject"]
    assert "\n" not in parts["subject"]
    assert URL in parts["text"]
    tags = Tags(parts["html"]).found
    assert not {"script", "img"} & set(tags)
    assert tags.count("html") == tags.count("body") == tags.count("title") == 1
    assert len(parts["html"]) < 20_000


def test_subjects_say_what_to_do_and_by_when() -> None:
    ann = CONTACTS["full"]
    subjects = {about: said(about, ann)["subject"] for about in TEMPLATES if about not in ("completed", "cancelled")}
    subjects["completed"] = said("completed", ann, state=DONE)["subject"]
    subjects["running out of time to do it"] = said("warning", ann, clock="done")["subject"]
    subjects["reminder of the work"] = said("reminder", ann, clock="done")["subject"]

    assert subjects == {
        "assigned": "New task: Call Ann, accept by 14:30",
        "stands_in": "Standing in: Call Ann, accept by 14:30",
        "offered": "Who takes it: Call Ann, by 14:30",
        "reminder": "Reminder: Call Ann, accept by 14:30",
        "reminder of the work": "Reminder: Call Ann, due 10:00, Thu 7 May",
        "warning": "Running out: Call Ann (Ada), accept by 14:30",
        "running out of time to do it": "Running out: Call Ann (Ada), due 10:00, Thu 7 May",
        "overdue": "Overdue: Call Ann (Ada), due 10:00, Thu 7 May",
        "taken_away": "Not yours any more: Call Ann",
        "accepted_by_other": "Taken: Call Ann",
        "contact_did": "Ann Lee replied: Call Ann",
        "nobody": "Nobody can be asked: Call Ann, due 10:00, Thu 7 May",
        "undeliverable": "Ada cannot be written to: Call Ann",
        "completed": "Done: Call Ann (meeting booked)",
    }


def test_instants_are_on_the_clock_of_the_team_whatever_clock_the_contact_lives_by() -> None:
    told = occasion("assigned", CONTACTS["full"] | {"time_zone": "Asia/Tokyo"})
    lagos = replace(told, staff=replace(STAFF, zone=told.clock))

    assert str(lagos.clock) == "Europe/Berlin"
    assert "14:30" in PRESS.render("staff", "task/assigned", "en-GB", context(lagos, URL))["subject"]


def test_who_has_nothing_to_do_gets_no_buttons() -> None:
    assert "do=complete" not in said("completed", CONTACTS["full"], state=DONE)["html"]
    assert "do=complete" in said("assigned", CONTACTS["full"])["html"]


@pytest.mark.parametrize(
    ("reader", "about", "buttons"),
    [
        ("ada", "assigned", ["accept", "complete", "snooze", "reassign"]),
        ("lea", "warning", ["take", "complete", "snooze", "reassign"]),
        ("bob", "taken_away", ["take"]),
    ],
)
def test_a_note_has_the_buttons_that_its_reader_may_press(reader: str, about: str, buttons: list[str]) -> None:
    told = replace(occasion(about, CONTACTS["full"]), person=reader)
    text = PRESS.render("staff", template_of(about), "en-GB", context(told, URL))["text"]

    assert re.findall(r"do=(\w+)", text) == buttons


def test_who_opened_it_is_called_by_name() -> None:
    told = replace(occasion("assigned", CONTACTS["full"]), task=Task("Call Ann", "person bob", "hot"))
    text = PRESS.render("staff", "task/assigned", "en-GB", context(told, URL))["text"]

    assert "Why now: opened by Bob; it is the turn of ada." in text


def test_the_example_home_has_the_same_texts() -> None:
    files = {path: (EXAMPLE / path).read_text(encoding="utf-8") for path in built_in()}

    assert files == dict(built_in())


def test_nothing_is_wrong_with_ours() -> None:
    assert Library(dict(built_in())).problems(Known()) == []


def test_there_is_a_text_for_every_occasion_in_both_languages() -> None:
    names = {(place.name, place.locale) for path in built_in() if (place := Place.parse(path)) is not None}
    wanted = {f"{FOLDER}/{name}" for name in TEMPLATES.values()} | {"layouts/task", "parts/when"}
    wanted |= {f"{CASE_FOLDER}/{name}" for name in CASE_TEMPLATES.values()}

    assert names == {(name, locale) for name in wanted for locale in (None, "de")}


def test_a_company_with_an_english_text_is_not_given_a_german_one_of_ours() -> None:
    own = {"staff/task/assigned.html": "{% block subject %}Own{% endblock %}{% block html %}x{% endblock %}"}
    press = Press(with_built_in(own)[1], 2_000_000)
    names = context(occasion("assigned", CONTACTS["full"]), URL)

    assert press.render("staff", "task/assigned", "de", names)["subject"] == "Own"
    assert press.render("staff", "task/nobody", "de", names)["subject"].startswith("Niemand ist da")
