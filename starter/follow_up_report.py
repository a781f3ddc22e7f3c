"""`report follow-ups`: what people were asked to do and how it was kept, as tables, a JSON document, or a page."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text
from sqlmodel import Session

from domain.tallies import FEWEST_OF_A_PERSON, Tally
from records.reports.follow_up_figures import FollowUpFigures
from records.reports.follow_ups import report_on_follow_ups
from starter.cli_report import instant_of, office_zone, write_page
from starter.cli_result import Result
from starter.cli_store import Store, opened_store
from starter.cli_tables import Listing
from starter.follow_up_report_page import page
from starter.follow_up_report_words import COLUMNS, cells, open_now, speed_words, summary, turns, turns_title
from starter.report_span import Wanted, span_of

DEFAULT = timedelta(days=30)


def report_follow_ups(wanted: Wanted) -> Result:
    """Report on the follow-ups that were opened in a span: the last 30 days. Raises `ProblemsFound`."""
    now = datetime.now(UTC)
    with opened_store() as store:
        figures = store.read(lambda session: _figures(session, store, wanted, now))
    if wanted.out is not None:
        write_page(wanted.out, page(figures))
    notes = [f"written: {wanted.out}"] if wanted.out else []
    return Result(figures.as_json(), list(_shown(figures)), notes)


def _figures(session: Session, store: Store, wanted: Wanted, now: datetime) -> FollowUpFigures:
    zone = office_zone(session, store.published)
    span = span_of(session, store.published, wanted, (instant_of(wanted.until, zone) or now) - DEFAULT)
    return report_on_follow_ups(session, store.published, span, now)


def _shown(figures: FollowUpFigures) -> Iterator[Any]:
    first, *more = summary(figures)
    yield Text(first, style="bold")
    yield from more
    if figures.every.opened:
        yield ""
        yield _by("team", figures.teams)
        yield ""
        yield _by("policy", figures.policies)
        yield ""
        yield _by("person", figures.people)
        if None in figures.people.values():
            yield f"* fewer than {FEWEST_OF_A_PERSON} say nothing about a person"
    yield ""
    yield from open_now(figures.open_now, figures.open_by_team)
    yield from speed_words(figures.speed)
    for name, shares in figures.shares.items():
        yield f"\n{turns_title(name, shares)}"
        table = Listing("member", "weight", "in turn", "by weight", "otherwise")
        for row in turns(shares):
            table.row(*row)
        yield table


def _by(what: str, tallies: Mapping[str, Tally | None]) -> Listing:
    table = Listing(what, *COLUMNS)
    for name, tally in tallies.items():
        table.row(name, *(cells(tally) if tally is not None else ["too few*", *[""] * (len(COLUMNS) - 1)]))
    return table
