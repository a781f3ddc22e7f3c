"""What people want done about a case: why it makes no sense, or what becomes of the case.

Every refusal is a sentence that says what to do instead; whoever asks is shown it as it is.
"""

from collections.abc import Callable
from typing import Any

from domain import recovery_moves as moves
from domain import remedy_moves
from domain.definition import nearest
from domain.follow_up import Tell
from domain.recovery import Case, Ground, Moved, Write, then
from domain.recovery_actions import (
    Answered,
    Approved,
    AskedCustomer,
    CaseAction,
    Closed,
    Commented,
    Contacted,
    Declined,
    Delivered,
    Diagnosed,
    Graded,
    NotDelivered,
    Proposed,
    Released,
    Reopened,
    Resolved,
    Updated,
    Withdrawn,
)

# What can be said of a case that is resolved or closed, too.
ANY_TIME = (Commented, Graded, Diagnosed, Reopened, Released, Closed, Delivered, NotDelivered)


def refused(case: Case, action: CaseAction, ground: Ground) -> str | None:
    """Return why an action makes no sense as things stand, and what to do instead; None if it does."""
    if not ground.staff.acts(action.by):
        return f"there is nobody '{action.by}' in policies/teams.yaml; use the key or the address of a person"
    if not case.is_open and not isinstance(action, ANY_TIME):
        at = case.closed_at or case.resolved_at or ground.now
        what = "closed" if case.closed_at is not None else "resolved"
        return f"case {case.number} was {what} at {ground.staff.shown(at)}; open it again first, saying why"
    ask = _REFUSES.get(type(action))
    return None if ask is None else ask(case, action, ground)


def _not_reopened(case: Case, action: Reopened, ground: Ground) -> str | None:
    if case.is_open:
        return f"case {case.number} is open; comment, or give it another severity"
    if not moves.can_reopen(case, ground.policy, ground.staff, ground.now):
        within = ground.policy.resolution.reopen_within
        return f"case {case.number} was resolved more than {within} ago; open a new case"
    return None


def _not_released(case: Case, action: Released, ground: Ground) -> str | None:
    if case.released_at is not None:
        at = ground.staff.shown(case.released_at)
        return f"marketing to the customer of case {case.number} was released at {at}"
    if case.closed_at is None:
        return f"case {case.number} is not closed, and so long the customer gets no marketing; close it first"
    return None


def _not_closed(case: Case, action: Closed, ground: Ground) -> str | None:
    if case.closed_at is not None:
        return f"case {case.number} was closed at {ground.staff.shown(case.closed_at)}"
    return _still_open_remedy(case)


def _no_cause(case: Case, action: Diagnosed, ground: Ground) -> str | None:
    causes = ground.policy.causes
    if action.cause in causes:
        return None
    known = ", ".join(causes) or "none so far"
    return f"'{action.cause}' is no cause of policies/recovery.yaml{nearest(action.cause, set(causes))}; known: {known}"


def _not_resolved(case: Case, action: Resolved, ground: Ground) -> str | None:
    if case.severity in ground.policy.cause_required and case.cause is None:
        return f"a case of {case.severity} is not resolved without its cause; diagnose it first"
    return _still_open_remedy(case)


def _not_asked(case: Case, action: AskedCustomer, ground: Ground) -> str | None:
    if case.waiting is not None:
        return f"case {case.number} waits for the customer's answer already; note their answer first"
    return None


def _not_answered(case: Case, action: Answered, ground: Ground) -> str | None:
    if case.waiting is None:
        return f"case {case.number} does not wait for the customer; comment, or note that you were in contact"
    return None


def _still_open_remedy(case: Case) -> str | None:
    pending = next((each for each in case.remedies if each.state in ("asked", "approved")), None)
    if pending is None:
        return None
    what = "waits for a yes" if pending.state == "asked" else "is being delivered"
    return f"remedy {pending.kind} of case {case.number} {what}; wait for it, or withdraw it"


_REFUSES: dict[type, Callable[[Case, Any, Ground], str | None]] = {
    Reopened: _not_reopened,
    Released: _not_released,
    Closed: _not_closed,
    Diagnosed: _no_cause,
    Resolved: _not_resolved,
    AskedCustomer: _not_asked,
    Answered: _not_answered,
    Proposed: remedy_moves.not_proposed,
    Approved: remedy_moves.not_decided,
    Declined: remedy_moves.not_decided,
    Withdrawn: remedy_moves.not_decided,
    Delivered: remedy_moves.not_done,
    NotDelivered: remedy_moves.not_done,
}


def done(case: Case, action: CaseAction, ground: Ground, key: str) -> Moved:
    """Do what was asked; `key` names this one deed. Ask `refused` first, in the same transaction."""
    if isinstance(action, Proposed):
        return remedy_moves.proposed(case, action, ground, key)
    if isinstance(action, Updated):
        return _updated(case, action, ground, key)
    return _with_note(_DOES[type(action)](case, action, ground), action)


def _updated(case: Case, action: Updated, ground: Ground, key: str) -> Moved:
    first = moves.heard(case, action.by, ground.now)
    deeds: tuple[Tell | Write, ...] = (Tell("case_updated", action.by, {}),)
    if action.text:
        deeds = (*deeds, Write("update", f"update/{key}", {"text": action.text}))
    return then(first, Moved(first.state, deeds))


_DOES: dict[type, Callable[[Case, Any, Ground], Moved]] = {
    Contacted: lambda case, action, ground: moves.contacted(case, action.by, ground.now, action.channel),
    AskedCustomer: lambda case, action, ground: moves.waits(case, action.by, ground.now, action.text),
    Answered: lambda case, action, ground: moves.answered(case, ground.now, action.by),
    Diagnosed: lambda case, action, ground: moves.diagnosed(case, action.cause, action.by, ground.now),
    Graded: lambda case, action, ground: moves.graded(
        case, action.severity, ground.policy, action.by, action.note, ground.now
    ),
    Resolved: lambda case, action, ground: moves.resolved(case, action.how, action.by, ground.now, action.text),
    Reopened: lambda case, action, ground: moves.reopened(case, ground.policy, action.by, action.note, ground.now),
    Closed: lambda case, action, ground: moves.closed(
        case, action.outcome, action.by, ground.now, letter=None if action.silent else "closed"
    ),
    Released: lambda case, action, ground: moves.released(case, action.by, ground.now, action.note),
    Commented: lambda case, action, ground: Moved(case, (Tell("case_commented", action.by, {}),)),
    Approved: remedy_moves.approved,
    Declined: remedy_moves.declined,
    Withdrawn: remedy_moves.withdrawn,
    Delivered: remedy_moves.done_by_hand,
    NotDelivered: remedy_moves.done_by_hand,
}


def _with_note(moved: Moved, action: CaseAction) -> Moved:
    """Have the timeline say what they wrote beside what they did."""
    note = getattr(action, "note", None)
    mine = [deed for deed in moved.deeds if isinstance(deed, Tell) and deed.what.startswith("case_")]
    if not note or not mine or mine[0].data.get("why") == note:
        return moved
    said = Tell(mine[0].what, mine[0].by, mine[0].data | {"note": note})
    return Moved(moved.state, tuple(said if deed is mine[0] else deed for deed in moved.deeds))
