"""The report on follow-ups, read from one state of the database.

Everything is counted for the follow-ups that were opened in the span, whenever it happened to them, so that all figures
speak of the same ones; only what is open now is counted whatever the span.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, select
from sqlmodel import Session, col

from domain.away import WEEKDAYS
from domain.calendars import CONTACT
from domain.dues import Sight
from domain.events import MAIL_LOGGED
from domain.fair_shares import Shares, shares
from domain.follow_up import FollowUp as State
from domain.follow_up_moves import BY_ITSELF
from domain.follow_up_policy import Terms
from domain.policies import Policies
from domain.promises import Given, Promise, age
from domain.speed_to_lead import BY_A_PERSON, Lead, first_act, speed
from domain.tallies import people_in, tally, tally_of
from domain.zones import zone_of
from records.follow_up_models import FollowUp, StaffTurns
from records.models import Contact, Interaction
from records.published import Published
from records.reports.follow_up_figures import FollowUpFigures, OpenNow, Span

FORM, GIVEN, ACCEPTED = "form_submitted", "task_assigned", "task_accepted"
NO_TEAM = "(no team)"

Kept = tuple[str, Promise]
"""A follow-up, and whose contact it is about."""


def report_on_follow_ups(session: Session, published: Published, span: Span, now: datetime) -> FollowUpFigures:
    """Return every figure of the follow-ups that were opened in a span."""
    policies = published.policies(session)
    kept = list(_kept(session, policies, span))
    told = [promise for _, promise in kept]
    figures = FollowUpFigures(span, now, tally(told, now))
    figures.teams = {name: tally(some, now) for name, some in _apart(told, lambda each: each.state.team)}
    figures.policies = {name: tally(some, now) for name, some in _apart(told, lambda each: each.policy)}
    figures.people = {name: tally_of(name, told, now) for name in people_in(told)}
    figures.open_now, figures.open_by_team = _open_now(session, policies, span, now)
    figures.speed = speed(list(_leads(session, span, kept)), now)
    figures.shares = dict(_shares(session, policies, told))
    return figures


def _opened_in(span: Span) -> list[ColumnElement[bool]]:
    found = [col(FollowUp.opened_at) >= span.since, *_of_team(span)]
    return [*found, col(FollowUp.opened_at) < span.until] if span.until is not None else found


def _of_team(span: Span) -> list[ColumnElement[bool]]:
    return [col(FollowUp.team) == span.team] if span.team is not None else []


def _kept(session: Session, policies: Policies, span: Span) -> Iterator[Kept]:
    given, accepted = _story(session, span)
    for row in session.connection().execute(_rows().where(*_opened_in(span)).order_by(col(FollowUp.opened_at))):
        yield row.contact_id, _promise(policies, row, tuple(given[row.id]), tuple(accepted[row.id]))


def _rows() -> Select[Any]:
    """Return what is read of each follow-up, with what tells the contact's clock."""
    whose = (col(Contact.time_zone), col(Contact.country), col(Contact.phone))
    dues = (col(FollowUp.first_accept_due), col(FollowUp.done_due))
    of_it = (col(FollowUp.id), col(FollowUp.contact_id), col(FollowUp.policy), col(FollowUp.state))
    return select(*of_it, *dues, *whose).join(Contact, col(Contact.id) == col(FollowUp.contact_id))


def _promise(
    policies: Policies, row: Row[Any], given: tuple[Given, ...] = (), accepted: tuple[datetime, ...] = ()
) -> Promise:
    # Terms are the same for thousands: read once, they need not be read from their words again.
    terms = _terms(json.dumps(row.state.get("terms") or {}, sort_keys=True))
    state = State.model_validate({**row.state, "terms": terms})
    sight = _sight(policies, state.team, row)
    return Promise(state, sight, row.policy, row.first_accept_due, row.done_due, given, accepted)


@lru_cache(maxsize=1024)
def _terms(text: str) -> Terms:
    return Terms.model_validate_json(text)


def _sight(policies: Policies, team: str | None, row: Row[Any]) -> Sight:
    """Return the calendar of a team; the contact's own clock is only looked up where it is read on that."""
    known = policies.teams.teams.get(team or "")
    calendar = policies.calendars.named(None if known is None else known.calendar) or WEEKDAYS
    organisation = policies.messaging.organisation.time_zone
    if calendar.zone != CONTACT:
        return Sight(ZoneInfo(organisation), calendar)
    theirs = {"time_zone": row.time_zone, "country": row.country, "phone": row.phone}
    return Sight(zone_of(theirs, None, organisation).zone, calendar)


