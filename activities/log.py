"""The decision log: what was decided about a visit, once, with what the workflow was told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, select

from activities.batches import Batch
from domain.answering import Asked, Row, broken
from domain.needs import Outcome
from domain.story import spelled
from records.models import Decision, Enrolment, Record

# So many rows say that one visit was put off; each reason has two at most.
MOST_POSTPONED = 40

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
PLAIN: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class Run(NamedTuple):
    """A run as the decision log names it."""

    id: str
    contact_id: str
    sequence: str
    version: str | None


def already_told(session: Session, batch: Batch) -> dict[str, Outcome]:
    """Return the outcomes that an earlier attempt wrote for these visits."""
    visits = {enrolment: asked.visit for enrolment, asked in batch.asked().items()}
    rows = session.exec(
        select(Decision).where(
            col(Decision.enrolment_id).in_(list(visits)),
            Decision.step == batch.step,
            Decision.asked == _asked_word(batch.admission),
            col(Decision.final).is_(True),
        )
    ).all()
    return {
        row.enrolment_id: OUTCOME.validate_python(row.outcome)
        for row in rows
        if row.enrolment_id is not None and row.outcome is not None and visits[row.enrolment_id] == row.visit
    }


# Asked for every message, so it is built once.
_RUNS = (
    select(Enrolment.id, Enrolment.contact_id, Enrolment.sequence, Enrolment.version)
    .add_columns(col(Decision.step), col(Decision.visit), col(Decision.asked))
    .outerjoin(
        Decision,
        (col(Decision.enrolment_id) == col(Enrolment.id))
        & (col(Decision.step).in_(bindparam("steps", expanding=True)))
        & col(Decision.final).is_(True),
    )
    .where(col(Enrolment.id).in_(bindparam("runs", expanding=True)))
)


def open_visits(session: Session, visits: Mapping[str, Asked]) -> dict[str, Run]:
    """Return the runs, by id, that are there and whose visit has no end written yet."""
    steps = list({each.step for each in visits.values()})
    runs, closed = {}, set()
    for id, contact, sequence, version, *end in session.connection().execute(
        _RUNS, {"runs": list(visits), "steps": steps}
    ):
        asked = visits[id]
        runs[id] = Run(id, contact, sequence, version)
        if end == [asked.step, asked.visit, _asked_word(asked.admission)]:
            closed.add(id)
    return {id: run for id, run in runs.items() if id not in closed}


_END_OF_VISIT = select(Decision.id).where(
    col(Decision.enrolment_id) == bindparam("enrolment"),
    col(Decision.step) == bindparam("step"),
    col(Decision.visit) == bindparam("visit"),
    col(Decision.asked) == bindparam("asked"),
    col(Decision.final).is_(True),
)


def is_closed(session: Session, enrolment: str, asked: Asked) -> bool:
    """Whether the end of this visit is written already."""
    visit = {"enrolment": enrolment, "step": asked.step, "visit": asked.visit, "asked": _asked_word(asked.admission)}
    return session.connection().execute(_END_OF_VISIT, visit).first() is not None


def _asked_word(admission: bool) -> str:
    return "when" if admission else ""


def decision(enrolment: Enrolment, asks: Asked, row: Row, outcome: Outcome, now: datetime) -> Decision:
    """Return the row of the decision log for an answer."""
    run = Run(enrolment.id, enrolment.contact_id, enrolment.sequence, enrolment.version)
    return Decision(**written(run, asks, row, outcome, now))


def written(run: Run, asks: Asked, row: Row, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """Return the values of the row of the decision log for an answer, by column."""
    more = {key: spelled(value) if isinstance(value, datetime) else value for key, value in row.more.items()}
    return {
        "contact_id": run.contact_id,
        "enrolment_id": run.id,
        "sequence": run.sequence,
        "version": run.version,
        "step": asks.step,
        "kind": asks.kind,
        "visit": asks.visit,
        "asked": _asked_word(asks.admission),
        "did": row.did,
        "final": row.final,
        "shown": row.shown,
        "at": now,
        "why": row.why,
        "more": PLAIN.dump_python(more, mode="json"),
        "outcome": OUTCOME.dump_python(outcome, mode="json") if row.final else None,
        "event_id": row.event,
    }


_CLOSE = insert(Record.metadata.tables["decision"])


def close_visits(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write final rows of the decision log; none of their visits has one."""
    if rows:
        session.connection().execute(_CLOSE, list(rows))


def park(session: Session, enrolment: str, asked: Asked, why: str, now: datetime) -> Outcome:
    """Close a visit as broken, unless its end is written already; return what the workflow is told."""
    found, row = broken(why), session.get(Enrolment, enrolment)
    if row is not None and found.row is not None and not is_closed(session, enrolment, asked):
        session.add(decision(row, asked, found.row, found.outcome, now))
        session.flush()
    return found.outcome


def defer(session: Session, row: Decision) -> None:
    """Write that a visit was postponed; of those who say the same one after the other, the first and the last.

    The last counts how often it was said (`times`). However long a visit is put off, for whatever changing reasons, it
    has a limited number of rows: then the last is written over.
    """
    of_visit = (Decision.enrolment_id == row.enrolment_id, Decision.step == row.step, Decision.visit == row.visit)
    newest = select(Decision).where(*of_visit).order_by(col(Decision.id).desc()).limit(MOST_POSTPONED)
    told = list(session.exec(newest).all())
    last = told[0] if told and not told[0].final else None
    same = last is not None and (last.did, last.why) == (row.did, row.why)
    if last is not None and ((same and "times" in last.more) or len(told) == MOST_POSTPONED):
        last.did, last.why, last.at = row.did, row.why, row.at
        last.more = row.more | {"times": last.more.get("times", 1) + 1}
        session.add(last)
    else:
        row.more = row.more | ({"times": 2} if same else {})
        row.shown = row.shown and not same  # a timeline says it once
        session.add(row)
    session.flush()


def last_words(session: Session, enrolment: str) -> list[str]:
    """Return the reasons written last about a run."""
    last = select(Decision).where(Decision.enrolment_id == enrolment).order_by(col(Decision.id).desc()).limit(1)
    row = session.exec(last).first()
    return row.why if row else []
