"""Cases as the rules of sequences see them: while one is not released, marketing to the contact stands still.

The one thing to know: each stretch of time is one value, a *standstill*, kept after its end: the clock of whatever it
held is counted without it. A case that is opened again, once it was released, begins another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from domain.broadcast import PREFIX
from domain.holds import Hold
from domain.program import Program
from domain.recovery_policy import Recovery, Release

OPENED, CLOSED, RELEASED, REOPENED = "case_opened", "case_closed", "case_released", "case_reopened"
MOVES_MARKETING = frozenset({OPENED, CLOSED, RELEASED, REOPENED})
"""After these, whoever waits for the release of a case is asked again."""


@dataclass(frozen=True)
class Standstill:
    """Marketing to a contact stands still for a case, known by its id, its number and what its incident is called.

    `run` is the one that opened it; `ours` says that it goes by policies/recovery.yaml, where its release is a moment
    of its own. Without `released_at` it lasts.
    """

    id: str
    opened_at: datetime
    incident: str = ""
    severity: str | None = None
    number: int | None = None
    run: str = ""
    ours: bool = False
    closed: bool = False
    released_at: datetime | None = None

    def __str__(self) -> str:
        name = self.id if self.number is None else str(self.number)
        return f"{name} ({self.severity})" if self.severity else name

    @property
    def hold(self) -> Hold:
        """The same as a stretch of time in which a clock stands still."""
        return Hold(self.opened_at, self.released_at)


def lasting(cases: Iterable[Standstill]) -> list[Standstill]:
    """Return the standstills that nobody has ended, the oldest first."""
    return [each for each in cases if each.released_at is None]


def suspended_by(cases: Sequence[Standstill]) -> str:
    """Return why nothing goes on.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
    >>> suspended_by([Standstill("c1", monday, severity="S2", number=1027)])
    'suspended: case 1027 (S2), until it is released'
    >>> suspended_by([Standstill("c1", monday), Standstill("c2", monday)])
    'suspended: cases c1, c2, until they are released'
    """
    names = ", ".join(str(each) for each in cases)
    if len(cases) == 1:
        return f"suspended: case {names}, until it is released"
    return f"suspended: cases {names}, until they are released"


def stands_still(program: Program) -> bool:
    """Whether the clock of a sequence stops while a case is not released: of marketing, but not of a broadcast.

    Old news is no news: a broadcast waits only as long as it is of use.
    """
    return program.marketing and not program.trial and not program.sequence.startswith(PREFIX)


class Happened(Protocol):
    """Something in a contact's timeline."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> datetime: ...


def is_held(event: Happened, policy: Recovery | None, cases: Iterable[Standstill]) -> bool:
    """Whether an event starts and moves nothing for now: the policy names it, and it came while a case lasts."""
    if policy is None or event.name not in policy.hold_events:
        return False
    return any(each.opened_at <= event.at for each in lasting(cases))


def named(cases: Sequence[Standstill], data: Mapping[str, Any]) -> Standstill | None:
    """Return the case that an event means by `case` or `incident`; without a name the one opened last.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
    >>> some = [Standstill("c1", monday, "order 7"), Standstill("c2", monday, number=1027)]
    >>> [named(some, data).id for data in ({"case": "c1"}, {"incident": "order 7"}, {"case": 1027}, {})]
    ['c1', 'c1', 'c2', 'c2']
    >>> named(some, {"case": "c9"}) is None
    True
    """
    names = {str(data[key]) for key in ("case", "incident") if data.get(key)}
    if not names:
        return cases[-1] if cases else None
    return next((each for each in reversed(cases) if names & _names(each)), None)


def _names(case: Standstill) -> set[str]:
    return {case.id, case.incident, "" if case.number is None else str(case.number)} - {""}


def came_to(
    cases: Sequence[Standstill], event: str, data: Mapping[str, Any], at: datetime, release: Release
) -> tuple[Standstill, ...]:
    """Return the standstills after an event; `release` is the policy's, for cases of ours.

    >>> from datetime import UTC
    >>> monday, tuesday = (datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3))
    >>> opened = came_to((), "case_opened", {"case": "c1", "severity": "S2"}, monday, Release())
    >>> closed = came_to(opened, "case_closed", {"case": "c1"}, tuesday, Release())
    >>> str(opened[0]), closed[0].released_at == tuesday
    ('c1 (S2)', True)
    """
    if event == OPENED:
        return _after_opening(cases, data, at)
    if event == REOPENED:
        return _after_reopening(cases, data, at)
    if event not in (CLOSED, RELEASED):
        return tuple(cases)
    found = named([each for each in lasting(cases) if event == RELEASED or not each.closed], data)
    if found is None:
        return tuple(cases)
    # What another system answers for is released with its end; of ours the mild ones.
    ends = event == RELEASED or not found.ours or found.severity in release.at_once
    changed = replace(found, closed=found.closed or event == CLOSED, released_at=at if ends else None)
    return tuple(changed if each is found else each for each in cases)


def _after_opening(cases: Sequence[Standstill], data: Mapping[str, Any], at: datetime) -> tuple[Standstill, ...]:
    known = [each for each in lasting(cases) if not each.closed]
    if (data.get("case") or data.get("incident")) and named(known, data) is not None:
        return tuple(cases)
    incident = str(data.get("incident") or data.get("case") or "")
    severity = str(data["severity"]) if data.get("severity") else None
    # Ours have a number, and others have none (`records/case_rows.py`).
    number = int(data["number"]) if str(data.get("number")).isdecimal() else None
    id = str(data.get("case") or incident or "a case")
    return (*cases, Standstill(id, at, incident, severity, number, ours=number is not None))


def _after_reopening(cases: Sequence[Standstill], data: Mapping[str, Any], at: datetime) -> tuple[Standstill, ...]:
    found = named(cases, data)
    if found is None:
        return tuple(cases)
    if found.released_at is None:
        return tuple(replace(each, closed=False) if each is found else each for each in cases)
    severity = str(data.get("severity") or found.severity or "") or None
    return (*cases, replace(found, opened_at=at, severity=severity, closed=False, released_at=None))
