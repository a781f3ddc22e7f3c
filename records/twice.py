"""What left lately to an address under a template, whichever contact and run it was for: nobody gets it twice a day.

Who asks in the transaction that says that a message leaves holds the address until its commit, so that two contacts
with one address, written to in the same second, see each other.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.duplicates import REACHES_BACK, Alike
from records.ledger import LEFT
from records.models import Enrolment, Message

# Any number does, as long as it stays; another than those of migrations and of publishing.
_ADDRESSES = 7_267_706
_HOLD = text("select pg_advisory_xact_lock(:of, :address)")


def left_alike(
    session: Session, channel: str, template: str, addresses: Iterable[str], now: datetime, *, but: str = ""
) -> Sequence[Alike]:
    """Return what left to these addresses under a template within the last day, `but` the message with this id."""
    alike = (
        select(Message.recipient, Message.handing_over_at, Message.enrolment_id, Enrolment.event)
        .outerjoin(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
        .where(
            col(Message.recipient).in_({address[:320] for address in addresses if address}),
            Message.template == template,
            Message.channel == channel,
            col(Message.state).in_(LEFT),
            Message.class_ != "transactional",  # a test that one of us asked for today is not the mailing itself
            col(Message.handing_over_at) > now - REACHES_BACK,
            Message.id != but,
        )
        .order_by(col(Message.handing_over_at))
    )
    return [
        Alike(channel, recipient or "", template, at, run or "", occasion or {})
        for recipient, at, run, occasion in session.exec(alike)
        if at is not None
    ]


def hold_address(session: Session, channel: str, address: str) -> None:
    """Let nobody else decide about messages to this address until the commit. (SQLite has one writer anyway.)"""
    if session.get_bind().dialect.name == "postgresql":
        place = int.from_bytes(sha256(f"{channel}/{address}".encode()).digest()[:4], "big", signed=True)
        session.connection().execute(_HOLD, {"of": _ADDRESSES, "address": place})