def _story(session: Session, span: Span) -> tuple[dict[str, list[Given]], dict[str, list[datetime]]]:
    """Return to whom each follow-up was given, and when it was accepted, in order."""
    given: dict[str, list[Given]] = defaultdict(list)
    accepted: dict[str, list[datetime]] = defaultdict(list)
    for row in session.connection().execute(_told(span, GIVEN, ACCEPTED)):
        task, to = str(row.data.get("task")), row.data.get("to")
        if row.name == ACCEPTED:
            accepted[task].append(row.at)
        elif isinstance(to, str):
            given[task].append(Given(row.at, to, row.person or "", tuple(map(str, row.data.get("why") or ()))))
    return given, accepted


def _told(span: Span, *names: str) -> Select[Any]:
    """Return what the timelines of their contacts tell under these names, in order."""
    theirs = select(col(FollowUp.contact_id)).where(*_opened_in(span))
    told = (col(Interaction.contact_id), col(Interaction.name), col(Interaction.person), col(Interaction.data))
    return (
        select(*told, col(Interaction.at), col(Interaction.occurred_at), col(Interaction.direction))
        .where(col(Interaction.contact_id).in_(theirs), col(Interaction.name).in_(names))
        .where(col(Interaction.at) >= span.since)
        .order_by(col(Interaction.id))
    )


def _apart(promises: Iterable[Promise], by: Callable[[Promise], str | None]) -> Iterator[tuple[str, list[Promise]]]:
    """Yield promises by a name of theirs, in the order of names."""
    found: dict[str, list[Promise]] = defaultdict(list)
    for each in promises:
        found[by(each) or NO_TEAM].append(each)
    yield from sorted(found.items())


def _open_now(session: Session, policies: Policies, span: Span, now: datetime) -> tuple[OpenNow, dict[str, OpenNow]]:
    every, teams = OpenNow(), defaultdict[str, OpenNow](OpenNow)
    still = _rows().where(col(FollowUp.ended_at).is_(None), *_of_team(span))
    for row in session.connection().execute(still):
        promise = _promise(policies, row)
        for counted in (every, teams[promise.state.team or NO_TEAM]):
            counted.count += 1
            counted.unassigned += promise.state.assignee is None
            counted.ages[age(promise, now)] += 1
    return every, dict(sorted(teams.items()))


def _leads(session: Session, span: Span, kept: Iterable[Kept]) -> Iterator[Lead]:
    """Yield the contacts of follow-ups, each once: they came with their first form, else with what opened the first."""
    came: dict[str, datetime] = {}
    acts: dict[str, list[datetime]] = defaultdict(list)
    for row in session.connection().execute(_told(span, FORM, *BY_A_PERSON)):
        if row.name == FORM:
            came.setdefault(row.contact_id, row.at)
        elif _is_ours(row):
            # A call is told late, and counts when it was made.
            acts[row.contact_id].append(row.occurred_at or row.at)
    seen: set[str] = set()
    for contact, promise in kept:  # in the order of their opening
        if contact not in seen:
            seen.add(contact)
            opened = promise.state.opened_at
            came_at = min(came.get(contact, opened), opened)
            yield Lead(came_at, first_act(came_at, acts[contact]), promise.sight)


def _is_ours(row: Row[Any]) -> bool:
    """Whether a person of ours did it for the contact: what they do completes a task, too, and they write to us."""
    if row.name == MAIL_LOGGED:
        return row.person is not None and row.direction == "out"
    return not row.name.startswith("task_") or row.person not in (None, BY_ITSELF)


def _shares(session: Session, policies: Policies, promises: Iterable[Promise]) -> Iterator[tuple[str, Shares]]:
    given: Mapping[str, list[Given]] = defaultdict(list)
    for each in promises:
        given[each.state.team or NO_TEAM].extend(each.given)
    had = {row.team: row.had for row in session.connection().execute(select(col(StaffTurns.team), col(StaffTurns.had)))}
    for name, team in sorted(policies.teams.teams.items()):
        if given[name] and len(team.members) > 1:
            yield name, shares(team, given[name], had.get(name, {}))
