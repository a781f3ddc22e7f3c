"""A broadcast's audience at the door: let in chunk by chunk, everybody once, everybody accounted for.

A chunk is one transaction: it holds the broadcast's row, asks of each member whether it may enter, and writes the
decision, the run and the member's fate. Done twice it finds nobody left of the chunk; that nobody is in twice is kept
by `uq_enrolment_slot`, too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select
from uuid_utils.compat import uuid7

from domain.admission import Before
from domain.broadcast import ARMS, OWN_CLOCK
from domain.broadcast_rates import Rate, chunk_of, next_chunk
from domain.entry import Entry, may_enter
from domain.facts import Facts
from domain.keys import slot
from domain.program import Program
from records.broadcast_models import Broadcast, BroadcastMember
from records.entries import write_down
from records.facts import Known, read_contacts
from records.holding import paused
from records.models import Enrolment
from records.published import Published
from records.runs import MOST_MEMBERS, end, stir_all
from records.waiting_models import WaitingMessage

GONE = Entry(False, "erased", ["their data was erased after the audience was taken down"])
# Messages of one broadcast that are under way at once, where no rate says less: ten waves, more than workers get
# through in the 20 s after which a batch asks anew.
MOST_UNDER_WAY = 10 * MOST_MEMBERS
# How many members or runs of a broadcast that was stopped are written in one transaction.
MOST_LEFT_OUT = 250


def rate_of(row: Broadcast) -> Rate | None:
    """Return how fast a broadcast lets people in; None: as fast as it can."""
    return Rate.parse(row.rate) if row.rate is not None else None


def due(row: Broadcast) -> datetime | None:
    """Return when the next chunk may be let in; None: at once."""
    return next_chunk(rate_of(row), row.chunk_at, row.chunk_size)


def is_crowded(
    session: Session, published: Published, row: Broadcast, now: datetime, most: int = MOST_UNDER_WAY
) -> bool:
    """Whether so many messages are under way already that the next chunk can wait: more would only be asked in vain.

    What waits for a later hour is not under way, nor is who waits for their own.
    """
    if OWN_CLOCK in published.program(session, row.version).steps:
        return False
    put_off = select(WaitingMessage.enrolment_id).where(
        col(WaitingMessage.enrolment_id) == col(Enrolment.id), col(WaitingMessage.due_at) > now
    )
    going = (Enrolment.sequence == row.sequence, col(Enrolment.ended_at).is_(None), ~put_off.exists())
    return session.exec(select(func.count()).select_from(Enrolment).where(*going)).one() >= most


def let_in(session: Session, published: Published, row: Broadcast, now: datetime) -> int:
    """Let the next chunk in; return how many that are, 0 if nobody waits. `row` is held, and nothing is paused."""
    members = session.exec(_next(row).limit(chunk_of(rate_of(row)))).all()
    if not members:
        return 0
    row.chunk, row.chunk_size, row.chunk_at = row.chunk + 1, len(members), now
    session.add(row)
    program = published.program(session, row.version)
    entries = _asked(session, published, program, row, members, now)
    bundle = published.bundle(session)
    runs = {
        each.contact_id: _run(row, program, each, bundle, now) for each in members if entries[each.contact_id].enters
    }
    session.add_all(runs.values())
    session.flush()
    for member in members:
        entry, run = entries[member.contact_id], runs.get(member.contact_id)
        write_down(session, member.contact_id, row.sequence, row.version, entry, run, now)
        _close(member, entry, run, row.chunk)
        session.add(member)
    session.flush()
    return len(members)


def _next(row: Broadcast):  # type: ignore[no-untyped-def]
    """Select who is let in next: those who compare two messages first, the rest when the winner is known."""
    waiting = select(BroadcastMember).where(BroadcastMember.broadcast_id == row.id, BroadcastMember.state == "waiting")
    if row.share is not None and row.winner is None:
        waiting = waiting.where(col(BroadcastMember.compared))
    return waiting.order_by(col(BroadcastMember.id))


def _asked(
    session: Session,
    published: Published,
    program: Program,
    row: Broadcast,
    members: Sequence[BroadcastMember],
    now: datetime,
) -> Mapping[str, Entry]:
    ids = [member.contact_id for member in members]
    known = read_contacts(session, ids)
    inside = select(Enrolment.contact_id).where(Enrolment.sequence == row.sequence, col(Enrolment.contact_id).in_(ids))
    before = set(session.exec(inside))
    return {each: entry_of(session, published, program, known, each, now, ever=each in before) for each in ids}


def entry_of(
    session: Session,
    published: Published,
    program: Program,
    known: Known,
    contact: str,
    now: datetime,
    *,
    ever: bool = False,
) -> Entry:
    """Ask every check at the door of a broadcast. What would wait elsewhere is refused here: this is one moment."""
    who = known.contacts.get(contact)
    if who is None or who.erased_at is not None:
        return GONE
    entry = may_enter(facts_of(session, published, program, known, contact, now), Before(ever=ever))
    return entry if entry.waits_until is None else Entry(False, entry.check, entry.why)


def facts_of(
    session: Session, published: Published, program: Program, known: Known, contact: str, now: datetime
) -> Facts:
    """Return what is known of a contact at the door of a broadcast."""
    known.enrolments[contact] = Enrolment(
        id="", contact_id=contact, sequence=program.sequence, version="", event={}, entered_at=now
    )
    return known.facts(contact, program, published.policies(session), now)


def _run(row: Broadcast, program: Program, member: BroadcastMember, bundle: str | None, now: datetime) -> Enrolment:
    arm = {} if row.share is None else {"arm": member.arm or row.winner or ARMS[0]}
    return Enrolment(
        id=str(uuid7()),
        contact_id=member.contact_id,
        sequence=row.sequence,
        version=row.version,
        bundle=bundle,
        slot=slot(member.contact_id, program.sequence, None),
        event={"name": "broadcast", "broadcast": row.name, **arm},
        entered_at=now,
    )


def _close(member: BroadcastMember, entry: Entry, run: Enrolment | None, chunk: int) -> None:
    member.chunk = chunk
    if run is not None:
        member.state, member.enrolment_id = "entered", run.id
        return
    member.state = "gone" if entry is GONE else "refused"
    member.reason = entry.check


def leave_out(session: Session, published: Published, row: Broadcast, now: datetime) -> bool:
    """Close the next members, and end the next runs, of a broadcast that was stopped; False if none is left."""
    waiting = select(BroadcastMember).where(BroadcastMember.broadcast_id == row.id, BroadcastMember.state == "waiting")
    members = session.exec(waiting.order_by(col(BroadcastMember.id)).limit(MOST_LEFT_OUT)).all()
    why = f"the broadcast was stopped: {row.stop_reason}" if row.stop_reason else "the broadcast was stopped"
    for member in members:
        member.state, member.reason = "left_out", "stopped"
        session.add(member)
        write_down(session, member.contact_id, row.sequence, row.version, Entry(False, "stopped", [why]), None, now)
    inside = select(Enrolment).where(Enrolment.sequence == row.sequence, col(Enrolment.ended_at).is_(None))
    runs = session.exec(inside.order_by(col(Enrolment.id)).limit(MOST_LEFT_OUT)).all()
    program = published.program(session, row.version)
    stir_all(session, [run for run in runs if end(session, program, run, "exited:stopped", now, [why])], now)
    session.flush()
    return bool(members or runs)


def anybody_waits(session: Session, row: Broadcast) -> bool:
    """Whether anybody has still to be let in, the rest of a comparison included."""
    waiting = (BroadcastMember.broadcast_id == row.id, BroadcastMember.state == "waiting")
    return session.exec(select(BroadcastMember.id).where(*waiting).limit(1)).first() is not None


def is_held_up(session: Session, row: Broadcast, now: datetime) -> tuple[bool, datetime | None]:
    """Return whether a broadcast is paused, and until when that ends by itself."""
    pause = paused(session, row.sequence, None, now)
    return pause is not None, pause.until if pause is not None else None


def open_runs_of(session: Session, row: Broadcast) -> bool:
    """Whether a message of a broadcast has no fate yet."""
    going = (Enrolment.sequence == row.sequence, col(Enrolment.ended_at).is_(None))
    return session.exec(select(Enrolment.id).where(*going).limit(1)).first() is not None
