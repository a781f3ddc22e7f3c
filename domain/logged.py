"""What people log of a contact: a call, a meeting, a note; read alike from the command line and the API.

Whatever is wrong is said as `field: what; what to do`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from domain.answers import clean_line, clean_text
from domain.teams import TeamsPolicy
from domain.vocabulary import nearest

Kind = Literal["call", "meeting", "note"]
EVENTS: dict[str, str] = {"call": "call_logged", "meeting": "meeting_logged", "note": "note_added"}
FIELDS: dict[str, frozenset[str]] = {
    "call": frozenset({"by", "at", "text", "department", "direction", "minutes", "outcome"}),
    "meeting": frozenset({"by", "at", "text", "department", "minutes", "outcome"}),
    "note": frozenset({"by", "at", "text", "department"}),
}
LONGEST_TEXT = 4000
LONGEST_OUTCOME = 100
LONGEST_DEPARTMENT = 60
MOST_MINUTES = 24 * 60
AHEAD = timedelta(minutes=5)
"""So far the clock of whoever tells it may be wrong."""


@dataclass(frozen=True)
class Logged:
    """What becomes of it: an event of domain/events.py, its fields, and when it took place."""

    event: str
    data: dict[str, Any]
    at: datetime


def read_logged(kind: str, told: Mapping[str, Any], teams: TeamsPolicy | None, now: datetime) -> Logged:
    """Return what is logged. `at` is an instant, or None for now; `teams` is None where nobody can be looked up.

    Raises ValueError("field: what; what to do").

    >>> then = datetime(2026, 3, 27, 9, tzinfo=UTC)
    >>> read_logged("call", {"by": "ada", "minutes": 12, "outcome": "reached"}, None, then).data
    {'person': 'ada', 'direction': 'out', 'minutes': 12, 'outcome': 'reached'}
    """
    if kind not in EVENTS:
        raise ValueError(f"kind: '{str(kind)[:40]}' is nothing that is logged; write call, meeting or note")
    for name, value in told.items():
        if value is not None and name not in FIELDS[kind]:
            raise ValueError(f"{name}: a {kind} has none; leave it out")
    person = _person(told.get("by"), teams)
    data = {
        "person": person,
        "department": _department(told.get("department"), person, teams),
        "direction": _direction(told.get("direction")) if kind == "call" else None,
        "minutes": _minutes(told.get("minutes")),
        "outcome": _outcome(told.get("outcome")),
        "text": _text(told.get("text"), kind),
    }
    kept = {name: value for name, value in data.items() if value is not None}
    return Logged(EVENTS[kind], kept, _at(told.get("at"), kind, now))


def _person(who: object, teams: TeamsPolicy | None) -> str:
    if not isinstance(who, str) or not (who := clean_line(who, 200)):
        raise ValueError("by: is missing; write who it was, by their key in policies/teams.yaml")
    if teams is None:
        return who
    key = teams.key_of(who)
    if key is None and not teams.people:
        raise ValueError("by: there are no people in policies/teams.yaml; write them under 'people' and publish")
    if key is None:
        raise ValueError(f"by: '{who[:60]}' is nobody of policies/teams.yaml; {nearest(who, teams.people.keys())}")
    return key


def _department(said: object, person: str, teams: TeamsPolicy | None) -> str | None:
    if said is None:
        return teams.department_of(person) if teams is not None else None
    if not isinstance(said, str) or not 0 < len(name := clean_line(said)) <= LONGEST_DEPARTMENT:
        raise ValueError(f"department: is no word of up to {LONGEST_DEPARTMENT} letters; write one such as sales")
    return name


def _direction(said: object) -> str:
    if said not in (None, "in", "out"):
        raise ValueError("direction: is neither in (they called) nor out (we did); write one of them")
    return str(said or "out")


def _minutes(said: object) -> int | None:
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= MOST_MINUTES:
        raise ValueError(f"minutes: is no whole number from 0 to {MOST_MINUTES}; write how long it took")
    return said


def _outcome(said: object) -> str | None:
    if said is None:
        return None
    if not isinstance(said, str) or not 0 < len(words := clean_line(said)) <= LONGEST_OUTCOME:
        raise ValueError(f"outcome: is not a line of up to {LONGEST_OUTCOME} letters; say the rest in the text")
    return words


def _text(said: object, kind: str) -> str | None:
    if said is None and kind != "note":
        return None
    if not isinstance(said, str) or not 0 < len(words := clean_text(said, LONGEST_TEXT + 1)) <= LONGEST_TEXT:
        raise ValueError(f"text: is not a text of up to {LONGEST_TEXT} letters; write what is worth knowing")
    return words


def _at(at: object, kind: str, now: datetime) -> datetime:
    if at is None:
        return now
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise ValueError("at: is not a time; write it like 2026-03-27T09:00:00Z, or leave it out")
    if kind != "meeting" and at > now + AHEAD:
        raise ValueError(f"at: a {kind} that is still to come cannot be logged; write when it was, or leave it out")
    return at.astimezone(UTC)
