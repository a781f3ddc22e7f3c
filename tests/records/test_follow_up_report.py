"""The figures of follow-ups: what the database counts is what one counts by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.follow_up_actions import Accept, Cancel, Complete, PutOff, Reassign
from domain.statistics import Share
from records.reports.follow_up_figures import FollowUpFigures, Span
from records.reports.follow_ups import report_on_follow_ups
from records.session import Database
from tests.records.plans import Watched
from tests.records.team_at_work import TeamAtWork

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# What holds only what is open is read from end to end to tell what is open.
OPEN_ONES = frozenset({"ix_follow_up_open", "ix_follow_up_assignee", "ix_follow_up_next", "uq_follow_up_opener"})


@pytest.fixture
def sales(main: Database) -> TeamAtWork:
    team = TeamAtWork(main)
    team.publish(MONDAY - DAY)
    return team


def told(work: TeamAtWork, now: datetime, **more: object) -> FollowUpFigures:
    span = Span(**{"since": MONDAY - DAY, **more})  # type: ignore[arg-type]
    return work.database.read_now(lambda session: report_on_follow_ups(session, work.published, span, now))


def test_a_day_of_a_team_is_counted_as_it_was(sales: TeamAtWork) -> None:
    kept, late, held, passed, gone = (sales.open(who, MONDAY) for who in ("ann", "ben", "cai", "dee", "eve"))
    who = {id: sales.row(id).assignee or "" for id in (kept, late, held, passed, gone)}
    sales.act(kept, Accept(by=who[kept]), MONDAY + HOUR)
    sales.act(kept, Complete(by=who[kept], outcome="booked"), MONDAY + 2 * HOUR)
    sales.act(late, Accept(by=who[late]), MONDAY + HOUR)
    sales.hold("cai", MONDAY + 3 * HOUR, MONDAY + HOUR)
    sales.act(held, PutOff(by=who[held], until=MONDAY + 7 * HOUR), MONDAY + 6 * HOUR)
    sales.act(gone, Cancel(by=who[gone], reason="bought elsewhere"), MONDAY + HOUR)
    list(sales.rings(passed, MONDAY + 5 * HOUR))
    list(sales.rings(late, MONDAY + 3 * DAY))
    sales.act(late, Complete(by=who[late], outcome="reached"), MONDAY + 3 * DAY)

    every = told(sales, MONDAY + 3 * DAY).every

    assert (every.opened, every.completed, every.cancelled, every.open) == (5, 2, 1, 2)
    assert every.accepted == Share(3, 4), "one was passed on, one was needless before it was late"
    assert every.done == Share(1, 4), "two are overdue by now, and one was done too late"
    assert sorted(every.to_accept.working) == [3600, 3600, 4 * 3600], "two hours of the six it was held"
    assert sorted(every.to_accept.elapsed) == [3600, 3600, 6 * 3600]
    assert (every.hops, every.snoozes, dict(every.escalated)) == (1, 1, {"lead": 1, "manager": 1})
    assert every.outcomes == {"booked": 1, "reached": 1}


def test_whoever_it_is_first_with_has_longer_while_its_clocks_stand_still(sales: TeamAtWork) -> None:
    id = sales.open("ann", MONDAY)
    assert sales.row(id).first_accept_due == MONDAY + 4 * HOUR

    sales.hold("ann", MONDAY + 3 * HOUR, MONDAY + HOUR)

    assert sales.row(id).first_accept_due == MONDAY + 6 * HOUR


def test_who_accepted_and_then_handed_it_on_accepted_it_in_time(sales: TeamAtWork) -> None:
    id = sales.open("ann", MONDAY)
    first = str(sales.row(id).assignee)
    sales.act(id, Accept(by=first), MONDAY + HOUR)
    sales.act(id, Reassign(by=first, to="lea"), MONDAY + 7 * HOUR)

    every = told(sales, MONDAY + DAY).every

    assert (every.accepted, every.reassigned, every.to_accept.working) == (Share(1, 1), 1, [3600.0])


def test_teams_and_policies_have_their_own_lines_and_add_up(sales: TeamAtWork) -> None:
    sales.open("ann", MONDAY)
    sales.open("ann", MONDAY, policy="hot")
    sales.open("ben", MONDAY, team="care")

    figures = told(sales, MONDAY + HOUR)

    assert {name: each.opened for name, each in figures.teams.items()} == {"care": 1, "sales": 2}
    assert {name: each.opened for name, each in figures.policies.items()} == {"hot": 1, "normal": 2}
    assert told(sales, MONDAY + HOUR, team="care").every.opened == 1


def test_only_what_was_opened_in_the_span_is_counted_and_whatever_became_of_it(sales: TeamAtWork) -> None:
    before, inside = sales.open("ann", MONDAY), sales.open("ben", MONDAY + DAY)
    for id in (before, inside):
        sales.act(id, Complete(by=str(sales.row(id).assignee), outcome="ok"), MONDAY + 5 * DAY)
    sales.open("cai", MONDAY + 2 * DAY)

    figures = told(sales, MONDAY + 6 * DAY, since=MONDAY + HOUR, until=MONDAY + 2 * DAY)

    assert (figures.every.opened, figures.every.completed) == (1, 1)
    assert figures.open_now.count == 1, "what is open now is counted whatever the span"


def test_a_person_has_figures_from_five_on(sales: TeamAtWork) -> None:
    ids = [sales.open(f"c{number}", MONDAY) for number in range(8)]
    for id in ids:
        sales.act(id, Accept(by=str(sales.row(id).assignee)), MONDAY + HOUR)

    people = told(sales, MONDAY + HOUR).people

    assert people["ada"] is not None, "she weighs two, and had five of the eight"
    assert (people["ada"].opened, people["ada"].accepted) == (5, Share(5, 5))
    assert people["bob"] is None


def test_what_is_open_now_by_its_age_and_what_nobody_has(sales: TeamAtWork) -> None:
    sales.open("ann", MONDAY, policy="hot")
    sales.open("ben", MONDAY)
    sales.open("cai", MONDAY, team="care")

    found = told(sales, MONDAY + 2 * DAY).open_now

    assert (found.count, found.unassigned) == (3, 1)
    assert found.ages == {"in time": 2, "1 to 3 days late": 1}


def test_turns_are_shared_by_weight(sales: TeamAtWork) -> None:
    for number in range(9):
        sales.open(f"c{number}", MONDAY)
    sales.open("own", MONDAY, owner="bob")

    shares = told(sales, MONDAY + HOUR).shares

    assert list(shares) == ["sales"]
    assert {each.key: (each.in_turn, each.fair, each.otherwise) for each in shares["sales"].members} == {
        "ada": (6, 6.0, 0),
        "bob": (3, 3.0, 1),
    }
    assert shares["sales"].apart <= 1


def test_a_lead_waits_from_their_form_until_somebody_calls(sales: TeamAtWork) -> None:
    sales.tell("ann", "form_submitted", MONDAY - 90 * MINUTE, form="demo")
    sales.tell("ben", "form_submitted", MONDAY, form="demo")
    ann, ben = sales.ids()
    sales.tell("ann", "call_logged", MONDAY + HOUR, person="ada", made=MONDAY + 3 * MINUTE)
    sales.act(ann, Accept(by=str(sales.row(ann).assignee)), MONDAY + 2 * HOUR)
    sales.tell("ben", "meeting_booked", MONDAY + MINUTE)
    assert sales.row(ben).ended == "completed"

    speed = told(sales, MONDAY + DAY).speed

    assert (speed.leads, speed.waiting) == (2, 1)
    assert (speed.took.elapsed, speed.took.working) == ([93 * 60.0], [3 * 60.0])
    assert [share.count for share in speed.within] == [0, 0, 0]


def test_no_follow_ups_have_figures_too(sales: TeamAtWork) -> None:
    figures = told(sales, MONDAY)

    assert (figures.every.opened, figures.people, figures.speed.leads) == (0, {}, 0)
    assert figures.as_json()["all"]["accepted_in_time"]["rate"] is None


def test_before_anything_is_published_it_says_nothing(main: Database) -> None:
    assert told(TeamAtWork(main), MONDAY).every.opened == 0


def test_what_was_opened_in_a_span_is_found_by_an_index(sales: TeamAtWork) -> None:
    sales.open("ann", MONDAY)
    with Watched().of(sales.database) as watched:
        told(sales, MONDAY + HOUR)

    assert watched.whole_tables(OPEN_ONES | {"staff_turns", "ix_bundle_published_at"}) == {}
