"""What becomes of a remedy: proposed within what the policy offers, granted by somebody whose limit it is, settled.

The one thing to know: whoever proposes never grants. Who is asked and says nothing has a deputy, or somebody above.
"""

from datetime import datetime

from domain.follow_up import Notify, Tell
from domain.follow_up_moves import BY_ITSELF
from domain.recovery import Case, Ground, Moved, Write
from domain.recovery_actions import Approved, Declined, Proposed, Withdrawn
from domain.remedies import Remedy


def not_proposed(case: Case, action: Proposed, ground: Ground) -> str | None:
    """Return why this remedy cannot be proposed, and what can be instead; None if it can."""
    types = ground.policy.remedies.types
    if action.kind not in types:
        return f"'{action.kind}' is no remedy of policies/recovery.yaml; there are {', '.join(types)}"
    return None


def proposed(case: Case, action: Proposed, ground: Ground, key: str) -> Moved:
    """Propose a remedy, known by `key`: granted at once where nobody has to say yes, else somebody is asked."""
    policy, now = ground.policy.remedies, ground.now
    level = policy.approval.level_for(action.amount)
    remedy = Remedy(
        id=key[:36],
        kind=action.kind,
        by=policy.types[action.kind].by,
        amount=action.amount,
        currency=policy.currency,
        proposed_by=action.by,
        proposed_at=now,
        level=level,
    )
    told = Tell("case_remedy_proposed", action.by, {"remedy": remedy.id, "kind": action.kind})
    if level == "agent":
        remedy = remedy.model_copy(update={"state": "approved", "decided_at": now})
        return Moved(_with(case, remedy), (told,))
    who = ground.staff.role(level)
    remedy = remedy.model_copy(update={"approver": who, "asked_at": now, "asked": (who,) if who else ()})
    note = Notify((who,) if who else (), "approval", f"approval/{remedy.id}/1", chat=True, data={"remedy": remedy.id})
    return Moved(_with(case, remedy), (told, note))


def not_decided(case: Case, action: Approved | Declined | Withdrawn, ground: Ground) -> str | None:
    """Return why somebody cannot grant, decline or withdraw this remedy, and who can; None if they can."""
    remedy = next((each for each in case.remedies if each.id == action.remedy), None)
    if remedy is None or remedy.state != "asked":
        return f"there is no remedy {action.remedy} of case {case.number} that waits for a yes"
    if not isinstance(action, Withdrawn) and action.by == remedy.proposed_by:
        return f"{action.by} proposed this remedy, and somebody else has to decide it"
    return None


def approved(case: Case, action: Approved, ground: Ground) -> Moved:
    """Grant it: it is delivered next."""
    return _decided(case, action.remedy, "approved", action.by, None, None, ground.now)


def declined(case: Case, action: Declined, ground: Ground) -> Moved:
    """Do not grant it."""
    return _decided(case, action.remedy, "refused", action.by, action.note, action.alternative, ground.now)


def withdrawn(case: Case, action: Withdrawn, ground: Ground) -> Moved:
    """Take it back."""
    return _decided(case, action.remedy, "withdrawn", action.by, action.note, None, ground.now)


def unanswered(case: Case, id: str, ground: Ground) -> Moved:
    """Ask the next, since whoever was asked has said nothing for too long."""
    return Moved(case)


def settled(case: Case, id: str, delivered: bool, why: str, now: datetime) -> Moved:
    """Note that a granted remedy was delivered, and tell the customer; or that it was not, and tell a person."""
    remedy = next(each for each in case.remedies if each.id == id)
    if remedy.state != "approved":
        return Moved(case)
    state = "delivered" if delivered else "failed"
    case = _with(case, remedy.model_copy(update={"state": state, "settled_at": now, "why": why or None}))
    told = Tell(f"case_remedy_{state}", BY_ITSELF, {"remedy": id, "kind": remedy.kind})
    if delivered:
        return Moved(case, (told, Write("offer", f"offer/{id}", {"remedy": id})))
    to = (case.owner,) if case.owner is not None else ()
    return Moved(case, (told, Notify(to, "remedy_failed", f"failed/{id}", chat=True, data={"remedy": id})))


def _decided(
    case: Case, id: str, state: str, by: str, why: str | None, alternative: str | None, now: datetime
) -> Moved:
    remedy = next(each for each in case.remedies if each.id == id)
    update = {"state": state, "decided_by": by, "decided_at": now, "why": why, "alternative": alternative}
    told = Tell(f"case_remedy_{state}", by, {"remedy": id, "kind": remedy.kind, "why": why})
    return Moved(_with(case, remedy.model_copy(update=update)), (told,))


def _with(case: Case, remedy: Remedy) -> Case:
    others = tuple(each for each in case.remedies if each.id != remedy.id)
    return case.model_copy(update={"remedies": (*others, remedy)})
