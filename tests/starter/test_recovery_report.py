"""`rapport report recovery` and `rapport action list`: typed, as tables, as JSON, as a page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from domain.statistics import Share
from records.case_models import CorrectiveAction
from records.corrective_lists import Action
from records.reports.follow_up_figures import Span
from records.reports.recovery_figures import CauseCount, RecoveryFigures
from starter.recovery_report_page import page
from starter.recovery_report_words import actions, money, summary
from tests.records.cases_kept import add_case
from tests.records.team_at_work import TeamAtWork
from tests.starter.small_home import SmallHome

MAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVIL = "<script>alert('x')</script>"
SPAN = ("--since", "2026-05-01", "--until", "2026-06-01")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def recovered(records: SmallHome) -> SmallHome:
    """The records, after a month in which two cases were made good, and somebody was asked to see to their cause."""

    def work(session: Session) -> None:
        contacted = ("contact", 4 * HOUR, MAY + HOUR, timedelta())
        late = ("contact", 4 * HOUR, MAY + 9 * HOUR, timedelta())
        given = {"hundredths": 2500, "decided_at": MAY + HOUR}
        add_case(session, "ann", 1001, MAY, cause="late", resolved_at=MAY + DAY, promises=[contacted], remedies=[given])
        add_case(session, "ben", 1002, MAY, cause="late", promises=[late], source="person ada")
        why: dict[str, Any] = {"cause": "late", "why": "2 cases of 'late' in 30 days: 1001, 1002", "owner": "lea"}
        dues: dict[str, Any] = {"opened_at": MAY, "due_at": MAY + 14 * DAY, "check_at": MAY + 60 * DAY}
        session.add(CorrectiveAction(id="a1", case_id="case-1002", **why, **dues))

    with records.database() as database:
        team = TeamAtWork(database)
        team.publish(datetime.now(UTC), recovery="team: care\ncauses: {late: Late}\n")
        database.write_now(work)
    return records


def test_people_read_what_was_kept_and_what_comes_again(recovered: SmallHome) -> None:
    typed = recovered.type("report", "recovery", *SPAN)

    assert typed.status == 0, typed.err
    lines = [" ".join(line.split()) for line in typed.out.splitlines()]
    assert lines[0] == "2 cases were opened from 30 Apr 2026 before 31 May 2026: S3 2; 1 open."
    assert "By what: person 1, rule late 1." in lines
    assert "contacted 50.0 % (1 of 2) 50.0 % (1 of 2) 1 h 8 h 1 hour 9 hours" in lines
    assert any(line.startswith("Late 2 0") for line in lines)
    assert "lead 1 1 0 0 0 1 hour 1 hour" in lines
    assert "Late voucher 1 25.00 EUR" in lines
    assert "Open now: 1 (more than 8 weeks 1)." in lines
    assert any(line.startswith("late late lea") for line in lines), "somebody is late with it"


def test_programs_read_one_document(recovered: SmallHome) -> None:
    document = recovered.type("report", "recovery", *SPAN, "--json").document

    assert (document["report"], document["since"]) == ("recovery", "2026-04-30T22:00:00Z")
    assert document["all"]["promises"]["contact"]["in_time"]["rate"] == 0.5
    assert document["months"]["2026-05"]["teams"]["care"]["opened"] == 2
    assert document["goodwill"] == {"late": {"voucher": {"times": 1, "hundredths": {"EUR": 2500}}}}
    assert document["causes"]["late"]["label"] == "Late"
    assert document["repurchase"]["too_few"]
    assert [each["state"] for each in document["actions"]] == ["late"]


def test_alone_it_is_about_this_month_and_the_two_before(recovered: SmallHome) -> None:
    document = recovered.type("report", "recovery", "--until", "2026-07-15", "--json").document

    assert (document["since"], document["all"]["opened"]) == ("2026-04-30T22:00:00Z", 2)


def test_a_page_to_send_around_needs_nothing_and_escapes_what_people_wrote(recovered: SmallHome) -> None:
    typed = recovered.type("report", "recovery", *SPAN, "--out", recovered.folder / "may.html")
    text = (recovered.folder / "may.html").read_text("utf-8")

    assert typed.status == 0, typed.err
    assert "may.html" in typed.err
    assert "<h1>Service recovery</h1>" in text
    assert "Causes that somebody sees to" in text

    figures = RecoveryFigures(Span(MAY, team=EVIL), MAY)
    figures.causes, figures.labels = {EVIL: CauseCount(1, 0)}, {EVIL: EVIL}
    figures.again = {EVIL: Share(0, 1)}
    assert "<script" not in page(figures)


def test_what_makes_no_sense_is_said(recovered: SmallHome) -> None:
    nobody = recovered.type("report", "recovery", "--team", "caer")
    backwards = recovered.type("report", "recovery", "--since", "2026-06-01", "--until", "2026-05-01")

    assert (nobody.status, backwards.status) == (1, 1)
    assert "--team: there is no team 'caer'; did you mean 'care'?" in nobody.err
    assert "--until: nothing can have been opened before --since" in backwards.err


def test_causes_that_somebody_sees_to_are_listed(recovered: SmallHome) -> None:
    typed = recovered.type("action", "list")
    [document] = recovered.type("action", "list", "--cause", "late", "--closed", "--json").document["actions"]

    assert typed.status == 0, typed.err
    assert "2 cases of 'late' in 30 days: 1001, 1002" in " ".join(typed.out.split())
    assert (document["state"], document["owner"], document["case"]) == ("late", "lea", 1002)
    unknown = recovered.type("action", "list", "--cause", "lat")
    assert unknown.status == 1
    assert "--cause: there is no cause 'lat' in policies/recovery.yaml; did you mean 'late'?" in unknown.err


def test_words_of_figures() -> None:
    figures = RecoveryFigures(Span(MAY), MAY)
    checked = Action("a", "late", "", "better", None, MAY, None, MAY, MAY, MAY, 4, 1, "fixed", "t", 1001)

    assert list(summary(figures)) == ["0 cases were opened from 04 May 2026 on."]
    assert money({"USD": 5, "EUR": 100000}) == "1,000.00 EUR, 0.05 USD"
    assert next(actions([checked]))[5] == "4 → 1"
