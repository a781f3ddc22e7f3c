"""What is remembered of messages that wait: what was put off, by whom, until when."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from records.models import Instant, Record


class WaitingMessage(Record, table=True):
    """The message a run waits to send. A run stands at one step, so it has one row; it goes with the message's fate.

    `queue` is what it waits for in turn with others: a throttle's counter, or a channel that stands still. `passes` are
    all counters that it takes a slot of, each in a line of its own.
    """

    __tablename__ = "waiting_message"
    __table_args__ = (
        Index("ix_waiting_message_queue_due_at", "queue", "due_at"),
        Index("ix_waiting_message_due_at", "due_at"),
    )

    enrolment_id: str = Field(primary_key=True, foreign_key="enrolment.id", max_length=36)
    contact_id: str = Field(foreign_key="contact.id", index=True, max_length=36)
    step: str = Field(max_length=200)
    visit: int = 1
    channel: str = Field(max_length=40)
    class_: str = Field(sa_column_kwargs={"name": "class"}, max_length=20)
    priority: int = 50
    reason: str = Field(max_length=200)
    since: datetime = Field(sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    queue: str | None = Field(default=None, max_length=300)
    passes: str | None = Field(default=None, sa_type=Text)
