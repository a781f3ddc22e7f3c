"""What is remembered of work that a sequence asks for: cases, and what other systems answered.

Each row is written in the transaction of the decision that asked for it, unique for the visit of the step.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from records.models import Instant, Record, json_column


class ServiceCase(Record, table=True):
    """Something that went wrong for a contact. One is open for each contact and incident; a repeat joins it."""

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
    )

    id: str = Field(primary_key=True, max_length=36)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
    title: str = Field(max_length=400)
    incident: str = Field(max_length=200)
    severity: str | None = Field(default=None, max_length=10)
    policy: str | None = Field(default=None, max_length=100)
    team: str | None = Field(default=None, max_length=100)
    joined: int = 0
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, max_length=100)


class CallAnswer(Record, table=True):
    """What another system answered to a `call` step, by the name that conditions know it under."""

    __tablename__ = "call_answer"
    __table_args__ = (UniqueConstraint("enrolment_id", "step", "visit", name="uq_call_answer_visit"),)

    id: int | None = Field(default=None, primary_key=True)
    enrolment_id: str = Field(foreign_key="enrolment.id", max_length=36)
    step: str = Field(max_length=200)
    visit: int = 1
    name: str = Field(max_length=100)
    answer: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    at: datetime = Field(sa_type=Instant)
