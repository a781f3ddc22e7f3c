"""Open recovery cases as the rules see them: while one is open, nobody is sold anything.

A case is known by its id, and by what its incident is called outside; whoever closes it may use either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OPENED, CLOSED = "case_opened", "case_closed"


@dataclass(frozen=True)
class OpenCase:
    """A case that nobody has closed. `incident` is what it is about, in the words of whoever told of it."""

    id: str
    opened_at: datetime
    incident: str = ""
    severity: str | None = None

    def __str__(self) -> str:
        return f"{self.id} ({self.severity})" if self.severity else self.id


def named(cases: Sequence[OpenCase], data: Mapping[str, Any]) -> OpenCase | None:
    """Return the case that an event means by `case` or `incident`; without a name the one opened last.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
    >>> open_ones = [OpenCase("c1", monday, "order 7"), OpenCase("c2", monday)]
    >>> [named(open_ones, data).id for data in ({"case": "c1"}, {"incident": "order 7"}, {})]
    ['c1', 'c1', 'c2']
    >>> named(open_ones, {"case": "c9"}) is None
    True
    """
    names = {str(data[key]) for key in ("case", "incident") if data.get(key)}
    if not names:
        return cases[-1] if cases else None
    return next((each for each in reversed(cases) if names & {each.id, each.incident} - {""}), None)


def came_to(cases: Sequence[OpenCase], event: str, data: Mapping[str, Any], at: datetime) -> tuple[OpenCase, ...]:
    """Return the open cases after an event: one more when it opens one that is not open, one less when it closes one.

    >>> from datetime import UTC
    >>> opened = came_to((), "case_opened", {"case": "c1", "severity": "S2"}, datetime(2026, 3, 2, tzinfo=UTC))
    >>> str(opened[0]), came_to(opened, "case_closed", {"case": "c1"}, opened[0].opened_at)
    ('c1 (S2)', ())
    """
    found = named(cases, data)
    if event == CLOSED:
        return tuple(each for each in cases if each is not found)
    if event != OPENED or (found is not None and (data.get("case") or data.get("incident"))):
        return tuple(cases)
    incident = str(data.get("incident") or data.get("case") or "")
    severity = str(data["severity"]) if data.get("severity") else None
    return (*cases, OpenCase(str(data.get("case") or incident or "a case"), at, incident, severity))
