"""What is remembered of delivering remedies: the steps of each, codes that were issued, and points, never changed.

A step is written down before it reaches outside, and with what came of it: whoever finds it half-way goes on.
"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from records.models import Instant, Record


class RemedyDelivery(Record, table=True):
    """One step of a delivery, as `domain.delivery.Step` says. `patience` is for how many seconds it is tried."""

    __tablename__ = "remedy_delivery"
    __table_args__ = (
        CheckConstraint("step in ('voucher', 'points', 'webhook')", name="step"),
        CheckConstraint("state in ('waiting', 'done', 'refused')", name="state"),
        CheckConstraint("undo is null or undo in ('undone', 'stuck')", name="undo"),
    )

    remedy_id: str = Field(primary_key=True, foreign_key="case_remedy.id", max_length=36)
    number: int = Field(primary_key=True)
    step: str = Field(max_length=20)
    endpoint: str | None = Field(default=None, max_length=32)
    state: str = Field(default="waiting", max_length=10)
    doubtful: bool = False
    undo: str | None = Field(default=None, max_length=10)
    attempts: int = 0
    patience: int = 0
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    until: datetime | None = Field(default=None, sa_type=Instant)
    why: str = Field(default="", max_length=400)
    begun_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class Voucher(Record, table=True):
    """A code that was issued to a contact, one for each remedy. Only it and the letter that brings it say the code."""

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("code", name="uq_voucher_code"),
        UniqueConstraint("remedy_id", name="uq_voucher_remedy"),
        CheckConstraint("hundredths > 0", name="hundredths"),
        Index("ix_voucher_contact", "contact_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=40)
    remedy_id: str = Field(foreign_key="case_remedy.id", max_length=36)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    hundredths: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    issued_at: datetime = Field(sa_type=Instant)
    valid_until: datetime = Field(sa_type=Instant)
    voided_at: datetime | None = Field(default=None, sa_type=Instant)


class PointsEntry(Record, table=True):
    """Points that a contact was given, or that were taken back, append-only: the balance is their sum.

    `key` is what it is for, once. A trigger in the database refuses to change or delete a row.
    """

    __tablename__ = "points_entry"
    __table_args__ = (
        UniqueConstraint("key", name="uq_points_entry_key"),
        CheckConstraint("change <> 0", name="change"),
        Index("ix_points_entry_contact", "contact_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=100)
    contact_id: str = Field(foreign_key="contact.id", max_length=36)
    change: int = Field(sa_type=BigInteger)
    why: str = Field(max_length=200)
    at: datetime = Field(sa_type=Instant)
