"""When a task is due, as an entry in the calendar of whoever has it; taken out again when it is theirs no more.

Calendars know an entry again by its id, one for each task and person, and take the copy with the highest count. So it
is sent with the note that changes it, and with no other.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.follow_up import done_due
from domain.meetings import Meeting, Told, counted_on, meeting_id
from domain.staff_notes import Occasion, goes_to_team

MINUTES = 15
TELLS = frozenset({"assigned", "stands_in", "reminder"})
TAKES_BACK = frozenset({"taken_away", "completed", "cancelled"})


def entry_of(occasion: Occasion, organiser: str, last: Told | None) -> Meeting | None:
    """Return what the calendar of whoever is told is to know of the task; None where that is nothing new.

    `last` is what it was told last of this task, None if nothing.
    """
    person, state = occasion.person, occasion.state
    if person is None or goes_to_team(occasion):
        return None
    due = done_due(state, occasion.staff) if state.ended_at is None and state.assignee == person else None
    known = last is not None and not last.cancelled
    if occasion.about in TELLS and due is not None:
        meeting = Meeting(meeting_id(state.id, person), due, MINUTES, occasion.task.title, organiser)
    elif occasion.about in TAKES_BACK and known:
        meeting = Meeting(meeting_id(state.id, person), None, MINUTES, occasion.task.title, organiser, cancelled=True)
    else:
        return None
    counted = counted_on(meeting, last)
    return None if last is not None and counted.count == last.count else counted


def kept(meeting: Meeting) -> dict[str, Any]:
    """Return what is remembered of an entry that was sent."""
    start = meeting.start.isoformat() if meeting.start is not None else None
    return {"start": start, "cancelled": meeting.cancelled, "count": meeting.count}


def read_kept(tree: Mapping[str, Any]) -> Told:
    """Return what is remembered of an entry.

    >>> read_kept({"start": "2026-05-04T09:00:00+00:00", "cancelled": False, "count": 2}).count
    2
    """
    start = tree.get("start")
    at = datetime.fromisoformat(start) if start else None
    return Told(at, bool(tree.get("cancelled")), int(tree.get("count") or 0))
