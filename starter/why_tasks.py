"""What became of the tasks of a contact, as `rapport why` and `rapport contact show` tell it.

A task's story is what the timeline says of it, line by line, with who did it and why; then where it stands.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlmodel import Session, col, select

from domain.follow_up_moves import BY_ITSELF
from domain.holds import hold_at
from records.follow_up_models import FollowUp
from records.follow_up_rows import state_of
from records.models import Enrolment, Interaction
from starter.task_words import SAID, said_of_task, task_stands
from starter.why_said import Row, Said, instant

_KEPT = (
    *("id", "title", "team", "owner", "policy", "source", "step", "assignee", "accepted_at", "done_due", "next_at"),
    *("opened_at", "ended", "ended_at", "outcome", "note", "person"),
)


def tasks_of(session: Session, contact: str, now: datetime) -> list[dict[str, Any]]:
    """Return the tasks of a contact as plain values, the first opened first."""
    theirs = select(FollowUp, Enrolment.sequence).outerjoin(Enrolment, col(Enrolment.id) == col(FollowUp.enrolment_id))
    rows = session.exec(theirs.where(FollowUp.contact_id == contact).order_by(col(FollowUp.opened_at), FollowUp.id))
    return [_task(row, sequence, now) for row, sequence in rows]


def _task(row: FollowUp, sequence: str | None, now: datetime) -> dict[str, Any]:
    state = state_of(row)
    begun = [hold for hold in state.holds if hold.paused_at <= now]
    hold = hold_at(begun, now) if row.ended_at is None else None
    held = {"held": hold is not None, "held_until": hold.until if hold is not None else None}
    return {name: getattr(row, name) for name in _KEPT} | {"offered": list(state.offered), "sequence": sequence} | held


def stories(session: Session, contact: str) -> dict[str, list[Row]]:
    """Return what the timeline tells of each task, oldest first."""
    chosen = select(Interaction).where(Interaction.contact_id == contact, col(Interaction.name).in_(sorted(SAID)))
    found: dict[str, list[Row]] = defaultdict(list)
    for each in session.exec(chosen.order_by(col(Interaction.id))):
        about = {"kind": "event", "id": each.id, "at": each.at, "event": each.name, "data": each.data}
        found[str(each.data.get("task"))].append(about | {"step": each.step, "person": each.person})
    return dict(found)


def task_head(task: Mapping[str, Any], zone: tzinfo) -> str:
    """Return what a task is, since when, by what it was opened, and whether it goes on."""
    by = "; ".join(
        [each for each in (str(task["source"] or ""), f"policy {task['policy']}" if task["policy"] else "") if each]
    )
    over = f"{task['ended']}, {instant(task['ended_at'], zone)}" if task["ended"] is not None else "goes on"
    return f"task '{task['title']}': opened {instant(task['opened_at'], zone)}, {over}" + (f" ({by})" if by else "")


def of_task(rows: Iterable[Row], zone: tzinfo) -> list[Said]:
    """Return a sentence for each line that the timeline has of a task; its place is who did it."""
    found = []
    for row in rows:
        what, why = said_of_task(row["event"], row["data"], zone)
        found.append(Said(row["at"], row["at"], 1, _who(row), row["step"], what, (why,) if why else (), (row,)))
    return found


def task_now(task: Mapping[str, Any], zone: tzinfo) -> Iterator[str]:
    """Yield where an open task stands, and how it is ended; nothing of one that has ended."""
    if task["ended"] is None:
        yield task_stands(task, zone)
        if task["next_at"] is not None:
            yield f"next it rings {instant(task['next_at'].astimezone(UTC), zone)}"
        yield f"`rapport task complete {task['id']} --outcome O` ends it; see `rapport task show {task['id']}`"


def _who(row: Row) -> str:
    return str(row["person"] or BY_ITSELF)
