"""Runs as the records keep them: how they end, and who carries them. How they begin is in `records/entries.py`.

Identity and uniqueness live here, not in workflow ids. An end is written in the transaction that records what caused
it; from that commit on nothing is handed over for the run and no step begins.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, delete, func, select, update
from uuid_utils.compat import uuid7

from domain.keys import wave_id
from domain.program import Program
from records import ledger
from records.entry_models import WaitingEntry
from records.models import Decision, Enrolment, Record, Wake
from records.waiting_models import WaitingMessage

# A wave carries at most this many (house.md 3): one member's trouble, a replay and a payload grow with it.
MOST_MEMBERS = 250
# Runs that are given a wave, waves that are started, and that are signalled, in one go; the rest follows in the next.
MOST_AT_ONCE = 20 * MOST_MEMBERS
MOST_WAVES = 100
MOST_WAKES = 1000
LONGEST_REASON = 200
CONVERTED = "converted"

_WAKE = Record.metadata.tables["wake"]
_ASKED_FIRST = {
    "sqlite": sqlite_insert(_WAKE).on_conflict_do_nothing(index_elements=["wave"]).returning(_WAKE.c.wave),
    "postgresql": postgresql_insert(_WAKE).on_conflict_do_nothing(index_elements=["wave"]).returning(_WAKE.c.wave),
}
_ASKED_AGAIN = update(_WAKE).where(_WAKE.c.wave == bindparam("of_wave")).values(asked_at=bindparam("later"))
_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Start:
    """A wave that has to be started, with the enrolments it carries."""

    wave: str
    sequence: str
    version: str
    members: tuple[tuple[str, datetime], ...]


def end(session: Session, program: Program, enrolment: Enrolment, reason: str, now: datetime, why: list[str]) -> bool:
    """End a run for this reason; False if it had ended already, which is left as it is."""
    if enrolment.ended_at is not None:
        return False
    detail = "; ".join(why)[:1000] or None
    ended = {"state": "ended", "ended_at": now, "end_reason": reason[:LONGEST_REASON], "end_detail": detail}
    ended["group_slot"] = None
    if reason == CONVERTED:
        ended["converted_at"] = ended["reached_at"] = now
    if program.again.rule in ("after_exit", "restart"):
        ended["slot"] = None  # the place is free again; `never` keeps it for ever
    # Asked of the row, not of what was read of it: of two workers that end a run at once, one does.
    still_open = update(Enrolment).where(col(Enrolment.id) == enrolment.id, col(Enrolment.ended_at).is_(None))
    first = session.exec(still_open.values(**ended).execution_options(synchronize_session=False)).rowcount == 1
    session.refresh(enrolment)
    if not first:
        return False
    ledger.let_go(session, enrolment.id, f"the run ended: {reason}", now)
    session.exec(delete(WaitingMessage).where(col(WaitingMessage.enrolment_id) == enrolment.id))
    bring_forward(session, enrolment.contact_id, now)
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


def bring_forward(session: Session, contact: str, at: datetime) -> None:
    """Have the entries of a contact that wait asked again: something happened at this instant that may concern them."""
    later = update(WaitingEntry).where(col(WaitingEntry.contact_id) == contact, col(WaitingEntry.due_at) > at)
    session.exec(later.values(due_at=at).execution_options(synchronize_session=False))


def open_runs(session: Session, contact: str) -> Sequence[Enrolment]:
    """Return the runs of a contact that have not ended."""
    return session.exec(
        select(Enrolment).where(Enrolment.contact_id == contact, Enrolment.state != "ended").order_by(Enrolment.id)
    ).all()


def stir(session: Session, run: Enrolment, now: datetime) -> None:
    """Note that a run has something to look at; the signal to its wave goes out after the commit."""
    stir_all(session, [run], now)


def stir_all(session: Session, runs: Iterable[Enrolment], now: datetime) -> None:
    """Note that these runs have something to look at, in a few statements however many they are."""
    inside: dict[str, list[Enrolment]] = defaultdict(list)
    for run in runs:
        if run.wave is not None:  # else it has not begun, and will see everything when it does
            inside[run.wave].append(run)
    if not inside:
        return
    ask_to_wake(session, sorted(inside), now)  # holds the waves' rows: the numbers below are taken by one at a time
    number = select(Enrolment.wave, func.max(Enrolment.stirred)).where(col(Enrolment.wave).in_(inside))
    for wave, highest in session.exec(number.group_by(col(Enrolment.wave))).all():
        for run in inside[wave or ""]:
            run.stirred = highest + 1
            session.add(run)
    session.flush()


def ask_to_wake(session: Session, waves: Sequence[str], now: datetime) -> None:
    """Ask for a signal to each, and hold the rows until the commit. `waves` are sorted, so that two never hold in turn.

    Every asking has an instant of its own, later than the last: by it `woken` knows which one was answered.
    """
    first, connection = _ASKED_FIRST[session.get_bind().dialect.name], session.connection()
    while waves:
        new = set(connection.execute(first, [{"wave": wave, "asked_at": now} for wave in waves]).scalars())
        asked = select(Wake.wave, Wake.asked_at).where(col(Wake.wave).in_(set(waves) - new)).order_by(Wake.wave)
        before = dict(session.exec(asked.with_for_update()).all()) if len(new) < len(waves) else {}
        if before:
            again = [{"of_wave": wave, "later": max(now, at + _A_MOMENT)} for wave, at in before.items()]
            connection.execute(_ASKED_AGAIN, again)
        # Who is in neither was answered and forgotten between the two statements.
        waves = [wave for wave in waves if wave not in new and wave not in before]


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


def begin_again(session: Session, wave: str) -> int:
    """Take the runs out of a wave that is gone, so that a new one carries them; return how many there are."""
    inside = (col(Enrolment.wave) == wave, col(Enrolment.state) == "running")
    again = update(Enrolment).where(*inside).values(state="starting", wave=None, started_at=None)
    return session.exec(again.execution_options(synchronize_session=False)).rowcount


def started(session: Session, wave: str, now: datetime) -> None:
    """Note that a wave runs."""
    session.exec(
        update(Enrolment)
        .where(col(Enrolment.wave) == wave, col(Enrolment.state) == "starting")
        .values(state="running", started_at=now)
    )


def wakes(session: Session) -> Sequence[Wake]:
    """Return the waves that have to be signalled, those that wait longest first."""
    return session.exec(select(Wake).order_by(col(Wake.asked_at)).limit(MOST_WAKES)).all()


def woken(session: Session, taken: Sequence[Wake]) -> None:
    """Forget wakes whose signal was taken, unless they were asked for once more meanwhile."""
    for each in taken:
        # In one statement: whoever asks meanwhile holds the row, and it is compared again when they are done.
        answered = delete(Wake).where(col(Wake.wave) == each.wave, col(Wake.asked_at) == each.asked_at)
        session.exec(answered.execution_options(synchronize_session=False))


def anything_to_send_out(session: Session) -> bool:
    """Whether a start or a wake waits."""
    starting = session.exec(select(func.count()).select_from(Enrolment).where(Enrolment.state == "starting")).one()
    return starting > 0 or session.exec(select(func.count()).select_from(Wake)).one() > 0
