"""The timeline of `contact show`: a line for each thing that happened, whose it was, and which way it went."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from typing import Any

from starter.cli_tables import Listing
from starter.history import History
from starter.telling import WHEN, on_clock, told


@dataclass(frozen=True)
class Wanted:
    """Which lines of a timeline are wanted. A day begins at midnight on the contact's clock."""

    department: str | None = None
    channel: str | None = None
    since: date | datetime | None = None

    def of(self, history: History, zone: tzinfo) -> History:
        """Return the history with these lines alone; what a sequence decided is nobody's, and on no channel."""
        since = self.since
        if since is not None and not isinstance(since, datetime):
            since = datetime.combine(since, time(), zone)
        return replace(
            history,
            timeline=[
                row
                for row in history.timeline
                if (since is None or row["at"] >= since)
                and self.department in (None, row.get("department"))
                and self.channel in (None, row.get("channel"))
            ],
        )


def timeline_table(history: History, zone: tzinfo) -> Listing:
    """Return the table that people read, on a clock in `zone`."""
    table = Listing("when", "who", "how", "sequence", "step", "what", "why", prose=["what", "why"])
    in_ledger = {message["id"] for message in history.messages}
    for row in history.timeline:
        if row["kind"] == "decision" and (not row["shown"] or row["more"].get("message") in in_ledger):
            continue  # the ledger has the last word on messages
        if row["kind"] == "entry" and row["did"] != "entered":
            continue  # said below the table
        what, why = told(row, zone)
        cells = (whose(row), which_way(row), row.get("sequence"), row.get("step"), what, why)
        table.row(on_clock(row["at"], zone, WHEN), *cells)
    return table


def whose(row: Mapping[str, Any]) -> str | None:
    """Return whose line it is: the department, and who of us it was.

    >>> whose({"department": "sales", "person": "ada"}), whose({"department": "sales"}), whose({})
    ('sales: ada', 'sales', None)
    """
    department, person = row.get("department"), row.get("person")
    return f"{department}: {person}" if department and person else department or person


def which_way(row: Mapping[str, Any]) -> str | None:
    """Return on which channel it went, and which way.

    >>> which_way({"channel": "phone", "direction": "out"}), which_way({"direction": "internal"}), which_way({})
    ('phone out', 'internal', None)
    """
    way = row.get("direction")
    return " ".join(each for each in (row.get("channel"), None if way == "none" else way) if each) or None
