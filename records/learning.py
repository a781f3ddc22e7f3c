"""What a case looks up in the records, and what follows: its cause is seen to, that has helped, the customer came back.

The one thing to know: it is a part of the case's own transaction. So of three cases that are the third of their cause
at one moment one opens the corrective action, and the others join it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select
from uuid_utils.compat import uuid7

from domain.assignment import Staff
from domain.case_terms import terms_of_action
from domain.follow_up import Notify, Tell
from domain.follow_up_moves import BY_ITSELF
from domain.learning import (
    OPENER,
    OUTCOMES,
    Sighted,
    crowd,
    title_of,
    what_was_found,
    whose,
    why_of_a_crowd,
    why_of_one,
)
from domain.recovery import Case, Look, Moved, after, then
from domain.recovery_policy import RECOVERY, Recovery
from records.case_models import CorrectiveAction, ServiceCase
from records.corrective_actions import (
    counted,
    last_done,
    neighbours,
    open_action,
    opened_or_joined,
    to_check,
)
from records.follow_up_models import FollowUp
from records.follow_up_openings import Opening
from records.follow_ups import open_follow_up
from records.happening import Happening
from records.models import Contact, Interaction
from records.published import Published


@dataclass(frozen=True)
class Learned:
    """A case after something was looked up, and what the timeline is told of the follow-up that was opened."""

    moved: Moved
    told: tuple[Happening, ...] = ()


@dataclass(frozen=True)
class _Asked:
    session: Session
    published: Published
    contact: Contact
    row: ServiceCase
    staff: Staff
    policy: Recovery
    now: datetime


def look_up(
    session: Session,
    published: Published,
    contact: Contact,
    case_row: ServiceCase,
    state: Case,
    look: Look,
    staff: Staff,
    policy: Recovery,
    now: datetime,
) -> Learned:
    """Do what a `Look` of a case asks for, in the transaction that keeps the case, which is held.

    `state` is the case as it will be kept. Looked up twice, nothing happens the second time: what was bought is told
    again, which the key of the caller's happening makes one.
    """
    asked = _Asked(session, published, contact, case_row, staff, policy, now)
    if look.what == "bought":
        return _bought(asked, state, look.days)
    return _seen_to(asked, state) if look.what == "cause" else _checked(asked, state)


def _bought(asked: _Asked, state: Case, days: int) -> Learned:
    """Note whether the customer has bought again in so many days after the case was resolved."""
    if state.resolved_at is None:
        return Learned(Moved(state))
    at = func.coalesce(col(Interaction.occurred_at), col(Interaction.at))
    theirs = (Interaction.contact_id == asked.contact.id, Interaction.name == asked.policy.afterwards.purchase)
    until = state.resolved_at + timedelta(days=days)
    found = asked.session.exec(select(Interaction.id).where(*theirs, at > state.resolved_at, at <= until).limit(1))
    told = Tell("case_bought", BY_ITSELF, {"days": days, "bought": found.first() is not None})
    return Learned(Moved(state, (told,)))


def _seen_to(asked: _Asked, state: Case) -> Learned:
    """Have somebody see to its cause, if it is one too many or bad enough; or join those for whom somebody does."""
    if state.cause is None:
        return Learned(Moved(state))
    there = open_action(asked.session, state.cause)
    before = last_done(asked.session, state.cause)
    if there is None and before is not None and before.done_at is not None and state.opened_at <= before.done_at:
        there = before  # what was done about it was done about this case, too
    if there is not None:
        return _joined(state, there)
    why = _why(asked, state, None if before is None else before.done_at)
    return Learned(Moved(state)) if why is None else _acted(asked, state, state.cause, why)


def _why(asked: _Asked, state: Case, since: datetime | None) -> str | None:
    """Return why somebody is to see to the cause of a case; None if it is neither one too many nor bad enough."""
    learn, cause = asked.policy.learn, state.cause or ""
    mine = Sighted(state.number, state.opened_at)
    others = neighbours(asked.session, state.id, cause, state.opened_at, learn.cases - 1, since)
    found = crowd(mine, others, lambda start: after(learn.in_, start, asked.staff), learn.cases)
    if found and len(found) > 1:
        return why_of_a_crowd(cause, found, learn.in_)
    enough = found or state.severity in learn.always
    return why_of_one(cause, state.number, state.severity) if enough else None


def _joined(state: Case, action: CorrectiveAction) -> Learned:
    if state.action == action.id:
        return Learned(Moved(state))
    told = Tell("case_action_joined", BY_ITSELF, {"cause": action.cause, "action": action.id})
    return Learned(Moved(state.model_copy(update={"action": action.id}), (told,)))


def _acted(asked: _Asked, state: Case, cause: str, why: str) -> Learned:
    """Open a corrective action with its follow-up; another worker's that is there first is joined."""
    learn, now = asked.policy.learn, asked.now
    owner = whose(learn, asked.staff)
    wanted = CorrectiveAction(
        id=str(uuid7()),
        cause=cause,
        why=why[:400],
        case_id=state.id,
        owner=owner,
        opened_at=now,
        due_at=after(learn.due, now, asked.staff),
        check_at=after(learn.check_after, now, asked.staff),
    )
    action, is_new = opened_or_joined(asked.session, wanted)
    if not is_new:
        return _joined(state, action)
    opening = Opening(
        title=title_of(asked.policy.causes.get(cause, cause), why),
        team=state.team,
        owner=owner,
        policy=RECOVERY,
        outcomes=OUTCOMES,
        source=f"case {state.number}",
        opener=f"{OPENER}{cause}",
        terms=terms_of_action(asked.policy),
        to=owner,
    )
    policies = asked.published.policies(asked.session)
    kept = open_follow_up(asked.session, policies, asked.contact, opening, now)
    action.follow_up_id = kept.row.id
    asked.session.add(action)
    asked.session.flush()
    said = {"cause": cause, "action": action.id, "why": why, "owner": owner, "due": action.due_at}
    told = Tell("case_action_opened", BY_ITSELF, {name: _plain(value) for name, value in said.items()})
    return Learned(Moved(_checks(asked, state.model_copy(update={"action": action.id})), (told,)), kept.told)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _checks(asked: _Asked, state: Case) -> Case:
    """Have a case look at its actions when the next is to be checked: it is not over before that."""
    waiting = to_check(asked.session, state.id)
    if not waiting:
        return state
    return state.model_copy(update={"action_check_at": waiting[0].check_at, "over_at": None})


