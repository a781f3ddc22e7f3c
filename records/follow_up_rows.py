"""A follow-up's row, written: its state with the columns that tell the same, whose turn it was, and who is told.

The one thing to know: notes are written with the state, in its transaction, and posted later from their rows. So nobody
is told of what was not kept, and whatever was kept is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.assignment import Staff
from domain.follow_up import FollowUp as State
from domain.follow_up import Moved, Notify, Tell, accept_due, alarms, done_due
from domain.keys import ledger_id, note_key
from domain.policies import Policies
from records.case_owners import hold_case_of, note_owner
from records.corrective_actions import note_done
from records.follow_up_models import FollowUp, StaffNote
from records.happening import Happening
from records.staffing import keep_turns
from records.unique import add_if_new

EMAIL, CHAT = "email", "chat"


def state_of(row: FollowUp) -> State:
    """Return what rules go by."""
    return State.model_validate(row.state)


def held_row(session: Session, id: str) -> FollowUp | None:
    """Return a follow-up as it is now, None if there is none. Nobody else moves it before our commit.

    Whose case it is, is held first: in this order, whoever asks.
    """
    hold_case_of(session, id)
    # Read anew: what this transaction has seen of it before may be what somebody else has changed since.
    return session.get(FollowUp, id, with_for_update=True, populate_existing=True)


def keep(
    session: Session, policies: Policies, row: FollowUp, moved: Moved, staff: Staff, now: datetime
) -> list[Happening]:
    """Write a move down; return what the timeline is to be told. Nothing is written where nothing has changed."""
    state = moved.state.model_dump(mode="json")
    waiting = alarms(moved.state, staff)
    next_at = waiting[0].at if waiting else None
    if state == row.state and not moved.deeds:
        if next_at != row.next_at:  # a calendar has changed
            row.next_at, row.done_due = next_at, done_due(moved.state, staff)
            session.add(row)
            session.flush()
        return []
    row.state, row.next_at, row.moves = state, next_at, row.moves + 1
    _tell_the_same(row, moved.state, staff)
    for deed in moved.deeds:
        if isinstance(deed, Tell) and deed.what in ("task_completed", "task_cancelled"):
            row.note = str(deed.data.get("note") or deed.data.get("why") or "")[:4000] or None
    session.add(row)
    session.flush()
    keep_turns(session, row.team, moved.turns)
    note_owner(session, row)
    note_done(session, row)
    _note_all(session, policies, row, moved, now)
    return list(_happenings(policies, row, moved, now))


def _tell_the_same(row: FollowUp, state: State, staff: Staff) -> None:
    row.assignee, row.assigned_at, row.accepted_at = state.assignee, state.assigned_at, state.accepted_at
    row.done_due = done_due(state, staff) or row.done_due
    if state.accepted_at is None and (row.first_accept_due is None or state.number <= 1):
        # Whoever has it first has longer, if its clocks stand still meanwhile.
        row.first_accept_due = accept_due(state, staff) or row.first_accept_due
    row.ended_at, row.ended, row.outcome = state.ended_at, state.ended, state.outcome
    row.person = state.by if state.ended_at is not None else None


def _note_all(session: Session, policies: Policies, row: FollowUp, moved: Moved, now: datetime) -> None:
    note_all(session, policies, row, [deed for deed in moved.deeds if isinstance(deed, Notify)], now)


def note_all(session: Session, policies: Policies, row: FollowUp, deeds: Sequence[Notify], now: datetime) -> None:
    """Write down what people are to be told about a follow-up, each once."""
    notes = [note for deed in deeds for note in _notes(policies, row, deed, now)]
    keys = [note.key for note in notes]
    there = set(session.exec(select(StaffNote.key).where(col(StaffNote.key).in_(keys))).all()) if keys else set()
    session.add_all(note for note in notes if note.key not in there)
    session.flush()


def tell_the_team(
    session: Session, row: FollowUp, about: str, occasion: str, data: Mapping[str, Any], now: datetime
) -> None:
    """Tell a follow-up's team something at its own address, once for each occasion."""
    add_if_new(session, _note(row, Notify((), about, occasion, data=dict(data)), EMAIL, None, now))


def _notes(policies: Policies, row: FollowUp, deed: Notify, now: datetime) -> Iterator[StaffNote]:
    team = policies.teams.teams.get(row.team or "")
    for person in deed.to or (None,):
        yield _note(row, deed, EMAIL, person, now)
    if deed.chat and team is not None and team.chat:
        yield _note(row, deed, CHAT, None, now)


def _note(row: FollowUp, deed: Notify, channel: str, person: str | None, now: datetime) -> StaffNote:
    key = note_key(row.id, deed.key, channel, person)
    return StaffNote(
        id=ledger_id(key),
        key=key,
        follow_up_id=row.id,
        contact_id=row.contact_id,
        person=person,
        team=row.team,
        channel=channel,
        about=deed.about,
        data=dict(deed.data),
        at=now,
    )


def _happenings(policies: Policies, row: FollowUp, moved: Moved, now: datetime) -> Iterator[Happening]:
    told = [deed for deed in moved.deeds if isinstance(deed, Tell)]
    for number, deed in enumerate(told):
        data: dict[str, Any] = {"task": row.id} | {
            name: value for name, value in deed.data.items() if value is not None
        }
        data |= {"case": row.case_id} if row.case_id is not None else {}
        yield Happening(
            key=f"task/{row.id}/{row.moves}/{number}",
            name=deed.what,
            at=now,
            data=data,
            department=policies.teams.department_of_team(row.team) if row.team else "sales",
            channel="staff",
            direction="internal",
            person=deed.by,
            of=(row.enrolment_id, row.step, row.visit if row.step is not None else None),
        )
