"""What a simulated case looks up, and finds: no other case of its cause, and nothing that the customer has bought.

The one thing to know: it does what `records/learning.py` does where a case is the only one there is.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.assignment import Staff
from domain.follow_up import Notify, Tell
from domain.follow_up_moves import BY_ITSELF
from domain.learning import Checked, title_of, whose, why_of_one
from domain.recovery import Case, Look, Moved, after
from domain.recovery_policy import Recovery


@dataclass(frozen=True)
class Found:
    """The case after something was looked up; somebody is to see to its cause, where a `title` says so."""

    moved: Moved
    title: str | None = None
    owner: str | None = None


def learned(case: Case, look: Look, policy: Recovery, staff: Staff, now: datetime, sees_to_it: str | None) -> Found:
    """Return the case after something was looked up, and what follows; `sees_to_it` has the corrective action."""
    if look.what == "cause":
        return _seen_to(case, policy, staff, now)
    if look.what == "action":
        return Found(_checked(case, sees_to_it))
    told = Tell("case_bought", BY_ITSELF, {"days": look.days, "bought": False})
    return Found(Moved(case, (told,) if case.resolved_at is not None else ()))


def _seen_to(case: Case, policy: Recovery, staff: Staff, now: datetime) -> Found:
    """Have somebody see to its cause, if this one case is enough."""
    learn, cause = policy.learn, case.cause
    if cause is None or case.action is not None or (learn.cases > 1 and case.severity not in learn.always):
        return Found(Moved(case))
    why, owner = why_of_one(cause, case.number, case.severity), whose(learn, staff)
    said = {"cause": cause, "why": why, "owner": owner, "due": after(learn.due, now, staff).isoformat()}
    update = {"action": cause, "action_check_at": after(learn.check_after, now, staff), "over_at": None}
    moved = Moved(case.model_copy(update=update), (Tell("case_action_opened", BY_ITSELF, said),))
    return Found(moved, title_of(policy.causes.get(cause, cause), why), owner)


def _checked(case: Case, who: str | None) -> Moved:
    found = Checked(before=1, after=0)
    said = {"cause": case.cause, "before": found.before, "after": found.after, "better": found.is_better}
    note = Notify((who,) if who is not None else (), "cause_checked", f"checked/{case.cause}", data=said)
    return Moved(case, (Tell("case_action_checked", BY_ITSELF, said), note))
