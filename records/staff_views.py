"""Our people as an operator looks at them: who is there, until when, who is away, and what everybody has to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from domain.assignment import A_TURN, Staff
from domain.business_time import NeverCloses, NeverOpen, is_open, next_closing, next_opening
from domain.policies import Policies
from domain.teams import ROLES, Absence
from domain.zones import zone_named
from records.follow_up_models import FollowUp, StaffTurns
from records.staffing import absences, open_by_person


@dataclass(frozen=True)
class Colleague:
    """One of us at one moment. `until` is when that changes: they go home, they come, they are back; None if never."""

    key: str
    name: str
    email: str
    teams: tuple[str, ...]
    roles: tuple[str, ...]
    """What they are for which team: `lead of sales`."""
    calendar: str | None
    state: str
    """on duty, off duty, or away."""
    until: datetime | None
    absences: tuple[Absence, ...]
    """Those that have not ended, the next first."""
    open: int
    capacity: int | None
    turns: Mapping[str, int]
    """How many turns they have had in each of their teams, those they have missed counted."""
    staff: Staff


def colleagues(session: Session, policies: Policies, now: datetime, team: str | None = None) -> list[Colleague]:
    """Return everybody of policies/teams.yaml, or of one team, in the order of the file."""
    away, loads = absences(session, now), open_by_person(session)
    turns = {row.team: row.had for row in session.exec(select(StaffTurns))}
    everybody = (_colleague(policies, key, now, away, loads, turns) for key in policies.teams.people)
    return [
        each for each in everybody if team is None or team in each.teams or any(team in role for role in each.roles)
    ]


def staff_for(policies: Policies, person: str, away: Mapping[str, tuple[Absence, ...]]) -> Staff:
    """Return somebody's team, the first of theirs, with everybody's absences."""
    works_in = [*_teams(policies, person), *(name for name, _ in _roles(policies, person)), None]
    zone = zone_named(policies.messaging.organisation.time_zone)
    return Staff(policies.teams, works_in[0], zone, policies.calendars, away)


def open_tasks_of(session: Session, person: str) -> list[str]:
    """Return the ids of what somebody has to do."""
    theirs = select(FollowUp.id).where(FollowUp.assignee == person, col(FollowUp.ended_at).is_(None))
    return list(session.exec(theirs.order_by(col(FollowUp.done_due).nulls_last(), col(FollowUp.id))).all())


def _colleague(
    policies: Policies,
    key: str,
    now: datetime,
    away: Mapping[str, tuple[Absence, ...]],
    loads: Mapping[str, int],
    turns: Mapping[str, Mapping[str, int]],
) -> Colleague:
    person, staff = policies.teams.people[key], staff_for(policies, key, away)
    state, until = _where(staff, key, now)
    teams = tuple(_teams(policies, key))
    weights = {team: policies.teams.teams[team].members[key] for team in teams}
    to_come = [each for each in away.get(key, ()) if each.until is None or each.until > now]
    return Colleague(
        key=key,
        name=person.name,
        email=person.email,
        teams=teams,
        roles=tuple(f"{role} of {team}" for team, role in _roles(policies, key)),
        calendar=person.calendar,
        state=state,
        until=until,
        absences=tuple(sorted(to_come, key=lambda each: each.since)),
        open=loads.get(key, 0),
        capacity=person.capacity,
        turns={team: turns.get(team, {}).get(key, 0) * weight // A_TURN for team, weight in weights.items()},
        staff=staff,
    )


def _where(staff: Staff, person: str, now: datetime) -> tuple[str, datetime | None]:
    absence = staff.away(person, now)
    if absence is not None:
        return "away", absence.until
    hours = staff.hours_of(person)
    if hours is None:
        return "on duty", None
    try:
        if is_open(now, hours, staff.zone):
            return "on duty", next_closing(now, hours, staff.zone)
        return "off duty", next_opening(now, hours, staff.zone)
    except NeverCloses:
        return "on duty", None
    except NeverOpen:
        return "off duty", None


def _teams(policies: Policies, person: str) -> Iterator[str]:
    yield from (name for name, team in policies.teams.teams.items() if person in team.members)


def _roles(policies: Policies, person: str) -> Iterator[tuple[str, str]]:
    for name, team in policies.teams.teams.items():
        yield from ((name, role) for role in ROLES if team.role(role) == person)
