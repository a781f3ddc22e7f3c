"""What becomes of a follow-up, in words: each line of the timeline that tells of it, and where it stands.

The one thing to know: every event `task_*` has its words here, and docs/why.md lists them; a test compares the three.
"""

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from domain.answers import clean_line
from domain.follow_up import DUTY
from domain.follow_up_moves import BY_ITSELF
from domain.promise_words import promise_named

TASK = "task_"
WHEN = "%a %d %b %Y %H:%M"

Data = Mapping[str, Any]
Words = Callable[[Data, tzinfo], tuple[str, str]]


def task_told(event: str, data: Data, zone: tzinfo, title: str | None = None) -> tuple[str, str]:
    """Return what an event tells of a follow-up, and why; instants are those of clocks in `zone`.

    >>> from datetime import UTC
    >>> task_told("task_assigned", {"to": "bob", "why": ["it is the turn of bob"]}, UTC, "Call Ada")
    ("task 'Call Ada': assigned to bob", 'it is the turn of bob')
    >>> task_told("task_escalated", {"to": "max", "role": "manager", "percent": 150, "of": "bob"}, UTC, "Call Ada")
    ("task 'Call Ada': overdue: max (manager) was told", '150 % of the time to do it is over; bob has it')
    """
    what, why = said_of_task(event, data, zone)
    title = title or data.get("title")
    named = f"task '{clean_line(str(title), 100)}'" if title else "task"
    return (f"{named} {what}" if event == "task_opened" else f"{named}: {what}"), why


def said_of_task(event: str, data: Data, zone: tzinfo) -> tuple[str, str]:
    """Return the same without which task it is."""
    say = SAID.get(event)
    return say(data, zone) if say is not None else (event.removeprefix(TASK).replace("_", " "), reasons_of(data))


def _opened(data: Data, zone: tzinfo) -> tuple[str, str]:
    team = f" for {data['team']}" if data.get("team") else ""
    why = [str(data["source"])] if data.get("source") else []
    why += [f"policy {data['policy']}"] if data.get("policy") else []
    return f"opened{team}", "; ".join(clean_line(each, 200) for each in why)


def _assigned(data: Data, zone: tzinfo) -> tuple[str, str]:
    return f"assigned to {names_of(data.get('to'))}", reasons_of(data)


def _offered(data: Data, zone: tzinfo) -> tuple[str, str]:
    return f"offered to {names_of(data.get('to'))}", reasons_of(data)


