"""Where links lead, and whose message they stand in.

Every function works inside the caller's transaction and commits nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, select, update

from records.columns import Record
from records.link_models import Link
from records.models import Message

# A link that was noted longer ago than this is noted anew when a message carries it.
NOTED_AGAIN = timedelta(days=30)
_TABLE = Record.metadata.tables["link"]
_KNOWN = select(Link.id, Link.noted_at).where(col(Link.id).in_(bindparam("ids", expanding=True)))
_KEEP = {
    "sqlite": sqlite_insert(_TABLE).on_conflict_do_nothing(index_elements=["id"]),
    "postgresql": postgresql_insert(_TABLE).on_conflict_do_nothing(index_elements=["id"]),
}


@dataclass(frozen=True)
class Sent:
    """A message that a link was opened in: whose it is, and when it left."""

    contact: str
    handed_at: datetime | None


def keep(session: Session, links: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """Note links (id, url, address) that are not known yet. A message carries the same ones as thousands before it.

    When one stood in a message last is known to within a month: those of nobody's mail any more are forgotten by it.
    """
    told = {id: (url, address) for id, url, address in links}
    if not told:
        return
    known = {row.id: row.noted_at for row in session.connection().execute(_KNOWN, {"ids": list(told)})}
    # In one order for everybody, so that no two who note the same wait for each other.
    fresh = [
        {"id": id, "url": url, "address": address, "noted_at": now}
        for id, (url, address) in sorted(told.items())
        if id not in known
    ]
    if fresh:
        session.connection().execute(_KEEP[session.get_bind().dialect.name], fresh)
    stale = sorted(id for id, noted_at in known.items() if noted_at < now - NOTED_AGAIN)
    if stale:
        again = update(Link).where(col(Link.id).in_(stale)).values(noted_at=now)
        session.exec(again.execution_options(synchronize_session=False))


def find(session: Session, id: str) -> Link | None:
    """Return a link by its id."""
    return session.get(Link, id)


def sent(session: Session, message: str) -> Sent | None:
    """Return whose message it is, None if there is none (any more)."""
    row = session.get(Message, message)
    if row is None:
        return None
    return Sent(row.contact_id, row.handing_over_at)
