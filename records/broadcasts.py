"""Broadcasts: made, found, paused, given another rate, stopped. What follows from that, their workflows do.

Who changes a row leaves `asked_at`, so that its workflow is told; whoever is told reads the row.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, or_, select, update

from domain.broadcast import OVER
from domain.program import Program
from records.broadcast_models import Broadcast
from records.holding import pause, paused, resume
from records.models import Enrolment
from records.published_models import Edition
from records.runs import ask_to_wake
from records.unique import add_if_new


def make(session: Session, row: Broadcast, program: Program, bundle: str, now: datetime) -> Broadcast:
    """Write down a broadcast and its program."""
    row.version = keep_program(session, program, bundle, now)
    row.asked_at = now
    session.add(row)
    session.flush()
    return row


def keep_program(session: Session, program: Program, bundle: str, now: datetime) -> str:
    """Keep a program that is entered in one way only: nothing else may start it. Returns its version.

    Two workers that keep the same at once both find it kept.
    """
    if session.get(Edition, program.version) is None:
        edition = Edition(
            version=program.version,
            sequence=program.sequence,
            program=program.model_dump(mode="json"),
            bundle=bundle,
            published_at=now,
            retired_at=now,
        )
        add_if_new(session, edition)
    return program.version


def find(session: Session, name: str) -> Broadcast | None:
    """Return the broadcast of this name, id or sequence."""
    either = or_(Broadcast.name == name, Broadcast.id == name, Broadcast.sequence == name)
    return session.exec(select(Broadcast).where(either)).first()


def held(session: Session, id: str) -> Broadcast | None:
    """Return a broadcast as it is now. Nobody else changes it before our commit."""
    return session.get(Broadcast, id, with_for_update=True, populate_existing=True)


def active(session: Session) -> Sequence[Broadcast]:
    """Return the broadcasts that have something to do, now or later."""
    going = col(Broadcast.state).not_in(sorted(OVER))
    return session.exec(select(Broadcast).where(going).order_by(col(Broadcast.id))).all()


def newest(session: Session, most: int) -> Sequence[Broadcast]:
    """Return so many broadcasts, the newest first."""
    return session.exec(select(Broadcast).order_by(col(Broadcast.id).desc()).limit(most)).all()


def ask_to_look(session: Session, row: Broadcast, now: datetime) -> None:
    """Have the broadcast's workflow look at its row."""
    row.asked_at = now
    session.add(row)
    session.flush()


def was_told(session: Session, id: str, asked_at: datetime) -> None:
    """Note that a workflow was told what was asked at this instant; what was asked later it is told again."""
    same = (col(Broadcast.id) == id, col(Broadcast.asked_at) == asked_at)
    session.exec(update(Broadcast).where(*same).values(asked_at=None).execution_options(synchronize_session=False))


def hold_up(
    session: Session, row: Broadcast, now: datetime, *, until: datetime | None, by: str, reason: str | None
) -> None:
    """Pause a broadcast: nobody is let in, and messages of those who were wait, from this transaction on."""
    pause(session, row.sequence, None, now, until=until, by=by, reason=reason)
    ask_to_look(session, row, now)


def go_on(session: Session, row: Broadcast, now: datetime) -> bool:
    """End the pause of a broadcast; False if there was none."""
    if resume(session, row.sequence, None, now) is None:
        return False
    stir_everybody(session, row.sequence, now)
    ask_to_look(session, row, now)
    return True


def stop(session: Session, row: Broadcast, now: datetime, *, by: str, reason: str | None) -> None:
    """Stop a broadcast for good. No message leaves from this transaction on; its workflow ends what is open."""
    if paused(session, row.sequence, None, now) is None:
        pause(session, row.sequence, None, now, by=by, reason=reason or "stopped")
    row.state, row.stop_reason = "stopping", reason
    ask_to_look(session, row, now)


def stir_everybody(session: Session, sequence: str, now: datetime) -> None:
    """Have everybody inside a sequence ask again; the signals to their waves go out after the commit."""
    asleep = (
        col(Enrolment.sequence) == sequence,
        col(Enrolment.ended_at).is_(None),
        col(Enrolment.wave).is_not(None),
    )
    waves = session.exec(select(Enrolment.wave).where(*asleep).distinct().order_by(col(Enrolment.wave))).all()
    ask_to_wake(session, [wave for wave in waves if wave is not None], now)  # their rows are held from here on
    highest = session.exec(select(func.max(Enrolment.stirred)).where(*asleep)).one()
    stirred = update(Enrolment).where(*asleep).values(stirred=(highest or 0) + 1)
    session.exec(stirred.execution_options(synchronize_session=False))
