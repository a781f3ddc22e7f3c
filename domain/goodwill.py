"""What it took to make good: who had to say yes, how fast they did, and what was given, in figures.

The one thing to know: given is what was delivered. What was granted and failed, or still waits, has cost nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from domain.remedies import LEVELS, RemedyState
from domain.statistics import within_which
from domain.tallies import HALF, MOST

GRANTED: frozenset[RemedyState] = frozenset({"approved", "delivered", "failed"})
NO_CAUSE = "(no cause)"


@dataclass(frozen=True)
class RemedyTold:
    """One remedy, with what figures are made of. `hundredths` is what it is worth, in hundredths of `currency`."""

    kind: str
    level: str
    state: str
    proposed_at: datetime
    decided_at: datetime | None = None
    hundredths: int = 0
    currency: str = "EUR"
    cause: str | None = None


@dataclass
class Approvals:
    """What became of the remedies that asked for a yes of one level."""

    asked: int = 0
    granted: int = 0
    refused: int = 0
    withdrawn: int = 0
    waiting: int = 0
    seconds: list[float] = field(default_factory=list)
    """How long each yes and no took, by the clock on the wall."""

    @property
    def half(self) -> float | None:
        """In how many seconds half of them were answered."""
        return within_which(self.seconds, HALF)

    @property
    def most(self) -> float | None:
        """In how many seconds nine of ten were answered."""
        return within_which(self.seconds, MOST)


@dataclass
class Given:
    """What was given for one cause, of one kind: how often, and in hundredths of each currency."""

    times: int = 0
    hundredths: Counter[str] = field(default_factory=Counter)


def approvals(remedies: Iterable[RemedyTold]) -> dict[str, Approvals]:
    """Return by level what became of what was proposed, the lowest level first; `agent` had to ask nobody."""
    found: dict[str, Approvals] = {}
    for each in remedies:
        told = found.setdefault(each.level, Approvals())
        told.asked += 1
        told.granted += each.state in GRANTED
        told.refused += each.state == "refused"
        told.withdrawn += each.state == "withdrawn"
        told.waiting += each.state == "asked"
        if each.decided_at is not None and (each.state in GRANTED or each.state == "refused"):
            told.seconds.append((each.decided_at - each.proposed_at).total_seconds())
    in_order = {name: number for number, name in enumerate(LEVELS)}
    return dict(sorted(found.items(), key=lambda each: in_order.get(each[0], len(LEVELS))))  # type: ignore[call-overload]


def given(remedies: Iterable[RemedyTold]) -> dict[str, dict[str, Given]]:
    """Return by cause, and by kind of remedy, what was delivered; what cost most first.

    >>> at = datetime(2026, 5, 4)
    >>> told = given([RemedyTold("voucher", "lead", "delivered", at, at, 2500, cause="late-delivery")])
    >>> told["late-delivery"]["voucher"].hundredths["EUR"]
    2500
    """
    found: dict[str, dict[str, Given]] = {}
    for each in remedies:
        if each.state == "delivered":
            told = found.setdefault(each.cause or NO_CAUSE, {}).setdefault(each.kind, Given())
            told.times += 1
            told.hundredths[each.currency] += each.hundredths
    return dict(sorted(found.items(), key=lambda each: (-_worth(each[1].values()), each[0])))


def _worth(given: Iterable[Given]) -> int:
    return sum(each.hundredths.total() for each in given)
