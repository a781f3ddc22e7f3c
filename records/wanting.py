"""Rows whose workflow has something to look at: they were changed, or something should have rung a while ago."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from records.case_models import ServiceCase
from records.follow_up_models import FollowUp

# What should have rung so long ago has lost its workflow.
OVERDUE = timedelta(minutes=1)


def wanting(
    session: Session,
    table: type[FollowUp] | type[ServiceCase],
    now: datetime,
    most: int,
    called: Mapping[str, datetime] | None = None,
) -> list[tuple[str, datetime]]:
    """Return the rows whose workflow has something to look at, with since when; what waits longest first.

    Those whose row was changed, ended ones too, and those of which something should have rung a while ago.
    Those that were `called` for just that instant are left out, and count among the `most` who are looking at once;
    yet a few more are returned however many do not look, lest they keep everybody else waiting.
    """
    known = called or {}
    among = most + len(known)
    asked = select(table.id, table.asked_at).where(col(table.asked_at).is_not(None))
    late = select(table.id, table.next_at).where(col(table.next_at) < now - OVERDUE, col(table.asked_at).is_(None))
    found = session.exec(asked.order_by(col(table.asked_at)).limit(among)).all()
    lost = session.exec(late.order_by(col(table.next_at)).limit(among)).all()
    every = sorted(((id, at) for id, at in [*found, *lost] if at is not None), key=lambda each: each[1])
    fresh = [(id, at) for id, at in every if known.get(id) != at]
    return fresh[: max(most - (len(every) - len(fresh)), most // 10, 1)]
