"""What is remembered of broadcasts: what was asked for, how far it has come, and everybody who was in the audience.

Everything a broadcast does is read from its row and noted there in the transaction that does it; its workflow is only
the clock. Whether it is paused stands in `pause`, as for every sequence.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from records.models import Instant, Record, json_column

_ACTIVE = "state not in ('done', 'stopped')"
_WAITING = "state = 'waiting'"


class Broadcast(Record, table=True):
    """One message to a segment. `state` is the phase it is in; `chunk` counts the chunks that were let in.

    `begins_at` is when the audience is taken down, `taken_at` when it was: who becomes a member of the segment later is
    not in it. `reached` is the contact behind which the taking down goes on. `asked_at` is filled while somebody
    wants it to look at its row, until its workflow was told.
    """

    __tablename__ = "broadcast"
    __table_args__ = (
        UniqueConstraint("name", name="uq_broadcast_name"),
        CheckConstraint(
            "state in ('scheduled', 'snapshotting', 'sending', 'comparing', 'finishing', 'done',"
            " 'stopping', 'stopped')",
            name="state",
        ),
        CheckConstraint("(share is null) = (other is null)", name="compares"),
        Index("ix_broadcast_active", "state", sqlite_where=text(_ACTIVE), postgresql_where=text(_ACTIVE)),
    )

    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=64)
    sequence: str = Field(max_length=100, index=True)
    version: str = Field(foreign_key="edition.version", max_length=80)
    template: str = Field(max_length=200)
    channel: str = Field(default="email", max_length=20)
    other: str | None = Field(default=None, max_length=200)
    segment: str = Field(max_length=64)
    class_: str = Field(sa_column_kwargs={"name": "class"}, max_length=20)
    topic: str | None = Field(default=None, max_length=100)
    state: str = Field(default="scheduled", max_length=20)
    begins_at: datetime | None = Field(default=None, sa_type=Instant)
    rate: str | None = Field(default=None, max_length=60)
    share: str | None = Field(default=None, max_length=20)
    winner_by: str | None = Field(default=None, max_length=20)
    goal: str | None = Field(default=None, max_length=100)
    decide_after: str | None = Field(default=None, max_length=60)
    decide_at: datetime | None = Field(default=None, sa_type=Instant)
    winner: str | None = Field(default=None, max_length=1)
    verdict: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    reached: str = Field(default="", max_length=36)
    chunk: int = 0
    chunk_size: int = 0
    chunk_at: datetime | None = Field(default=None, sa_type=Instant)
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    created_by: str = Field(max_length=200)
    sent_out_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    stop_reason: str | None = Field(default=None, max_length=1000)


class BroadcastMember(Record, table=True):
    """A contact in the audience of a broadcast, once, and what became of it at the door. Messages are in the ledger."""

    __tablename__ = "broadcast_member"
    __table_args__ = (
        UniqueConstraint("broadcast_id", "contact_id", name="uq_broadcast_member_broadcast_contact"),
        CheckConstraint("state in ('waiting', 'entered', 'refused', 'gone', 'left_out')", name="state"),
        CheckConstraint("(state = 'entered') = (enrolment_id is not null)", name="entered"),
        Index(
            "ix_broadcast_member_waiting",
            "broadcast_id",
            "id",
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    broadcast_id: str = Field(foreign_key="broadcast.id", max_length=36)
    contact_id: str = Field(foreign_key="contact.id", index=True, max_length=36)
    arm: str | None = Field(default=None, max_length=1)
    compared: bool = False
    state: str = Field(default="waiting", max_length=20)
    reason: str | None = Field(default=None, max_length=200)
    chunk: int | None = None
    enrolment_id: str | None = Field(default=None, foreign_key="enrolment.id", max_length=36)
