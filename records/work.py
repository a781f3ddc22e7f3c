"""Work that a sequence asks for: follow-ups opened and completed, cases opened and joined, answers of other systems."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select
from uuid_utils.compat import uuid7

from domain.asking import Asked
from domain.needs import Open
from records.case_models import ServiceCase
from records.follow_up_models import FollowUp
from records.models import Enrolment
from records.work_models import CallAnswer


def open_case(
    session: Session, run: Enrolment, asked: Asked, need: Open, told: Mapping[str, Any], now: datetime
) -> tuple[ServiceCase, bool]:
    """Open a case, or join the open one of the same incident; return it and whether it was opened now.

    `told` is what the timeline says: title, incident and severity. A repeat raises the severity, never lowers it.
    """
    # Without a name for the incident every visit of the step is one of its own.
    incident = str(told.get("incident") or f"{run.id}/{asked.step}/{asked.visit}")[:200]
    same = select(ServiceCase).where(
        ServiceCase.contact_id == run.contact_id,
        ServiceCase.incident == incident,
        col(ServiceCase.closed_at).is_(None),
    )
    found = session.exec(same.with_for_update()).first()
    if found is not None:
        found.joined += 1
        # S1 is the most severe.
        found.severity = min(filter(None, (found.severity, need.severity)), default=None)
        session.add(found)
        session.flush()
        return found, False
    row = ServiceCase(
        id=str(uuid7()),
        contact_id=run.contact_id,
        enrolment_id=run.id,
        title=str(told["case"])[:400],
        incident=incident,
        severity=need.severity,
        policy=need.policy,
        team=need.team,
        opened_at=now,
    )
    session.add(row)
    session.flush()
    return row, True


def follow_ups_begun(session: Session, enrolments: Sequence[str]) -> dict[str, dict[tuple[str, int], datetime]]:
    """Return when each follow-up of these runs was opened, by step and visit."""
    begun: dict[str, dict[tuple[str, int], datetime]] = defaultdict(dict)
    rows = select(FollowUp.enrolment_id, FollowUp.step, FollowUp.visit, FollowUp.opened_at)
    for enrolment, step, visit, at in session.exec(rows.where(col(FollowUp.enrolment_id).in_(enrolments))):
        if enrolment is not None and step is not None:
            begun[enrolment][step, visit] = at
    return begun


def answers_of(session: Session, enrolments: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what other systems answered to these runs, by name; of several under one name the last."""
    answers: dict[str, dict[str, Any]] = defaultdict(dict)
    rows = select(CallAnswer).where(col(CallAnswer.enrolment_id).in_(enrolments)).order_by(col(CallAnswer.id))
    for row in session.exec(rows):
        answers[row.enrolment_id][row.name] = row.answer
    return answers


def keep_answer(session: Session, run: str, asked: Asked, name: str, answer: Mapping[str, Any], now: datetime) -> None:
    """Write down what another system answered to one visit of a step."""
    session.add(
        CallAnswer(enrolment_id=run, step=asked.step, visit=asked.visit, name=name, answer=dict(answer), at=now)
    )
    session.flush()
