"""What a follow-up's workflow knows of it, and whom it turns away at once: the rest is asked of the records.

The one thing to know: only what cannot change back is refused here. Whether somebody is away or known is asked in the
transaction that would do it.
"""

from datetime import datetime, timedelta

from domain.follow_up import COMPLETED, OTHERWISE, FollowUp
from domain.follow_up_actions import Action, Comment, Complete, PutOff, no_outcome
from domain.needs import Value

# The type of an error whose text is a sentence for whoever asked: it makes no sense, and nothing was done.
REFUSED = "Refused"

A_MOMENT = timedelta(minutes=1)


class Stands(Value):
    """Where a follow-up stands after so many `moves`: when something rings next, and what nobody can do any more."""

    moves: int = 0
    due: datetime | None = None
    ended: str | None = None
    """How it ended, in words; None while it is open."""
    outcomes: tuple[str, ...] = ()
    snoozes_left: int | None = None


def stands(state: FollowUp, moves: int, due: datetime | None) -> Stands:
    """Return what its workflow is told."""
    left = max(0, state.terms.snooze.times - state.snoozes)
    return Stands(moves=moves, due=due, ended=_ended(state), outcomes=state.outcomes, snoozes_left=left)


def turned_away(seen: Stands | None, action: Action) -> str | None:
    """Return why an action cannot be done whatever else is true, and what to do instead; None if it may be asked."""
    if seen is None or isinstance(action, Comment):
        return None
    if seen.ended is not None:
        return f"this task {seen.ended}; open a new one"
    if isinstance(action, Complete) and seen.outcomes and action.outcome not in (*seen.outcomes, OTHERWISE):
        return no_outcome(action.outcome, seen.outcomes)
    if isinstance(action, PutOff) and seen.snoozes_left == 0:
        return "this task was put off as often as is allowed; do it, or hand it on"
    return None


def said_at(at: datetime | None, now: datetime) -> datetime:
    """Return from when on an action counts: when they said it, unless that lies ahead, or long behind.

    Somebody who accepts at the last second has accepted in time, however long it takes us to see it.
    """
    return at if at is not None and at <= now < at + A_MOMENT else now


def _ended(state: FollowUp) -> str | None:
    if state.ended_at is None:
        return None
    what = f"was completed with '{state.outcome}'" if state.ended == COMPLETED else "was cancelled"
    return f"{what} by {state.by} at {state.ended_at:%Y-%m-%d %H:%M} UTC"
