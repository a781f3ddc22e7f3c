"""Who gets the next follow-up, and why: the contact's own owner, else by the team's strategy.

The one thing to know: a member's `turns` are what they have had, in units that make weights whole numbers. Whoever has
had least is next. Who cannot be asked now is moved up to where the others are, so that nobody who comes back gets in
one go what they missed; so counts stay within one of each other, by weight, among those who were there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.business_time import NeverOpen, is_open, next_opening
from domain.calendars import Calendar, Calendars
from domain.teams import Absence, Person, Strategy, Team, TeamsPolicy, absence_at

# The least number that each weight from 1 to 10 divides: a turn of somebody who weighs 3 costs 840.
A_TURN = 2520

# Whoever acts at the command line, or by the interface of our own systems, and says no name.
OPERATOR = "operator"

NOT_TAKEN = "did not take it"
# So many are named who cannot be asked; of a big team nobody reads more.
MOST_NAMED = 10
# How it is said that somebody was chosen by the strategy of the team (domain/fair_shares.py reads it again).
TURN_OF, LEAST = "it is the turn of ", " has least to do: "


@dataclass(frozen=True)
class Staff:
    """A team and its people as they are at one moment."""

    policy: TeamsPolicy
    team: str | None
    zone: ZoneInfo
    """The contact's clock, for calendars that are read on it."""
    calendars: Calendars = field(default_factory=Calendars)
    absences: Mapping[str, tuple[Absence, ...]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    """Who has left, whatever the file says."""
    open: Mapping[str, int] = field(default_factory=dict)
    """How many follow-ups of each person are open."""
    turns: Mapping[str, int] = field(default_factory=dict)
    """What each member of the team has had."""

    @property
    def members(self) -> Mapping[str, int]:
        """Who is in the team, and how much of its work is theirs."""
        found = self._team()
        return {} if found is None else {key: weight for key, weight in found.members.items() if self.knows(key)}

    @property
    def strategy(self) -> Strategy:
        """How the team shares its work."""
        found = self._team()
        return "round_robin" if found is None else found.assign

    def role(self, name: str) -> str | None:
        """Return who is the lead, manager, head or on_call, if somebody who is still here is."""
        found = self._team()
        key = None if found is None else found.role(name)
        return key if key is not None and self.knows(key) else None

    def knows(self, person: str) -> bool:
        """Whether there is somebody of this key who has not left."""
        return person in self.policy.people and person not in self.gone

    def acts(self, who: str) -> bool:
        """Whether somebody may do something about a follow-up: a person, the team at its address, or the operator."""
        return self.knows(who) or who in (self.team, OPERATOR)

    @property
    def is_mailbox(self) -> bool:
        """Whether the team is an address and nobody by name: whoever reads it does what comes."""
        found = self._team()
        return found is not None and not self.members and self.role("lead") is None and self.role("on_call") is None

    def had(self, member: str) -> int:
        """Return what a member has had; a new one begins where those are who have had least."""
        others = (had for key, had in self.turns.items() if key in self.members)
        return self.turns[member] if member in self.turns else min(others, default=0)

    def calendar(self) -> Calendar | None:
        """Return the calendar that the team's promises are counted on; None where there is none."""
        found = self._team()
        return self.calendars.named(None if found is None else found.calendar)

    @property
    def clock(self) -> ZoneInfo:
        """The clock that people of this team read: that of their calendar, else the contact's."""
        calendar = self.calendar()
        return self.zone if calendar is None else calendar.clock(self.zone)

    def hours_of(self, person: str) -> Calendar | None:
        """Return when a person works; None for always."""
        own = self._person(person).calendar
        return self.calendars.named(own) if own is not None else self.calendar()

    def away(self, person: str, now: datetime) -> Absence | None:
        """Return the absence somebody is in; None if they are there."""
        return absence_at(self.absences, person, now)

    def why_not(self, person: str, now: datetime) -> str | None:
        """Return why somebody cannot be given anything now; None if they can.

        >>> policy = TeamsPolicy(people={"ada": Person(name="Ada", email="ada@acme.example", capacity=2)})
        >>> Staff(policy, None, ZoneInfo("UTC"), open={"ada": 2}).why_not("ada", datetime(2026, 5, 4))
        'has 2 of 2'
        """
        if not self.knows(person):
            return "has left"
        absence = self.away(person, now)
        if absence is not None:
            return "is away" if absence.until is None else f"is away until {self.shown(absence.until)}"
        hours = self.hours_of(person)
        if hours is not None and not is_open(now, hours, self.zone):
            return self._off_duty(hours, now)
        most, has = self._person(person).capacity, self.open.get(person, 0)
        return f"has {has} of {most}" if most is not None and has >= most else None

    def shown(self, at: datetime) -> str:
        """Return an instant as people of this team read it, on the clock of their calendar.

        >>> Staff(TeamsPolicy(), None, ZoneInfo("Europe/Berlin")).shown(datetime(2026, 5, 4, 7, tzinfo=ZoneInfo("UTC")))
        '2026-05-04 09:00 Europe/Berlin'
        """
        return f"{at.astimezone(self.clock):%Y-%m-%d %H:%M} {self.clock}"

    def _off_duty(self, hours: Calendar, now: datetime) -> str:
        try:
            return f"is off duty until {self.shown(next_opening(now, hours, self.zone))}"
        except NeverOpen:
            return "is never on duty"

    def _team(self) -> Team | None:
        return None if self.team is None else self.policy.teams.get(self.team)

    def _person(self, key: str) -> Person:
        return self.policy.people[key]


@dataclass(frozen=True)
class Wanted:
    """What a follow-up asks of whoever does it. Nobody who fits being there, anybody of the team will do."""

    owner: str | None = None
    """The key of who looks after the contact, or is asked for by name."""
    skills: tuple[str, ...] = ()
    language: str | None = None

    def fits(self, person: Person) -> bool:
        """Whether somebody has the skills, and speaks the language."""
        speaks = self.language is None or not person.languages or _base(self.language) in map(_base, person.languages)
        return speaks and set(self.skills) <= set(person.skills)


def _base(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


@dataclass(frozen=True)
class Choice:
    """Who was chosen. `offered` are those who are asked at once, where whoever is first has it. `why` is for people."""

    person: str | None
    why: tuple[str, ...]
    by: str
    offered: tuple[str, ...] = ()
    turns: Mapping[str, int] = field(default_factory=dict)
    """What changes about the turns that members have had."""


def assign(staff: Staff, wanted: Wanted, now: datetime, tried: Collection[str] = ()) -> Choice:
    """Choose who gets a follow-up: the owner if on duty, else one of the team; nobody there: `on_call`, else the lead.

    `tried` had it already and did not take it.
    """
    said: list[str] = []
    if wanted.owner is not None and wanted.owner not in tried:
        reason = staff.why_not(wanted.owner, now)
        if reason is None:
            return Choice(wanted.owner, (f"{wanted.owner} looks after the contact",), "owner")
        said.append(f"{wanted.owner}, who looks after the contact, {reason}")
    there, missing = _who_is_there(staff, now, tried)
    said += missing
    if not there:
        return _in_their_stead(staff, now, tried, said)
    fitting = [key for key in there if wanted.fits(staff.policy.people[key])]
    if not fitting:
        said.append("nobody on duty has the skills or the language; anybody will do")
    if staff.strategy == "first_to_accept":
        return Choice(None, (*said, "whoever takes it first has it"), "first_to_accept", tuple(fitting or there))
    chosen, why = _next_of(fitting or there, staff)
    return Choice(chosen, (*said, why), staff.strategy, turns=dict(_turns_after(staff, chosen, there, tried)))


def _who_is_there(staff: Staff, now: datetime, tried: Collection[str]) -> tuple[list[str], list[str]]:
    there, missing = [], []
    for key in staff.members:
        reason = NOT_TAKEN if key in tried else staff.why_not(key, now)
        if reason is None:
            there.append(key)
        else:
            missing.append(f"{key} {reason}")
    if len(missing) > MOST_NAMED:
        missing[MOST_NAMED:] = [f"and {len(missing) - MOST_NAMED} others cannot be asked"]
    return there, missing


def _next_of(keys: Sequence[str], staff: Staff) -> tuple[str, str]:
    if staff.strategy == "least_loaded":
        chosen = min(keys, key=lambda key: (staff.open.get(key, 0) / staff.members[key], staff.had(key), key))
        return chosen, f"{chosen}{LEAST}{staff.open.get(chosen, 0)} open"
    chosen = min(keys, key=lambda key: (staff.had(key), key))
    return chosen, f"{TURN_OF}{chosen}"


def _turns_after(
    staff: Staff, chosen: str, there: Collection[str], tried: Collection[str]
) -> Iterator[tuple[str, int]]:
    """Yield what members have had from now on: the chosen one a turn more; who could not be asked has missed theirs."""
    reached = min(map(staff.had, there))
    for key, weight in staff.members.items():
        had = staff.had(key) + (A_TURN // weight if key == chosen else 0)
        yield key, had if key in there or key in tried else max(had, reached)


def _in_their_stead(staff: Staff, now: datetime, tried: Collection[str], said: list[str]) -> Choice:
    """Nobody of the team can be asked: whoever is on call, else the lead, on duty or not."""
    for role in ("on_call", "lead"):
        key = staff.role(role)
        if key is not None and key not in tried and staff.away(key, now) is None:
            return Choice(key, (*said, f"{key} is {'on call' if role == 'on_call' else 'the lead'}"), role)
    if staff.is_mailbox:
        return Choice(None, (*said, f"{staff.team} has no members; whoever reads its mail does it"), "mailbox")
    return Choice(None, (*said, "nobody can be asked"), "nobody")


def stand_in(staff: Staff, person: str, now: datetime) -> str | None:
    """Return who stands in for somebody who is away: the deputy of this absence, else theirs, else nobody.

    A deputy who is away has a deputy; whoever comes up twice ends the search.
    """
    seen = {person}
    while True:
        absence = staff.away(person, now)
        known = staff.policy.people.get(person)
        deputy = (absence.deputy if absence else None) or (known.deputy if known else None)
        if deputy is None or deputy in seen or not staff.knows(deputy):
            return None
        if staff.away(deputy, now) is None:
            return deputy
        seen.add(deputy)
        person = deputy
