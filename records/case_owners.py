"""A case and the follow-up by which somebody has it: held in one order, and told who has it now."""

from sqlmodel import Session, col, select

from records.case_models import ServiceCase
from records.follow_up_models import FollowUp


def hold_case_of(session: Session, follow_up: str) -> None:
    """Hold the case whose follow-up this is, if it is one's. Nobody else moves either before our commit."""
    whose = select(FollowUp.case_id).where(FollowUp.id == follow_up, col(FollowUp.case_id).is_not(None))
    case = session.exec(whose).first()
    if case is not None:
        session.get(ServiceCase, case, with_for_update=True, populate_existing=True)


def note_owner(session: Session, follow_up: FollowUp) -> None:
    """Have the case of a follow-up say who has it now. The case is held."""
    case = None if follow_up.case_id is None else session.get(ServiceCase, follow_up.case_id)
    if case is None or case.follow_up_id != follow_up.id or case.owner == follow_up.assignee:
        return
    case.owner = follow_up.assignee
    case.state = {**case.state, "owner": follow_up.assignee}
    session.add(case)
    session.flush()
