"""What the operator should know: one row a cause, however often it happens, and at most one mail an hour."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from records.sending_models import Notice
from records.unique import add_if_new

TOLD_AGAIN = timedelta(hours=1)


def note(session: Session, cause: str, kind: str, what: str, now: datetime, *, owner: str | None = None) -> bool:
    """Write down what happened; return whether it is news: for the first time, or for the first in an hour.

    `cause` is the same for whatever has the same remedy. What was seen counts as unseen again.
    """
    fresh = Notice(cause=cause[:300], kind=kind, what=what[:2000], owner=owner, first_at=now, last_at=now, count=1)
    if add_if_new(session, fresh):
        return True
    row = session.execute(select(Notice).where(col(Notice.cause) == cause[:300]).with_for_update()).scalars().one()
    news = row.seen_at is not None or row.last_at < now - TOLD_AGAIN
    row.count, row.last_at, row.what, row.owner, row.seen_at = row.count + 1, now, what[:2000], owner, None
    session.add(row)
    session.flush()
    return news


def to_tell(session: Session, now: datetime) -> Sequence[Notice]:
    """Return what nobody was told of by mail since it happened last, nor within the hour."""
    again = (col(Notice.told_at) <= now - TOLD_AGAIN) & (col(Notice.last_at) > col(Notice.told_at))
    wanted = select(Notice).where(or_(col(Notice.told_at).is_(None), again)).order_by(col(Notice.id))
    return session.execute(wanted).scalars().all()


def tell(session: Session, notice: Notice, now: datetime) -> bool:
    """Note that people are told of this now; False if another worker tells them."""
    before = col(Notice.told_at).is_(None) if notice.told_at is None else col(Notice.told_at) == notice.told_at
    mine = update(Notice).where(col(Notice.id) == notice.id, before).values(told_at=now).returning(col(Notice.id))
    return session.connection().execute(mine).first() is not None


def listed(session: Session, *, seen: bool = False) -> Sequence[Notice]:
    """Return the notices, those that happened last first; with `seen` also those that somebody has seen."""
    wanted = select(Notice).order_by(col(Notice.last_at).desc(), col(Notice.id))
    return session.execute(wanted if seen else wanted.where(col(Notice.seen_at).is_(None))).scalars().all()


def mark_seen(session: Session, notices: Sequence[Notice], now: datetime) -> None:
    """Note that somebody has seen these."""
    for each in notices:
        same = update(Notice).where(col(Notice.id) == each.id, col(Notice.last_at) == each.last_at)
        session.execute(same.values(seen_at=now).execution_options(synchronize_session=False))
