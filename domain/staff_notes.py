"""What our people are told of a follow-up: which words fit the occasion, who it goes to, and what can be said in them.

The one thing to know: what is said is what is true when it is written, not when it happened. So a note that comes late
names the instants that hold now, and one that asks nothing of anybody any more is not sent at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from domain.assignment import Staff
from domain.case_notes import CASE_FOLDER, CASE_TEMPLATES, promise_meant, said_of_case
from domain.follow_up import FollowUp, accept_due, done_due
from domain.follow_up_moves import havers
from domain.keys import Tokens
from domain.meetings import Told
from domain.policies import Policies
from domain.promise_words import promise_named
from domain.recovery import Case, Ground
from domain.recovery_policy import Recovery
from domain.staff_links import PURPOSE, StaffLink, is_theirs, offers
from domain.teams import TeamsPolicy

# Which template says what; templates/staff/task/NAME.html.
TEMPLATES: Mapping[str, str] = {
    "assigned": "assigned",
    "stands_in": "assigned",
    "offered": "offered",
    "reminder": "reminder",
    "warning": "overdue",
    "overdue": "overdue",
    "taken_away": "with-another",
    "accepted_by_other": "with-another",
    "contact_did": "contact-did",
    "nobody": "nobody",
    "undeliverable": "undeliverable",
    "completed": "ended",
    "cancelled": "ended",
}
FOLDER = "task"
# They ask for something that nobody can do any more once it has ended.
ASKING = frozenset({"assigned", "stands_in", "offered", "reminder", "warning", "overdue", "contact_did", "nobody"})
ASKING |= {"undeliverable"}
# So many of the last things that happened are told.
LINES = 8


class NobodyToTell(LookupError):
    """There is no address for a note: neither the person's nor the team's."""


@dataclass(frozen=True)
class Line:
    """One thing that happened with the contact, without what was in it."""

    at: datetime
    name: str
    department: str = ""
    person: str | None = None
    direction: str = ""


@dataclass(frozen=True)
class Task:
    """What a follow-up says of itself beside its state."""

    title: str
    source: str = ""
    policy: str = ""
    note: str = ""


@dataclass(frozen=True)
class Occasion:
    """One thing to be told, with everything that may be said of it. `person` None is the team, or whoever is there."""

    id: str
    about: str
    person: str | None
    state: FollowUp
    task: Task
    staff: Staff
    policies: Policies
    contact: Mapping[str, Any]
    now: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    timeline: tuple[Line, ...] = ()
    to_team: bool = False
    entry: Told | None = None
    """What the reader's calendar was told last of this task."""
    case: Case | None = None
    """The case that it is about, if it is about one."""

    @property
    def clock(self) -> ZoneInfo:
        """The clock of whoever reads it: that of their calendar, else of their team's, else the contact's."""
        known = self.person is not None and self.staff.knows(self.person)
        hours = self.staff.hours_of(self.person) if known and self.person is not None else self.staff.calendar()
        return self.staff.zone if hours is None else hours.clock(self.staff.zone)


def template_of(about: str) -> str:
    """Return the name of the template that tells of an occasion, below templates/staff.

    >>> template_of("stands_in")
    'task/assigned'
    >>> template_of("approval")
    'case/approval'
    """
    if about in CASE_TEMPLATES:
        return f"{CASE_FOLDER}/{CASE_TEMPLATES[about]}"
    return f"{FOLDER}/{TEMPLATES.get(about, 'assigned')}"


def idle(about: str, person: str | None, state: FollowUp) -> str | None:
    """Return why a note asks nothing of anybody any more; None if it does, or only tells."""
    if about in ASKING and state.ended_at is not None:
        return f"the task was {state.ended} meanwhile"
    if about == "reminder" and person is not None and person not in havers(state):
        return f"{person} does not have the task any more"
    return None


def address_of(occasion: Occasion) -> tuple[str, str]:
    """Return the address a note goes to, and the name with it: the person's, else the team's.

    Raises `NobodyToTell`.
    """
    if occasion.person is not None and not goes_to_team(occasion):
        person = occasion.staff.policy.people[occasion.person]
        return parseaddr(person.email)[1], person.name
    name = occasion.state.team or ""
    team = occasion.staff.policy.teams.get(name)
    if team is None:
        raise NobodyToTell(f"there is no team '{name}' in policies/teams.yaml; add it, and publish")
    return parseaddr(team.email)[1], team.label or name


def goes_to_team(occasion: Occasion) -> bool:
    """Whether a note goes to the team's address: nobody is meant in particular, or they cannot be reached."""
    return occasion.person is None or occasion.to_team or who_is_gone(occasion) is not None


def who_is_gone(occasion: Occasion) -> str | None:
    """Return whom a note is for if they are not here any more; None if they are, or it is for the team."""
    return None if occasion.person is None or occasion.staff.knows(occasion.person) else occasion.person


def task_url(public_url: str, tokens: Tokens, follow_up: str, person: str | None, note: str) -> str:
    """Return the address of a task's page for one person. It says which task and who, and nothing of the contact."""
    return f"{public_url}/s/{tokens.make(PURPOSE, StaffLink(follow_up, person, note).parts)}"


