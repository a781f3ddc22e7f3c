"""What a settled need changes beside the decision log, in the same transaction.

An attempt that dies before the commit has done none of it; one that dies after it is answered from the log.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from domain.asking import Answer, Asked
from domain.deeds import begun, halted
from domain.facts import Event, Facts
from domain.needs import Begin, Change, Halt, Later, Need, Open
from domain.remedy_policy import severity_of
from records.asked_for import enter_by_sequence
from records.case_openings import CaseOpening
from records.case_openings import open_case as recover
from records.contacts import change, record_consent
from records.follow_up_openings import Opening
from records.follow_ups import open_follow_up
from records.models import Contact, Enrolment
from records.published import Published
from records.runs import end, open_runs, stir
from records.timeline import Happening, record, record_all, record_changed
from records.work import open_case

# Needs that are answered by doing: each asking is a transaction that writes.
DOING = (Change, Begin, Halt)


def done_elsewhere(session: Session, published: Published, need: Need, run: Enrolment, facts: Facts) -> Answer | None:
    """Begin or end another sequence of the contact, and return the answer; None for another need."""
    if isinstance(need, Begin):
        return _begin(session, published, need, run, facts)
    return _halt(session, published, need, run, facts.now) if isinstance(need, Halt) else None


def _begin(session: Session, published: Published, need: Begin, run: Enrolment, facts: Facts) -> Answer:
    contact, data = contact_of(session, run), dict(facts.run_event)
    entry, _ = enter_by_sequence(session, published, need.sequence, contact, facts.now, data, by_start=True)
    return begun(need, None if entry.enters else entry.why[-1])


def _halt(session: Session, published: Published, need: Halt, run: Enrolment, now: datetime) -> Answer:
    for other in open_runs(session, run.contact_id):
        if other.sequence == need.sequence:
            program = published.program(session, other.version)
            end(session, program, other, "exited:stopped", now, [f"stopped by {run.sequence}"])
            stir(session, other, now)
    return halted(need)


def carry_out(
    session: Session, published: Published, need: Need, run: Enrolment, asked: Asked, found: Answer, now: datetime
) -> None:
    """Do what the row of this answer says: change the record, or open a follow-up or a case."""
    assert found.row is not None, "only an answer with a row is carried out"
    if isinstance(need, Change) and found.row.did == "updated":
        _change(session, published, need, run, found.row.more["set"], now)
    if isinstance(need, Open) and found.row.did == "opened":
        _open(session, published, need, run, asked, found, now)


def _open(
    session: Session, published: Published, need: Open, run: Enrolment, asked: Asked, found: Answer, now: datetime
) -> None:
    assert found.row is not None, "only an answer with a row is carried out"
    if need.what == "task":
        contact, policies = contact_of(session, run), published.policies(session)
        kept = open_follow_up(session, policies, contact, _opening(need, run, asked, found), now)
        record_all(session, published, contact, kept.told, now)
        return
    if published.policies(session).recovery is not None:
        _recover(session, published, need, run, asked, found, now)
        return
    case, first = open_case(session, run, asked, need, found.row.more, now)
    if first:
        told = {"case": case.id, "severity": case.severity, "incident": case.incident}
        happening = Happening(
            key=f"case/{case.id}",
            name="case_opened",
            at=now,
            data={key: value for key, value in told.items() if value is not None},
            department="service",
            direction="internal",
            by=run.id,
        )
        record(session, published, contact_of(session, run), happening, now)


def _recover(
    session: Session, published: Published, need: Open, run: Enrolment, asked: Asked, found: Answer, now: datetime
) -> None:
    """Open a case that is made good by the policy, or join the one of the same incident."""
    assert found.row is not None, "only an answer with a row is carried out"
    policy, contact = published.policies(session).recovery, contact_of(session, run)
    assert policy is not None, "asked before"
    more = found.row.more
    opening = CaseOpening(
        title=str(more["case"]),
        # Without a name for the incident every visit of the step is one of its own.
        incident=str(more.get("incident") or f"{run.id}/{asked.step}/{asked.visit}"),
        severity=severity_of(need.severity),
        team=need.team,
        source=f"sequence {run.sequence}",
        enrolment=run.id,
        event=Event(id=0, name="case_opened", at=now, data=dict(run.event)),
    )
    kept = recover(session, published, contact, opening, policy, now)
    record_all(session, published, contact, kept.told, now)


def _opening(need: Open, run: Enrolment, asked: Asked, found: Answer) -> Opening:
    assert found.row is not None, "only an answer with a row is carried out"
    return Opening(
        title=str(found.row.more["task"]),
        team=need.team,
        owner=need.owner,
        policy=need.policy,
        outcomes=need.outcomes,
        source=f"sequence {run.sequence}",
        enrolment=run.id,
        step=asked.step,
        visit=asked.visit,
        due_at=found.outcome.due if isinstance(found.outcome, Later) else None,
    )


def _change(
    session: Session, published: Published, need: Change, run: Enrolment, new: Mapping[str, Any], now: datetime
) -> None:
    contact = contact_of(session, run)
    for topic in need.topics_off:
        record_consent(
            session, contact.id, topic, "opted_out", now, basis="our decision", source=f"sequence {run.sequence}"
        )
    if change(session, contact, new, now) or need.topics_off:
        record_changed(session, published, contact, now, by=run.id)


def contact_of(session: Session, run: Enrolment) -> Contact:
    """Return the contact of a run."""
    contact = session.get(Contact, run.contact_id)
    assert contact is not None, "an enrolment has a contact"
    return contact


def at_rest(answer: Answer) -> bool:
    """Whether an answer changes nothing: it only says that it is too early."""
    return isinstance(answer.outcome, Later) and answer.row is None
