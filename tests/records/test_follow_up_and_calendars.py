"""A calendar that nobody can keep a promise by: contacts are heard all the same, and everybody else's promises ring."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.follow_up_actions import Accept
from records.session import Database
from tests.records.team_at_work import TeamAtWork

NOW = datetime(2026, 5, 6, 10, tzinfo=UTC)
CLOSED = ", ".join(f"{NOW.date() + timedelta(day)}" for day in range(600))
HOURS = '{mon-fri: ["10:00-18:00"]}'
NEVER = f"default: office\ncalendars: {{office: {{zone: UTC, hours: {HOURS}, holidays: {{also: [{CLOSED}]}}}}}}\n"


@pytest.fixture
def team(main: Database) -> TeamAtWork:
    found = TeamAtWork(main)
    found.publish(NOW)
    return found


def test_what_a_contact_does_is_written_down_and_a_follow_up_goes_on(team: TeamAtWork) -> None:
    id = team.open("ann", NOW)
    team.publish(NOW + timedelta(minutes=1), calendars=NEVER)

    team.tell("ann", "unsubscribed", NOW + timedelta(minutes=2))
    team.look(id, NOW + timedelta(minutes=3))
    team.act(id, Accept(by="ada"), NOW + timedelta(minutes=4))

    assert team.row(id).accepted_at is not None
    assert team.row(team.open("bea", NOW + timedelta(minutes=5))).assignee is not None
