"""Follow-ups as people look at them: lists by whose they are, and the whole story of one.

Nothing is held here, so nobody who acts waits for somebody who reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import and_
from sqlmodel import Session, col, or_, select

from domain.assignment import Staff
from domain.follow_up import Alarm, accept_due, alarms, done_due
from domain.follow_up import FollowUp as State
from domain.holds import Hold, hold_at
from domain.policies import Policies
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_rows import state_of
from records.models import Contact, Interaction
from records.staffing import absences, staff_seen


@dataclass(frozen=True)
class Sought:
    """Which follow-ups are wanted. `person` is a key; `ended` None means both those that have ended and the others."""

    team: str | None = None
    person: str | None = None
    contact: str | None = None
    ended: bool | None = False
    unassigned: bool = False
    overdue_at: datetime | None = None
    """Only those that should have been done by then."""


@dataclass(frozen=True)
class View:
    """A follow-up with whom it is for, and with what its clocks are read by."""

    row: FollowUp
    contact: Contact
    state: State
    staff: Staff

    @cached_property
    def accept_by(self) -> datetime | None:
        """By when whoever has it says that they will; None where nobody is asked that any more."""
        return None if self.state.ended_at is not None else accept_due(self.state, self.staff)

    @cached_property
    def due(self) -> datetime | None:
        """By when it is to be done; None while nobody knows."""
        return self.row.done_due if self.state.ended_at is not None else done_due(self.state, self.staff)

    @cached_property
    def rings(self) -> list[Alarm]:
        """What rings if nothing happens, in order."""
        return alarms(self.state, self.staff)

    def stands_still(self, now: datetime) -> Hold | None:
        """Return why its clocks stand still now: it was put off, or the contact is away; None if they go on."""
        return hold_at(self.state.holds, now) if self.state.ended_at is None else None


def find(
    session: Session, policies: Policies, sought: Sought, now: datetime, *, most: int, after: str | None = None
) -> list[View]:
    """Return follow-ups, what is due first before the others; of those that have ended, the newest first.

    `after` is the id of the last one that was seen: what comes behind it.
    """
    chosen = select(FollowUp).where(*_wanted(session, sought))
    last = session.get(FollowUp, after) if after is not None else None
    if sought.ended:
        chosen = chosen.order_by(col(FollowUp.ended_at).desc(), col(FollowUp.id).desc())
        if last is not None:
            same = and_(col(FollowUp.ended_at) == last.ended_at, col(FollowUp.id) < last.id)
            chosen = chosen.where(or_(col(FollowUp.ended_at) < last.ended_at, same))
    else:
        chosen = chosen.order_by(col(FollowUp.done_due).nulls_last(), col(FollowUp.id))
        if last is not None:
            chosen = chosen.where(_due_after(last))
    return views(session, policies, session.exec(chosen.limit(most)).all(), now)


def views(session: Session, policies: Policies, rows: Sequence[FollowUp], now: datetime) -> list[View]:
    """Return follow-ups with what their clocks are read by."""
    ids = {row.contact_id for row in rows}
    known = {each.id: each for each in session.exec(select(Contact).where(col(Contact.id).in_(ids)))}
    away = absences(session, now) if rows else {}
    return [
        View(row, contact, state_of(row), staff_seen(policies, row.team, contact, away))
        for row in rows
        if (contact := known.get(row.contact_id)) is not None
    ]


def view(session: Session, policies: Policies, id: str, now: datetime) -> View | None:
    """Return one follow-up; None if there is none."""
    row = session.get(FollowUp, id)
    return next(iter(views(session, policies, [row] if row is not None else [], now)), None)


def notes_of(session: Session, id: str) -> list[StaffNote]:
    """Return what our people were told of a follow-up, in order."""
    return list(
        session.exec(
            select(StaffNote).where(StaffNote.follow_up_id == id).order_by(col(StaffNote.at), col(StaffNote.key))
        )
    )


def told_of(session: Session, row: FollowUp) -> list[Interaction]:
    """Return what the contact's timeline says of a follow-up, in order."""
    theirs = select(Interaction).where(
        Interaction.contact_id == row.contact_id, col(Interaction.name).startswith("task_", autoescape=True)
    )
    return [each for each in session.exec(theirs.order_by(col(Interaction.id))) if each.data.get("task") == row.id]


def _wanted(session: Session, sought: Sought) -> list[Any]:
    wanted: list[Any] = []
    if sought.ended is not None:
        ended = col(FollowUp.ended_at)
        wanted.append(ended.is_not(None) if sought.ended else ended.is_(None))
    if sought.team is not None:
        wanted.append(FollowUp.team == sought.team)
    if sought.contact is not None:
        wanted.append(FollowUp.contact_id == sought.contact)
    if sought.person is not None:
        wanted.append(or_(FollowUp.assignee == sought.person, col(FollowUp.id).in_(_offered(session, sought.person))))
    if sought.unassigned:
        wanted.append(col(FollowUp.assignee).is_(None))
    if sought.overdue_at is not None:
        wanted.append(col(FollowUp.done_due) < sought.overdue_at)
    return wanted


def _offered(session: Session, person: str) -> list[str]:
    """Return what somebody was asked, with others, while nobody has it."""
    nobodys = select(FollowUp.id, FollowUp.state).where(
        col(FollowUp.assignee).is_(None), col(FollowUp.ended_at).is_(None)
    )
    return [id for id, state in session.exec(nobodys) if person in (state.get("offered") or ())]


def _due_after(last: FollowUp) -> Any:
    due, behind = col(FollowUp.done_due), col(FollowUp.id) > last.id
    if last.done_due is None:
        return and_(due.is_(None), behind)
    return or_(due > last.done_due, and_(due == last.done_due, behind), due.is_(None))
