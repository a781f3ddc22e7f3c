"""Who reached the goal, how fast, and what of it the sequence can claim."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import Session, col

from domain.comparison import Comparison, Side
from domain.statistics import Share
from records.entry_models import Holdout
from records.models import Enrolment
from records.reports.figures import Period
from records.reports.period import of_held_out, of_runs
from records.reports.sql import seconds_between


def median_seconds(session: Session, period: Period) -> float | None:
    """Return the median of the seconds from entry to goal; None if nobody got there."""
    reached = [*of_runs(period), col(Enrolment.converted_at).is_not(None)]
    connection = session.connection()
    count = connection.execute(select(func.count()).select_from(Enrolment).where(*reached)).scalar_one()
    if not count:
        return None
    took = seconds_between(col(Enrolment.converted_at), col(Enrolment.entered_at)).label("took")
    middle = select(took).where(*reached).order_by("took").offset((count - 1) // 2).limit(2 - count % 2)
    # Of an even number the middle lies between two.
    values = [float(value) for value in connection.execute(middle).scalars()]
    return sum(values) / len(values)


def compare(session: Session, period: Period, versions: list[str], within: timedelta, now: datetime) -> Comparison:
    """Return those who entered `versions` in the period, which hold some out, beside those held out.

    Both sides count a person (for each `per`) once, from the first time the sequence would have them.
    """
    before = aliased(Enrolment)
    entered_before = (
        select(col(before.id))
        .where(
            col(before.contact_id) == col(Enrolment.contact_id),
            col(before.sequence) == col(Enrolment.sequence),
            func.coalesce(before.per, "") == func.coalesce(Enrolment.per, ""),
            col(before.version).in_(versions),
            col(before.entered_at) < col(Enrolment.entered_at),
        )
        .exists()
    )
    entrants = [*of_runs(period), col(Enrolment.version).in_(versions), ~entered_before]
    return Comparison(
        entered=_side(session, Enrolment, col(Enrolment.entered_at), col(Enrolment.reached_at), entrants, within, now),
        held_out=_side(
            session, Holdout, col(Holdout.held_at), col(Holdout.converted_at), of_held_out(period), within, now
        ),
        within=within,
    )


def _side(
    session: Session,
    table: Any,
    began: Mapped[datetime],
    reached: Mapped[Any],
    conditions: list[ColumnElement[bool]],
    within: timedelta,
    now: datetime,
) -> Side:
    over = began <= now - within
    # Half a second of grace: SQLite's clock arithmetic is exact to a fraction of a millisecond only.
    in_time = and_(over, seconds_between(reached, began) <= within.total_seconds() + 0.5)
    counted = select(
        func.count().label("people"),
        func.count(case((over, 1))).label("over"),
        func.count(case((in_time, 1))).label("reached"),
        func.min(began).label("first_at"),
    )
    row = session.connection().execute(counted.select_from(table).where(*conditions)).one()
    return Side(Share(row.reached, row.over), row.people - row.over, row.first_at)
