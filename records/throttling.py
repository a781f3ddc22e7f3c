"""Slots of throttles, shared by all workers: promised when a message is claimed, used when its body leaves.

A promise is made under a lock of the counter, so two workers never promise the last slot twice. It counts as long as
it is held, and a whole span from the moment it is used: so no span ever has more than its most.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Table, case, delete, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col

from domain.caps import FORGOTTEN
from domain.slots import CLASS_ORDER, Counter, Used, class_rank, counted_at, leaves_room, turn
from records.models import Record
from records.sending_models import ThrottleCount, ThrottleHold
from records.waiting_models import WaitingMessage

_COUNTS: Table = Record.metadata.tables["throttle_count"]
_rank = case(
    *((col(WaitingMessage.class_) == name, place) for place, name in enumerate(CLASS_ORDER)), else_=len(CLASS_ORDER)
)


@dataclass(frozen=True)
class Wanted:
    """A message that wants to leave, and what decides when it is its turn: its class, then priority, then its age."""

    message_id: str
    run: str
    class_: str
    priority: int
    since: datetime


@dataclass(frozen=True)
class Queued:
    """No slot: in which queue it waits, and until when its turn is likely."""

    queue: str
    shown: str
    due: datetime


def take(
    session: Session, wanted: Wanted, passed: Sequence[Counter], now: datetime, lease: timedelta, channel: str = ""
) -> Queued | None:
    """Promise a message a slot of each counter until `now + lease`; or tell when to ask again, and promise nothing.

    `channel` is the queue of its channel: who waited there for the channel to come back has a right to slots, too.
    """
    give_back(session, wanted.message_id)
    _lock(session, [each.name for each in passed])
    late = [
        each for each in (_queued(session, wanted, counter, channel, now) for counter in passed) if each is not None
    ]
    if late:
        return max(late, key=lambda each: each.due)
    for counter in passed:
        session.add(ThrottleHold(throttle=counter.name, message_id=wanted.message_id, until=now + lease))
    session.flush()
    return None


def use(session: Session, message: str, passed: Sequence[Counter], now: datetime) -> bool:
    """Note that a message leaves now: its slots are used. False, using nothing, if they are not promised any more."""
    theirs = select(col(ThrottleHold.throttle)).where(
        col(ThrottleHold.message_id) == message, col(ThrottleHold.until) > now
    )
    held = set(session.connection().execute(theirs).scalars())
    if not held.issuperset(each.name for each in passed):
        return False
    for counter in passed:
        _count(session, counter, now)
    give_back(session, message)
    return True


def give_back(session: Session, message: str) -> None:
    """Promise a message nothing any more."""
    session.execute(delete(ThrottleHold).where(col(ThrottleHold.message_id) == message))


def prune(session: Session, now: datetime) -> None:
    """Forget what nobody counts any more."""
    session.execute(delete(ThrottleCount).where(col(ThrottleCount.gone_at) <= now))
    session.execute(delete(ThrottleHold).where(col(ThrottleHold.until) <= now))


def before(session: Session, queues: Sequence[str], wanted: Wanted, due_by: datetime | None = None) -> int:
    """Return how many in these queues have a better right than this one; given `due_by`, only those due until then."""
    others = [col(WaitingMessage.queue).in_(queues), col(WaitingMessage.enrolment_id) != wanted.run, _better(wanted)]
    if due_by is not None:
        others += [col(WaitingMessage.due_at) <= due_by, col(WaitingMessage.due_at) > due_by - FORGOTTEN]
    return session.connection().execute(select(func.count()).where(*others)).scalar_one()


def lines_of(passed: Sequence[Counter]) -> str:
    """Return the names of counters as the waiting list keeps them: each between the ends of its line."""
    return "".join(f"\n{each.name}\n" for each in passed)


def _expected(
    session: Session, queued: Sequence[str], counter: Counter, wanted: Wanted, now: datetime
) -> list[datetime]:
    """Return when messages with a better right, who wait for another counter first, will ask for a slot of this one.

    As far as their turn there comes within the span for which a slot taken now counts. Were it taken, they would find
    none here, wait here, and meanwhile lose their turn there, for ever.
    """
    others = (
        col(WaitingMessage.due_at) > now - FORGOTTEN,
        col(WaitingMessage.due_at) <= now + counter.span,
        col(WaitingMessage.queue).not_in(queued),
        col(WaitingMessage.passes).contains(lines_of([counter]), autoescape=True),
        col(WaitingMessage.enrolment_id) != wanted.run,
        _better(wanted),
    )
    dues = select(col(WaitingMessage.due_at)).where(*others).order_by(col(WaitingMessage.due_at)).limit(counter.most)
    return [due for due in session.connection().execute(dues).scalars() if due is not None]


def queues(session: Session, now: datetime) -> frozenset[str]:
    """Return the queues in which messages wait."""
    waits = (col(WaitingMessage.queue).is_not(None), col(WaitingMessage.due_at) > now - FORGOTTEN)
    found = session.connection().execute(select(col(WaitingMessage.queue)).where(*waits).distinct()).scalars()
    return frozenset(str(each) for each in found)


def _queued(session: Session, wanted: Wanted, counter: Counter, channel: str, now: datetime) -> Queued | None:
    queued = [counter.name, channel] if counter.whole_channel else [counter.name]
    connection = session.connection()
    held_by = (col(ThrottleHold.throttle) == counter.name, col(ThrottleHold.until) > now)
    since = (col(ThrottleCount.throttle) == counter.name, col(ThrottleCount.at) > now - counter.span)
    # In one statement, which sees one state: a slot that is used meanwhile is held or used, never both nor neither.
    holds = select(func.count()).where(*held_by).scalar_subquery()
    uses = select(func.coalesce(func.sum(ThrottleCount.taken), 0)).where(*since).scalar_subquery()
    held, used = connection.execute(select(holds, uses)).one()
    free = counter.most - held - used
    ahead = before(session, queued, wanted, due_by=now) if free > 0 else 0
    expected = _expected(session, queued, counter, wanted, now) if ahead < free else []
    if ahead < free and not expected:
        return None
    rows = connection.execute(select(col(ThrottleCount.at), col(ThrottleCount.taken)).where(*since)).all()
    counted = [Used(at, taken) for at, taken in rows]
    if ahead < free and leaves_room(counted, held + ahead, counter, expected):
        return None
    place = before(session, queued, wanted) + len(expected)
    return Queued(counter.name, counter.shown, turn(counted, held, counter, place, now))


def _better(wanted: Wanted) -> ColumnElement[bool]:
    """Who goes before a message: a class that matters more, then priority, then who waits longer."""
    mine = class_rank(wanted.class_)
    keys: list[tuple[ColumnElement[bool], ColumnElement[bool]]] = [
        (_rank < mine, _rank == mine),
        (col(WaitingMessage.priority) > wanted.priority, col(WaitingMessage.priority) == wanted.priority),
        (col(WaitingMessage.since) < wanted.since, col(WaitingMessage.since) == wanted.since),
        (col(WaitingMessage.enrolment_id) < wanted.run, literal(False)),
    ]
    better: ColumnElement[bool] = literal(False)
    for ahead, level in reversed(keys):
        better = or_(ahead, level & better)
    return better


def _count(session: Session, counter: Counter, now: datetime) -> None:
    at = counted_at(now, counter)
    insert = postgresql_insert(_COUNTS) if _is_postgresql(session) else sqlite_insert(_COUNTS)
    row = insert.values(throttle=counter.name, at=at, taken=1, gone_at=at + counter.span)
    more = row.on_conflict_do_update(index_elements=["throttle", "at"], set_={"taken": _COUNTS.c.taken + 1})
    session.connection().execute(more)


def _lock(session: Session, names: Iterable[str]) -> None:
    """Let nobody else promise slots of these counters until the commit. (SQLite has one writer anyway.)"""
    if _is_postgresql(session):
        for name in names:  # sorted: nobody holds in turn
            key = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
            session.connection().execute(text("select pg_advisory_xact_lock(:key)"), {"key": key})


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
