"""What is remembered of who enters beside the runs themselves: segments, dates, entries that wait, who is held out.

Every row is written in the transaction of its cause; what is due stands here until somebody sees to it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from records.models import Instant, Record, json_column


class Membership(Record, table=True):
    """A contact is in a segment of policies/segments.yaml, since an instant."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("contact_id", "segment", name="uq_membership_contact_segment"),)

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    segment: str = Field(max_length=64, index=True)
    since: datetime = Field(sa_type=Instant)


class Holdout(Record, table=True):
    """A contact who would have entered and was not let in, to be compared with. `per` is empty where there is none."""

    __tablename__ = "holdout"
    __table_args__ = (UniqueConstraint("sequence", "contact_id", "per", name="uq_holdout_sequence_contact_per"),)

    id: int | None = Field(default=None, primary_key=True)
    sequence: str = Field(max_length=100)
    version: str | None = Field(default=None, max_length=80)
    contact_id: str = Field(foreign_key="contact.id", index=True, max_length=36)
    per: str = Field(default="", max_length=200)
    event: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    held_at: datetime = Field(sa_type=Instant)
    converted_at: datetime | None = Field(default=None, sa_type=Instant)


class WaitingEntry(Record, table=True):
    """An entry that the check named in `asks` put off. It is asked again at `due_at`, sooner if something concerns it.

    `asked_at` is when its trigger was received; at `until` the check's answer is final. The row goes with its decision.
    `slot` keeps a contact from waiting twice for one place. Where something is broken, `tries` counts how often it
    could not be seen to, and `came_at` keeps the instant as of which it is asked all the same.
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (
        UniqueConstraint("slot", name="uq_waiting_entry_slot"),
        Index("ix_waiting_entry_contact_sequence", "contact_id", "sequence"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    sequence: str = Field(max_length=100)
    asks: str = Field(max_length=40)
    trigger: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    event: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    event_id: int | None = None
    asked_at: datetime = Field(sa_type=Instant)
    until: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant, index=True)
    slot: str | None = Field(default=None, max_length=400)
    came_at: datetime | None = Field(default=None, sa_type=Instant)
    tries: int = 0


class DateEntry(Record, table=True):
    """A date at which a contact is to enter a sequence. `occurrence` is the day (or instant) that is counted from.

    One occurrence fires once: a row that has `fired_at` stays, whatever becomes of the date. `came_at` is the instant
    it lets in; `due_at`, when it is looked at, is later only if something was broken then, `tries` times so far.
    """

    __tablename__ = "date_entry"
    __table_args__ = (
        UniqueConstraint(
            "contact_id", "sequence", "words", "occurrence", name="uq_date_entry_contact_sequence_words_occurrence"
        ),
        Index(
            "ix_date_entry_due",
            "due_at",
            sqlite_where=text("fired_at is null"),
            postgresql_where=text("fired_at is null"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    sequence: str = Field(max_length=100)
    words: str = Field(max_length=200)
    occurrence: str = Field(max_length=40)
    came_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    fired_at: datetime | None = Field(default=None, sa_type=Instant)
    tries: int = 0


class Round(Record, table=True):
    """The last look at every contact: under which published files, how far it came, when it was done."""

    __tablename__ = "round"

    kind: str = Field(primary_key=True, max_length=40)
    bundle: str | None = Field(default=None, max_length=80)
    reached: str = Field(default="", max_length=36)
    begun_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
