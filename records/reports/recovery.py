"""The report on service recovery, read from one state of the database.

Everything is counted for the cases that were opened in the span, whenever it happened to them, so that all figures
speak of the same ones; only what is open now is counted whatever the span. A case that another system answers for has
no promises of ours, and is not counted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from domain.aftermath import WITHIN, OfACause, came_again
from domain.away import WEEKDAYS
from domain.case_tallies import CaseTally, CaseTold, Promised, age_of, month_of, tally
from domain.dues import Sight
from domain.goodwill import RemedyTold, approvals, given
from domain.holds import Hold
from domain.policies import Policies
from domain.statistics import Share
from records.case_models import CasePromise, CaseRemedy, ServiceCase
from records.corrective_lists import actions_in
from records.follow_up_models import FollowUp
from records.published import Published
from records.reports.follow_up_figures import Span
from records.reports.of_cases import of_ours
from records.reports.recovery_figures import CauseCount, RecoveryFigures
from records.reports.repurchase import compare_repurchase

NO_TEAM = "(no team)"
_OF_A_CASE: list[Any] = [
    ServiceCase.id,
    ServiceCase.contact_id,
    ServiceCase.severity,
    ServiceCase.opened_at,
    ServiceCase.team,
    ServiceCase.source,
    ServiceCase.cause,
    ServiceCase.resolved_at,
    ServiceCase.closed_at,
    ServiceCase.rounds,
    ServiceCase.joined,
    ServiceCase.score,
]
_OF_A_PROMISE: list[Any] = [
    CasePromise.case_id,
    CasePromise.name,
    CasePromise.started_at,
    CasePromise.due_at,
    CasePromise.plain_due_at,
    CasePromise.kept_at,
    CasePromise.dropped_at,
]
_OF_A_REMEDY: list[Any] = [
    CaseRemedy.kind,
    CaseRemedy.level,
    CaseRemedy.state,
    CaseRemedy.proposed_at,
    CaseRemedy.decided_at,
    CaseRemedy.hundredths,
    CaseRemedy.currency,
    ServiceCase.cause,
]
_OF_A_CAUSE: list[Any] = [ServiceCase.contact_id, ServiceCase.cause, ServiceCase.opened_at, ServiceCase.team]


def report_on_recovery(session: Session, published: Published, span: Span, now: datetime) -> RecoveryFigures:
    """Return every figure of the cases that were opened in a span."""
    policies = published.policies(session)
    told = list(_cases(session, policies, span, now))
    figures = RecoveryFigures(span, now, tally(told))
    figures.teams = _tallies(told, lambda each: each.team or NO_TEAM)
    figures.months = _tallies(told, month_of)
    for month in figures.months:
        of_it = [each for each in told if month_of(each) == month]
        figures.months_of_teams[month] = _tallies(of_it, lambda each: each.team or NO_TEAM)
    figures.open_now, figures.open_by_team = _open_now(session, span, now)
    remedies = list(_remedies(session, span))
    figures.approvals, figures.given = approvals(remedies), given(remedies)
    figures.causes = _causes(session, span, now)
    figures.labels = dict(policies.recovery.causes) if policies.recovery is not None else {}
    figures.again = _again(session, span, now)
    figures.repurchase = compare_repurchase(session, policies, span, now)
    figures.actions = actions_in(session, span.since, span.until, span.team, now)
    return figures


def _tallies(cases: Iterable[CaseTold], by: Callable[[CaseTold], str]) -> dict[str, CaseTally]:
    found: dict[str, list[CaseTold]] = defaultdict(list)
    for each in cases:
        found[by(each)].append(each)
    return {name: tally(some) for name, some in sorted(found.items())}


def _cases(session: Session, policies: Policies, span: Span, now: datetime) -> Iterator[CaseTold]:
    promises, hops = _promises(session, span), _hops(session, span)
    sights: dict[str | None, Sight] = {}
    holds = col(ServiceCase.state)["holds"].label("holds")
    wanted = select(*_OF_A_CASE, holds).where(*of_ours(span)).order_by(col(ServiceCase.opened_at))
    for row in session.connection().execute(wanted):
        if row.team not in sights:
            sights[row.team] = _sight(policies, row.team)
        yield CaseTold(
            row.id,
            row.contact_id,
            row.severity or "",
            row.opened_at,
            sights[row.team],
            now,
            row.team,
            row.source,
            row.cause,
            row.resolved_at,
            row.closed_at,
            row.rounds,
            row.joined,
            row.score,
            tuple(map(_hold, row.holds or ())),
            hops.get(row.id, 0),
            tuple(promises.get(row.id, ())),
        )


def _hold(kept: Mapping[str, str | None]) -> Hold:
    since, until = kept["paused_at"], kept.get("until")
    assert since is not None, "a pause has begun"
    return Hold(datetime.fromisoformat(since), None if until is None else datetime.fromisoformat(until))


def _promises(session: Session, span: Span) -> dict[str, list[Promised]]:
    """Return what was promised in each case, in the order in which it was."""
    found: dict[str, list[Promised]] = defaultdict(list)
    wanted = select(*_OF_A_PROMISE).join(ServiceCase, col(ServiceCase.id) == col(CasePromise.case_id))
    for case, *promise in session.connection().execute(wanted.where(*of_ours(span)).order_by(col(CasePromise.id))):
        found[case].append(Promised(*promise))
    return found


def _hops(session: Session, span: Span) -> dict[str, int]:
    """Return how often each case went on to the next, since whoever had it did not accept it."""
    hops = func.sum(col(FollowUp.state)["hops"].as_integer())
    joined = select(col(FollowUp.case_id), hops).join(ServiceCase, col(ServiceCase.id) == col(FollowUp.case_id))
    rows = session.connection().execute(joined.where(*of_ours(span)).group_by(col(FollowUp.case_id)))
    return {case: count or 0 for case, count in rows}


def _sight(policies: Policies, team: str | None) -> Sight:
    """Return the organisation's clock with the calendar of a team; who works on the contact's, is told on ours."""
    known = policies.teams.teams.get(team or "")
    calendar = policies.calendars.named(None if known is None else known.calendar) or WEEKDAYS
    organisation = ZoneInfo(policies.messaging.organisation.time_zone)
    return Sight(organisation, calendar)


def _open_now(session: Session, span: Span, now: datetime) -> tuple[Counter[str], dict[str, Counter[str]]]:
    every: Counter[str] = Counter()
    teams: dict[str, Counter[str]] = defaultdict(Counter)
    still = (col(ServiceCase.resolved_at).is_(None), col(ServiceCase.closed_at).is_(None))
    wanted = select(col(ServiceCase.team), col(ServiceCase.opened_at)).where(*of_ours(span, opened=False), *still)
    for team, opened_at in session.connection().execute(wanted):
        age = age_of(opened_at, now)
        every[age] += 1
        teams[team or NO_TEAM][age] += 1
    return every, dict(sorted(teams.items()))


def _remedies(session: Session, span: Span) -> Iterator[RemedyTold]:
    wanted = select(*_OF_A_REMEDY).join(ServiceCase, col(ServiceCase.id) == col(CaseRemedy.case_id))
    for row in session.connection().execute(wanted.where(*of_ours(span))):
        yield RemedyTold(*row)


def _causes(session: Session, span: Span, now: datetime) -> dict[str, CauseCount]:
    """Return how often each cause came, the most frequent first; those that only came before, too."""
    until = span.until or now
    before = Span(span.since - (until - span.since), span.since, span.team)
    counts, earlier = _by_cause(session, span), _by_cause(session, before)
    in_order = sorted(counts.keys() | earlier.keys(), key=lambda cause: (-counts[cause], -earlier[cause], cause))
    return {cause: CauseCount(counts[cause], earlier[cause]) for cause in in_order}


def _by_cause(session: Session, span: Span) -> Counter[str]:
    known = col(ServiceCase.cause).is_not(None)
    counted = select(col(ServiceCase.cause), func.count()).where(*of_ours(span), known).group_by(col(ServiceCase.cause))
    return Counter({str(cause): count for cause, count in session.connection().execute(counted)})


def _again(session: Session, span: Span, now: datetime) -> dict[str, Share]:
    """Return by cause how many had the same again within 90 days; whatever team answered for it the second time."""
    until = span.until or now
    later = Span(span.since, until + WITHIN)
    wanted = select(*_OF_A_CAUSE).where(*of_ours(later), col(ServiceCase.cause).is_not(None))
    rows = list(session.connection().execute(wanted))
    began = {(row.contact_id, row.cause) for row in rows if span.team is None or row.team == span.team}
    cases = (OfACause(*row[:3]) for row in rows if (row.contact_id, row.cause) in began)
    return dict(came_again(cases, span.since, until, now))
