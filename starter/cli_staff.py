"""`staff list | away | back`: who is there, who is away from when until when, and who stands in."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlmodel import Session

from domain.assignment import OPERATOR, Staff, stand_in
from domain.policies import Policies
from domain.teams import Absence
from domain.vocabulary import nearest
from records.staff_views import Colleague, colleagues, open_tasks_of, staff_for
from records.staffing import absences, is_away, is_back
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import opened_store
from starter.cli_tables import Listing

# A worker looks each second at what has to be handed over.
SOON = "a worker hands it over within seconds"


def list_staff(team: str | None) -> Result:
    """List our people: on duty or not, until when, what they have to do, and how many turns they have had."""
    now = datetime.now(UTC)
    with opened_store() as store:

        def read(session: Session) -> list[Colleague]:
            policies = store.published.policies(session)
            if team is not None and team not in policies.teams.teams:
                remedy = nearest(team, policies.teams.teams)
                raise ProblemsFound([f"--team: there is no team '{team}' in policies/teams.yaml; {remedy}"])
            return colleagues(session, policies, now, team)

        found = store.read(read)
    table = Listing("key", "name", "teams", "now", "open", "turns", "absences", prose=["teams", "absences"])
    for each in found:
        table.row(*_cells(each))
    nobody = "nobody stands in policies/teams.yaml; write `people:` there, and publish it"
    return Result({"people": [_document(each) for each in found]}, [table] if found else [nobody])


def _cells(each: Colleague) -> list[str]:
    now = f"{each.state} until {each.staff.shown(each.until)}" if each.until is not None else each.state
    load = f"{each.open} of {each.capacity}" if each.capacity is not None else str(each.open)
    turns = ", ".join(f"{team} {count}" for team, count in each.turns.items())
    away = "; ".join(_in_words(absence, each.staff) for absence in each.absences)
    return [each.key, each.name, ", ".join((*each.teams, *each.roles)), now, load, turns, away]


def _in_words(absence: Absence, staff: Staff) -> str:
    until = f"until {staff.shown(absence.until)}" if absence.until is not None else "and nobody knows until when"
    deputy = f", {absence.deputy} stands in" if absence.deputy else ""
    return f"from {staff.shown(absence.since)} {until}{deputy}"


def _document(each: Colleague) -> dict[str, Any]:
    names = ("key", "name", "email", "teams", "roles", "calendar", "state", "until", "open", "capacity", "turns")
    away = [{"since": one.since, "until": one.until, "deputy": one.deputy} for one in each.absences]
    return {name: getattr(each, name) for name in names} | {"absences": away}


def go_away(
    who: str, since: date | datetime | None, until: date | datetime | None, deputy: str | None, by: str
) -> Result:
    """Write down that somebody is away, and say what becomes of what they have to do."""
    now = datetime.now(UTC).replace(microsecond=0)
    with opened_store() as store:

        def write(session: Session) -> tuple[Absence, str, Staff, list[str]]:
            policies = store.published.policies(session)
            person = _known(policies, "", who)
            staff = staff_for(policies, person, absences(session, now))
            wanted = Absence(
                _instant(since, staff) or now,
                _instant(until, staff),
                _known(policies, "--deputy: ", deputy) if deputy is not None else None,
            )
            _check(staff, person, wanted, now)
            said_by = by if by == OPERATOR else _known(policies, "--by: ", by)
            is_away(session, person, wanted.since, wanted.until, by=said_by, now=now, deputy=wanted.deputy)
            after = staff_for(policies, person, absences(session, now))
            return wanted, person, after, open_tasks_of(session, person)

        absence, person, staff, tasks = store.write(write)
        instead = stand_in(staff, person, max(absence.since, now))
    document = {"person": person, "since": absence.since, "until": absence.until, "deputy": absence.deputy}
    document |= {"stands_in": instead, "open": len(tasks), "tasks": tasks}
    lines = [f"{person} is away {_in_words(absence, staff)}", *_handed_over(absence, instead, len(tasks), staff, now)]
    return Result(document, lines)


def _handed_over(absence: Absence, instead: str | None, count: int, staff: Staff, now: datetime) -> list[str]:
    if count == 0:
        return ["nothing is open with them"]
    tasks = "1 open task goes" if count == 1 else f"{count} open tasks go"
    to = f"to {instead}" if instead is not None else "to the next of the team: nobody stands in"
    when = SOON if absence.since <= now else f"that is at {staff.shown(absence.since)}, of what is open then"
    return [f"{tasks} {to}; {when}"]


def _check(staff: Staff, person: str, wanted: Absence, now: datetime) -> None:
    """Raise `ProblemsFound` for an absence that cannot be meant."""
    if wanted.until is not None and wanted.until <= now:
        raise ProblemsFound([f"--until: {staff.shown(wanted.until)} is over; give a time to come"])
    if wanted.until is not None and wanted.until <= wanted.since:
        begins = staff.shown(wanted.since)
        raise ProblemsFound(
            [f"--until: {staff.shown(wanted.until)} comes before it begins at {begins}; give a later one"]
        )
    if wanted.deputy == person:
        raise ProblemsFound([f"--deputy: {person} cannot stand in for themselves; name somebody else"])
    at = max(wanted.since, now)
    away = staff.away(wanted.deputy, at) if wanted.deputy is not None else None
    if away is not None:
        until = f"until {staff.shown(away.until)}" if away.until is not None else "and nobody knows until when"
        raise ProblemsFound([f"--deputy: {wanted.deputy} is away {until}; name somebody else"])


def come_back(who: str) -> Result:
    """End somebody's absences; those that have not begun are taken back."""
    now = datetime.now(UTC).replace(microsecond=0)
    with opened_store() as store:

        def write(session: Session) -> tuple[str, list[Absence]]:
            person = _known(store.published.policies(session), "", who)
            rows = is_back(session, person, now)
            if not rows:
                raise ProblemsFound([f"{person}: is not away, and will not be; there is nothing to end"])
            return person, [Absence(row.since, row.until, row.deputy) for row in rows]

        person, ended = store.write(write)
    over = [each for each in ended if each.since < now]
    told = [{"since": each.since, "deputy": each.deputy, "begun": each.since < now} for each in ended]
    is_there = f"{person} is back; what was handed over stays where it is"
    line = is_there if over else f"{person} stays; the absence that was to come is taken back"
    return Result({"person": person, "ended": told, "back_at": now}, [line])


def _known(policies: Policies, place: str, who: str) -> str:
    """Return the key of one of us. Raises `ProblemsFound`."""
    key = policies.teams.key_of(who)
    if key is None:
        remedy = nearest(who, policies.teams.people)
        raise ProblemsFound([f"{place}there is nobody '{who}' in policies/teams.yaml; {remedy}"])
    return key


def _instant(said: date | datetime | None, staff: Staff) -> datetime | None:
    """Return an instant; a day begins at midnight on the clock of their team."""
    if said is None or isinstance(said, datetime):
        return said
    return datetime.combine(said, time(), staff.clock).astimezone(UTC)
