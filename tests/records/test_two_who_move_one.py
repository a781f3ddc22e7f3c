"""Two workers move one follow-up at once, where two can write: nothing is done twice, and nothing done is undone."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlmodel import Session, select

from domain.follow_up_actions import Complete
from records.completing import complete_follow_up
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening
from records.follow_ups import act, open_follow_up
from records.happening import Happening
from records.session import Database
from tests.records.team_at_work import TeamAtWork

NOW = datetime(2026, 5, 6, 10, tzinfo=UTC)
RULE = Opening("Call them", team="sales", opener="rule/demo", source="rule demo")
pytestmark = pytest.mark.system


@pytest.fixture
def url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def team(main: Database) -> TeamAtWork:
    found = TeamAtWork(main)
    found.publish(NOW)
    return found


@pytest.fixture
def other(url: str, main: Database) -> Iterator[Database]:
    with closing(Database(url)) as found:
        yield found


def test_what_was_read_before_somebody_else_moved_it_is_read_again_when_it_is_held(
    team: TeamAtWork, other: Database
) -> None:
    id = team.open("ann", NOW)
    done = Event()

    def told_from_outside(session: Session) -> FollowUp | None:
        seen = session.exec(select(FollowUp).where(FollowUp.id == id)).one()
        assert seen.ended_at is None
        done.set()
        completed.result()  # a person is quicker
        contact = team.contact(session, "ann", NOW)
        event = Happening("pbx/1", "task_completed", NOW, {"task": id, "outcome": "told"})
        return complete_follow_up(session, team.published.policies(session), contact, event)

    def by_a_person(session: Session) -> None:
        done.wait(10)
        act(session, team.published, id, Complete(by="ada", outcome="reached"), "k", NOW + timedelta(minutes=1))

    with ThreadPoolExecutor(2) as both:
        completed: Future[None] = both.submit(other.write_now, by_a_person)
        late = both.submit(team.database.write_now, told_from_outside)
        assert late.result() is None

    row = team.row(id)
    assert (row.outcome, row.person, row.state["accepted_at"] is not None) == ("reached", "ada", True)


def test_what_one_rule_opens_twice_at_once_is_one(team: TeamAtWork, other: Database) -> None:
    team.tell("ann", "visited", NOW)
    inside, seen = Event(), Event()

    def first(session: Session) -> str:
        contact = team.contact(session, "ann", NOW)
        kept = open_follow_up(session, team.published.policies(session), contact, RULE, NOW)
        inside.set()
        seen.wait(1)  # the other does not see it, and opens its own
        return kept.row.id

    def second(session: Session) -> tuple[str, int]:
        inside.wait(10)
        contact = team.contact(session, "ann", NOW)
        kept = open_follow_up(session, team.published.policies(session), contact, RULE, NOW)
        return kept.row.id, len(kept.told)

    with ThreadPoolExecutor(2) as both:
        one, another = both.submit(team.database.write_now, first), both.submit(other.write_now, second)
        assert another.result() == (one.result(), 0)

    assert len(team.ids()) == 1


def test_who_has_as_much_as_they_can_gets_no_more_from_two_at_once(team: TeamAtWork, other: Database) -> None:
    team.publish(
        NOW,
        teams="people:\n  ada: {name: Ada, email: ada@acme.example, capacity: 1}\n"
        "  lea: {name: Lea, email: lea@acme.example}\n"
        "teams: {sales: {email: sales@acme.example, members: [ada], lead: lea}}\n",
    )
    for who in ("ann", "bea"):
        team.tell(who, "visited", NOW)
    opened, goes_on = Event(), Event()

    def first(session: Session) -> str | None:
        kept = _opened(team, session, "ann")
        opened.set()
        goes_on.wait(1)  # whoever opens another meanwhile waits for this one
        return kept.assignee

    def second(session: Session) -> str | None:
        opened.wait(10)
        return _opened(team, session, "bea").assignee

    with ThreadPoolExecutor(2) as both:
        one, another = both.submit(team.database.write_now, first), both.submit(other.write_now, second)
        assert (one.result(), another.result()) == ("ada", "lea")


def test_what_a_contact_does_and_nobody_cares_for_waits_for_no_team(team: TeamAtWork, other: Database) -> None:
    team.open("ann", NOW)
    team.tell("bea", "visited", NOW)
    opened, clicked = Event(), Event()

    def first(session: Session) -> bool:
        _opened(team, session, "bea")
        opened.set()
        return clicked.wait(5)

    with ThreadPoolExecutor(2) as both:
        waited = both.submit(team.database.write_now, first)
        opened.wait(10)
        TeamAtWork(other).tell("ann", "clicked", NOW)
        clicked.set()
        assert waited.result()


def _opened(team: TeamAtWork, session: Session, who: str) -> FollowUp:
    contact, policies = team.contact(session, who, NOW), team.published.policies(session)
    return open_follow_up(session, policies, contact, Opening("Call them", team="sales"), NOW).row
