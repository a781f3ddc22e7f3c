"""What calendars were last told of a meeting: the next message about it counts on from there."""

from sqlmodel import Session, col, select

from domain.meetings import Meeting, Told
from records.ledger import REFUSED, SKIPPED
from records.meeting_models import MeetingTold
from records.models import Message


def last_told(session: Session, meeting: str, *, but: str) -> Told | None:
    """Return what was last said of a meeting by a message that left or may yet leave, other than the message `but`."""
    said = select(MeetingTold).join(Message, col(Message.id) == col(MeetingTold.message_id))
    of_it = said.where(MeetingTold.meeting == meeting, MeetingTold.message_id != but)
    left = of_it.where(col(Message.state).not_in((REFUSED, SKIPPED)))
    row = session.exec(left.order_by(col(MeetingTold.count).desc(), col(Message.claimed_at).desc()).limit(1)).first()
    return None if row is None else Told(row.starts_at, row.cancelled, row.count)


def tell(session: Session, message_id: str, meeting: Meeting) -> None:
    """Note what a claimed message says of a meeting; whoever claims it again says it anew."""
    row = session.get(MeetingTold, message_id) or MeetingTold(
        message_id=message_id, meeting="", starts_at=meeting.start
    )
    row.meeting, row.starts_at = meeting.id, meeting.start
    row.cancelled, row.count = meeting.cancelled, meeting.count
    session.add(row)
