"""The figures of a report on one sequence, as they are counted. docs/reports.md defines each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.comparison import Comparison, Side
from domain.outline import Placed
from domain.statistics import Interval, Share, difference, interval_of


@dataclass(frozen=True)
class Period:
    """Who is counted: those who entered from `since` (included) to `until` (not included), in one version or in all."""

    sequence: str
    since: datetime | None = None
    until: datetime | None = None
    version: str | None = None


@dataclass
class Letters:
    """What became of a step's messages. Clicks, opens and replies count people, each once."""

    sent: int = 0
    on_its_way: int = 0
    put_off: int = 0
    opened: int = 0
    clicked: int = 0
    clicked_by_machines: int = 0
    replied: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0


@dataclass(frozen=True)
class Arm:
    """One way out of a step: how many runs took it, and how many of those reached the goal so far."""

    name: str
    label: str
    took: int
    converted: int

    @property
    def title(self) -> str:
        """What people read: what the arm says, else its name."""
        return self.label or self.name

    @property
    def share(self) -> Share:
        """How many of those who took it reached the goal so far."""
        return Share(self.converted, self.took)


@dataclass
class StepFigures:
    """One step. `visited` counts arrivals; a step inside a `repeat` counts each round."""

    placed: Placed
    former: bool = False
    visited: int = 0
    waiting: int = 0
    left: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    letters: Letters = field(default_factory=Letters)
    arms: list[Arm] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the step as `rapport report sequence --json` prints it."""
        step = self.placed.step
        told: dict[str, Any] = {
            "step": step.id,
            "kind": step.kind,
            "says": step.says(),
            "depth": self.placed.depth,
            "former": self.former,
            "visited": self.visited,
            "waiting": self.waiting,
            "left": self.left,
            "skipped": self.skipped,
            "failed": self.failed,
        }
        told |= {"messages": dict(vars(self.letters))} if self.placed.sends else {}
        return told | ({"arms": [_arm(arm, self.drawn()) for arm in self.arms]} if self.arms else {})

    def drawn(self) -> Arm | None:
        """Return the arm that the others are compared with where arms are drawn by lot: the first."""
        return self.arms[0] if self.arms and self.placed.draws_lots else None


@dataclass
class SequenceFigures:
    """Everything counted about one sequence at `asked_at`."""

    period: Period
    asked_at: datetime
    description: str
    owner: str | None
    versions: list[str]
    entered: int = 0
    inside: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    waiting_to_enter: dict[str, int] = field(default_factory=dict)
    steps: list[StepFigures] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    converted: int = 0
    median_seconds: float | None = None
    comparison: Comparison | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def goal(self) -> Share:
        """How many of those who entered reached the goal so far."""
        return Share(self.converted, self.entered)

    def as_json(self) -> dict[str, Any]:
        """Return the document that `rapport report sequence --json` prints."""
        return {
            "report": "sequence",
            "sequence": self.period.sequence,
            "description": self.description,
            "owner": self.owner,
            "asked_at": self.asked_at,
            "since": self.period.since,
            "until": self.period.until,
            "version": self.period.version,
            "versions": self.versions,
            "entered": self.entered,
            "inside": self.inside,
            "refused": self.refused,
            "waiting_to_enter": self.waiting_to_enter,
            "steps": [step.as_json() for step in self.steps],
            "ends": self.ends,
            "converted": share_as_json(self.goal) | {"median_seconds": self.median_seconds},
            "comparison": comparison_as_json(self.comparison) if self.comparison else None,
            "remarks": self.remarks,
        }


def share_as_json(share: Share) -> dict[str, Any]:
    """Return a share with its rate and where the true one lies."""
    return {"count": share.count, "of": share.of, "rate": share.rate, "interval": _limits(interval_of(share))}


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison with all that follows from its counts."""
    interval = comparison.interval
    return {
        "verdict": comparison.verdict,
        "within_seconds": comparison.within.total_seconds(),
        "entered": _side(comparison.entered),
        "held_out": _side(comparison.held_out),
        "lift": comparison.lift,
        "interval": _limits(interval) if interval else None,
        "smallest_lift_shown": comparison.smallest,
        "begins_at": comparison.begins_at,
    }


def _side(side: Side) -> Mapping[str, Any]:
    return share_as_json(side.share) | {"have_time": side.have_time}


def _arm(arm: Arm, first: Arm | None) -> dict[str, Any]:
    told = {"arm": arm.name, "label": arm.label, "took": arm.took, "converted": arm.converted, "rate": arm.share.rate}
    if first is None:
        return told
    return told | {"against_first": None if arm is first else _limits(difference(arm.share, first.share))}


def _limits(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