def _unassigned(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "nobody has it; tried again", reasons_of(data)


def _accepted(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "accepted", reasons_of(data)


def _not_accepted(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "not accepted in time, and nobody is left to ask", reasons_of(data)


def _reminded(data: Data, zone: tzinfo) -> tuple[str, str]:
    whom = f"reminded {names_of(data['to'])}" if data.get("to") else "a reminder was due"
    by = f"{_clock(data, 'accept', 'done')} by {instant_on(data.get('due'), zone)}"
    return whom, f"{data.get('percent', '?')} % of {by}" if data.get("due") else _over(data)


def _escalated(data: Data, zone: tzinfo) -> tuple[str, str]:
    role = f" ({data['role']})" if data.get("role") else ""
    who = f"{data['to']}{role}" if data.get("to") else f"the team, for there is no {data.get('role', 'lead')},"
    whose = f"; {data['of']} has it" if data.get("of") else "; nobody has it"
    return f"overdue: {who} was told", f"{_over(data)}{whose}"


def _snoozed(data: Data, zone: tzinfo) -> tuple[str, str]:
    return f"put off{_until(data, zone)}", reasons_of(data)


def _commented(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "commented", reasons_of(data)


def _held(data: Data, zone: tzinfo) -> tuple[str, str]:
    return f"its clocks stand still{_until(data, zone) or ', nobody knows until when'}", reasons_of(data)


def _released(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "its clocks go on", reasons_of(data)


def _completed(data: Data, zone: tzinfo) -> tuple[str, str]:
    outcome = f": {clean_line(str(data['outcome']), 100)}" if data.get("outcome") else ""
    return f"completed{outcome}", reasons_of(data)


def _cancelled(data: Data, zone: tzinfo) -> tuple[str, str]:
    return "cancelled", reasons_of(data)


SAID: Mapping[str, Words] = {
    "task_opened": _opened,
    "task_assigned": _assigned,
    "task_offered": _offered,
    "task_unassigned": _unassigned,
    "task_accepted": _accepted,
    "task_not_accepted": _not_accepted,
    "task_reminded": _reminded,
    "task_escalated": _escalated,
    "task_snoozed": _snoozed,
    "task_commented": _commented,
    "task_held": _held,
    "task_released": _released,
    "task_completed": _completed,
    "task_cancelled": _cancelled,
}


def task_stands(task: Mapping[str, Any], zone: tzinfo) -> str:
    """Return where a follow-up stands: how it ended, or who has it and by when it is done.

    >>> from datetime import UTC
    >>> at = datetime(2026, 5, 4, 17, tzinfo=UTC)
    >>> task = dict(ended=None, assignee="bob", offered=[], team="sales", held=False, accepted_at=None, done_due=at)
    >>> task_stands(task, UTC)
    'with bob, who has not accepted it yet; to be done by Mon 04 May 2026 17:00'
    >>> task_stands(task | {"ended": "completed", "ended_at": at, "outcome": "booked", "person": "bob"}, UTC)
    'completed Mon 04 May 2026 17:00 by bob: booked'
    """
    if task["ended"] is not None:
        by = "by what the contact did" if task["person"] == BY_ITSELF else f"by {task['person']}"
        outcome = f": {clean_line(str(task['outcome']), 100)}" if task["outcome"] else ""
        return f"{task['ended']} {instant_on(task['ended_at'], zone)} {by}{outcome}"
    due = f"; to be done by {instant_on(task['done_due'], zone)}" if task["done_due"] else ""
    until = f" until {instant_on(task['held_until'], zone)}" if task.get("held_until") else ""
    return _whose(task) + due + (f"; its clocks stand still{until}" if task["held"] else "")


def _whose(task: Mapping[str, Any]) -> str:
    if task["assignee"] is not None:
        accepted = "who has accepted it" if task["accepted_at"] else "who has not accepted it yet"
        return f"with {task['assignee']}, {accepted}"
    if task["offered"]:
        return f"offered to {names_of(task['offered'])}; whoever takes it first has it"
    return f"nobody has it by name; it lies with {task['team'] or 'nobody'}"


def names_of(who: Any) -> str:
    """Return names as people say them: ada, bob and cai."""
    names = [str(each) for each in who] if isinstance(who, list | tuple) else [str(who or "nobody")]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def reasons_of(data: Data) -> str:
    """Return why something was done, and what somebody wrote about it."""
    why = data.get("why") or []
    said = [*(why if isinstance(why, list) else [why]), data.get("note")]
    return "; ".join(clean_line(str(each), 300) for each in said if each)


def _over(data: Data) -> str:
    return f"{data.get('percent', '?')} % of the time {_clock(data, 'to accept it', 'to do it', 'for the ')} is over"


def _clock(data: Data, accept: str, done: str, duty: str = "") -> str:
    """Return which clock is meant; that of a case's promise is called by what was promised."""
    clock = str(data.get("clock") or "")
    if clock.startswith(DUTY):
        return f"{duty}{promise_named(clock)}"
    return accept if clock == "accept" else done


def _until(data: Data, zone: tzinfo) -> str:
    return f" until {instant_on(data['until'], zone)}" if data.get("until") else ""


def instant_on(at: Any, zone: tzinfo) -> str:
    """Return an instant on a clock in `zone`; what is none as it is, for our own systems may tell of tasks."""
    with contextlib.suppress(ValueError, TypeError):
        instant = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
        return instant.astimezone(zone).strftime(WHEN)
    return clean_line(str(at), 80)
