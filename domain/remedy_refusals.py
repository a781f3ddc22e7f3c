"""Why a remedy cannot be proposed, decided or delivered by somebody: each refusal says what can be done instead.

The one thing to know: these are asked in the transaction of the deed, by the policy and the roles of that moment.
"""

from datetime import datetime

from domain.recovery import Case, Ground
from domain.recovery_actions import Approved, Declined, Delivered, NotDelivered, Proposed, Withdrawn
from domain.remedies import Remedy, shown
from domain.remedy_rules import deciders, first_asked, found, holders, judged, may_decide, same_person


def not_proposed(case: Case, action: Proposed, ground: Ground) -> str | None:
    """Return why this remedy cannot be proposed, and what can be instead; None if it can."""
    offer = judged(case, action.kind, action.amount, ground)
    if offer.why_not is not None:
        return offer.why_not
    pending = next((each for each in case.remedies if each.kind == action.kind and _is_pending(each)), None)
    if pending is not None:
        what = "waits for a yes; decide or withdraw it first" if pending.state == "asked" else "is being delivered"
        return f"remedy {pending.id}, {action.kind} as well, {what}"
    if offer.level == "agent" or first_asked(offer.level, action.by, ground) is not None:
        return None
    alone = min(action.amount, ground.policy.remedies.approval.agent)
    needs_nobody = bool(alone) and judged(case, action.kind, alone, ground).level == "agent"
    could = f", or propose at most {shown(alone, _currency(ground))}" if needs_nobody else ""
    who = f"nobody of team {case.team} beside {action.by} may grant {shown(action.amount, _currency(ground))}"
    return f"{who}: name a {offer.level} in policies/teams.yaml, have somebody else propose it{could}"


def not_decided(case: Case, action: Approved | Declined | Withdrawn, ground: Ground) -> str | None:
    """Return why somebody cannot grant, decline or withdraw this remedy, and who can; None if they can."""
    remedy = found(case, action.remedy)
    if remedy is None or remedy.state != "asked":
        return _nothing_to_decide(case, action.remedy, remedy)
    if isinstance(action, Withdrawn):
        return _not_withdrawn(case, remedy, action, ground)
    return _not_theirs(remedy, action, ground) or _not_any_more(case, remedy, action, ground)


def not_done(case: Case, action: Delivered | NotDelivered, ground: Ground) -> str | None:
    """Return why nobody has to say whether this remedy was delivered; None if somebody has."""
    remedy = found(case, action.remedy)
    if remedy is not None and remedy.state == "approved" and remedy.by == "person":
        if isinstance(action, NotDelivered) and not action.note.strip():
            return "say why it cannot be delivered: whoever looks after the case reads it"
        return None
    if remedy is None or remedy.state == "asked":
        return f"there is no remedy {action.remedy} of case {case.number} that was granted"
    if remedy.state == "approved":
        return f"remedy {remedy.id} ({remedy.kind}) is delivered by itself; its case tells when it is"
    return f"remedy {remedy.id} ({remedy.kind}) was {remedy.state}{_when(remedy.settled_at, ground)}"


def _nothing_to_decide(case: Case, id: str, remedy: Remedy | None) -> str:
    if remedy is None:
        known = ", ".join(f"{each.id} ({each.kind})" for each in case.remedies if each.state == "asked")
        return f"case {case.number} has no remedy {id}; waiting for a yes: {known or 'none'}"
    return f"remedy {remedy.id} ({remedy.kind}) of case {case.number} does not wait for a yes: it was {remedy.state}"


def _not_theirs(remedy: Remedy, action: Approved | Declined, ground: Ground) -> str | None:
    """Return why it is not somebody's to decide: it is their own, or beyond what they may grant."""
    staff, level = ground.staff, remedy.level
    if same_person(staff, action.by, remedy.proposed_by):
        return f"{action.by} proposed this remedy, and somebody else has to decide it: {_who(remedy, ground)}"
    if isinstance(action, Declined) and not action.note.strip():
        return "say why it is not granted: whoever proposed it reads that"
    if not staff.knows(action.by):
        return f"'{action.by}' is nobody by name, and a person has to decide: {_who(remedy, ground)}"
    if not may_decide(staff, remedy, level, action.by, ground.now):
        return f"{action.by} may not decide about {_amount(remedy)}; {_who(remedy, ground)} may"
    return None


def _not_any_more(case: Case, remedy: Remedy, action: Approved | Declined, ground: Ground) -> str | None:
    """Return why it cannot be granted any more, as the policy, the severity and what else was given are now."""
    if isinstance(action, Declined):
        return None
    offer = judged(case, remedy.kind, remedy.amount, ground, itself=remedy)
    if offer.why_not is not None:
        return f"it was proposed by '{remedy.rule}', and that has changed: {offer.why_not}; decline it"
    if not may_decide(ground.staff, remedy, offer.level, action.by, ground.now):
        who = deciders(ground.staff, remedy, offer.level, ground.now)
        return f"{action.by} may not decide about {_amount(remedy)} any more; {who} may"
    return None


def _not_withdrawn(case: Case, remedy: Remedy, action: Withdrawn, ground: Ground) -> str | None:
    staff = ground.staff
    above = (holder for _, holder in holders(staff, "lead", ""))
    if action.by in (remedy.proposed_by, case.owner, *above) or not staff.knows(action.by):
        return None
    return f"{remedy.proposed_by} proposed this remedy; they, or whoever has case {case.number}, can withdraw it"


def _who(remedy: Remedy, ground: Ground) -> str:
    return deciders(ground.staff, remedy, remedy.level, ground.now)


def _amount(remedy: Remedy) -> str:
    return f"{shown(remedy.amount, remedy.currency)} ({remedy.kind})"


def _when(at: datetime | None, ground: Ground) -> str:
    return f" at {ground.staff.shown(at)}" if at is not None else ""


def _is_pending(remedy: Remedy) -> bool:
    return remedy.state in ("asked", "approved")


def _currency(ground: Ground) -> str:
    return ground.policy.remedies.currency
