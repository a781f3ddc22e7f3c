"""The figures of service recovery: what the database counts is what one counts by hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from domain.statistics import Share
from records.reports.follow_up_figures import Span
from records.reports.recovery import report_on_recovery
from records.reports.recovery_figures import CauseCount, RecoveryFigures
from records.session import Database
from tests.records.cases_kept import add_case, bought
from tests.records.team_at_work import TeamAtWork

MAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NONE = timedelta()


@pytest.fixture
def care(main: Database) -> TeamAtWork:
    team = TeamAtWork(main)
    team.publish(MAY - DAY, recovery="team: care\ncauses: {late: late delivery}\n")
    return team


def kept(care: TeamAtWork, write: Callable[[Session], object]) -> None:
    care.database.write_now(write)


def told(care: TeamAtWork, now: datetime, **more: object) -> RecoveryFigures:
    span = Span(**{"since": MAY - DAY, **more})  # type: ignore[arg-type]
    return care.database.read_now(lambda session: report_on_recovery(session, care.published, span, now))


def test_promises_are_judged_with_and_without_the_pauses(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        paused = (MAY + HOUR, MAY + 3 * HOUR)
        in_time, only_so = ("contact", 4 * HOUR, MAY + HOUR, NONE), ("contact", 4 * HOUR, MAY + 5 * HOUR, 2 * HOUR)
        add_case(session, "ann", 1, MAY, promises=[in_time])
        add_case(session, "ben", 2, MAY, promises=[only_so], holds=[paused])
        add_case(session, "cai", 3, MAY, promises=[("contact", 4 * HOUR, None, NONE)])
        add_case(session, "dee", 4, MAY + DAY, promises=[("contact", 4 * HOUR, None, NONE)])

    kept(care, write)
    every = told(care, MAY + DAY + HOUR).every

    contact = every.promises["contact"]
    assert (contact.in_time, contact.in_plain_time) == (Share(2, 3), Share(1, 3)), "the last can still be kept"
    assert sorted(every.lengths["contact"].elapsed) == [3600.0, 5 * 3600.0]
    assert sorted(every.lengths["contact"].working) == [3600.0, 3 * 3600.0], "ten to six is open, and two hours waited"


def test_how_much_of_the_time_was_waiting_for_the_customer(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        over = {"resolved_at": MAY + 10 * HOUR, "promises": [("resolve", 3 * DAY, MAY + 10 * HOUR, NONE)]}
        add_case(session, "ann", 1, MAY, holds=[(MAY + HOUR, MAY + 3 * HOUR)], **over)
        add_case(session, "ben", 2, MAY, **over)

    kept(care, write)

    assert told(care, MAY + DAY).every.paused == pytest.approx(0.1)


def test_severities_sources_hops_and_cases_opened_again(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        add_case(session, "ann", 1, MAY, severity="S1", source="person ada", hops=2, rounds=2)
        add_case(session, "ben", 2, MAY, source="person bob", resolved_at=MAY + DAY)
        add_case(session, "cai", 3, MAY, closed_at=MAY + DAY, joined=3)

    kept(care, write)
    every = told(care, MAY + 2 * DAY).every

    assert (every.opened, every.open, every.joined) == (3, 1, 3)
    assert every.severities == {"S1": 1, "S3": 2}
    assert every.sources == {"person": 2, "rule late": 1}, "who it was is nobody's figure"
    assert (every.hops, every.hopped) == (2, 1)
    assert (every.reopened, every.reopenings) == (Share(1, 3), 1)


def test_months_and_teams_have_their_own_lines_and_add_up(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        add_case(session, "ann", 1, MAY)
        add_case(session, "ben", 2, MAY + 31 * DAY, team="sales")
        add_case(session, "cai", 3, datetime(2026, 5, 31, 23, tzinfo=UTC))

    kept(care, write)
    figures = told(care, MAY + 60 * DAY)

    assert {name: each.opened for name, each in figures.months.items()} == {"2026-05": 1, "2026-06": 2}
    assert {name: each.opened for name, each in figures.teams.items()} == {"care": 2, "sales": 1}
    assert figures.months_of_teams["2026-06"]["care"].opened == 1, "it was June already on the organisation's clock"
    assert told(care, MAY + 60 * DAY, team="sales").every.opened == 1
    assert told(care, MAY + 60 * DAY, until=MAY + DAY).every.opened == 1


def test_a_case_that_another_system_answers_for_is_not_counted(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        row = add_case(session, "ann", 1, MAY)
        row.number = None

    kept(care, write)

    assert told(care, MAY + DAY).every.opened == 0


def test_what_is_open_now_is_told_by_age_whatever_the_span(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        for number, days in enumerate((0, 2, 40, 80)):
            add_case(session, f"c{number}", number, MAY - days * DAY)

    kept(care, write)
    figures = told(care, MAY + HOUR)

    assert figures.every.opened == 1
    assert figures.open_now == {"less than a day": 1, "1 to 3 days": 1, "4 to 8 weeks": 1, "more than 8 weeks": 1}


def test_who_had_to_say_yes_how_fast_they_did_and_what_was_given(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        yes = {"hundredths": 2500, "decided_at": MAY + HOUR}
        refusal = {"hundredths": 90000, "state": "refused", "decided_at": MAY + 3 * HOUR, "level": "manager"}
        add_case(session, "ann", 1, MAY, cause="late", remedies=[yes, yes | {"state": "failed"}])
        add_case(session, "ben", 2, MAY, remedies=[refusal, {"state": "asked", "level": "manager"}])

    kept(care, write)
    figures = told(care, MAY + DAY)

    lead, manager = figures.approvals["lead"], figures.approvals["manager"]
    assert (lead.asked, lead.granted, lead.half) == (2, 2, 3600.0)
    assert (manager.asked, manager.refused, manager.waiting, manager.most) == (2, 1, 1, 3 * 3600.0)
    assert list(figures.approvals) == ["lead", "manager"]
    [given] = figures.given["late"].values()
    assert (given.times, given.hundredths) == (1, {"EUR": 2500}), "what failed has cost nothing"


def test_satisfaction_is_told_from_five_answers_on(care: TeamAtWork) -> None:
    scores = (5, 4, 4, 1, 5)

    def write(session: Session) -> None:
        for number, score in enumerate(scores):
            add_case(session, f"c{number}", number, MAY, score=score, team="care" if number else "sales")

    kept(care, write)
    figures = told(care, MAY + DAY)

    assert figures.every.answers is not None
    assert figures.every.answers.satisfied == Share(4, 5)
    assert figures.teams["care"].answers is None
    assert figures.as_json()["teams"]["care"]["satisfaction"] == {"count": 4, "too_few": True}


def test_causes_with_how_often_they_came_before_and_came_again(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        add_case(session, "ann", 1, MAY, cause="late")
        add_case(session, "ann", 2, MAY + 80 * DAY, cause="late")
        add_case(session, "ben", 3, MAY, cause="late")
        add_case(session, "cai", 4, MAY, cause="broken")
        add_case(session, "cai", 5, MAY + 95 * DAY, cause="broken")
        add_case(session, "dee", 6, MAY - 5 * DAY, cause="late")

    kept(care, write)
    until = MAY + 10 * DAY
    figures = told(care, MAY + 120 * DAY, until=until)

    assert figures.causes == {"late": CauseCount(2, 1), "broken": CauseCount(1, 0)}
    assert figures.again == {"broken": Share(0, 1), "late": Share(1, 2)}
    assert told(care, MAY + 60 * DAY, until=until).again == {}, "their ninety days are not over"


def test_who_bought_again_is_compared_with_others_as_fresh(care: TeamAtWork) -> None:
    def write(session: Session) -> None:
        for number in range(40):
            add_case(session, f"case{number}", number, MAY, resolved_at=MAY + DAY)
            bought(session, f"case{number}", MAY - 5 * DAY)
            bought(session, f"other{number}", MAY - 5 * DAY)
            if number < 10:
                bought(session, f"case{number}", MAY + 40 * DAY)
            if number < 20:
                bought(session, f"other{number}", MAY + 40 * DAY)
        for number in range(50):
            bought(session, f"stale{number}", MAY - 200 * DAY)

    kept(care, write)

    found = told(care, MAY + 120 * DAY).repurchase
    assert (found.recovered, found.others, found.left_out) == (Share(10, 40), Share(20, 40), 0)
    assert not found.too_few
    assert told(care, MAY + 80 * DAY).repurchase.too_few, "their ninety days are not over"


def test_without_a_case_everything_is_nothing(care: TeamAtWork) -> None:
    figures = told(care, MAY)

    assert figures.every.opened == 0
    assert figures.as_json()["all"]["promises"]["resolve"]["in_time"]["rate"] is None
