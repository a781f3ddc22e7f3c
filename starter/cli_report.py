"""`report`: figures, as a table, a JSON document, or a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text
from sqlmodel import Session

from domain.comparison import passing
from domain.definition import nearest
from domain.spans import Span
from domain.statistics import difference
from records.published import Published
from records.published_models import Edition
from records.reports.figures import Period, SequenceFigures, StepFigures
from records.reports.sequence import editions, report_on, sequences
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import Store, opened_store, sequence_name
from starter.publish import SHOWN_OF_A_HASH
from starter.report_page import page
from starter.report_words import arm_words, entries, failed_words, goal, left_words, number, skipped_words, verdict

REPORTS = {
    "follow-ups": "rapport report follow-ups: what people were asked to do, how much of it in time, and how fast",
    "recovery": "rapport report recovery: what went wrong, how it was made good, and whether it goes wrong again",
    "sequence": "rapport report sequence NAME: who enters a sequence, what becomes of them, what it adds",
    "surveys": "rapport report surveys: who was asked, how many answered, and how satisfied they are",
}


@dataclass(frozen=True)
class Wanted:
    """What was typed. A day is the beginning of it on the organisation's clock."""

    sequence: str
    since: date | datetime | None = None
    until: date | datetime | None = None
    version: str | None = None
    within: Span | None = None
    out: Path | None = None


def list_reports() -> Result:
    """List the reports there are."""
    return Result({"reports": sorted(REPORTS)}, list(REPORTS.values()))


def report_sequence(wanted: Wanted) -> Result:
    """Report on one sequence. Raises `ProblemsFound`."""
    now, within = datetime.now(UTC), _length(wanted.within)
    with opened_store() as store:
        figures = store.read(lambda session: _figures(session, store, wanted, within, now))
    if wanted.out is not None:
        write_page(wanted.out, page(figures))
    notes = [f"written: {wanted.out}"] if wanted.out else []
    return Result(figures.as_json(), list(_shown(figures)), notes)


def _figures(
    session: Session, store: Store, wanted: Wanted, within: timedelta | None, now: datetime
) -> SequenceFigures:
    name = sequence_name(wanted.sequence)
    found = editions(session, name)
    if not found:
        raise ProblemsFound([f"sequence '{name}' was never published{nearest(name, sequences(session))}"])
    zone = office_zone(session, store.published)
    since, until = instant_of(wanted.since, zone), instant_of(wanted.until, zone)
    if since is not None and until is not None and since >= until:
        raise ProblemsFound(["--until: nobody can have entered before --since and after it; give a later day"])
    version = _version(found, wanted.version)
    return report_on(session, store.published, Period(name, since, until, version), now, within)


def office_zone(session: Session, published: Published) -> ZoneInfo:
    """Return the organisation's clock."""
    return ZoneInfo(published.policies(session).messaging.organisation.time_zone)


def instant_of(when: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return when a day begins in `zone`; an instant as it is."""
    if when is None or isinstance(when, datetime):
        return when
    return datetime.combine(when, time(), zone).astimezone(UTC)


def _length(within: Span | None) -> timedelta | None:
    if within is None:
        return None
    length = passing(within)
    if not length:
        raise ProblemsFound([f"--within: '{within}' is not a length that is the same for everybody; write '30 days'"])
    return length


def _version(found: list[Edition], wanted: str | None) -> str | None:
    """Return the one version that begins like this."""
    if wanted is None:
        return None
    digits = wanted.removeprefix("sha256:")
    fitting = [each.version for each in found if each.version.removeprefix("sha256:").startswith(digits)]
    if len(fitting) == 1 and digits:
        return fitting[0]
    known = ", ".join(each.version[:SHOWN_OF_A_HASH] for each in found[:8])
    what = "several versions begin" if fitting else "no version begins"
    raise ProblemsFound([f"--version: {what} with '{wanted[:80]}'; there is {known}"])


def write_page(path: Path, text: str) -> None:
    """Write a page where `--out` says. Raises `ProblemsFound`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProblemsFound([f"--out: cannot write {path} ({error.strerror}); give another file"]) from None


# --- in the terminal -------------------------------------------------------------------------------------------------


def _shown(figures: SequenceFigures) -> Iterator[Any]:
    about = f": {figures.description}" if figures.description else ""
    yield Text(f"{figures.period.sequence}{about}", style="bold")
    yield from entries(figures)
    yield goal(figures)
    if figures.comparison is not None:
        first, *why = verdict(figures.comparison)
        yield Text(f"\n{first}", style="bold")
        yield from why
    yield ""
    yield _steps_table(figures)
    yield from _beside(figures)
    if figures.ends:
        yield f"\nEnds: {left_words(figures.ends)}"
    yield from (f"Note: {remark}." for remark in figures.remarks)


def _steps_table(figures: SequenceFigures) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("step", no_wrap=True)
    for title in ("came", "wait now", "left here", "sent", "put off", "clicked", "replied", "opened*"):
        table.add_column(title, justify="right")
    for step in figures.steps:
        table.add_row(*_cells(step))
    return table


def _cells(step: StepFigures) -> Iterator[Text]:
    former = " (in an earlier version)" if step.former else ""
    yield Text("  " * step.placed.depth + step.placed.step.id + former)
    counts = [step.visited, step.waiting, sum(step.left.values())]
    letters = step.letters
    if step.placed.sends:
        counts += [letters.sent, letters.put_off, letters.clicked, letters.replied, letters.opened]
    yield from (Text(number(count) if count else "·") for count in counts)


def _beside(figures: SequenceFigures) -> Iterator[str]:
    """Yield what has no column: arms, reasons, machines."""
    if any(step.placed.sends for step in figures.steps):
        yield "* whether a message was opened cannot be known for sure; do not decide by it"
    for step in figures.steps:
        first = step.drawn()
        told = [f"  {arm.title}: {_arm(arm, first)}" for arm in step.arms]
        told += [f"  {skipped_words(step)}"] * bool(step.skipped)
        told += [f"  {failed_words(step)}"] * bool(step.failed)
        told += [f"  left: {left_words(step.left)}"] * bool(step.left)
        told += [f"  clicked by machines: {number(step.letters.clicked_by_machines)}"] * bool(
            step.letters.clicked_by_machines
        )
        if told:
            yield f"\n{step.placed.step.id}"
            yield from told


def _arm(arm: Any, first: Any) -> str:
    against = difference(arm.share, first.share) if first is not None and arm is not first else None
    return arm_words(arm, first, against)
