"""Mail in the inbox: the row that says who sent what to whom, and the bytes beside it, kept for a while.

The row is what is drained; the bytes are for whoever looks at it, and for reading them again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session, col, delete, func, select

from records.inbox import accept
from records.models import Inbox, InboxMail


def mail_row(
    raw: bytes,
    sender: str | None,
    recipients: Sequence[str],
    via: str,
    received_at: datetime,
    leaves: Sequence[str] = (),
    forbids: Sequence[Mapping[str, str]] = (),
) -> Inbox:
    """Return the row of a mail; the same mail in the same envelope has the same key, however it came.

    `sender` is the envelope's, '' if it had none, None where nobody knows. `leaves` are the messages whose address for
    leaving it was sent to, `forbids` what a report says (`event`, `message`): those count from now on. Whatever may
    stop mail is urgent: that, reports and complaints.
    """
    sender = None if sender is None else _sound(sender)
    to = sorted({_sound(each).lower() for each in recipients})
    named = sha256("\n".join([sender or "", *to, ""]).encode("utf-8", "replace") + raw).hexdigest()
    return Inbox(
        key=f"mail/{named}",
        kind="mail",
        source=via,
        urgent=bool(leaves) or sender == "" or b"feedback-report" in raw[:65_536].lower(),
        received_at=received_at,
        body={"from": sender, "to": to, "bytes": len(raw), "leaves": list(leaves)}
        | ({"forbids": [dict(each) for each in forbids]} if forbids else {}),
    )


def _sound(address: str) -> str:
    """Return an address without what no database takes: half characters and NUL."""
    return address.encode("utf-8", "replace").decode().replace("\0", "")[:320]


def keep(session: Session, row: Inbox, raw: bytes) -> bool:
    """Put a mail into the inbox with its bytes; False, writing nothing, if it was there already."""
    if not accept(session, row):
        return False
    assert row.id is not None, "a row that was written has an id"
    session.add(InboxMail(inbox_id=row.id, received_at=row.received_at, raw=raw))
    session.flush()
    return True


def bytes_of(session: Session, id: int, most: int | None = None) -> bytes | None:
    """Return the mail of an inbox row as it came, or its first `most` bytes; None if it is not kept any more."""
    raw = col(InboxMail.raw) if most is None else func.substr(col(InboxMail.raw), 1, most)
    found = session.exec(select(raw).where(InboxMail.inbox_id == id)).first()
    return None if found is None else bytes(found)


def forget(session: Session, before: datetime, most: int = 200) -> int:
    """Delete the bytes of mail that was drained and came before this instant; return how many were."""
    old = (
        select(InboxMail.inbox_id)
        .join(Inbox, col(Inbox.id) == col(InboxMail.inbox_id))
        .where(col(InboxMail.received_at) < before, col(Inbox.drained_at).is_not(None))
        .limit(most)
    )
    gone = delete(InboxMail).where(col(InboxMail.inbox_id).in_(list(session.exec(old).all())))
    return session.exec(gone.execution_options(synchronize_session=False)).rowcount
