"""Runs as the records keep them: how they begin, how they end, who carries them.

Identity and uniqueness live here, not in workflow ids. An end is written in the transaction that records what caused
it; from that commit on nothing is handed over for the run and no step begins.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select, update
from uuid_utils.compat import uuid7

from domain.entry import Before, Entry, may_enter
from domain.facts import Event, Facts
from domain.keys import slot, wave_id
from domain.program import Program, Trigger
from records import ledger
from records.facts import Known, read_contacts
from records.models import Contact, Decision, Enrolment, Wake
from records.published import Published

# A wave carries at most this many (house.md 3): one member's trouble, a replay and a payload grow with it.
MOST_MEMBERS = 250
# Runs that are given a wave, and waves that are started, in one go; the rest follows in the next.
MOST_AT_ONCE = 20 * MOST_MEMBERS
MOST_WAVES = 100


@dataclass(frozen=True)
class Start:
    """A wave that has to be started, with the enrolments it carries."""

    wave: str
    sequence: str
    version: str
    members: tuple[tuple[str, datetime], ...]


def enter(
    session: Session,
    published: Published,
    program: Program,
    contact: Contact,
    now: datetime,
    *,
    trigger: Trigger | None = None,
    event: Event | None = None,
    data: dict[str, Any] | None = None,
) -> tuple[Entry, Enrolment | None]:
    """Let a contact enter, or write down which check refused it. `trigger` is None when a person enrols by hand."""
    run_event = dict(event.data) if event is not None else dict(data or {})
    known = read_contacts(session, [contact.id])
    facts = _facts(known, published, session, program, contact, now, run_event)
    per = facts.read(program.per) if program.per else None
    entry = may_enter(facts, _before(session, program, contact, None if per is None else str(per)), trigger, event)
    enrolment = _enrol(session, program, contact, now, entry, run_event, event) if entry.enters else None
    session.add(
        Decision(
            contact_id=contact.id,
            enrolment_id=enrolment.id if enrolment else None,
            sequence=program.sequence,
            version=program.version,
            kind="entry",
            did="entered" if entry.enters else f"refused:{entry.check}",
            at=now,
            why=entry.why,
        )
    )
    return entry, enrolment


def _facts(
    known: Known,
    published: Published,
    session: Session,
    program: Program,
    contact: Contact,
    now: datetime,
    run_event: dict[str, Any],
) -> Facts:
    entrant = Enrolment(
        id="", contact_id=contact.id, sequence=program.sequence, version="", event=run_event, entered_at=now
    )
    known.enrolments[""] = entrant
    return known.facts("", program, published.policies(session), now)


def _before(session: Session, program: Program, contact: Contact, per: str | None) -> Before:
    same = (
        Enrolment.contact_id == contact.id,
        Enrolment.sequence == program.sequence,
        col(Enrolment.per).is_(per) if per is None else Enrolment.per == per,
    )
    rows = session.exec(select(Enrolment.state, Enrolment.ended_at).where(*same)).all()
    ended = [ended_at for _, ended_at in rows if ended_at is not None]
    return Before(
        ever=bool(rows), open=any(state != "ended" for state, _ in rows), last_ended_at=max(ended, default=None)
    )


def _enrol(
    session: Session,
    program: Program,
    contact: Contact,
    now: datetime,
    entry: Entry,
    run_event: dict[str, Any],
    event: Event | None,
) -> Enrolment:
    enrolment = Enrolment(
        id=str(uuid7()),
        contact_id=contact.id,
        sequence=program.sequence,
        version=program.version,
        slot=None if program.again.rule == "always" else slot(contact.id, program.sequence, entry.per),
        per=entry.per,
        event=run_event,
        event_id=event.id if event else None,
        entered_at=now,
    )
    session.add(enrolment)
    session.flush()
    return enrolment


def end(session: Session, program: Program, enrolment: Enrolment, reason: str, now: datetime, why: list[str]) -> bool:
    """End a run for this reason; False if it had ended already, which is left as it is."""
    if enrolment.ended_at is not None:
        return False
    enrolment.state, enrolment.ended_at, enrolment.end_reason = "ended", now, reason
    enrolment.end_detail = "; ".join(why)[:1000] or None
    if program.again.rule == "after_exit":
        enrolment.slot = None  # the place is free again; `never` keeps it for ever
    session.add(enrolment)
    ledger.let_go(session, enrolment.id, f"the run ended: {reason}", now)
    session.add(
        Decision(
            contact_id=enrolment.contact_id,
            enrolment_id=enrolment.id,
            sequence=enrolment.sequence,
            version=enrolment.version,
            kind="end",
            did=reason[:40],
            at=now,
            why=why,
            more={"reason": reason},
        )
    )
    return True


def open_runs(session: Session, contact: str) -> Sequence[Enrolment]:
    """Return the runs of a contact that have not ended."""
    return session.exec(
        select(Enrolment).where(Enrolment.contact_id == contact, Enrolment.state != "ended").order_by(Enrolment.id)
    ).all()


def stir(session: Session, run: Enrolment, now: datetime) -> None:
    """Note that a run has something to look at; the signal to its wave goes out after the commit."""
    if run.wave is None:
        return  # it has not begun, and will see everything when it does
    session.merge(Wake(wave=run.wave, asked_at=now))
    session.flush()  # holds the wave's row, so that the number below is taken by one at a time
    highest = session.exec(select(func.max(Enrolment.stirred)).where(Enrolment.wave == run.wave)).one()
    run.stirred = (highest or 0) + 1
    session.add(run)
    session.flush()


def form_waves(session: Session, now: datetime) -> list[Start]:
    """Give every run that waits for its start a wave: those that enter one program together travel together.

    Waves that were formed before and still wait are returned again, whole: their start may have been lost.
    """
    waits = Enrolment.state == "starting"
    alone = session.exec(
        select(Enrolment).where(waits, col(Enrolment.wave).is_(None)).order_by(Enrolment.id).limit(MOST_AT_ONCE)
    ).all()
    together: dict[tuple[str, str], list[Enrolment]] = defaultdict(list)
    for enrolment in alone:
        together[enrolment.sequence, enrolment.version].append(enrolment)
    for (sequence, _), members in together.items():
        for begin in range(0, len(members), MOST_MEMBERS):
            wave = wave_id(sequence, str(uuid7()))
            for enrolment in members[begin : begin + MOST_MEMBERS]:
                enrolment.wave = wave
                session.add(enrolment)
    session.flush()
    some = select(Enrolment.wave).where(waits).distinct().order_by(Enrolment.wave).limit(MOST_WAVES)
    return _starts(session.exec(select(Enrolment).where(waits, col(Enrolment.wave).in_(some))).all())


def _starts(waiting: Iterable[Enrolment]) -> list[Start]:
    waves: dict[str, list[Enrolment]] = defaultdict(list)
    for enrolment in waiting:
        waves[enrolment.wave or ""].append(enrolment)
    return [
        Start(wave, rows[0].sequence, rows[0].version, tuple((row.id, row.entered_at) for row in rows))
        for wave, rows in waves.items()
    ]


def started(session: Session, wave: str, now: datetime) -> None:
    """Note that a wave runs."""
    session.exec(
        update(Enrolment)
        .where(col(Enrolment.wave) == wave, col(Enrolment.state) == "starting")
        .values(state="running", started_at=now)
    )


def wakes(session: Session) -> Sequence[Wake]:
    """Return the waves that have to be signalled."""
    return session.exec(select(Wake).limit(1000)).all()


def woken(session: Session, taken: Sequence[Wake]) -> None:
    """Forget wakes whose signal was taken, unless they were asked for once more meanwhile."""
    for wake_row in taken:
        row = session.get(Wake, wake_row.wave)
        if row is not None and row.asked_at == wake_row.asked_at:
            session.delete(row)


def anything_to_send_out(session: Session) -> bool:
    """Whether a start or a wake waits."""
    starting = session.exec(select(func.count()).select_from(Enrolment).where(Enrolment.state == "starting")).one()
    return starting > 0 or session.exec(select(func.count()).select_from(Wake)).one() > 0
