"""`staff digest`: what somebody would be told of their day."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from records.follow_up_openings import Opening
from records.follow_ups import open_follow_up
from records.models import Contact
from records.published import Published
from starter.publish import publish_home
from tests.starter.small_home import SmallHome

# Without a calendar somebody is always on duty.
TEAMS = """
people:
  ada: {name: Ada, email: ada@acme.example}
  lea: {name: Lea, email: lea@acme.example}
teams:
  sales: {email: sales@acme.example, members: [ada], lead: lea}
"""


@pytest.fixture
def desk(records: SmallHome, impatient: None) -> SmallHome:
    """Ann, whom Ada was to call a month ago, and Ada is to write to now."""
    records.write("policies/teams.yaml", TEAMS)
    publish_home(records.settings)
    records.type("contact", "add", "--email", "ann@acme.example", "--first-name", "Ann")

    def work(session: Session) -> None:
        ann, now = session.exec(select(Contact)).one(), datetime.now(UTC)
        for title, at in (("Call Ann", now - timedelta(days=30)), ("Write to Ann", now)):
            open_follow_up(session, Published().policies(session), ann, Opening(title, "sales"), at)

    with records.database() as main:
        main.write_now(work)
    return records


def test_the_list_of_the_day_is_shown_and_nothing_is_sent(desk: SmallHome) -> None:
    shown = desk.type("staff", "digest", "Ada@acme.example")

    lines = shown.out.splitlines()
    assert shown.status == 0, shown.err
    assert lines[0].startswith("Your tasks on ")
    assert lines[0].endswith(": 1 overdue, 1 to accept")
    assert any(line.startswith("- Call Ann: was due ") for line in lines)
    assert any(line.startswith("- Write to Ann: accept it by ") for line in lines)


def test_the_document_has_every_entry_and_a_lead_sees_the_teams(desk: SmallHome) -> None:
    ada, lea = (desk.type("staff", "digest", who, "--json").document for who in ("ada", "lea"))

    assert [each["title"] for each in ada["overdue"] + ada["to_accept"]] == ["Call Ann", "Write to Ann"]
    assert (ada["person"], ada["time_zone"], ada["teams"]) == ("ada", "Europe/London", {})
    assert [each["assignee"] for each in lea["teams"]["sales"]["overdue"]] == ["ada"]
    assert lea["overdue"] == []


def test_who_is_nobody_of_ours_is_said_with_who_may_be_meant(desk: SmallHome) -> None:
    shown = desk.type("staff", "digest", "adda")
    assert shown.status == 1
    assert "there is nobody 'adda' in policies/teams.yaml; " in shown.err
    assert "ada" in shown.err
