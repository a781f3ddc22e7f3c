"""A meeting that a message puts into its reader's calendar, or takes out of it.

Calendars know a meeting again by its id, and take the copy with the highest count (RFC 5545, `UID` and `SEQUENCE`).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.keys import content_hash

LENGTH_OF_ID = 32


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a calendar is told. `organiser` is `Name <address>`; `count` grows with every change.

    `start` is UTC; None for one that is called off without saying when it would have been.
    """

    id: str
    start: datetime | None
    minutes: int
    title: str
    organiser: str
    place: str = ""
    cancelled: bool = False
    count: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What was last said of a meeting: when it begins, whether it was called off, and the count it was said with."""

    start: datetime | None
    cancelled: bool
    count: int


def meeting_id(contact: str, meeting: str) -> str:
    """Return the id by which calendars know a meeting of a contact again.

    >>> len(meeting_id("ada", "visit 7")), meeting_id("ada", "visit 7") == meeting_id("ada", "visit 8")
    (32, False)
    """
    return content_hash("meeting", contact, meeting).partition(":")[2][:LENGTH_OF_ID]


def counted_on(meeting: Meeting, last: Told | None) -> Meeting:
    """Return a meeting with its count: one more than last time where its start or its state is another.

    >>> from datetime import UTC
    >>> nine, ten = datetime(2026, 5, 8, 9, tzinfo=UTC), datetime(2026, 5, 8, 10, tzinfo=UTC)
    >>> visit = Meeting("m", nine, 60, "Visit", "Acme <hello@acme.example>")
    >>> [counted_on(visit, last).count for last in (None, Told(nine, False, 2), Told(ten, False, 2))]
    [0, 2, 3]
    >>> called_off = counted_on(replace(visit, start=None, cancelled=True), Told(nine, False, 2))
    >>> called_off.start == nine, called_off.count
    (True, 3)
    """
    if last is None:
        return replace(meeting, count=1 if meeting.cancelled else 0)
    meeting = replace(meeting, start=meeting.start or last.start)
    same = (last.start, last.cancelled) == (meeting.start, meeting.cancelled)
    return replace(meeting, count=last.count if same else last.count + 1)
