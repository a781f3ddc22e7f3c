"""Where the runs of a sequence stand, counted by SQL.

The last thing decided about a run tells where it went. Runs that were told the same at the same step stand at the same
place, so they are counted by what they were told, and the program is asked once for each group, not once for each run.
Nothing has to be written for it when a run moves, and it says what `rapport contact show` says of each one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, distinct, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from domain.needs import Broken, Outcome
from domain.outline import Loop, loops, outline
from domain.program import Program
from domain.run import Run, advance, entered
from records.models import Decision, Enrolment
from records.reports.figures import Period
from records.reports.period import of_runs
from records.reports.sql import FINAL, leads_by

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
# Where a run goes does not hang on when it was told; only an instant has to stand there.
AT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stood:
    """So many runs stand at a step, or stood there when they `ended`. `closed`: the step was done with them, or (an
    exit) they ended by it."""

    step: str
    count: int
    ended: str | None = None
    closed: bool = False


def stood(session: Session, period: Period, programs: Mapping[str, Program]) -> Iterator[Stood]:
    """Yield where the runs of this period stand now, or stood at their end; not those that walked to the end."""
    for version, program in programs.items():
        places = Places(program)
        for row in session.connection().execute(_last_words(period, version, places.loops)):
            rounds = dict(zip((loop.step for loop in places.loops), row[4:-1], strict=True))
            step, closed = places.after(row.step, row.asked, row.told, rounds)
            if step is not None:
                yield Stood(step, row.runs, row.end_reason, closed)


def _last_words(period: Period, version: str, repeats: Sequence[Loop]) -> Any:
    of_run = and_(col(Decision.enrolment_id) == col(Enrolment.id), FINAL)
    last = select(func.max(col(Decision.id))).where(of_run).correlate(Enrolment).scalar_subquery()
    told = [col(Decision.step), col(Decision.asked), leads_by(col(Decision.outcome)).label("told")]
    rounds = [_rounds(loop).label(f"rounds_{number}") for number, loop in enumerate(repeats)]
    return (
        select(col(Enrolment.end_reason), *told, *rounds, func.count().label("runs"))
        .select_from(Enrolment)
        .outerjoin(Decision, col(Decision.id) == last)
        .where(*of_runs(period), col(Enrolment.version) == version)
        .group_by(col(Enrolment.end_reason), *told, *(each.name for each in rounds))
    )


def _rounds(loop: Loop) -> ColumnElement[int]:
    """Count the rounds of a loop that a run has begun, in the current round of the loop around it."""
    begun = aliased(Decision)
    theirs = select(func.count(distinct(col(begun.visit)))).where(_decided(begun, loop.begins))
    if loop.outer is not None and not loop.shares_beginning:
        around = aliased(Decision)
        since = select(func.max(col(around.id))).where(_decided(around, loop.outer.begins))
        theirs = theirs.where(col(begun.id) > func.coalesce(since.correlate(Enrolment).scalar_subquery(), 0))
    return theirs.correlate(Enrolment).scalar_subquery()


def _decided(row: Any, step: str) -> ColumnElement[bool]:
    return and_(col(row.enrolment_id) == col(Enrolment.id), col(row.step) == step, col(row.final).is_(True))


class Places:
    """Where runs of a program go after a word."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.inside = {placed.step.id: placed.inside for placed in outline(program)}
        self.loops = list(loops(program).values())

    def after(
        self, step: str | None, asked: str | None, told: str | None, rounds: Mapping[str, int]
    ) -> tuple[str | None, bool]:
        """Return where a run stands after this word (None: at no step), and whether that step is done with it."""
        if step is None or told is None:
            return entered(self.program, AT).position, False
        outcome = OUTCOME.validate_python(json.loads(told))
        if isinstance(outcome, Broken) or step not in self.program.steps:
            return step, True
        run = Run(
            position=step,
            entered_at=AT,
            arrived_at=AT,
            rounds=self._rounds_at(step, asked, rounds),
            admitted=not asked,
        )
        after = advance(self.program, run, outcome, AT)
        if after.position is not None:
            return after.position, False
        # An exit decides nothing; who ended by it came to it last.
        last = next(reversed(after.visits), None)
        return (last, True) if last is not None and self.program.step(last).loop() is None else (None, True)

    def _rounds_at(self, step: str, asked: str | None, begun: Mapping[str, int]) -> dict[str, int]:
        around = [loop for loop in self.loops if loop.step in self.inside.get(step, ())]
        here = [loop for loop in self.loops if loop.step == step and not asked]
        return {loop.step: self._round(loop, begun[loop.step]) for loop in (*around, *here)}

    def _round(self, loop: Loop, begun: int) -> int:
        if loop.shares_beginning:
            return (begun - 1) % loop.times + 1
        inner = next((each for each in self.loops if each.outer == loop and each.shares_beginning), None)
        return begun if inner is None else (begun - 1) // inner.times + 1
