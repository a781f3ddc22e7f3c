"""A follow-up that a person opens, at the command line or by the API: looked over, opened, given to somebody.

It is one transaction in the main database. Its workflow is started by the sweep of a worker, within a second.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, select

from domain.answers import clean_line
from domain.assignment import OPERATOR
from domain.policies import Policies
from domain.teams import ROLES, TeamsPolicy
from domain.vocabulary import nearest
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening
from records.follow_ups import open_follow_up
from records.models import Contact
from records.published import Published
from records.timeline import record_all
from starter.acting import Refused

LONGEST_TITLE, LONGEST_OUTCOME, MOST_OUTCOMES = 200, 100, 30


@dataclass(frozen=True)
class Wanted:
    """What somebody wants done for a contact. People are named by key or address."""

    title: str
    team: str | None = None
    owner: str | None = None
    policy: str | None = None
    outcomes: tuple[str, ...] = ()
    by: str = OPERATOR


@dataclass(frozen=True)
class Opened:
    """The follow-up; `fresh` unless it was opened before under the same key."""

    row: FollowUp
    fresh: bool


def open_by_hand(
    session: Session, published: Published, contact: Contact, wanted: Wanted, key: str, now: datetime
) -> Opened:
    """Open a follow-up for a contact, once for each `key`. Raises `Refused` with a sentence for whoever asked."""
    opener = f"hand/{key}"[:200]
    there = select(FollowUp).where(FollowUp.contact_id == contact.id, FollowUp.opener == opener)
    before = session.exec(there).first()
    if before is not None:
        return Opened(before, fresh=False)
    policies = published.policies(session)
    wanted = _cleaned(wanted)
    for problem in problems_of(wanted, policies):
        raise Refused(problem)
    owner, by = (None if who is None else policies.teams.key_of(who) for who in (wanted.owner, wanted.by))
    by = by or OPERATOR
    opening = Opening(
        title=wanted.title,
        team=wanted.team or team_of(policies.teams, owner),
        owner=owner,
        policy=wanted.policy,
        outcomes=wanted.outcomes,
        source=f"person {by}",
        opener=opener,
        by=by,
    )
    kept = open_follow_up(session, policies, contact, opening, now)
    record_all(session, published, contact, kept.told, now)
    return Opened(kept.row, fresh=True)


def _cleaned(wanted: Wanted) -> Wanted:
    """Return it in lines that any mail and any screen shows; what is too long stays too long."""
    outcomes = tuple(clean_line(each, LONGEST_OUTCOME + 1) for each in wanted.outcomes)
    return replace(wanted, title=clean_line(wanted.title, LONGEST_TITLE + 1), outcomes=outcomes)


def problems_of(wanted: Wanted, policies: Policies) -> Iterator[str]:
    """Yield why this cannot be opened, and what to do instead."""
    teams = policies.teams
    yield from no_title(wanted.title)
    if wanted.team is None and wanted.owner is None:
        yield "this task is for nobody; name a team or a person"
    yield from no_team(wanted.team, teams)
    for who in (wanted.owner, wanted.by):
        yield from no_person(who, teams)
    if wanted.policy is not None and wanted.policy not in policies.follow_ups.known():
        known = policies.follow_ups.known()
        yield f"there is no policy '{wanted.policy}' for follow-ups; {nearest(wanted.policy, known)}"
    fits = all(0 < len(each) <= LONGEST_OUTCOME for each in wanted.outcomes)
    if not fits or len(wanted.outcomes) > MOST_OUTCOMES:
        yield f"outcomes are at most {MOST_OUTCOMES} names of 1 to {LONGEST_OUTCOME} characters; shorten them"


def no_title(title: str) -> Iterator[str]:
    """Yield what is wrong with a title."""
    if not 1 <= len(title) <= LONGEST_TITLE:
        yield f"the title is not one of 1 to {LONGEST_TITLE} characters; say in a few words what is to be done"


def no_team(team: str | None, teams: TeamsPolicy) -> Iterator[str]:
    """Yield that a team that was named is not there."""
    if team is not None and team not in teams.teams:
        yield f"there is no team '{team}' in policies/teams.yaml; {nearest(team, teams.teams)}"


def no_person(who: str | None, teams: TeamsPolicy) -> Iterator[str]:
    """Yield that somebody who was named is not there; the operator has no name."""
    if who is not None and who != OPERATOR and teams.key_of(who) is None:
        yield f"there is nobody '{who}' in policies/teams.yaml; use the key or the address of a person"


def team_of(teams: TeamsPolicy, person: str | None) -> str | None:
    """Return the team whose work somebody does: one they are a member of, else have a role in; None without one."""
    if person is None:
        return None
    works_in = [name for name, team in teams.teams.items() if person in team.members]
    works_in += [name for name, team in teams.teams.items() if person in map(team.role, ROLES)]
    return works_in[0] if works_in else None
