"""What left lately to an address under a template, whichever contact and run it was for: nobody gets it twice a day.

Who asks in the transaction that says that a message leaves holds the address until its commit, so that two contacts
with one address, written to in the same second, see each other.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from domain.duplicates import REACHES_BACK, Alike
from records.ledger import LEFT
from records.models import Enrolment, Message

# Any number does, as long as it stays; another than those of migrations and of publishing.
_ADDRESSES = 7_267_706
_HOLD = text("select pg_advisory_xact_lock(:of, :address)")

# Asked twice for every message, so it is built once.
_LEFT_ALIKE = (
    select(Message.recipient, Message.handing_over_at, Message.enrolment_id, Enrolment.event)
    .outerjoin(Enrolment, col(Enrolment.id) == col(Message.enrolment_id))
    .where(
        col(Message.recipient).in_(bindparam("addresses", expanding=True)),
        col(Message.template) == bindparam("template"),
        col(Message.channel) == bindparam("channel"),
        col(Message.state).in_(LEFT),
        col(Message.class_) != "transactional",  # a test that one of us asked for today is not the mailing itself
        col(Message.handing_over_at) > bindparam("since"),
        col(Message.id).not_in(bindparam("but", expanding=True)),
    )
    .order_by(col(Message.handing_over_at))
)


def left_alike(
    session: Session, channel: str, template: str, addresses: Iterable[str], now: datetime, *, but: Collection[str] = ()
) -> Sequence[Alike]:
    """Return what left to these addresses under a template within the last day, `but` the messages with these ids."""
    of_what = {"channel": channel, "template": template, "since": now - REACHES_BACK, "but": list(but)}
    whose = list({address[:320] for address in addresses if address})
    return [
        Alike(channel, recipient or "", template, at, run or "", occasion or {})
        for recipient, at, run, occasion in session.connection().execute(_LEFT_ALIKE, {**of_what, "addresses": whose})
    ]


def hold_addresses(session: Session, channel: str, addresses: Iterable[str]) -> None:
    """Let nobody else decide about messages to these addresses until the commit. (SQLite has one writer anyway.)"""
    if session.get_bind().dialect.name == "postgresql":
        places = {sha256(f"{channel}/{address}".encode()).digest()[:4] for address in addresses}
        for place in sorted(int.from_bytes(digest, "big", signed=True) for digest in places):  # nobody holds in turn
            session.connection().execute(_HOLD, {"of": _ADDRESSES, "address": place})
