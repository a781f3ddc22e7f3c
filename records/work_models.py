"""What is remembered of calls that a sequence makes: what other systems answered.

Each row is written in the transaction of the decision that asked for it, unique for the visit of the step.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from records.models import Instant, Record, json_column


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
