"""Corrective actions as they are listed: where each stands, who sees to it, and whether it has helped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlmodel import Session, col

from domain.follow_up import CANCELLED
from domain.learning import Checked
from records.case_models import CorrectiveAction, ServiceCase
from records.follow_up_models import FollowUp


@dataclass(frozen=True)
class Action:
    """A corrective action, as a list shows it. `state` is open, late, done, cancelled, better or not better.

    `before` and `after` are cases of the cause in equal spans; `task` is its follow-up, `case` the number of the case
    that opened it.
    """

    id: str
    cause: str
    why: str
    state: str
    owner: str | None
    opened_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    check_at: datetime | None
    checked_at: datetime | None
    before: int | None
    after: int | None
    outcome: str | None
    task: str | None
    case: int | None


def list_actions(
    session: Session, now: datetime, *, closed: bool = True, cause: str | None = None, most: int | None = None
) -> list[Action]:
    """Return corrective actions, the newest first; without `closed` only those that somebody still has to do."""
    wanted: list[ColumnElement[bool]] = [] if closed else [col(CorrectiveAction.done_at).is_(None)]
    wanted += [] if cause is None else [col(CorrectiveAction.cause) == cause]
    return _listed(session, now, wanted, most)


def actions_in(
    session: Session, since: datetime, until: datetime | None, team: str | None, now: datetime
) -> list[Action]:
    """Return those that were opened in a span, and those that are open now; of one team's cases, or of all."""
    opened = and_(col(CorrectiveAction.opened_at) >= since, col(CorrectiveAction.opened_at) < (until or now))
    of_team = [col(ServiceCase.team) == team] if team is not None else []
    return _listed(session, now, [or_(opened, col(CorrectiveAction.done_at).is_(None)), *of_team], None)


def _listed(session: Session, now: datetime, which: list[ColumnElement[bool]], most: int | None) -> list[Action]:
    task = (col(FollowUp.assignee), col(FollowUp.outcome), col(FollowUp.ended), col(FollowUp.done_due))
    rows = (
        select(CorrectiveAction, *task, col(ServiceCase.number))
        .outerjoin(FollowUp, col(FollowUp.id) == col(CorrectiveAction.follow_up_id))
        .outerjoin(ServiceCase, col(ServiceCase.id) == col(CorrectiveAction.case_id))
        .where(*which)
        .order_by(col(CorrectiveAction.opened_at).desc(), col(CorrectiveAction.id).desc())
    )
    return [_action(row, now) for row in session.execute(rows if most is None else rows.limit(most))]


def _action(row: Row[Any], now: datetime) -> Action:
    kept = row.CorrectiveAction
    due = row.done_due or kept.due_at
    return Action(
        id=kept.id,
        cause=kept.cause,
        why=kept.why,
        state=_state(kept, row.ended, due, now),
        owner=row.assignee or kept.owner,
        opened_at=kept.opened_at,
        due_at=due,
        done_at=kept.done_at,
        check_at=kept.check_at,
        checked_at=kept.checked_at,
        before=kept.before,
        after=kept.after,
        outcome=row.outcome,
        task=kept.follow_up_id,
        case=row.number,
    )


def _state(kept: CorrectiveAction, ended: str | None, due: datetime | None, now: datetime) -> str:
    if kept.done_at is None:
        return "late" if due is not None and now > due else "open"
    if kept.checked_at is not None and kept.before is not None and kept.after is not None:
        return "better" if Checked(kept.before, kept.after).is_better else "not better"
    return "cancelled" if ended == CANCELLED else "done"
