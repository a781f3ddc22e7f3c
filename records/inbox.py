"""The inbox's own questions: what came in, what waits, what was parked.

Every function works inside the caller's transaction and commits nothing. A withdrawal counts from the moment it is
here until it is drained, parked or not: nobody is written to because a row failed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, or_, true, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, func, select

from domain.events import EVERYTHING
from domain.standing import EMAIL
from records.models import Inbox, InboxRecord
from records.permissions import Undrained

TRIES = 3
_LONGEST_PROBLEM = 1000
_TABLE = InboxRecord.metadata.tables["inbox"]
_GIVEN = [column.name for column in _TABLE.columns if column.name != "id"]
# Built once: a statement made anew for each row takes longer than SQLite takes to write it.
_ACCEPT = {
    "sqlite": sqlite_insert(_TABLE).on_conflict_do_nothing(index_elements=["key"]).returning(_TABLE.c.id),
    "postgresql": postgresql_insert(_TABLE).on_conflict_do_nothing(index_elements=["key"]).returning(_TABLE.c.id),
}


def accept(session: Session, row: Inbox) -> bool:
    """Put `row` into the inbox and fill its `id`; return False, writing nothing, when its key was there already.

    A withdrawal is found by its contact: the one its body names stands in the column, too.
    """
    if row.kind in ("withdrawal", "preferences") and row.contact_id is None:
        row.contact_id = row.body.get("contact")
    values = {name: getattr(row, name) for name in _GIVEN}
    row.id = session.connection().execute(_ACCEPT[session.get_bind().dialect.name], values).scalar()
    return row.id is not None


def waiting(session: Session, most: int, ready_by: datetime | None = None) -> list[Inbox]:
    """Return up to `most` rows to drain: urgent ones first, each kind in the order it came in.

    Those that are not ready by then are left out, if it is said.
    """
    # Two questions, because one that sorts by both reads the whole backlog for every hundred rows.
    rows: list[Inbox] = []
    for urgent in (True, False):
        chosen = select(Inbox).where(_waits(), _is_ready(ready_by), col(Inbox.urgent).is_(urgent))
        rows += session.exec(chosen.order_by(col(Inbox.id)).limit(most - len(rows)))
    return rows


def is_waiting(session: Session, ready_by: datetime | None = None) -> bool:
    """Return whether there is a row to drain; one that is ready by then, if it is said."""
    return bool(session.exec(select(exists().where(_waits(), _is_ready(ready_by)))).one())


def received_about(session: Session, source: str, contact_ids: Iterable[str], since: datetime) -> list[Inbox]:
    """Return the rows about these contacts that came from a source since then, drained or not, oldest first."""
    chosen = select(Inbox).where(
        col(Inbox.contact_id).in_(list(contact_ids)), Inbox.source == source, col(Inbox.received_at) >= since
    )
    return list(session.exec(chosen.order_by(col(Inbox.id))))


def oldest_waiting(session: Session, about: Iterable[str] | None = None) -> datetime | None:
    """Return when the oldest row that waits was received, ready or not; None if none waits.

    With `about`, rows that are held back count only if they are about one of these contacts.
    """
    concerns = true() if about is None else or_(col(Inbox.ready_at).is_(None), col(Inbox.contact_id).in_(list(about)))
    return session.exec(select(func.min(Inbox.received_at)).where(_waits(), concerns)).one()


def mark_drained(session: Session, ids: Iterable[int], now: datetime) -> None:
    """Note that the effects of these rows are in the main database. The first time noted stays."""
    chosen = and_(col(Inbox.id).in_(list(ids)), col(Inbox.drained_at).is_(None))
    session.exec(update(Inbox).where(chosen).values(drained_at=now).execution_options(synchronize_session=False))


def note_failure(session: Session, id: int, problem: str, now: datetime) -> None:
    """Note that a row could not be drained, and why; the third time parks it, and it stops nobody behind it."""
    tried = col(Inbox.tries) + 1
    values = {
        "tries": tried,
        "problem": problem.replace("\0", "")[:_LONGEST_PROBLEM],
        "parked_at": case((tried >= TRIES, now), else_=None),
    }
    chosen = and_(col(Inbox.id) == id, _waits())
    session.exec(update(Inbox).where(chosen).values(values).execution_options(synchronize_session=False))


def retry(session: Session, id: int) -> bool:
    """Let a parked row wait again, with all its tries; return False when there is no such row or it is not parked."""
    chosen = and_(col(Inbox.id) == id, _is_parked())
    again = update(Inbox).where(chosen).values(parked_at=None, tries=0)
    return session.exec(again.execution_options(synchronize_session=False)).rowcount == 1


# Asked twice for every message, so it is built once.
_WITHDRAWALS = select(Inbox.contact_id, Inbox.body).where(
    col(Inbox.kind).in_(("withdrawal", "preferences")),
    col(Inbox.drained_at).is_(None),
    col(Inbox.contact_id).in_(bindparam("contacts", expanding=True)),
)


def withdrawals_waiting(session: Session, contact_ids: Iterable[str]) -> dict[str, set[Undrained]]:
    """Return, for each of these contacts who withdrew something not yet drained, the topics; `*` is everything.

    A withdrawal that names no topic means everything; what was stopped on a preference page counts, too, on its
    channel. Contacts without any are not in the answer.
    """
    found: dict[str, set[Undrained]] = {}
    for contact_id, body in session.connection().execute(_WITHDRAWALS, {"contacts": list(contact_ids)}):
        stopped = {Undrained(*each) for each in _withdrawn(body)}
        if contact_id is not None and stopped:
            found.setdefault(contact_id, set()).update(stopped)
    return found


def _withdrawn(body: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield the topics that a row of a page of ours withdraws, each with the channel it is about (None: all)."""
    stopped, said_no = _stopped(body), [each for each in body.get("says", ()) if not each["yes"]]
    if EVERYTHING in stopped:
        yield EVERYTHING, None
    elif said_no:
        yield from ((each["topic"], each["channel"]) for each in said_no)
    else:
        yield from ((topic, EMAIL) for topic in stopped)


