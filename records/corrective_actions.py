"""Corrective actions as they are kept: one is open for each cause, whoever opens it; further cases join it.

The one thing to know: an action is a row and a follow-up. The row says why, and whether it has helped; who sees to it
and by when, with reminders and the ladder, is the follow-up's, and the action is done when that has ended.
"""

from datetime import datetime

from sqlmodel import Session, col, func, select, update

from domain.learning import OPENER, Checked, Sighted
from records.case_models import CorrectiveAction, ServiceCase
from records.follow_up_models import FollowUp
from records.unique import add_if_new


def open_action(session: Session, cause: str) -> CorrectiveAction | None:
    """Return the action of a cause that somebody still has to do; None if there is none."""
    still = (CorrectiveAction.cause == cause, col(CorrectiveAction.done_at).is_(None))
    return session.exec(select(CorrectiveAction).where(*still).execution_options(populate_existing=True)).first()


def last_done(session: Session, cause: str) -> CorrectiveAction | None:
    """Return the action of a cause that was done last; None if none was."""
    over = (CorrectiveAction.cause == cause, col(CorrectiveAction.done_at).is_not(None))
    newest = select(CorrectiveAction).where(*over).order_by(col(CorrectiveAction.done_at).desc())
    return session.exec(newest.limit(1)).first()


def opened_or_joined(session: Session, wanted: CorrectiveAction) -> tuple[CorrectiveAction, bool]:
    """Write an action, or return the one of its cause that is open already; and whether it is new.

    Two cases that open one at once see nothing of each other: the database lets one of them write.
    """
    session.flush()  # the case it is opened by is written first
    while (there := open_action(session, wanted.cause)) is None:
        if add_if_new(session, wanted):
            return session.get_one(CorrectiveAction, wanted.id), True
    return there, False


def note_done(session: Session, follow_up: FollowUp) -> None:
    """Have the action whose follow-up has ended be done; others change nothing."""
    if follow_up.ended_at is None or not (follow_up.opener or "").startswith(OPENER):
        return
    mine = update(CorrectiveAction).where(
        col(CorrectiveAction.follow_up_id) == follow_up.id, col(CorrectiveAction.done_at).is_(None)
    )
    session.exec(mine.values(done_at=follow_up.ended_at))


def neighbours(
    session: Session, case: str, cause: str, opened_at: datetime, most: int, since: datetime | None
) -> list[Sighted]:
    """Return the cases of a cause that were opened just before and just after one, at most so many on each side.

    Only those opened after `since`.
    """
    told = select(ServiceCase.number, ServiceCase.opened_at).where(ServiceCase.cause == cause, ServiceCase.id != case)
    if since is not None:
        told = told.where(ServiceCase.opened_at > since)
    at = col(ServiceCase.opened_at)
    before = told.where(at <= opened_at).order_by(at.desc()).limit(most)
    later = told.where(at > opened_at).order_by(at).limit(most)
    return [Sighted(number, at) for some in (before, later) for number, at in session.exec(some)]


def to_check(session: Session, case: str) -> list[CorrectiveAction]:
    """Return the actions that a case opened and that have not been checked, the one to be checked next first."""
    mine = (CorrectiveAction.case_id == case, col(CorrectiveAction.checked_at).is_(None))
    asked = select(CorrectiveAction).where(*mine, col(CorrectiveAction.check_at).is_not(None))
    return list(session.exec(asked.order_by(col(CorrectiveAction.check_at)).with_for_update()).all())


def counted(session: Session, action: CorrectiveAction) -> Checked:
    """Return how many cases of its cause were opened until an action was, and after that, in equal spans."""
    assert action.check_at is not None, "it is to be checked"
    length = action.check_at - action.opened_at
    return Checked(
        before=_opened(session, action.cause, action.opened_at - length, action.opened_at),
        after=_opened(session, action.cause, action.opened_at, action.check_at),
    )


def _opened(session: Session, cause: str, since: datetime, until: datetime) -> int:
    of_it = (ServiceCase.cause == cause, ServiceCase.opened_at > since, ServiceCase.opened_at <= until)
    return session.exec(select(func.count()).select_from(ServiceCase).where(*of_it)).one()