def contact_name(contact: Mapping[str, Any]) -> str:
    """Return how our people call a contact: by name, else by company, else by address.

    >>> contact_name({"first_name": "Ada", "last_name": "Lovelace"}), contact_name({"email": "ann@x.example"})
    ('Ada Lovelace', 'ann@x.example')
    """
    names = [str(contact[name]) for name in ("first_name", "last_name") if contact.get(name)]
    return " ".join(names) or str(contact.get("company") or contact.get("email") or contact.get("phone") or "—")


def context(occasion: Occasion, url: str) -> dict[str, Any]:
    """Return the names a template may use, as plain data. Instants are shown on the clock of whoever reads it."""
    team = occasion.staff.policy.teams.get(occasion.state.team or "")
    organisation = occasion.policies.messaging.organisation
    given = {key: value for key, value in occasion.contact.items() if value is not None}
    zone = {"name": contact_name(given), "time_zone": str(occasion.clock)}
    return {
        "contact": given | zone | _named("owner", given.get("owner"), occasion),
        "task": {name: value for name, value in _task(occasion, url).items() if value not in (None, "", [])},
        **_case(occasion, url),
        "person": {"key": occasion.person or "", "name": _name_of(occasion.person, occasion) or ""},
        "team": {
            "name": occasion.state.team or "",
            "label": (team.label if team else None) or occasion.state.team or "",
        },
        "timeline": [_line(each, occasion) for each in occasion.timeline[:LINES]],
        "organisation": organisation.model_dump(include={"name", "address", "time_zone", "locale"}),
        "now": occasion.now.astimezone(occasion.clock),
    }


def _task(occasion: Occasion, url: str) -> dict[str, Any]:
    state, staff, data = occasion.state, occasion.staff, occasion.data
    accepts = state.accepted_at is None and state.ended_at is None
    promise, due = "", done_due(state, staff)
    if state.is_case:
        promise, due = promise_meant(state, str(data.get("clock") or ""), staff)
    locale = occasion.policies.messaging.organisation.locale
    return {
        "title": occasion.task.title,
        "about": occasion.about,
        "why": [str(each) for each in _listed(data.get("why")) if each != "opened"],
        "source": source_named(occasion.task.source, occasion.staff.policy),
        "policy": occasion.task.policy,
        "outcomes": list(state.outcomes),
        "opened_at": state.opened_at,
        "accept_by": accept_due(state, staff) if accepts else None,
        "due": due if state.ended_at is None else None,
        "promise": promise_named(promise, locale) if promise and state.ended_at is None else None,
        "accepted": state.accepted_at is not None,
        "open": state.ended_at is None,
        "accepting": data.get("clock") == "accept",
        "percent": data.get("percent"),
        "event": data.get("event"),
        "owner": _name_of(state.assignee, occasion),
        "by": _name_of(data.get("by") or state.by, occasion),
        "of": _name_of(data.get("of"), occasion),
        "outcome": state.outcome,
        "note": occasion.task.note,
        "url": url,
        **{f"{verb}_url": f"{url}?do={verb}" for verb in _offered(occasion)},
    }


def _case(occasion: Occasion, url: str) -> dict[str, dict[str, Any]]:
    """Return what may be said of the case, and of the remedy, that a note is about; nothing of what there is not."""
    case, policy = occasion.case, occasion.policies.recovery
    if case is None:
        return {"case": {}, "remedy": {}}
    reads = StaffLink(occasion.state.id, None if goes_to_team(occasion) else occasion.person, occasion.id)
    by = reads.actor(occasion.state, occasion.staff)
    ground = Ground(policy or Recovery(team=occasion.state.team or ""), occasion.staff, occasion.now)
    mine = by is not None and is_theirs(occasion.state, by, occasion.staff)
    return said_of_case(case, by, ground, occasion.data, url, mine=mine)


def source_named(source: str, teams: TeamsPolicy) -> str:
    """Return by what a task was opened, with a person's name where it was a person.

    >>> source_named("sequence renewal", TeamsPolicy()), source_named("person operator", TeamsPolicy())
    ('sequence renewal', 'operator')
    """
    kind, _, key = source.partition(" ")
    if kind != "person":
        return source
    person = teams.people.get(key)
    return key if person is None else person.name


def _offered(occasion: Occasion) -> tuple[str, ...]:
    """Return what whoever reads it can do by its link: a mail has no button that would be refused."""
    state, staff = occasion.state, occasion.staff
    by = StaffLink(state.id, None if goes_to_team(occasion) else occasion.person, occasion.id).actor(state, staff)
    return () if by is None else offers(state, by, staff, occasion.now)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] if value else []


def _named(field_: str, key: Any, occasion: Occasion) -> dict[str, str]:
    name = _name_of(None if key is None else occasion.staff.policy.key_of(str(key)) or str(key), occasion)
    return {field_: name} if name else {}


def _name_of(key: str | None, occasion: Occasion) -> str | None:
    person = occasion.staff.policy.people.get(key or "")
    return person.name if person is not None else key


def _line(line: Line, occasion: Occasion) -> dict[str, Any]:
    said = {"at": line.at, "name": line.name, "department": line.department, "direction": line.direction}
    return said | _named("person", line.person, occasion)
