"""What messages said of meetings, so that a later one counts on from there."""

from datetime import datetime

from sqlmodel import Field

from records.models import Instant, Record


class MeetingTold(Record, table=True):
    """What one message says of a meeting. Whether it was sent, its row of the ledger says."""

    __tablename__ = "meeting_told"

    message_id: str = Field(primary_key=True, foreign_key="message.id", max_length=36)
    meeting: str = Field(index=True, max_length=64)
    starts_at: datetime | None = Field(default=None, sa_type=Instant)
    cancelled: bool = False
    count: int = 0
