"""What is told of one run: the timeline as it is printed, the letters, the end.

A simulation writes it as it goes; the records are told in the same shape, so that the two can be compared.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from domain.answering import Row
from domain.facts import Facts
from domain.letters import Plan, Written

# What a row of the decision log holds and a timeline does not show: the values a condition read, whose clock it was,
# every question of the gate, the policies they were asked by, and how often.
LOGGED_ONLY = ("read", "clock", "asked", "policies", "times")


@dataclass
class Story:
    """What happened: the timeline as contract.md section 3 draws it, and the letters by the row that sent them.

    `stood_at` is the step the run came to last: where it stood when something from outside ended it.
    """

    facts: Facts
    timeline: list[dict[str, Any]] = field(default_factory=list)
    letters: dict[int, tuple[Plan, Written]] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None
    waiting: dict[str, Any] | None = None
    stood_at: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the document that `rapport simulate --json` prints."""
        document = {
            "sequence": self.facts.program.sequence,
            "version": self.facts.program.version,
            "entered_at": spelled(self.facts.entered_at),
            "time_zone": self.facts.zone.name,
            "time_zone_from": self.facts.zone.rung,
            "assumed": self.assumed,
            "timeline": self.timeline,
            "end": self.end,
        }
        return document | ({"waiting": self.waiting} if self.waiting else {})


def spelled(at: datetime) -> str:
    """Return an instant as every output writes it: UTC, with `Z`.

    >>> spelled(datetime(2026, 3, 27, 9, tzinfo=UTC))
    '2026-03-27T09:00:00Z'
    """
    at = at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def timeline_row(at: datetime, step: str, kind: str, row: Row) -> dict[str, Any]:
    """Return one line of a timeline as it is printed."""
    more = {key: spelled(value) if isinstance(value, datetime) else value for key, value in row.more.items()}
    for key in LOGGED_ONLY:
        more.pop(key, None)
    return {"at": spelled(at), "step": step, "kind": kind, "did": row.did, **more, "why": row.why}
