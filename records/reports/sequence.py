"""The report on one sequence, read from one state of the database.

Everything is counted for the runs that entered in the period, whenever it happened to them, so that all figures speak
of the same people.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from domain.comparison import Comparison, counted_within
from domain.outline import former, loops, outline
from domain.program import Program
from records.entry_models import WaitingEntry
from records.models import Decision, Enrolment
from records.published import Published
from records.published_models import Edition
from records.reports.figures import Period, SequenceFigures
from records.reports.goals import compare, median_seconds
from records.reports.period import of_entries, of_runs
from records.reports.standing import stood
from records.reports.steps import step_figures


def editions(session: Session, sequence: str) -> list[Edition]:
    """Return the versions of a sequence, the one in force (else the newest) first."""
    newest_first = select(Edition).where(col(Edition.sequence) == sequence).order_by(col(Edition.published_at).desc())
    found = session.execute(newest_first).scalars().all()
    return sorted(found, key=lambda edition: edition.retired_at is not None)


def sequences(session: Session) -> set[str]:
    """Return the names of all sequences that ever were published."""
    return set(session.execute(select(col(Edition.sequence)).distinct()).scalars())


def report_on(
    session: Session, published: Published, period: Period, now: datetime, within: timedelta | None = None
) -> SequenceFigures:
    """Return every figure of a sequence that was published. Raises KeyError for one that never was.

    `within` is how long after entry a goal counts in the comparison with those held out.
    """
    known = [edition.version for edition in editions(session, period.sequence)]
    told = [period.version] if period.version is not None else known
    if not told:
        raise KeyError(f"sequence '{period.sequence}' was never published")
    programs = {version: published.program(session, version) for version in told}
    shown = programs[told[0]]
    figures = SequenceFigures(period, now, shown.description, shown.owner, told)
    _count_entries(session, period, figures)
    _count_ends(session, period, figures)
    figures.median_seconds = median_seconds(session, period)
    placed = outline(shown)
    steps = {name: step for program in programs.values() for name, step in program.steps.items()}
    standing = stood(session, period, programs)
    repeats = loops(shown).values()
    figures.steps = step_figures(session, period, placed, former(steps, placed), repeats, standing)
    figures.steps = [step for step in figures.steps if not step.former or step.visited]
    figures.comparison = _comparison(session, period, programs, within or counted_within(shown), now)
    figures.remarks = _remarks(programs, figures.comparison)
    return figures


def _count_entries(session: Session, period: Period, figures: SequenceFigures) -> None:
    counted = select(col(Decision.did), func.count().label("entries")).where(*of_entries(period))
    for row in session.connection().execute(counted.group_by(col(Decision.did)).order_by(func.count().desc())):
        outcome, _, check = row.did.partition(":")
        if outcome == "refused":
            figures.refused[check] = row.entries
    waiting = select(col(WaitingEntry.asks), func.count()).where(col(WaitingEntry.sequence) == period.sequence)
    for asks, count in session.connection().execute(waiting.group_by(col(WaitingEntry.asks))):
        figures.waiting_to_enter[asks] = count


def _count_ends(session: Session, period: Period, figures: SequenceFigures) -> None:
    counted = select(
        col(Enrolment.end_reason),
        func.count().label("runs"),
        func.count(col(Enrolment.converted_at)).label("converted"),
    ).where(*of_runs(period))
    for row in session.connection().execute(counted.group_by(col(Enrolment.end_reason)).order_by(func.count().desc())):
        figures.entered += row.runs
        figures.converted += row.converted
        if row.end_reason is None:
            figures.inside = row.runs
        else:
            figures.ends[row.end_reason] = row.runs


def _comparison(
    session: Session, period: Period, programs: Mapping[str, Program], within: timedelta, now: datetime
) -> Comparison | None:
    """Return the comparison with those held out; None for a sequence without a goal."""
    if not any(program.goal for program in programs.values()):
        return None
    holding = [version for version, program in programs.items() if program.holdout > 0]
    return compare(session, period, holding, within, now)


def _remarks(programs: Mapping[str, Program], comparison: Comparison | None) -> list[str]:
    """Return what a reader of the figures has to know beside them."""
    shares = {program.holdout for program in programs.values() if program.holdout > 0}
    remarks = []
    if len(programs) > 1:
        remarks.append(f"{len(programs)} versions are counted together; `--version` tells them apart")
    if comparison is not None and len(shares) > 1:
        remarks.append("the share held out was changed, which distorts the comparison; look at one version alone")
    return remarks
