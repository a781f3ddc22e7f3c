"""A case as programs read it, at the command line and by the API alike."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.follow_up_moves import BY_ITSELF
from domain.holds import Hold
from domain.promise_words import promise_named
from domain.recovery import next_word
from domain.remedies import Remedy
from records.case_models import CasePromise
from records.case_stories import CaseStory, LetterSeen
from records.case_views import CaseView, Promised
from starter.case_words import ring_in_words
from starter.task_story import in_words

_KEPT = (
    *("id", "number", "title", "contact_id", "severity", "team", "owner", "incident", "source", "policy", "tier"),
    *("cause", "rounds", "joined", "score", "enrolment_id", "follow_up_id", "opened_at", "resolved_at", "closed_at"),
    *("released_at", "outcome"),
)
_OF_A_LINE = ("at", "occurred_at", "department", "channel", "direction", "person", "data")


def case_as_json(view: CaseView, now: datetime) -> dict[str, Any]:
    """Return a case as it stands. People are keys; `number` is null where another system answers for it."""
    row, state = view.row, view.state
    waiting = state.waiting if state is not None else None
    promised = [_promised(each, now) for each in view.promised]
    return {name: getattr(row, name) for name in _KEPT} | {
        "contact": view.contact.email or view.contact.id,
        "stage": view.stage,
        "accepted": view.follow_up is not None and view.follow_up.accepted_at is not None,
        "next": promised[0] if promised else None,
        "late": any(each["late"] for each in promised),
        "customer_hears_by": next_word(state, view.staff) if state is not None else None,
        "waiting_since": waiting.since if waiting is not None else None,
        "how": state.how if state is not None else None,
    }


def _promised(each: Promised, now: datetime) -> dict[str, Any]:
    late = each.due is not None and each.due < now
    return {"promise": each.promise.name, "number": each.promise.number, "due": each.due, "late": late}


def case_story_as_json(story: CaseStory, now: datetime) -> dict[str, Any]:
    """Return the whole story of a case: as it stands, what was promised, written and given, and what happened."""
    view, state = story.view, story.view.state
    pauses = state.holds if state is not None else ()
    follow_up = view.follow_up
    return case_as_json(view, now) | {
        "assigned_at": follow_up.assigned_at if follow_up is not None else None,
        "accepted_at": follow_up.accepted_at if follow_up is not None else None,
        "severities": list(_severities(story)),
        "promises": [_promise(each, now) for each in story.promises],
        "pauses": [_pause(each, now) for each in pauses],
        "paused_share": _paused_share(view, pauses, now),
        "letters": [_letter(each) for each in story.letters],
        "remedies": [_remedy(each) for each in (state.remedies if state is not None else ())],
        "follow_ups": [each.row.id for each in story.follow_ups],
        "rings": sorted(_rings(story), key=lambda each: each["at"]),
        "timeline": [{"event": each.name} | {name: getattr(each, name) for name in _OF_A_LINE} for each in story.lines],
    }


def _severities(story: CaseStory) -> Iterable[dict[str, Any]]:
    """Yield which severity it was given when, by whom and why."""
    for each in story.lines:
        if each.data.get("severity") and each.name in ("case_opened", "case_severity_changed", "case_reopened"):
            why = each.data.get("why") or each.data.get("source")
            yield {"at": each.at, "severity": each.data["severity"], "by": each.person or BY_ITSELF, "why": why}


def _promise(row: CasePromise, now: datetime) -> dict[str, Any]:
    """Return a promise; `off_seconds` is how late it was kept or is, or how early (below zero)."""
    ended = row.kept_at if row.dropped_at is None else None
    off = None
    if row.due_at is not None and (ended is not None or (row.dropped_at is None and row.due_at < now)):
        off = int(((ended or now) - row.due_at).total_seconds())
    names = ("name", "number", "target", "started_at", "due_at", "kept_at", "by", "missed_at", "dropped_at")
    return {name: getattr(row, name) for name in names} | {"off_seconds": off}


def _pause(hold: Hold, now: datetime) -> dict[str, Any]:
    seconds = int(((hold.until or now) - hold.paused_at).total_seconds())
    return {"since": hold.paused_at, "until": hold.until, "seconds": max(0, seconds)}


def _paused_share(view: CaseView, pauses: Iterable[Hold], now: datetime) -> float:
    """Return how much of the time until it was resolved its clocks stood still, 0 to 1."""
    end = view.row.resolved_at or view.row.closed_at or now
    whole = (end - view.row.opened_at).total_seconds()
    stood = sum((max((each.until or end) - each.paused_at, timedelta()) for each in pauses), timedelta())
    return round(min(1.0, stood.total_seconds() / whole), 4) if whole > 0 else 0.0


def _letter(seen: LetterSeen) -> dict[str, Any]:
    row, message = seen.row, seen.message
    return {
        "letter": row.letter,
        "key": row.key,
        "written_at": row.written_at,
        "settled_at": row.settled_at,
        "fate": row.fate or (message.state if message is not None else None),
        "message": message.id if message is not None else None,
        "subject": message.subject if message is not None else None,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    # Amounts as they are written: a number of JSON is no sum of money.
    return remedy.model_dump(mode="python") | {"amount": str(remedy.amount), "asked": list(remedy.asked)}


def _rings(story: CaseStory) -> Iterable[dict[str, Any]]:
    for each in story.rings:
        yield {"at": each.at, "key": each.key, "what": ring_in_words(each.key)}
    for task in story.follow_ups:
        for each in task.rings:
            yield {"at": each.at, "key": each.key, "what": in_words(each.key, task.state)}


def case_in_one_line(document: Mapping[str, Any], shown: Callable[[datetime], str]) -> str:
    """Return where a case stands, in a line for whoever has just done something about it."""
    said = f"{case_name(document)}, {document['severity'] or 'no severity'}, {document['stage']}"
    if document["stage"] in ("open", "waiting") and document["number"] is not None:
        said += f", with {document['owner'] or 'nobody'}"
    following = document["next"]
    if following is not None and following["due"] is not None:
        said += f"; {promise_named(following['promise'])} by {shown(following['due'])}"
    return said


def case_name(document: Mapping[str, Any]) -> str:
    """Return how a case is called: its number and what it is about.

    >>> case_name({"number": 1042, "title": "Parcel lost"}), case_name({"number": None, "title": "Parcel lost"})
    ('case 1042: Parcel lost', 'Parcel lost')
    """
    return f"case {document['number']}: {document['title']}" if document["number"] is not None else document["title"]
