"""Follow-ups whose workflow is to be called: those that do not answer keep nobody else waiting."""

from datetime import UTC, datetime, timedelta

from records.follow_up_models import FollowUp
from records.session import Database
from records.wanting import wanting
from tests.records.team_at_work import TeamAtWork

NOW = datetime(2026, 5, 6, 10, tzinfo=UTC)


def test_those_who_were_called_and_did_not_look_are_passed_over(main: Database) -> None:
    team = TeamAtWork(main)
    team.publish(NOW)
    opened = [team.open(who, NOW + timedelta(seconds=number)) for number, who in enumerate(("ann", "bea", "cy"))]

    first = main.read_now(lambda session: wanting(session, FollowUp, NOW, 2))
    others = main.read_now(lambda session: wanting(session, FollowUp, NOW, 2, dict(first)))

    assert [id for id, _ in first] == opened[:2]
    assert [id for id, _ in others] == opened[2:]


def test_one_that_was_changed_since_it_was_called_is_called_again(main: Database) -> None:
    team = TeamAtWork(main)
    team.publish(NOW)
    id = team.open("ann", NOW)

    assert main.read_now(lambda session: wanting(session, FollowUp, NOW, 2, {id: NOW - timedelta(seconds=1)})) == [
        (id, NOW)
    ]
