"""Cases as people look at them: lists by what was promised next, and one with what it is judged on.

Nothing is held here, so nobody who acts waits for somebody who reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Subquery, and_
from sqlmodel import Session, col, func, or_, select

from domain.assignment import Staff
from domain.policies import Policies
from domain.recovery import Case, Ground, Promise, due_of
from domain.recovery_policy import Recovery
from records.case_models import CasePromise, ServiceCase
from records.follow_up_models import FollowUp
from records.models import Contact
from records.remedies import given_to
from records.staffing import absences, staff_seen

# More digits are no number of a case, but perhaps an id.
MOST_DIGITS = 9


@dataclass(frozen=True)
class CasesSought:
    """Which cases are wanted. `owner` is a key; `closed` None means both those that are closed and the others."""

    contact: str | None = None
    owner: str | None = None
    team: str | None = None
    severity: str | None = None
    closed: bool | None = False
    unresolved: bool = False
    late_at: datetime | None = None
    """Only those of which a promise should have been kept by then."""


@dataclass(frozen=True)
class Promised:
    """A promise that is still to be kept, and when; None while its clock stands still."""

    promise: Promise
    due: datetime | None


@dataclass(frozen=True)
class CaseView:
    """A case with whom it is about; `state` is None where another system answers for it."""

    row: ServiceCase
    contact: Contact
    state: Case | None
    ground: Ground
    follow_up: FollowUp | None
    """By which somebody has it now, or had it last."""

    @property
    def staff(self) -> Staff:
        """The team that answers for it."""
        return self.ground.staff

    @property
    def stage(self) -> str:
        """Where it stands, in a word."""
        if self.state is not None:
            return self.state.stage
        return "open" if self.row.closed_at is None else "closed"

    @cached_property
    def promised(self) -> tuple[Promised, ...]:
        """What is still to be kept, in order; what stands still comes last."""
        if self.state is None:
            return ()
        found = [Promised(each, due_of(self.state, each, self.staff)) for each in self.state.promises if each.is_open]
        return tuple(sorted(found, key=lambda each: (each.due is None, each.due or self.ground.now, each.promise.key)))

    @property
    def next(self) -> Promised | None:
        """What is to be kept next; None where nothing is."""
        return next(iter(self.promised), None)


def find_cases(
    session: Session, policies: Policies, sought: CasesSought, now: datetime, *, most: int, after: str | None = None
) -> list[CaseView]:
    """Return cases, that of which something is promised next first; those of which nothing is come last.

    `after` is the id of the last one that was seen: what comes behind it.
    """
    due = _next_due()
    chosen = select(ServiceCase).outerjoin(due, due.c.case_id == ServiceCase.id).where(*_wanted(sought))
    if after is not None and (last := session.get(ServiceCase, after)) is not None:
        chosen = chosen.where(_behind(session, last, due))
    ordered = chosen.order_by(due.c.due_at.is_(None), due.c.due_at, col(ServiceCase.id)).limit(most)
    return case_views(session, policies, session.exec(ordered).all(), now)


def case_views(session: Session, policies: Policies, rows: Sequence[ServiceCase], now: datetime) -> list[CaseView]:
    """Return cases with what their clocks are read by."""
    contacts = _by_id(session, Contact, {row.contact_id for row in rows})
    follow_ups = _by_id(session, FollowUp, {row.follow_up_id for row in rows if row.follow_up_id is not None})
    away = absences(session, now) if rows else {}
    found = []
    for row in rows:
        contact = contacts[row.contact_id]
        ground = Ground(
            policy=policies.recovery or Recovery(team=row.team or ""),
            staff=staff_seen(policies, row.team, contact, away),
            now=now,
            spent=given_to(session, contact.id),
        )
        state = Case.model_validate(row.state) if row.state else None
        found.append(CaseView(row, contact, state, ground, follow_ups.get(row.follow_up_id or "")))
    return found


def case_view(session: Session, policies: Policies, name: str, now: datetime) -> CaseView | None:
    """Return the case of this number or id; None if there is none."""
    row = case_named(session, name)
    return next(iter(case_views(session, policies, [row] if row is not None else [], now)), None)


def case_named(session: Session, name: str) -> ServiceCase | None:
    """Return the case of this number (`1042`, `#1042`) or id; None if there is none."""
    number = name.strip().removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS:
        return session.exec(select(ServiceCase).where(ServiceCase.number == int(number))).first()
    return session.get(ServiceCase, name.strip()[:36])


def _next_due() -> Subquery:
    """Return when each case has to keep its next promise."""
    going = (col(CasePromise.kept_at).is_(None), col(CasePromise.dropped_at).is_(None))
    due = func.min(CasePromise.due_at).label("due_at")
    return select(CasePromise.case_id, due).where(*going).group_by(col(CasePromise.case_id)).subquery()


def _wanted(sought: CasesSought) -> list[Any]:
    wanted: list[Any] = []
    for column, value in (
        (ServiceCase.contact_id, sought.contact),
        (ServiceCase.owner, sought.owner),
        (ServiceCase.team, sought.team),
        (ServiceCase.severity, sought.severity),
    ):
        if value is not None:
            wanted.append(col(column) == value)
    closed = col(ServiceCase.closed_at)
    if sought.closed is not None:
        wanted.append(closed.is_not(None) if sought.closed else closed.is_(None))
    if sought.unresolved:
        wanted += [closed.is_(None), col(ServiceCase.resolved_at).is_(None)]
    if sought.late_at is not None:
        late = select(CasePromise.case_id).where(
            col(CasePromise.due_at) < sought.late_at,
            col(CasePromise.kept_at).is_(None),
            col(CasePromise.dropped_at).is_(None),
        )
        wanted.append(col(ServiceCase.id).in_(late))
    return wanted


def _behind(session: Session, last: ServiceCase, due: Subquery) -> Any:
    at = session.exec(select(due.c.due_at).where(due.c.case_id == last.id)).first()
    behind = col(ServiceCase.id) > last.id
    if at is None:
        return and_(due.c.due_at.is_(None), behind)
    return or_(due.c.due_at > at, and_(due.c.due_at == at, behind), due.c.due_at.is_(None))


def _by_id(session: Session, kind: Any, ids: set[str]) -> Mapping[str, Any]:
    return {each.id: each for each in session.exec(select(kind).where(col(kind.id).in_(ids)))} if ids else {}
