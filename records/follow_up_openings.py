"""What opens a follow-up, and the row it opens: once, however often and by however many it is asked for.

The one thing to know: two workers who open the same at one moment see nothing of each other. The database lets one of
them write, and the other goes on with that row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from uuid_utils.compat import uuid7

from domain.follow_up import Duty
from domain.follow_up_policy import Terms
from records.follow_up_models import FollowUp
from records.unique import add_if_new


@dataclass(frozen=True)
class Opening:
    """A follow-up to be opened. `source` says by what, for people; `opener` keeps it from being opened twice."""

    title: str
    team: str | None = None
    owner: str | None = None
    policy: str | None = None
    outcomes: tuple[str, ...] = ()
    source: str = ""
    opener: str | None = None
    enrolment: str | None = None
    step: str | None = None
    visit: int = 1
    due_at: datetime | None = None
    by: str | None = None
    terms: Terms | None = None
    """What is promised, where that stands in no policy of follow-ups: `policy` only names it then."""
    case: str | None = None
    duties: tuple[Duty, ...] = ()
    """The case whose follow-up it is, and what that has promised."""
    to: str | None = None
    """Who gets it by name, on duty or not: it asks nobody else, and goes on to nobody."""


def the_same_or_new(
    session: Session, contact: str, opening: Opening, policy: str, outcomes: Sequence[str], now: datetime
) -> tuple[FollowUp, bool]:
    """Return the follow-up that is open already where this would be the same, else a new one; and whether it is new."""
    while (row := _the_same(session, contact, opening)) is None:
        session.flush()  # whom it belongs to is written first
        id = str(uuid7())
        new = FollowUp(
            id=id,
            contact_id=contact,
            enrolment_id=opening.enrolment,
            step=opening.step,
            visit=opening.visit,
            opener=opening.opener,
            case_id=opening.case,
            source=opening.source[:200],
            title=opening.title[:400],
            team=opening.team,
            owner=opening.owner,
            policy=policy,
            outcomes=list(outcomes),
            opened_at=now,
            due_at=opening.due_at,
            asked_at=now,
        )
        # Another worker may open the same at this very moment: then theirs is the one, once they have committed.
        if add_if_new(session, new):
            return session.get_one(FollowUp, id), True
    return row, False


def _the_same(session: Session, contact: str, opening: Opening) -> FollowUp | None:
    wanted = select(FollowUp).with_for_update().execution_options(populate_existing=True)
    if opening.enrolment is not None and opening.step is not None:
        run = (FollowUp.enrolment_id == opening.enrolment, FollowUp.step == opening.step)
        return session.exec(wanted.where(*run, FollowUp.visit == opening.visit)).first()
    if opening.opener is not None:
        still = (FollowUp.opener == opening.opener, col(FollowUp.ended_at).is_(None))
        return session.exec(wanted.where(FollowUp.contact_id == contact, *still)).first()
    return None
