"""Our people as they are at one moment: who is there, who is away, what everybody has to do, and whose turn it is.

The one thing to know: whoever may choose somebody reads with the team's turns held, so two who choose at once take
turns, too.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, or_, select, update

from domain.assignment import Staff
from domain.policies import Policies
from domain.teams import Absence, TeamsPolicy
from domain.zones import zone_of
from records.case_models import ServiceCase
from records.facts import contact_fields
from records.follow_up_models import FollowUp, StaffAbsence, StaffTurns
from records.models import Contact
from records.unique import add_if_new

# An absence that is over so long hands nothing over any more.
OVER = timedelta(days=30)


def staff_of(session: Session, policies: Policies, team: str | None, contact: Contact, now: datetime) -> Staff:
    """Return a team and everybody as they are now; the team's turns are held until the commit."""
    known = policies.teams
    # Held before anything is counted: what another has given away is seen once we have the turns.
    turns = _turns(session, team)
    # Whoever is at capacity gets nothing; without capacities nobody has to be counted, unless the team asks for it.
    counts = any(person.capacity for person in known.people.values())
    counts = counts or (team in known.teams and known.teams[team].assign == "least_loaded")
    return Staff(
        policy=known,
        team=team,
        zone=zone_of(contact_fields(contact), None, policies.messaging.organisation.time_zone).zone,
        calendars=policies.calendars,
        absences=absences(session, now),
        open=open_by_person(session) if counts else {},
        turns=turns,
    )


def staff_seen(
    policies: Policies, team: str | None, contact: Contact, away: Mapping[str, tuple[Absence, ...]]
) -> Staff:
    """Return a team as whoever only looks needs it: its clocks and who is away, without turns, and nothing is held."""
    zone = zone_of(contact_fields(contact), None, policies.messaging.organisation.time_zone).zone
    return Staff(policies.teams, team, zone, policies.calendars, away)


def absences(session: Session, now: datetime) -> Mapping[str, tuple[Absence, ...]]:
    """Return who is away now, will be, or was lately."""
    rows = select(StaffAbsence).where(or_(col(StaffAbsence.until).is_(None), col(StaffAbsence.until) > now - OVER))
    found: dict[str, tuple[Absence, ...]] = defaultdict(tuple)
    for row in session.exec(rows.order_by(col(StaffAbsence.id))):
        found[row.person] += (Absence(row.since, row.until, row.deputy),)
    return dict(found)


def open_by_person(session: Session) -> dict[str, int]:
    """Return how many follow-ups each person has open."""
    mine = (col(FollowUp.ended_at).is_(None), col(FollowUp.assignee).is_not(None))
    rows = select(FollowUp.assignee, func.count()).where(*mine).group_by(col(FollowUp.assignee))
    return {who: count for who, count in session.exec(rows) if who is not None}


def keep_turns(session: Session, team: str | None, turns: Mapping[str, int]) -> None:
    """Write down what members have had from now on."""
    if team is not None and turns:
        row = session.get(StaffTurns, team)
        assert row is not None, "whoever chose somebody holds it"
        row.had = {**row.had, **turns}
        session.add(row)
        session.flush()


def _turns(session: Session, team: str | None) -> Mapping[str, int]:
    if team is None:
        return {}
    row = session.get(StaffTurns, team, with_for_update=True)
    if row is None:
        add_if_new(session, StaffTurns(team=team))
        row = session.get(StaffTurns, team, with_for_update=True)
    assert row is not None, "it was written just now, by us or by another worker"
    return dict(row.had)


def person_named(teams: TeamsPolicy, who: str) -> str:
    """Return the key of whoever is named by it or by their address; others as they are named."""
    return teams.key_of(who) or who.strip()


def is_away(
    session: Session,
    person: str,
    since: datetime,
    until: datetime | None,
    *,
    by: str,
    now: datetime,
    deputy: str | None = None,
) -> StaffAbsence:
    """Write down that somebody is away from `since` until `until`, and have every open follow-up looked at."""
    row = StaffAbsence(person=person, since=since, until=until, deputy=deputy, by=by, recorded_at=now)
    session.add(row)
    session.flush()
    ask_all(session, now, of=person)
    return row


def is_back(session: Session, person: str, now: datetime) -> list[StaffAbsence]:
    """End every absence of somebody that has not ended; those that have not begun are taken back."""
    lasts = or_(col(StaffAbsence.until).is_(None), col(StaffAbsence.until) > now)
    rows = list(session.exec(select(StaffAbsence).where(StaffAbsence.person == person, lasts).with_for_update()).all())
    for row in rows:
        if row.since < now:
            row.until = now
            session.add(row)
        else:
            session.delete(row)
    session.flush()
    ask_all(session, now, of=person)
    return rows


def ask_all(session: Session, now: datetime, *, of: str | None = None) -> int:
    """Have open follow-ups and cases looked at, since people or policies have changed; return how many follow-ups.

    `of` names whose: those of this person, and those that nobody has.
    """
    every = update(FollowUp).where(col(FollowUp.ended_at).is_(None)).values(asked_at=now)
    if of is None:
        cases = update(ServiceCase).where(col(ServiceCase.next_at).is_not(None)).values(asked_at=now)
        session.exec(cases.execution_options(synchronize_session=False))
    if of is not None:
        every = every.where(or_(col(FollowUp.assignee) == of, col(FollowUp.assignee).is_(None)))
    return session.exec(every.execution_options(synchronize_session=False)).rowcount
