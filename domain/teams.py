"""policies/teams.yaml: people, the teams they work in, and who is there when.

What changes at run time (absences, who left) stands in the records; here is what operations write down.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Strategy = Literal["round_robin", "least_loaded", "first_to_accept"]

MOST_WEIGHT = 10
ROLES = ("lead", "manager", "head", "on_call")


def checked_address(value: str) -> str:
    """Return an address of our own people as it is. Raises ValueError where it is none."""
    if "@" not in parseaddr(value)[1]:
        raise ValueError(f"'{value}' is not an address; write sales@your-domain")
    return value


def _checked_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ValueError(f"'{name}' cannot be a person's key; use small letters, digits and -, at most 64")
    return name


def _checked_hour(text: str) -> str:
    if text != NO_DIGEST and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(f"'{text[:60]}' is no hour; write HH:MM, as in 08:30, or none")
    return text


def _with_weights(value: Any) -> Any:
    """A plain list of members is one in which everybody weighs the same."""
    return dict.fromkeys(value, 1) if isinstance(value, list) else value


NO_DIGEST = "none"
Hour = Annotated[str, AfterValidator(_checked_hour)]
PersonKey = Annotated[str, AfterValidator(_checked_name)]
Weight = Annotated[int, Field(ge=1, le=MOST_WEIGHT)]


class Person(BaseModel):
    """Somebody who does things for contacts, known in these files by the key they stand under."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    email: Annotated[str, AfterValidator(checked_address)]
    calendar: str | None = None
    """When they work, a calendar; without one, when their team does."""
    capacity: int | None = Field(default=None, ge=1)
    """How many open follow-ups they can have; without one, any number."""
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """What they speak, as contacts' `language`: de, en, fr."""
    deputy: str | None = None
    """Who takes over what is open while they are away."""
    digest: Hour | None = None
    """When their list of the day comes, or none; without it as their team says, else when their hours begin."""


class Team(BaseModel):
    """People who share work, and the address that messages to all of them go to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    label: str | None = None
    department: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    """What the timeline calls the department of what they do; without one, the team's own name."""
    email: Annotated[str, AfterValidator(checked_address)]
    chat: bool = False
    """Whether the team is told in its chat, too: its address stands in RAPPORT_CHAT_URLS."""
    members: Annotated[
        dict[str, Weight], BeforeValidator(_with_weights, json_schema_input_type=list[str] | dict[str, Weight])
    ] = Field(default_factory=dict)
    """Who is in it: a list, or a share of the work for each (ada: 2 gets twice as much as bob: 1)."""
    assign: Strategy = "round_robin"
    """Who gets the next follow-up: everybody in turn, whoever has least to do, or whoever takes it first."""
    calendar: str | None = None
    """When the team works, and what its promises are counted on; without one, the default calendar."""
    digest: Hour | None = None
    """When the list of the day comes to each of the team, or none."""
    lead: str | None = None
    manager: str | None = None
    head: str | None = None
    on_call: str | None = None
    """Who gets what comes while nobody is on duty; without one, the lead."""

    @field_validator("members", mode="after")
    @classmethod
    def _is_not_too_long(cls, value: dict[str, int]) -> dict[str, int]:
        if len(value) > 500:
            raise ValueError(f"a team of {len(value)}; make teams of at most 500")
        return value

    def role(self, name: str) -> str | None:
        """Return who is the lead, manager, head or on_call of this team."""
        return {"lead": self.lead, "manager": self.manager, "head": self.head, "on_call": self.on_call}[name]


class TeamsPolicy(BaseModel):
    """policies/teams.yaml"""

    model_config = ConfigDict(frozen=True, extra="ignore")

    people: dict[PersonKey, Person] = Field(default_factory=dict)
    teams: dict[str, Team] = Field(default_factory=dict)

    def key_of(self, who: str) -> str | None:
        """Return the key of a person who is named by it, or by their address; None if nobody is.

        >>> TeamsPolicy(people={"ada": Person(name="Ada", email="Ada@acme.example")}).key_of("ada@acme.example")
        'ada'
        """
        if who in self.people:
            return who
        address = parseaddr(who)[1].lower()
        return next((key for key, person in self.people.items() if parseaddr(person.email)[1].lower() == address), None)

    def team_at(self, address: str) -> str | None:
        """Return the team whose own address this is; None if it is none's.

        >>> TeamsPolicy(teams={"care": Team(email="Care@acme.example")}).team_at("care@acme.example")
        'care'
        """
        wanted = parseaddr(address)[1].lower()
        return next((name for name, team in self.teams.items() if parseaddr(team.email)[1].lower() == wanted), None)

    def department_of_team(self, team: str) -> str:
        """Return the department of a team; of one that is not in the file, its name.

        >>> care = Team(email="care@acme.example", department="service")
        >>> TeamsPolicy(teams={"care": care}).department_of_team("care")
        'service'
        """
        known = self.teams.get(team)
        return known.department if known is not None and known.department else team

    def department_of(self, person: str) -> str | None:
        """Return the department of the first team that a person is a member of, else has a role in; None if of none."""
        team = self.team_of(person)
        return self.department_of_team(team) if team is not None else None

    def team_of(self, person: str) -> str | None:
        """Return the first team that a person is a member of, else has a role in; None if of none."""
        works_in = [name for name, team in self.teams.items() if person in team.members]
        works_in += [name for name, team in self.teams.items() if person in map(team.role, ROLES)]
        return works_in[0] if works_in else None

    def strangers(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the place and the key of everybody who is named and is not in `people`."""
        named: list[tuple[tuple[str, ...], str | None]] = []
        named += [(("people", key, "deputy"), person.deputy) for key, person in self.people.items()]
        for name, team in self.teams.items():
            named += [(("teams", name, "members", member), member) for member in team.members]
            named += [(("teams", name, role), team.role(role)) for role in ROLES]
        for place, key in named:
            if key is not None and key not in self.people:
                yield place, key

    def calendars(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the place and the name of every calendar that is named."""
        for key, person in self.people.items():
            if person.calendar is not None:
                yield ("people", key, "calendar"), person.calendar
        for name, team in self.teams.items():
            if team.calendar is not None:
                yield ("teams", name, "calendar"), team.calendar


@dataclass(frozen=True)
class Absence:
    """Somebody is away from `since` until `until` (exclusive; None: nobody knows), and `deputy` stands in."""

    since: datetime
    until: datetime | None = None
    deputy: str | None = None

    def covers(self, at: datetime) -> bool:
        """Whether they are away at that instant."""
        return self.since <= at and (self.until is None or at < self.until)


def absence_at(absences: Mapping[str, tuple[Absence, ...]], person: str, at: datetime) -> Absence | None:
    """Return the absence of a person that ends last of those that cover `at`; None if they are there."""
    found = [each for each in absences.get(person, ()) if each.covers(at)]
    endless = next((each for each in found if each.until is None), None)
    return endless or max(found, key=lambda each: each.until or each.since, default=None)
