"""Where runs stand, by the decision log: how they are put back on their way, and how people are told."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from domain.needs import Outcome
from domain.program import Program
from domain.run import Run
from domain.walking import Told, walked
from records.models import Decision

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)


def runs_on_their_way(session: Session, program: Program, members: Mapping[str, datetime]) -> dict[str, Run]:
    """Return the runs of those of these enrolments (with the instant of entry) about whom something was decided."""
    logs = _logs(session, list(members))
    return {each: walked(program, members[each], log) for each, log in logs.items()}


def _logs(session: Session, enrolments: Sequence[str]) -> dict[str, list[Told]]:
    rows = session.exec(
        select(Decision)
        .where(col(Decision.enrolment_id).in_(enrolments), col(Decision.final).is_(True))
        .order_by(col(Decision.id))
    ).all()
    logs: dict[str, list[Told]] = defaultdict(list)
    for row in rows:
        if row.enrolment_id is not None and row.step is not None and row.outcome is not None:
            outcome = OUTCOME.validate_python(row.outcome)
            logs[row.enrolment_id].append(Told(row.step, row.visit, row.asked == "when", row.at, outcome))
    return dict(logs)
