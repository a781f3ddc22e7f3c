"""How a granted remedy reaches the customer, as a saga: steps in order, and undone in reverse where one cannot be had.

The one thing to know: this only says what is next. A step that reaches outside is in doubt from the moment it is begun
until somebody has answered, and what is in doubt is undone as if it had been done.
"""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.endpoints import rest_of

StepName = Literal["voucher", "points", "webhook"]
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What codes are made of: nobody reads one letter for another. Each says five bits."""
CODE_LENGTH, GROUP = 16, 4
# Taking a step back has its own time and attempts.
_FRESH: dict[str, object] = {"attempts": 0, "next_at": None, "until": None}


class Step(BaseModel):
    """One step of a delivery as it stands. `next_at` is before when it is not tried again, `until` when it is given up.

    `doubtful`: it was begun, and nobody knows whether it was done. `undo` is what became of taking it back.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    name: StepName
    state: Literal["waiting", "done", "refused"] = "waiting"
    doubtful: bool = False
    undo: Literal["undone", "stuck"] | None = None
    attempts: int = 0
    next_at: datetime | None = None
    until: datetime | None = None
    why: str = ""


class Ahead(BaseModel):
    """What is next: to `do` or `undo` a step, to `wait` until `at`, or nothing any more, `why` where it failed."""

    model_config = ConfigDict(frozen=True)

    what: Literal["do", "undo", "wait", "delivered", "failed"]
    step: Step | None = None
    at: datetime | None = None
    why: str = ""


def planned(by: str, endpoint: str | None) -> tuple[StepName, ...]:
    """Return the steps of a delivery: what is ours first, so that another system is told of what there is.

    >>> planned("voucher", "shop"), planned("points", None), planned("webhook", "erp"), planned("nothing", None)
    (('voucher', 'webhook'), ('points',), ('webhook',), ())
    """
    ours: tuple[StepName, ...] = ("voucher",) if by == "voucher" else ("points",) if by == "points" else ()
    return (*ours, "webhook") if endpoint is not None else ours


def ahead(steps: tuple[Step, ...], now: datetime) -> Ahead:
    """Return what is next in a delivery."""
    refused = next((each for each in steps if each.state == "refused"), None)
    if refused is None:
        waiting = next((each for each in steps if each.state == "waiting"), None)
        return Ahead(what="delivered") if waiting is None else _now_or_later("do", waiting, now)
    left = (each for each in reversed(steps) if each.undo is None and (each.state == "done" or each.doubtful))
    undoing = next(left, None)
    if undoing is not None:
        return _now_or_later("undo", undoing, now)
    said = (refused, *(each for each in steps if each.undo == "stuck" and each.number != refused.number))
    return Ahead(what="failed", why="; ".join(f"{each.name}: {each.why}" for each in said))


def _now_or_later(what: Literal["do", "undo"], step: Step, now: datetime) -> Ahead:
    if step.next_at is not None and step.next_at > now:
        return Ahead(what="wait", step=step, at=step.next_at)
    return Ahead(what=what, step=step)


def begun(step: Step, lease: timedelta, patience: timedelta, now: datetime) -> Step:
    """Return a step that reaches outside as it is written down before it does: in doubt, and nobody else's for a while.

    It is given up `patience` after its first attempt.
    """
    update = {"attempts": step.attempts + 1, "next_at": now + lease, "until": step.until or now + patience}
    return step.model_copy(update=update | {"doubtful": True})


def was_done(step: Step) -> Step:
    """Return a step that is done, or was taken back, without a doubt."""
    if step.state != "waiting":
        return step.model_copy(update={"undo": "undone", "next_at": None})
    return step.model_copy(update={"state": "done", "doubtful": False, **_FRESH})


def was_refused(step: Step, why: str, doubtful: bool) -> Step:
    """Return a step that can never be done, or never be taken back; `doubtful` if an attempt may have been seen."""
    if step.state != "waiting":
        # Why it could not be done in the first place stays the first thing that is said.
        said = f"{step.why}; could not be taken back: {why}"
        return step.model_copy(update={"undo": "stuck", "why": said, "next_at": None})
    return step.model_copy(update={"state": "refused", "why": why, "doubtful": doubtful, **_FRESH})


def not_now(step: Step, why: str, doubtful: bool, after: timedelta, id: str, now: datetime) -> Step:
    """Return a step that is tried again, or is given up since it has been tried for so long."""
    at = now + max(rest_of(max(step.attempts, 1), id), after)
    if step.until is not None and at > step.until:
        return was_refused(step, f"{why}, tried {step.attempts} times", doubtful)
    said = why if step.state == "waiting" else step.why
    return step.model_copy(update={"next_at": at, "why": said, "doubtful": doubtful})


def points_of(amount: Decimal, per_unit: int) -> int:
    """Return how many points an amount is; part of one is a whole one.

    >>> points_of(Decimal("12.50"), 100), points_of(Decimal("0.50"), 3)
    (1250, 2)
    """
    return int((amount * per_unit).to_integral_value(rounding=ROUND_CEILING))


def grouped(letters: str) -> str:
    """Return a code as people read it.

    >>> grouped("ABCDEFGHJKLMNPQR")
    'ABCD-EFGH-JKLM-NPQR'
    """
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))
