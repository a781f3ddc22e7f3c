"""The list of the day comes by mail to whoever has something to do: once, though the worker is killed meanwhile."""

import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlmodel import select

from domain.keys import Tokens
from domain.zones import zone_named
from records.follow_up_models import FollowUp, StaffNote
from settings import signing_key
from tests.system.authored import FORM
from tests.system.company import Company, founded
from tests.system.letters import Letter
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

CALENDARS = 'default: daily\ncalendars: {daily: {zone: Europe/Berlin, hours: {mon-sun: ["00:00-24:00"]}}}'
TEAMS = """
    people:
      ada: {{name: Ada, email: ada@acme.example, digest: "{hour}"}}
      bob: {{name: Bob, email: bob@acme.example, digest: "{hour}"}}
    teams:
      sales: {{email: sales@acme.example, members: [ada]}}
"""
FOLLOW_UPS = "open: {call: {on: form_submitted, team: sales, title: 'Call {{ contact.first_name }}'}}"


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company of its own: another's calendar would change under its tests."""
    with founded(tmp_path_factory.mktemp("morning")) as company:
        files = {"policies/calendars.yaml": CALENDARS, "policies/teams.yaml": TEAMS.format(hour="none")}
        files |= {"policies/follow-ups.yaml": FOLLOW_UPS, "policies/forms/called.yaml": FORM}
        said = company.edit_all(files)
        assert all(line.startswith("published") for line in said), said
        until(lambda: company.post_signed("called", b"{}").status != 404, "the form")
        yield company


def lists(company: Company, person: str) -> list[Letter]:
    found = company.letters_to(f"{person}@acme.example")
    return [letter for letter in found if letter.subject.startswith("Your tasks on ")]


def test_it_comes_once_with_links_that_only_we_can_make(morning: Company) -> None:
    assert morning.submit("called", "ann@customer.example", first_name="Ann").status == 202
    task = until(lambda: morning.main.read_now(lambda session: session.exec(select(FollowUp)).first()), "the task")

    a_minute_ago = datetime.now(zone_named("Europe/Berlin")) - timedelta(minutes=1)
    morning.edit("policies/teams.yaml", TEAMS.format(hour=f"{a_minute_ago:%H:%M}"))
    until(lambda: note(morning, "ada"), "the note")
    morning.stack.kill("worker")
    morning.stack.wait_until_ready("worker", within=PATIENCE)
    until(lambda: lists(morning, "ada"), "the list")
    row = until(lambda: accepted(morning, "ada"), "the note to be accepted")

    [letter] = lists(morning, "ada")
    words = letter.text
    assert "Say whether you will do it (1)" in words
    assert "- Call Ann" in words
    [url] = [line.strip() for line in words.splitlines() if "/s/" in line]
    token = urlsplit(url).path.removeprefix("/s/")
    secret = signing_key(morning.settings).get_secret_value()
    assert Tokens([secret]).read("staff", token) == [task.id, "ada", row.id]
    with urllib.request.urlopen(morning.stack.addresses["web"] + urlsplit(url).path, timeout=20) as page:
        assert "Call Ann" in page.read().decode()
    assert until(lambda: note(morning, "bob"), "bob's day to be judged").state == "skipped"
    assert lists(morning, "bob") == []


def note(company: Company, person: str) -> StaffNote | None:
    wanted = select(StaffNote).where(StaffNote.about == "digest", StaffNote.person == person)
    return company.main.read_now(lambda session: session.exec(wanted).one_or_none())


def accepted(company: Company, person: str) -> StaffNote | None:
    row = note(company, person)
    return row if row is not None and row.state == "accepted" else None
