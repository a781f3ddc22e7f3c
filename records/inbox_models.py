"""The inbox: what came in, on disk before its sender was answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from records.columns import InboxRecord, Instant, json_column

INBOX_KINDS = ("form", "event", "withdrawal", "return", "confirmation", "preferences", "enrolment", "mail", "survey")


class Inbox(InboxRecord, table=True):
    """Something that came in, on disk before its sender was answered. `key` is the sender's delivery id.

    `urgent` rows (withdrawals, complaints) are drained before the others; none before it is ready, where it says when.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("key", name="uq_inbox_key"),
        CheckConstraint(f"kind in ({', '.join(map(repr, INBOX_KINDS))})", name="kind"),
        Index(
            "ix_inbox_waiting",
            "urgent",
            "id",
            sqlite_where=text("drained_at is null and parked_at is null"),
            postgresql_where=text("drained_at is null and parked_at is null"),
        ),
        Index(
            "ix_inbox_parked",
            "urgent",
            "id",
            sqlite_where=text("drained_at is null and parked_at is not null"),
            postgresql_where=text("drained_at is null and parked_at is not null"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=300)
    kind: str = Field(max_length=20)
    source: str = Field(max_length=60)
    form: str | None = Field(default=None, max_length=100)
    contact_id: str | None = Field(default=None, max_length=36, index=True)
    urgent: bool = False
    received_at: datetime = Field(sa_type=Instant)
    ready_at: datetime | None = Field(default=None, sa_type=Instant)
    body: dict[str, Any] = Field(sa_column=json_column())
    tries: int = 0
    problem: str | None = Field(default=None, max_length=1000)
    parked_at: datetime | None = Field(default=None, sa_type=Instant)
    drained_at: datetime | None = Field(default=None, sa_type=Instant)


class InboxMail(InboxRecord, table=True):
    """A mail that came in, byte for byte, beside its row of kind `mail`; deleted when it has been kept long enough."""

    __tablename__ = "inbox_mail"

    inbox_id: int = Field(primary_key=True, foreign_key="inbox.id", sa_column_kwargs={"autoincrement": False})
    received_at: datetime = Field(sa_type=Instant, index=True)
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False), repr=False)
