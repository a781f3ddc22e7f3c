"""`report recovery`: what went wrong and how it was made good, as tables, a JSON document, or a page."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text
from sqlmodel import Session

from domain.case_tallies import CaseTally
from records.reports.recovery import report_on_recovery
from records.reports.recovery_figures import RecoveryFigures
from starter.cli_report import instant_of, office_zone, write_page
from starter.cli_result import Result
from starter.cli_store import Store, opened_store
from starter.cli_tables import Listing
from starter.recovery_report_page import page
from starter.recovery_report_words import (
    ACTION_COLUMNS,
    APPROVAL_COLUMNS,
    CAUSE_COLUMNS,
    COLUMNS,
    GIVEN_COLUMNS,
    PROMISE_COLUMNS,
    actions,
    approvals,
    causes,
    cells,
    goodwill,
    open_now,
    promises,
    repeat_words,
    repurchase_words,
    summary,
)
from starter.report_span import Wanted, span_of

# Without --since: this month, and so many before it.
MONTHS_BEFORE = 2


def report_recovery(wanted: Wanted) -> Result:
    """Report on the cases that were opened in a span: this month and the two before. Raises `ProblemsFound`."""
    now = datetime.now(UTC)
    with opened_store() as store:
        figures = store.read(lambda session: _figures(session, store, wanted, now))
    if wanted.out is not None:
        write_page(wanted.out, page(figures))
    notes = [f"written: {wanted.out}"] if wanted.out else []
    return Result(figures.as_json(), list(_shown(figures)), notes)


def _figures(session: Session, store: Store, wanted: Wanted, now: datetime) -> RecoveryFigures:
    zone = office_zone(session, store.published)
    begins = months_before(instant_of(wanted.until, zone) or now, MONTHS_BEFORE, zone)
    return report_on_recovery(session, store.published, span_of(session, store.published, wanted, begins), now)


def months_before(now: datetime, count: int, zone: ZoneInfo) -> datetime:
    """Return when a month began, so many before the one of `now`, on a clock.

    >>> str(months_before(datetime(2026, 1, 15, tzinfo=UTC), 2, ZoneInfo("UTC")))
    '2025-11-01 00:00:00+00:00'
    """
    here = now.astimezone(zone)
    year, month = divmod(here.year * 12 + here.month - 1 - count, 12)
    return datetime.combine(here.date().replace(year=year, month=month + 1, day=1), time(), zone).astimezone(UTC)


def _shown(figures: RecoveryFigures) -> Iterator[Any]:
    first, *more = summary(figures)
    yield Text(first, style="bold")
    yield from more
    if figures.every.opened:
        yield from _listing(PROMISE_COLUMNS, promises(figures.every))
        yield from _by("month", figures.months)
        yield from _by("team", figures.teams)
        yield from _listing(CAUSE_COLUMNS, causes(figures))
        yield from repeat_words(figures)
        yield from _listing(APPROVAL_COLUMNS, approvals(figures))
        yield from _listing(GIVEN_COLUMNS, goodwill(figures.given, figures.labels))
    yield ""
    yield from open_now(figures)
    yield from repurchase_words(figures.repurchase)
    yield from _listing(ACTION_COLUMNS, actions(figures.actions))


def _by(what: str, tallies: Mapping[str, CaseTally]) -> Iterator[Any]:
    yield from _listing((what, *COLUMNS), ([name, *cells(tally)] for name, tally in tallies.items()))


def _listing(columns: Iterable[str], lines: Iterable[list[str]]) -> Iterator[Any]:
    """Yield a table with an empty line before it; nothing where it has no lines."""
    told = list(lines)
    if told:
        table = Listing(*columns)
        for line in told:
            table.row(*line)
        yield from ("", table)