def wishes_waiting(session: Session, contact: str) -> list[tuple[datetime, dict[str, Any]]]:
    """Return what a contact did on pages of ours and nobody has seen to yet, in order: when, and what.

    `stopped` holds the topics they withdrew, whichever page it was.
    """
    theirs = (Inbox.contact_id == contact, col(Inbox.kind).in_(("withdrawal", "preferences")))
    rows = select(Inbox).where(*theirs, col(Inbox.drained_at).is_(None)).order_by(col(Inbox.id))
    return [(row.received_at, {"stopped": _stopped(row.body)} | row.body) for row in session.exec(rows)]


def _stopped(body: Mapping[str, Any]) -> list[str]:
    return list(body["stopped"]) if "stopped" in body else [body.get("topic") or EVERYTHING]


def answers_by_page(session: Session, contact: str, message: str) -> list[tuple[datetime, dict[str, Any]]]:
    """Return how a contact has answered the survey of a message on its page, seen to or not: when, and what, in order.

    What was said long ago is not kept here (`RAPPORT_INBOUND_KEEP_DAYS`): then it is empty.
    """
    theirs = (Inbox.contact_id == contact, Inbox.kind == "survey")
    rows = select(Inbox).where(*theirs, col(Inbox.key).startswith(f"survey/{message}/", autoescape=True))
    return [(row.received_at, row.body) for row in session.exec(rows.order_by(col(Inbox.id)))]


def listing(session: Session, parked: bool | None, most: int) -> list[Inbox]:
    """Return up to `most` rows, newest first: the parked ones, those that wait (False), or all that came in (None)."""
    chosen = select(Inbox)
    if parked is not None:
        chosen = chosen.where(_is_parked() if parked else _waits())
    return list(session.exec(chosen.order_by(col(Inbox.id).desc()).limit(most)))


def show(session: Session, id: int) -> Inbox | None:
    """Return one row, drained or not, or None."""
    return session.get(Inbox, id)


def _waits() -> ColumnElement[bool]:
    # In these words the partial index says it, too: only then does SQLite use it.
    return and_(col(Inbox.drained_at).is_(None), col(Inbox.parked_at).is_(None))


def _is_ready(by: datetime | None) -> ColumnElement[bool]:
    return true() if by is None else or_(col(Inbox.ready_at).is_(None), col(Inbox.ready_at) <= by)


def _is_parked() -> ColumnElement[bool]:
    return and_(col(Inbox.drained_at).is_(None), col(Inbox.parked_at).is_not(None))
