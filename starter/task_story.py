"""A task as programs read it, at the command line and by the API alike; and what rings of it, in words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.follow_up import DUTY
from domain.follow_up import FollowUp as State
from domain.promise_words import promise_named
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_views import View
from records.models import Interaction

_KEPT = (
    *("id", "title", "contact_id", "team", "owner", "assignee", "policy", "outcomes", "source", "enrolment_id"),
    *("step", "visit", "opened_at", "assigned_at", "accepted_at", "ended_at", "ended", "outcome", "note", "person"),
)
_OF_A_NOTE = ("at", "about", "channel", "person", "team", "state", "accepted_at", "reason")
_OF_A_LINE = ("at", "occurred_at", "department", "channel", "direction", "person", "data")
_SHARE = {"accept": "of the time to accept it", "done": "of the time to do it"}


def as_json(view: View, now: datetime) -> dict[str, Any]:
    """Return a task as it stands. People are keys, `due` and `accept_by` the promises as they are counted now."""
    row, state = view.row, view.state
    hold, due = view.stands_still(now), view.due
    return {name: getattr(row, name) for name in _KEPT} | {
        "contact": view.contact.email or view.contact.id,
        "offered": list(state.offered),
        "accept_by": view.accept_by,
        "due": due,
        "overdue": due is not None and due < (state.ended_at or now),
        "hops": state.hops,
        "snoozes": state.snoozes,
        "snoozes_left": max(0, state.terms.snooze.times - state.snoozes),
        "stands_still": hold is not None,
        "stands_still_until": hold.until if hold is not None else None,
        "run_waits_until": row.due_at,
    }


def story_as_json(view: View, notes: list[StaffNote], lines: list[Interaction], now: datetime) -> dict[str, Any]:
    """Return the whole story of a task: as it stands, its terms, what rang and will, who was told, its timeline."""
    state = view.state
    snooze = {"at_most": str(state.terms.snooze.at_most), "times": state.terms.snooze.times}
    terms = {"accept_by": str(state.terms.accept_by), "done_by": str(state.terms.done_by), "snooze": snooze}
    return as_json(view, now) | {
        "terms": terms,
        "rang": [{"at": each.at, "key": each.key, "what": in_words(each.key, state)} for each in state.rang],
        "rings": [{"at": each.at, "key": each.key, "what": in_words(each.key, state)} for each in view.rings],
        "notes": [{name: getattr(each, name) for name in _OF_A_NOTE} for each in notes],
        "timeline": [{"event": each.name} | {name: getattr(each, name) for name in _OF_A_LINE} for each in lines],
    }


def in_words(alarm: str, state: State) -> str:
    """Return what rings under this key.

    >>> from datetime import UTC
    >>> call = State(id="1", opened_at=datetime(2026, 5, 4, tzinfo=UTC))
    >>> in_words("accept/1/75", call), in_words("accept/1/100", call)
    ('75 percent of the time to accept it', 'not accepted in time: the next has it')
    >>> in_words("ladder/1", call), in_words("ladder/1/take/100", call)
    ('overdue, 150 percent: manager is told', 'overdue and not accepted: manager has it')
    >>> in_words("duty-contact:1/75", call), in_words("ladder-duty-contact:1/0", call)
    ('75 percent of the time for the first contact', 'first contact overdue, 100 percent: lead is told')
    """
    kind, _, rest = alarm.partition("/")
    percent = rest.rpartition("/")[2]
    ladder, _, duty = kind.partition("-") if kind.startswith("ladder") else ("", "", "")
    if ladder:
        overdue = f"{promise_named(duty)} overdue" if duty else "overdue"
        number = int(rest.partition("/")[0])
        step = state.terms.ladder[number] if number < len(state.terms.ladder) else None
        who = step.to if step is not None else "somebody"
        if "/take/" in rest:
            return f"{overdue} and not accepted: {who} has it"
        return f"{overdue}, {step.at if step is not None else percent} percent: {who} is told"
    if kind == "accept" and percent == "100":
        return "not accepted in time: the next has it"
    if kind.startswith(DUTY):
        return f"{percent} percent of the time for the {promise_named(kind)}"
    others = {"away": "whoever has it is away: somebody stands in", "ask": "nobody could be asked: tried again"}
    return others.get(kind) or f"{percent or '?'} percent {_SHARE.get(kind, alarm)}"


def who_has_it(row: FollowUp, state: State) -> str:
    """Return who has it, who was asked, or whose it is while nobody has."""
    if row.assignee is not None:
        return row.assignee if row.accepted_at is not None or row.ended_at is not None else f"{row.assignee}?"
    return ", ".join(f"{each}?" for each in state.offered) or f"nobody of {row.team or 'ours'}"


def in_one_line(document: Mapping[str, Any], shown: Callable[[datetime], str]) -> str:
    """Return where a task stands, in a line for whoever has just done something about it."""
    if document["ended"]:
        outcome = f" with '{document['outcome']}'" if document["outcome"] else ""
        return f"{document['title']}: {document['ended']}{outcome} by {document['person']}"
    who = document["assignee"] or ", ".join(document["offered"]) or "nobody"
    said = f"{document['title']}: with {who}, {'accepted' if document['accepted_at'] else 'not accepted yet'}"
    due = f"; due {shown(document['due'])}" if document["due"] else ""
    still = document["stands_still_until"]
    return said + due + (f"; its clocks stand still until {shown(still)}" if still else "")
