"""What is remembered of pauses: of one contact in a sequence (a *hold*), or of a whole sequence (a *suspension*)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from records.models import Instant, Record

_OPEN = "resumed_at is null"
_OPEN_WHOLE = "resumed_at is null and contact_id is null"


class Pause(Record, table=True):
    """A pause of `contact_id` in `sequence`, or of the whole sequence where there is none. Instants are full seconds.

    It ends at `resumed_at`, or by itself at `until`. A pause that nobody resumed stays open in the table until the next
    one closes it, so that there is at most one.
    """

    __tablename__ = "pause"
    __table_args__ = (
        CheckConstraint("until is null or until >= paused_at", name="until"),
        CheckConstraint("resumed_at is null or resumed_at >= paused_at", name="resumed"),
        Index(
            "uq_pause_open_contact",
            "sequence",
            "contact_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        # Nothing is equal to nothing in the index above, so whole sequences have one of their own.
        Index(
            "uq_pause_open_sequence",
            "sequence",
            unique=True,
            sqlite_where=text(_OPEN_WHOLE),
            postgresql_where=text(_OPEN_WHOLE),
        ),
        Index("ix_pause_contact_sequence", "contact_id", "sequence"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sequence: str = Field(max_length=100)
    contact_id: str | None = Field(default=None, foreign_key="contact.id", max_length=36)
    paused_at: datetime = Field(sa_type=Instant)
    until: datetime | None = Field(default=None, sa_type=Instant)
    resumed_at: datetime | None = Field(default=None, sa_type=Instant)
    by: str = Field(max_length=200)
    reason: str | None = Field(default=None, max_length=1000)
