"""The figures of a report on follow-ups, as they are counted. docs/reports.md defines each of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from domain.fair_shares import Shares
from domain.promises import AGES
from domain.speed_to_lead import LIMITS, Speed
from domain.statistics import Share
from domain.tallies import FEWEST_OF_A_PERSON, Lengths, Tally
from records.reports.figures import share_as_json


@dataclass(frozen=True)
class Span:
    """Which are counted: those opened from `since` (included) to `until` (not included), of one team or of all."""

    since: datetime
    until: datetime | None = None
    team: str | None = None


@dataclass
class OpenNow:
    """What is open now, whenever it was opened: how late it is, and how much of it nobody has."""

    count: int = 0
    unassigned: int = 0
    ages: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return it as `rapport report follow-ups --json` prints it: every age, also one that nothing has."""
        return {"open": self.count, "unassigned": self.unassigned} | {"ages": {age: self.ages[age] for age in AGES}}


@dataclass
class FollowUpFigures:
    """Everything counted about follow-ups at `asked_at`. A person who had too few has no figures: None."""

    span: Span
    asked_at: datetime
    every: Tally = field(default_factory=Tally)
    teams: dict[str, Tally] = field(default_factory=dict)
    policies: dict[str, Tally] = field(default_factory=dict)
    people: dict[str, Tally | None] = field(default_factory=dict)
    open_now: OpenNow = field(default_factory=OpenNow)
    open_by_team: dict[str, OpenNow] = field(default_factory=dict)
    speed: Speed = field(default_factory=Speed)
    shares: dict[str, Shares] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the document that `rapport report follow-ups --json` prints."""
        return {
            "report": "follow-ups",
            "asked_at": self.asked_at,
            "since": self.span.since,
            "until": self.span.until,
            "team": self.span.team,
            "all": tally_as_json(self.every),
            "teams": {name: tally_as_json(each) for name, each in self.teams.items()},
            "policies": {name: tally_as_json(each) for name, each in self.policies.items()},
            "people": {name: _person(each) for name, each in self.people.items()},
            "fewest_of_a_person": FEWEST_OF_A_PERSON,
            "open_now": self.open_now.as_json() | {"teams": _each_open(self.open_by_team)},
            "speed_to_lead": _speed(self.speed),
            "shares": {name: asdict(each) for name, each in self.shares.items()},
        }


def tally_as_json(tally: Tally) -> dict[str, Any]:
    """Return what became of some follow-ups. Lengths are in seconds."""
    return {
        "opened": tally.opened,
        "open": tally.open,
        "completed": tally.completed,
        "completed_by_contact": tally.by_contact,
        "cancelled": tally.cancelled,
        "accepted_in_time": share_as_json(tally.accepted),
        "done_in_time": share_as_json(tally.done),
        "to_accept": _lengths(tally.to_accept),
        "to_done": _lengths(tally.to_done),
        "hops": tally.hops,
        "snoozes": tally.snoozes,
        "reassigned": tally.reassigned,
        "escalated": dict(tally.escalated),
        "outcomes": dict(tally.outcomes.most_common()),
    }


def _person(tally: Tally | None) -> dict[str, Any]:
    return {"too_few": True} if tally is None else {"too_few": False} | tally_as_json(tally)


def _lengths(lengths: Lengths) -> dict[str, Any]:
    return {
        "count": len(lengths.working),
        "working_seconds": {"median": lengths.working_half, "p90": lengths.working_most},
        "elapsed_seconds": {"median": lengths.elapsed_half, "p90": lengths.elapsed_most},
    }


def _each_open(teams: Mapping[str, OpenNow]) -> dict[str, Any]:
    return {name: each.as_json() for name, each in teams.items()}


def _speed(speed: Speed) -> dict[str, Any]:
    shares = speed.within or tuple(Share(0, 0) for _ in LIMITS)
    within = [
        {"seconds": limit.total_seconds()} | share_as_json(share) for limit, share in zip(LIMITS, shares, strict=True)
    ]
    return {"leads": speed.leads, "waiting": speed.waiting, "within": within} | _lengths(speed.took)
