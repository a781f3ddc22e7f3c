"""A run that failed is parked; when what was wrong is right again, it is put back where it stood."""

from datetime import datetime

from sqlmodel import Session, col, select

from domain.entry import End, over_at
from domain.keys import group_slot, slot
from domain.program import Program
from records import ledger
from records.facts import read_known
from records.models import Decision, Enrolment
from records.published import Published
from records.runs import end

FAILED = "failed"


class TakenAgain(ValueError):
    """The contact has entered again since the run failed: here, or in another sequence of the group."""


def failed_runs(session: Session, sequence: str, contact: str) -> list[Enrolment]:
    """Return the runs of a contact that were parked, the last one first."""
    parked = select(Enrolment).where(
        Enrolment.contact_id == contact, Enrolment.sequence == sequence, Enrolment.end_reason == FAILED
    )
    return list(session.exec(parked.order_by(col(Enrolment.ended_at).desc(), col(Enrolment.id).desc())).all())


def put_back(session: Session, published: Published, run: Enrolment, now: datetime) -> End | None:
    """Let a parked run begin again where it stood; its failed visit is asked anew.

    What happened meanwhile counts: a goal, an exit or an unsubscribe that came since ends it at once, and is returned.
    Raises `TakenAgain`.
    """
    program = published.program(session, run.version)
    parked_at = run.ended_at or now
    run.slot, run.group_slot = _place(session, program, run), _place_in_group(session, program, run)
    run.state, run.wave, run.started_at = "starting", None, None
    run.ended_at, run.end_reason, run.end_detail = None, None, None
    session.add(run)
    session.flush()
    _forget_failure(session, run)
    session.add(
        Decision(
            contact_id=run.contact_id,
            enrolment_id=run.id,
            sequence=run.sequence,
            version=run.version,
            kind="retry",
            did="retried",
            at=now,
            why=["put back by hand"],
        )
    )
    over = _ended_meanwhile(session, published, program, run, parked_at, now)
    if over is not None:
        end(session, program, run, over.reason, now, [over.why])
    return over


def _place(session: Session, program: Program, run: Enrolment) -> str | None:
    """Return the run's place in the sequence, which its end may have given back."""
    if run.slot is not None or program.again.rule == "always":
        return run.slot
    place = slot(run.contact_id, run.sequence, run.per)
    if session.exec(select(Enrolment.id).where(Enrolment.slot == place)).first() is not None:
        raise TakenAgain("entered again since; end that run first, or leave the failed one as it is")
    return place


def _place_in_group(session: Session, program: Program, run: Enrolment) -> str | None:
    if program.group is None:
        return None
    place = group_slot(run.contact_id, program.group)
    rival = session.exec(select(Enrolment.sequence).where(Enrolment.group_slot == place)).first()
    if rival is not None:
        raise TakenAgain(f"is in {rival} of the group {program.group}; end that run first, or leave the failed one")
    return place


def _forget_failure(session: Session, run: Enrolment) -> None:
    """Open the visit that failed, and claim again what was let go when the run was parked."""
    closed = select(Decision).where(Decision.enrolment_id == run.id, col(Decision.final).is_(True))
    for row in session.exec(closed).all():
        if row.outcome is not None and row.outcome.get("outcome") == "broken":
            row.final, row.outcome = False, None
            session.add(row)
    ledger.take_back(session, run.id, f"the run ended: {FAILED}")
    session.flush()


def _ended_meanwhile(
    session: Session, published: Published, program: Program, run: Enrolment, since: datetime, now: datetime
) -> End | None:
    facts = read_known(session, [run.id]).facts(run.id, program, published.policies(session), now)
    found = (over_at(facts, event) for event in facts.events if event.at >= since)
    return next((over for over in found if over is not None), None)
