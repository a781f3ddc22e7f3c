"""A follow-up as it is looked at by one of our people: the task, its contact, and what happened to both.

The one thing to know: nothing is held. Whoever acts on what they saw is told if it has changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.assignment import Staff
from domain.follow_up import FollowUp as State
from records.case_stories import CaseStory, case_story
from records.facts import contact_fields
from records.follow_up_models import FollowUp
from records.follow_up_views import told_of, view
from records.models import Interaction, Message
from records.published import Published
from records.staffing import open_by_person
from records.timeline import STAFF

MOST_LINES = 15
MOST_MOVES = 40
# What programs did with a message is of no use to somebody who is about to call.
_OF_PROGRAMS = ("delivered", "deferred", "opened", "points_changed", "score_reached", "segment_entered")
# Of the contact's other tasks only what came of them.
_OF_OTHER_TASKS = (
    *("task_assigned", "task_offered", "task_unassigned", "task_accepted", "task_not_accepted", "task_reminded"),
    *("task_escalated", "task_snoozed", "task_held", "task_released"),
)


@dataclass(frozen=True)
class Line:
    """One thing that happened: an event by its name, or `sent` for a message of ours."""

    at: datetime
    name: str
    department: str | None = None
    channel: str | None = None
    person: str | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True)
class TaskPage:
    """A follow-up and what is around it. `lines` are the contact's, `moves` its own, or its case's; newest first."""

    id: str
    title: str
    source: str
    note: str | None
    told: tuple[str, ...]
    """The keys of actions that were done."""
    state: State
    staff: Staff
    contact: dict[str, Any]
    moves: tuple[Line, ...]
    lines: tuple[Line, ...]
    case: CaseStory | None = None
    """The case whose follow-up it is, if it is one's."""


def task_page(session: Session, published: Published, id: str, now: datetime) -> TaskPage | None:
    """Return a follow-up to be looked at; None if there is none, or its contact's data was erased."""
    policies = published.policies(session)
    found = view(session, policies, id, now)
    case = case_story(session, policies, found.row.case_id, now) if found is not None and found.row.case_id else None
    if case is not None and case.view.row.follow_up_id is not None:
        # By an older link, too, it is whoever has the case now who matters.
        found = view(session, policies, case.view.row.follow_up_id, now)
    if found is None or found.contact.erased_at is not None:
        return None
    row = found.row
    moves = [_line(each) for each in (told_of(session, row) if case is None else case.lines)]
    return TaskPage(
        id=row.id,
        title=row.title,
        source=row.source,
        note=row.note,
        told=(*row.told, *(case.view.row.told if case is not None else ())),
        state=found.state,
        staff=replace(found.staff, open=open_by_person(session)),
        contact=contact_fields(found.contact),
        moves=tuple(reversed(moves[-MOST_MOVES:])),
        lines=tuple(_lines(session, row, [each.id for each in case.lines] if case is not None else [])),
        case=case,
    )


def _line(each: Interaction) -> Line:
    at = each.occurred_at or each.at
    return Line(at, each.name, each.department, each.channel, each.person, each.data)


def _lines(session: Session, row: FollowUp, told: Sequence[int | None]) -> Sequence[Line]:
    # Keys of what happened to it begin with its id (records/follow_up_rows.py).
    its_own = col(Interaction.key).startswith(f"task/{row.id}/", autoescape=True)
    events = select(Interaction).where(
        Interaction.contact_id == row.contact_id,
        col(Interaction.name).not_in(_OF_PROGRAMS + _OF_OTHER_TASKS),
        ~its_own,
        col(Interaction.id).not_in(told),
    )
    found = [
        _line(each)
        for each in session.exec(
            events.order_by(col(Interaction.at).desc(), col(Interaction.id).desc()).limit(MOST_LINES)
        )
    ]
    sent = select(Message).where(
        Message.contact_id == row.contact_id, Message.channel != STAFF, col(Message.accepted_at).is_not(None)
    )
    found += [
        Line(each.accepted_at, "sent", None, each.channel, None, {"subject": each.subject, "template": each.template})
        for each in session.exec(sent.order_by(col(Message.accepted_at).desc()).limit(MOST_LINES))
        if each.accepted_at is not None
    ]
    return sorted(found, key=lambda line: line.at, reverse=True)[:MOST_LINES]
