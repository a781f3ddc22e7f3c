"""A meeting that a message puts into its reader's calendar, or takes out of it.

Calendars know a meeting again by its id, and take the copy with the highest count (RFC 5545, `UID` and `SEQUENCE`).
"""

from dataclasses import dataclass
from datetime import datetime

from domain.keys import content_hash

LENGTH_OF_ID = 32


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a calendar is told. `organiser` is `Name <address>`; times are UTC; `count` grows with every change."""

    id: str
    start: datetime
    end: datetime
    title: str
    organiser: str
    place: str = ""
    cancelled: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What was last said of a meeting: when it begins, whether it was called off, and the count it was said with."""

    start: datetime
    cancelled: bool
    count: int


def meeting_id(contact: str, meeting: str) -> str:
    """Return the id by which calendars know a meeting of a contact again.

    >>> len(meeting_id("ada", "visit 7")), meeting_id("ada", "visit 7") == meeting_id("ada", "visit 8")
    (32, False)
    """
    return content_hash("meeting", contact, meeting).partition(":")[2][:LENGTH_OF_ID]


def next_count(meeting: Meeting, last: Told | None) -> int:
    """Return the count to say a meeting with: one more than last time where its start or its state is another.

    >>> from datetime import UTC
    >>> nine = datetime(2026, 5, 8, 9, tzinfo=UTC)
    >>> visit = Meeting("m", nine, nine, "Visit", "Acme <hello@acme.example>")
    >>> next_count(visit, None), next_count(visit, Told(nine, False, 2)), next_count(visit, Told(nine, True, 2))
    (0, 2, 3)
    """
    if last is None:
        return 1 if meeting.cancelled else 0
    same = (last.start, last.cancelled) == (meeting.start, meeting.cancelled)
    return last.count if same else last.count + 1
