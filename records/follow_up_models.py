"""What is remembered of follow-ups: their state, whose turn it is, who is away, and what our people are told of them.

A follow-up moves in one transaction: its new state, what the timeline says of it and the notes to staff are one commit.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from records.models import Instant, Record, json_column


class FollowUp(Record, table=True):
    """A promise that a person does something for a contact. People are named by their keys in policies/teams.yaml.

    `state` is `domain.follow_up.FollowUp`, and what rules go by; the columns beside it tell the same for queries.
    `due_at` is when the run that asked goes on without it, `done_due` when it is promised, `next_at` when something
    rings. `asked_at` says that its workflow has something to look at. `case_id` is the case whose follow-up it is: what
    that promises rings here. `opener` is what opened it, unique while it is
    open where it must not be opened twice. `moves` counts what has happened to it, `told` the actions that were done.
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "step", "visit", name="uq_follow_up_visit"),
        CheckConstraint("ended in ('completed', 'cancelled')", name="ended"),
        CheckConstraint("(ended is null) = (ended_at is null)", name="ended_at"),
        Index("ix_follow_up_contact", "contact_id"),
        Index("ix_follow_up_opened", "opened_at"),
        Index(
            "uq_follow_up_opener",
            "contact_id",
            "opener",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_follow_up_open",
            "team",
            "done_due",
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_follow_up_assignee",
            "assignee",
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_follow_up_next",
            "next_at",
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
        Index(
            "ix_follow_up_asked",
            "asked_at",
            sqlite_where=text("asked_at is not null"),
            postgresql_where=text("asked_at is not null"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
    step: str | None = Field(default=None, max_length=200)
    visit: int = 1
    opener: str | None = Field(default=None, max_length=200)
    case_id: str | None = Field(default=None, max_length=36)
    source: str = Field(default="", max_length=200)
    title: str = Field(max_length=400)
    team: str | None = Field(default=None, max_length=100)
    owner: str | None = Field(default=None, max_length=200)
    policy: str | None = Field(default=None, max_length=100)
    outcomes: list[str] = Field(default_factory=list, sa_column=json_column())
    opened_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)

    state: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    moves: int = 0
    told: list[str] = Field(default_factory=list, sa_column=json_column())
    assignee: str | None = Field(default=None, max_length=64)
    assigned_at: datetime | None = Field(default=None, sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
    first_accept_due: datetime | None = Field(default=None, sa_type=Instant)
    done_due: datetime | None = Field(default=None, sa_type=Instant)
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)

    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended: str | None = Field(default=None, max_length=20)
    outcome: str | None = Field(default=None, max_length=100)
    note: str | None = Field(default=None, max_length=4000)
    person: str | None = Field(default=None, max_length=200)


class FollowUpWords(Record, table=True):
    """What somebody wrote about a follow-up, on its way: a note, a reason. The action that takes it names its `key`.

    So words of people, which are about contacts, stand in no history of Temporal.
    """

    __tablename__ = "follow_up_words"

    key: str = Field(primary_key=True, max_length=200)
    text: str = Field(max_length=4500)
    at: datetime = Field(sa_type=Instant)


class StaffTurns(Record, table=True):
    """What each member of a team has had, in the units of `domain.assignment`.

    Its row is held while somebody is chosen: so two follow-ups that are opened at once are two turns.
    """

    __tablename__ = "staff_turns"

    team: str = Field(primary_key=True, max_length=100)
    had: dict[str, int] = Field(default_factory=dict, sa_column=json_column())


class StaffAbsence(Record, table=True):
    """Somebody of ours is away. `until` is exclusive, None while nobody knows; who comes back earlier has a new one."""

    __tablename__ = "staff_absence"
    __table_args__ = (
        CheckConstraint("until is null or until >= since", name="until"),
        Index("ix_staff_absence_person", "person"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(max_length=64)
    since: datetime = Field(sa_type=Instant)
    until: datetime | None = Field(default=None, sa_type=Instant)
    deputy: str | None = Field(default=None, max_length=64)
    by: str = Field(default="", max_length=200)
    recorded_at: datetime = Field(sa_type=Instant)


class StaffNote(Record, table=True):
    """Something our people are told: a small ledger of its own, since no contact's consent is asked.

    `key` names the occasion and whom it is for; told twice, it is one row, and its mail has one Message-ID for ever.
    `person` None means the team at its own address, `to_team` that it goes there instead, since they cannot be reached.
    `channel` is `email` or `chat`. One that waits is prepared by its `attempt` until `lease_until`; `repeats` counts
    how often it was sent again because nobody knew whether it had arrived. `calendar` is what their calendar was told.

        waiting ─► handing_over ─► accepted | refused | unknown            or skipped, instead of all this
    """

    __tablename__ = "staff_note"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'handing_over', 'accepted', 'refused', 'unknown', 'skipped')", name="state"
        ),
        CheckConstraint("channel in ('email', 'chat')", name="channel"),
        UniqueConstraint("key", name="uq_staff_note_key"),
        Index("ix_staff_note_follow_up", "follow_up_id"),
        Index("ix_staff_note_contact", "contact_id"),
        Index("ix_staff_note_message_id", "message_id"),
        Index(
            "ix_staff_note_waiting",
            "at",
            sqlite_where=text("state in ('waiting', 'handing_over')"),
            postgresql_where=text("state in ('waiting', 'handing_over')"),
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    key: str = Field(max_length=300)
    follow_up_id: str | None = Field(default=None, foreign_key="follow_up.id", max_length=36)
    contact_id: str | None = Field(default=None, foreign_key="contact.id", max_length=36)
    person: str | None = Field(default=None, max_length=64)
    team: str | None = Field(default=None, max_length=100)
    channel: str = Field(default="email", max_length=20)
    about: str = Field(max_length=40)
    data: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    at: datetime = Field(sa_type=Instant)
    state: str = Field(default="waiting", max_length=20)
    attempt: str | None = Field(default=None, max_length=36)
    attempts: int = 0
    repeats: int = 0
    to_team: bool = False
    calendar: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    not_before: datetime | None = Field(default=None, sa_type=Instant)
    subject: str | None = Field(default=None, max_length=1000)
    message_id: str | None = Field(default=None, max_length=200)
    reason: str | None = Field(default=None, max_length=1000)
    handing_over_at: datetime | None = Field(default=None, sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)
