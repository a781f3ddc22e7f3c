"""What is remembered of service recovery: cases, what was promised, written, given and learned.

A case moves in one transaction: its new state, what the timeline says of it, its letters and the notes to staff are one
commit.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from records.models import Instant, Record, json_column


class ServiceCase(Record, table=True):
    """Something that went wrong for a contact. One is open for each contact and incident; a repeat joins it.

    `state` is `domain.recovery.Case`, and what rules go by; the columns beside it tell the same for queries. It is
    empty for a case that another system answers for: that has no clocks, and no `number`. `resolved_at` and `closed_at`
    are None again once it was opened again. Marketing to the contact waits until `released_at`: since `opened_at`, or
    since `suspended_at` where it was released before and opened again; `stood` keeps the stretches before that, each
    `[since, until]`. `next_at` is when something rings, `asked_at` says that its workflow has something to look at.
    `moves` counts what has happened to it, `told` the actions that were done. `follow_up_id` is by which somebody has
    it now.
    """

    __tablename__ = "service_case"
    __table_args__ = (
        Index(
            "uq_service_case_open",
            "contact_id",
            "incident",
            unique=True,
            sqlite_where=text("closed_at is null"),
            postgresql_where=text("closed_at is null"),
        ),
        UniqueConstraint("number", name="uq_service_case_number"),
        Index("ix_service_case_contact", "contact_id"),
        Index("ix_service_case_opened", "opened_at"),
        Index("ix_service_case_cause", "cause", "opened_at"),
        Index(
            "ix_service_case_suspended",
            "contact_id",
            sqlite_where=text("released_at is null"),
            postgresql_where=text("released_at is null"),
        ),
        Index(
            "ix_service_case_next",
            "next_at",
            sqlite_where=text("next_at is not null"),
            postgresql_where=text("next_at is not null"),
        ),
        Index(
            "ix_service_case_asked",
            "asked_at",
            sqlite_where=text("asked_at is not null"),
            postgresql_where=text("asked_at is not null"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    number: int | None = None
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
    title: str = Field(max_length=400)
    incident: str = Field(max_length=200)
    severity: str | None = Field(default=None, max_length=10)
    policy: str | None = Field(default=None, max_length=100)
    team: str | None = Field(default=None, max_length=100)
    source: str = Field(default="", max_length=200)
    tier: str | None = Field(default=None, max_length=60)
    joined: int = 0
    opened_at: datetime = Field(sa_type=Instant)
    resolved_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    suspended_at: datetime | None = Field(default=None, sa_type=Instant)
    stood: list[list[str]] = Field(default_factory=list, sa_column=json_column())
    outcome: str | None = Field(default=None, max_length=100)

    state: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    moves: int = 0
    told: list[str] = Field(default_factory=list, sa_column=json_column())
    follow_up_id: str | None = Field(default=None, foreign_key="follow_up.id", max_length=36)
    owner: str | None = Field(default=None, max_length=64)
    cause: str | None = Field(default=None, max_length=64)
    rounds: int = 1
    score: int | None = None
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)


class HeldEvent(Record, table=True):
    """Something in the timeline that a case keeps from starting and moving anything; the row goes when it is let go."""

    __tablename__ = "held_event"
    __table_args__ = (
        UniqueConstraint("interaction_id", name="uq_held_event_interaction"),
        Index("ix_held_event_contact", "contact_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    interaction_id: int = Field(foreign_key="interaction.id")
    held_at: datetime = Field(sa_type=Instant)


class CasePromise(Record, table=True):
    """Something that was promised in a case. `due_at` is when by its clock, pauses left out; `plain_due_at` with them.

    `missed_at` is when it was seen to be broken, `dropped_at` when nobody had to keep it any more.
    """

    __tablename__ = "case_promise"
    __table_args__ = (
        UniqueConstraint("case_id", "name", "number", name="uq_case_promise"),
        Index("ix_case_promise_due", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(foreign_key="service_case.id", max_length=36)
    name: str = Field(max_length=20)
    number: int = 1
    target: str = Field(max_length=60)
    started_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    plain_due_at: datetime | None = Field(default=None, sa_type=Instant)
    kept_at: datetime | None = Field(default=None, sa_type=Instant)
    by: str | None = Field(default=None, max_length=200)
    missed_at: datetime | None = Field(default=None, sa_type=Instant)
    dropped_at: datetime | None = Field(default=None, sa_type=Instant)


class CaseLetter(Record, table=True):
    """A letter of a case to its customer: once for each `key`. What became of it the ledger says, by `enrolment_id`."""

    __tablename__ = "case_letter"
    __table_args__ = (
        UniqueConstraint("case_id", "key", name="uq_case_letter"),
        Index("ix_case_letter_contact", "contact_id", "letter", "written_at"),
        Index("ix_case_letter_enrolment", "enrolment_id"),
        Index(
            "ix_case_letter_unsettled",
            "case_id",
            sqlite_where=text("settled_at is null"),
            postgresql_where=text("settled_at is null"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(foreign_key="service_case.id", max_length=36)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    key: str = Field(max_length=100)
    letter: str = Field(max_length=40)
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
    written_at: datetime = Field(sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    fate: str | None = Field(default=None, max_length=100)


class CaseRemedy(Record, table=True):
    """A remedy of a case, as `domain.remedies.Remedy` says: in columns, for caps and reports.

    `hundredths` is what it is worth, in hundredths of `currency`; `way` is how it is delivered. What nobody else has
    granted cannot stand here as granted.
    """

    __tablename__ = "case_remedy"
    __table_args__ = (
        CheckConstraint("hundredths >= 0", name="hundredths"),
        CheckConstraint(
            "state not in ('approved', 'delivered', 'failed') or level = 'agent' "
            "or (decided_by is not null and decided_by <> proposed_by)",
            name="four_eyes",
        ),
        Index("ix_case_remedy_case", "case_id"),
        Index("ix_case_remedy_contact", "contact_id", "proposed_at"),
    )

    id: str = Field(primary_key=True, max_length=36)
    case_id: str = Field(foreign_key="service_case.id", max_length=36)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    kind: str = Field(max_length=64)
    way: str = Field(max_length=20)
    hundredths: int = Field(default=0, sa_type=BigInteger)
    currency: str = Field(max_length=3)
    level: str = Field(max_length=20)
    state: str = Field(max_length=20)
    proposed_by: str = Field(max_length=200)
    proposed_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class CorrectiveAction(Record, table=True):
    """Somebody sees to it that a cause goes away. One is open for each cause; it is checked once: has it become rarer?

    `before` and `after` are cases of the cause in the span before it was opened, and before it was checked.
    """

    __tablename__ = "corrective_action"
    __table_args__ = (
        Index(
            "uq_corrective_action_open",
            "cause",
            unique=True,
            sqlite_where=text("done_at is null"),
            postgresql_where=text("done_at is null"),
        ),
    )

    id: str = Field(primary_key=True, max_length=36)
    cause: str = Field(max_length=64)
    why: str = Field(max_length=400)
    case_id: str | None = Field(default=None, foreign_key="service_case.id", max_length=36)
    follow_up_id: str | None = Field(default=None, foreign_key="follow_up.id", max_length=36)
    owner: str | None = Field(default=None, max_length=64)
    opened_at: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    check_at: datetime | None = Field(default=None, sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    before: int | None = None
    after: int | None = None
