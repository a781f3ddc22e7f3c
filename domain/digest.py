"""The list of the day: what somebody has open, told once a working day, when their hours begin.

The one thing to know: it is due at an hour of a day, and of use for a few hours. Whoever looks later than that leaves
it out, so that nobody gets yesterday's list after an outage.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.assignment import Staff
from domain.away import WEEKDAYS
from domain.calendars import Calendar
from domain.teams import NO_DIGEST
from domain.zones import wall

LATEST = timedelta(hours=4)
EIGHT = time(8)
"""When the day of those begins whose hours begin at midnight, or who have none."""

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Due:
    """A list of the day that is to be told between two instants."""

    day: date
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Entry:
    """One open follow-up. `offered` was asked, while nobody has it; `due` is None while nobody knows."""

    follow_up: str
    title: str
    contact: str
    team: str | None = None
    assignee: str | None = None
    offered: tuple[str, ...] = ()
    accepted: bool = False
    accept_by: datetime | None = None
    due: datetime | None = None
    waits_until: datetime | None = None
    """Its clocks stand still until then: the contact is away, or it was put off."""
    promise: str = ""
    """What is due, where it is a case: the first contact, the solution."""


@dataclass(frozen=True)
class OfTeam:
    """What a lead should know of a team: what is overdue with others, and what nobody has."""

    team: str
    overdue: tuple[Entry, ...] = ()
    unassigned: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Digest:
    """What somebody has to do, each follow-up in one place; `clock` is theirs."""

    person: str
    now: datetime
    clock: ZoneInfo
    overdue: tuple[Entry, ...] = ()
    to_accept: tuple[Entry, ...] = ()
    due_today: tuple[Entry, ...] = ()
    later: tuple[Entry, ...] = ()
    teams: tuple[OfTeam, ...] = ()
    approvals: tuple[Entry, ...] = ()
    """Remedies that wait for their yes; whose case it is does not matter."""

    @property
    def own(self) -> int:
        """How many are their own."""
        return sum(map(len, (self.overdue, self.to_accept, self.due_today, self.later)))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return self.own == 0 and not self.teams and not self.approvals


def digest_due(staff: Staff, person: str, now: datetime) -> Due | None:
    """Return whose day it is to be told now; None if it is not its hour, not their day, or they want none.

    `staff` is the team they work in.
    """
    if not staff.knows(person) or staff.away(person, now) is not None:
        return None
    clock = clock_of(staff, person)
    today = now.astimezone(clock).date()
    # An hour shortly before midnight is told after it, too.
    for day in (today, today - _A_DAY):
        hour = _hour(staff, person, day)
        if hour is not None:
            at = wall(day, hour, clock)
            if at <= now < at + LATEST:
                return Due(day, at, at + LATEST)
    return None


def clock_of(staff: Staff, person: str) -> ZoneInfo:
    """Return the clock somebody works by."""
    hours = staff.hours_of(person)
    return staff.zone if hours is None else hours.clock(staff.zone)


def _hour(staff: Staff, person: str, day: date) -> time | None:
    """Return the hour at which a day is told, None if it is none of theirs."""
    begins = begins_at(staff.hours_of(person) or WEEKDAYS, day)
    team = staff.policy.teams.get(staff.team or "")
    words = staff.policy.people[person].digest or (team.digest if team is not None else None)
    if begins is None or words == NO_DIGEST:
        return None
    return time.fromisoformat(words) if words is not None else begins


def begins_at(calendar: Calendar, day: date) -> time | None:
    """Return when a day of work begins by the wall, eight where that is midnight; None for a day off.

    >>> hours = {"mon-fri": ["13:00-17:00", "09:30-12:00"]}
    >>> office = Calendar(zone="UTC", hours=hours, holidays={"also": ["2026-05-05"]})
    >>> [str(begins_at(office, date(2026, 5, day))) for day in (3, 4, 5)]
    ['None', '09:30:00', 'None']
    """
    parts = calendar.week[day.weekday()]
    if not parts or (calendar.holidays is not None and calendar.holidays.close(day)):
        return None
    opens = min(start for start, _ in parts)
    return time(opens // 60, opens % 60) if opens > 0 else EIGHT


def digest_of(entries: Iterable[Entry], person: str, leads: Iterable[str], now: datetime, clock: ZoneInfo) -> Digest:
    """Sort out what is open for somebody, who leads these teams; what is due first comes first."""
    known = sorted(entries, key=lambda each: (each.due is None, each.due or now, each.follow_up))
    own = [each for each in known if person == each.assignee or person in each.offered]
    sections: dict[str, list[Entry]] = {"overdue": [], "to_accept": [], "due_today": [], "later": []}
    for each in own:
        sections[_section(each, now, clock)].append(each)
    others = [each for each in known if each not in own]
    return Digest(
        person,
        now,
        clock,
        **{name: tuple(each) for name, each in sections.items()},
        teams=tuple(_led(leads, others, now)),
    )


def _section(entry: Entry, now: datetime, clock: ZoneInfo) -> str:
    if entry.due is not None and entry.due < now:
        return "overdue"
    if not entry.accepted:
        return "to_accept"
    today = entry.due is not None and entry.due.astimezone(clock).date() == now.astimezone(clock).date()
    return "due_today" if today else "later"


def _led(leads: Iterable[str], others: list[Entry], now: datetime) -> Iterator[OfTeam]:
    for team in leads:
        theirs = [each for each in others if each.team == team]
        nobody = tuple(each for each in theirs if each.assignee is None)
        overdue = tuple(each for each in theirs if each not in nobody and each.due is not None and each.due < now)
        if overdue or nobody:
            yield OfTeam(team, overdue, nobody)