def _checked(asked: _Asked, state: Case) -> Learned:
    """Look whether the actions that a case opened have helped; what has not helped somebody sees to again."""
    learned = Learned(Moved(state))
    for action in to_check(asked.session, state.id):
        if action.check_at is not None and action.check_at <= asked.now:
            learned = _then(learned, _check(asked, learned.moved.state, action))
    moved = learned.moved
    return Learned(Moved(_checks(asked, moved.state), moved.deeds), learned.told)


def _check(asked: _Asked, state: Case, action: CorrectiveAction) -> Learned:
    found = counted(asked.session, action)
    action.before, action.after, action.checked_at = found.before, found.after, asked.now
    asked.session.add(action)
    asked.session.flush()
    why = what_was_found(action.cause, found, asked.policy.learn.check_after)
    label = asked.policy.causes.get(action.cause, action.cause)
    said = {"cause": action.cause, "before": found.before, "after": found.after, "better": found.is_better}
    note = Notify(
        _who_did(asked, action), "cause_checked", f"checked/{action.id}", data=said | {"label": label, "why": [why]}
    )
    told = Tell("case_action_checked", BY_ITSELF, said | {"action": action.id})
    checked = Learned(Moved(state, (told, note)))
    if found.is_better or action.done_at is None:
        return checked
    again = open_action(asked.session, action.cause)
    return checked if again is not None else _then(checked, _acted(asked, state, action.cause, why))


def _who_did(asked: _Asked, action: CorrectiveAction) -> tuple[str, ...]:
    """Return who has, or had, the follow-up of an action: whoever is told whether it has helped."""
    task = asked.session.get(FollowUp, action.follow_up_id) if action.follow_up_id is not None else None
    who = (task.assignee if task is not None else None) or action.owner
    return (who,) if who is not None and asked.staff.knows(who) else ()


def _then(first: Learned, later: Learned) -> Learned:
    return Learned(then(first.moved, later.moved), (*first.told, *later.told))
