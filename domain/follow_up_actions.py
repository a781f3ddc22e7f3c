"""What people do about a follow-up: accept, complete, put off, hand on, comment, cancel; and what they cannot.

Every refusal is a sentence that says what to do instead; whoever asks is shown it as it is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.assignment import OPERATOR, Staff
from domain.follow_up import CANCELLED, COMPLETED, OTHERWISE, FollowUp, Moved, Notify, Tell
from domain.follow_up_moves import ended, given_to, havers, snoozed_until
from domain.holds import Hold

_FROZEN = ConfigDict(frozen=True, extra="ignore")


class Accept(BaseModel):
    """They will do it."""

    model_config = _FROZEN
    do: Literal["accept"] = "accept"
    by: str


class Complete(BaseModel):
    """It is done."""

    model_config = _FROZEN
    do: Literal["complete"] = "complete"
    by: str
    outcome: str = Field(min_length=1, max_length=100)
    note: str | None = Field(default=None, max_length=4000)


class PutOff(BaseModel):
    """Not now: its clocks stand still until then."""

    model_config = _FROZEN
    do: Literal["snooze"] = "snooze"
    by: str
    until: datetime


class Reassign(BaseModel):
    """Somebody else does it."""

    model_config = _FROZEN
    do: Literal["reassign"] = "reassign"
    by: str
    to: str
    note: str | None = Field(default=None, max_length=4000)


class Comment(BaseModel):
    """Something to remember."""

    model_config = _FROZEN
    do: Literal["comment"] = "comment"
    by: str
    note: str = Field(min_length=1, max_length=4000)


class Cancel(BaseModel):
    """It need not be done."""

    model_config = _FROZEN
    do: Literal["cancel"] = "cancel"
    by: str
    reason: str = Field(min_length=1, max_length=400)


Action = Annotated[Accept | Complete | PutOff | Reassign | Comment | Cancel, Field(discriminator="do")]


# What stands in an action for words that travel by another way.
ELSEWHERE = "…"


class Asked(BaseModel):
    """What somebody wants done, as it travels; `at` is when they said so, by the clock of whoever took it down.

    Words of people are about contacts, and stand in no history: they lie in the records under the key of the action.
    """

    model_config = _FROZEN
    action: Action
    at: datetime | None = None


def words_of(action: Action) -> str | None:
    """Return what somebody wrote: a note, or a reason.

    >>> words_of(Comment(by="ada", note="Busy")), words_of(Accept(by="ada"))
    ('Busy', None)
    """
    return action.reason if isinstance(action, Cancel) else getattr(action, "note", None)


def with_words(action: Action, words: str | None) -> Action:
    """Return an action with other words.

    >>> with_words(Complete(by="ada", outcome="done", note="…"), "Busy").note
    'Busy'
    """
    return action.model_copy(update={"reason" if isinstance(action, Cancel) else "note": words})


def without_words(action: Action) -> Action:
    """Return an action as it travels."""
    return action if words_of(action) is None else with_words(action, ELSEWHERE)


def refused(state: FollowUp, action: Action, staff: Staff, now: datetime) -> str | None:
    """Return why an action makes no sense as things stand, and what to do instead; None if it does."""
    if not staff.acts(action.by):
        return f"there is nobody '{action.by}' in policies/teams.yaml; use the key or the address of a person"
    if isinstance(action, Comment):
        return None
    over = _over(state, action, staff)
    if over is not None:
        return over
    match action:
        case Accept():
            return _not_accepted(state, action.by, staff)
        case Complete() if not state.can_end_with(action.outcome):
            return no_outcome(action.outcome, state.outcomes)
        case PutOff():
            return _not_put_off(state, action.until, staff, now)
        case Reassign():
            return _not_reassigned(state, action.to, staff, now)
    return None


def _over(state: FollowUp, action: Action, staff: Staff) -> str | None:
    if state.ended_at is not None:
        what = f"completed with '{state.outcome}'" if state.ended == COMPLETED else "cancelled"
        return f"this task was {what} by {state.by} at {staff.shown(state.ended_at)}; open a new one"
    if state.is_case and isinstance(action, Complete | Cancel | PutOff):
        # What a customer was promised is not put off, and ends when it is made good.
        return "this task is a case: it ends when that is resolved or closed; see `rapport case show`, or its page"
    return None


def no_outcome(outcome: str, outcomes: Sequence[str]) -> str:
    """Return why a task cannot be completed with this outcome.

    >>> no_outcome("boked", ["booked", "not_now"])
    "'boked' is no outcome of this task; use one of booked, not_now, or 'otherwise'"
    """
    return f"'{outcome}' is no outcome of this task; use one of {', '.join(outcomes)}, or '{OTHERWISE}'"


def _not_accepted(state: FollowUp, by: str, staff: Staff) -> str | None:
    if state.accepted_at is not None and state.assignee in (by, None):
        return f"{by} accepted this task at {staff.shown(state.accepted_at)}; complete it, or hand it on"
    if state.assignee is not None and state.assignee != by:
        way_out = "say who accepts it" if by == OPERATOR else f"have it reassigned to {by} first"
        return f"this task is with {state.assignee}; {way_out}"
    asked = by in state.offered or by in staff.members or staff.is_mailbox
    if state.assignee is None and not asked:
        return f"{by} is not in the team '{state.team}'; have it reassigned to {by} first"
    return None


def _not_put_off(state: FollowUp, until: datetime, staff: Staff, now: datetime) -> str | None:
    if until <= now:
        return f"{staff.shown(until)} is over; give an instant to come"
    if state.snoozes >= state.terms.snooze.times:
        return f"this task was put off {state.snoozes} times, and no more is allowed; do it, or hand it on"
    latest = snoozed_until(state, staff, now)
    if until > latest:
        return f"a task may be put off by {state.terms.snooze.at_most}; give {staff.shown(latest)} at the latest"
    return None


def _not_reassigned(state: FollowUp, to: str, staff: Staff, now: datetime) -> str | None:
    if not staff.knows(to):
        return f"there is nobody '{to}' in policies/teams.yaml; use the key or the address of a person"
    if to == state.assignee:
        return f"this task is with {to} already"
    absence = staff.away(to, now)
    if absence is not None:
        until = f"until {staff.shown(absence.until)}" if absence.until else "and nobody knows until when"
        return f"{to} is away {until}; choose somebody else"
    return None


def done(state: FollowUp, action: Action, staff: Staff, now: datetime) -> Moved:
    """Do what was asked. Ask `refused` first, in the same transaction."""
    match action:
        case Accept():
            return _accepted(state, action.by, staff, now)
        case Complete():
            return _completed(state, action, staff, now)
        case PutOff():
            return _put_off(state, action, staff, now)
        case Reassign():
            why = (f"{action.by} handed it on", *((action.note,) if action.note else ()))
            return given_to(state.model_copy(update={"last": False}), action.to, now, why, by=action.by)
        case Comment():
            return Moved(state, (Tell("task_commented", action.by, {"note": action.note}),))
        case Cancel():
            return ended(state, CANCELLED, None, action.by, now, why=action.reason)


def _taken(state: FollowUp, by: str, staff: Staff, now: datetime) -> FollowUp:
    """Whoever does it has accepted it. Who is nobody by name leaves it with those who were asked."""
    who = state.assignee or (by if staff.knows(by) else None)
    if who is None and not staff.is_mailbox:
        return state
    since = max(now, state.assigned_at or state.opened_at)
    return state.model_copy(update={"assignee": who, "offered": (), "accepted_at": state.accepted_at or since})


def _completed(state: FollowUp, action: Complete, staff: Staff, now: datetime) -> Moved:
    taken = _taken(state, action.by, staff, now)
    taken = taken.model_copy(update={"accepted_at": taken.accepted_at or now})
    moved = ended(taken, COMPLETED, action.outcome, action.by, now, had=havers(state))
    return Moved(moved.state, _with_note(moved.deeds, action.note))


def _accepted(state: FollowUp, by: str, staff: Staff, now: datetime) -> Moved:
    taken = _taken(state, by, staff, now).model_copy(update={"asked_at": None})
    return Moved(taken, (Tell("task_accepted", by), *_to_the_others(state, taken, by)))


def _to_the_others(state: FollowUp, taken: FollowUp, by: str) -> Iterator[Notify]:
    """Yield what those are told who were asked, too, and can take it no more."""
    others = tuple(key for key in state.offered if key != by)
    if others and not taken.offered:
        yield Notify(others, "accepted_by_other", f"accepted/{state.number}", data={"by": by})


def _put_off(state: FollowUp, action: PutOff, staff: Staff, now: datetime) -> Moved:
    update = {"holds": (*state.holds, Hold(now, action.until)), "snoozes": state.snoozes + 1}
    told = Tell("task_snoozed", action.by, {"until": action.until.isoformat()})
    taken = _taken(state, action.by, staff, now)
    return Moved(taken.model_copy(update=update), (told, *_to_the_others(state, taken, action.by)))


def _with_note(deeds: tuple[Notify | Tell, ...], note: str | None) -> tuple[Notify | Tell, ...]:
    if note is None:
        return deeds
    return tuple(
        Tell(each.what, each.by, each.data | {"note": note}) if isinstance(each, Tell) else each for each in deeds
    )
