"""`report surveys`: who was asked, how many answered, and what they said, as tables or a JSON document."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text
from sqlmodel import Session

from domain.survey_policy import SCALES
from domain.survey_tallies import FEWEST_ANSWERS, SurveyTally
from records.reports.surveys import SurveyFigures, report_on_surveys
from starter.cli_report import instant_of, office_zone
from starter.cli_result import Result
from starter.cli_store import Store, opened_store
from starter.cli_tables import Listing
from starter.follow_up_report_words import of
from starter.recovery_report import MONTHS_BEFORE, months_before
from starter.report_span import Wanted, span_of
from starter.report_words import day, number

COLUMNS = ("asked", "answered", "answers", "figure", "content")
TOO_FEW = f"fewer than {FEWEST_ANSWERS} answers"


def report_surveys(wanted: Wanted) -> Result:
    """Report on surveys that were asked in a span: this month and the two before. Raises `ProblemsFound`."""
    with opened_store() as store:
        figures = store.read(lambda session: _figures(session, store, wanted, datetime.now(UTC)))
    return Result(figures.as_json(), list(_shown(figures)))


def _figures(session: Session, store: Store, wanted: Wanted, now: datetime) -> SurveyFigures:
    zone = office_zone(session, store.published)
    begins = months_before(instant_of(wanted.until, zone) or now, MONTHS_BEFORE, zone)
    return report_on_surveys(session, store.published, span_of(session, store.published, wanted, begins))


def _shown(figures: SurveyFigures) -> Iterator[Any]:
    span = figures.span
    until = f"before {day(span.until)}" if span.until else "on"
    if not figures.surveys:
        yield f"Nobody was asked anything from {day(span.since)} {until}."
    for name, one in figures.surveys.items():
        yield Text(
            f"{name} ({one.every.kind}), asked from {day(span.since)} {until}: {figure(one.every)}", style="bold"
        )
        yield from _scores(one.every)
        yield from _by("month", one.months)
        yield from _by("sequence", one.sequences)
        yield ""


def figure(tally: SurveyTally) -> str:
    """Return the figure that is usual for its kind, with how many answers it rests on.

    >>> figure(SurveyTally("nps"))
    'fewer than 10 answers'
    """
    if tally.nps is not None:
        return f"NPS {tally.nps:+.0f} (of {number(tally.count)})"
    if tally.average is not None:
        return f"{tally.average:.1f} of {SCALES[tally.kind][1]} (of {number(tally.count)})"
    return TOO_FEW


def _scores(tally: SurveyTally) -> Iterator[str]:
    least, most = SCALES[tally.kind]
    said = " · ".join(f"{score}: {number(tally.scores[score])}" for score in range(least, most + 1))
    yield f"Answers by score: {said}"
    if tally.told:
        yield f"Told by other systems: {number(tally.told)}"


def _by(what: str, tallies: Mapping[str, SurveyTally]) -> Iterator[Any]:
    table = Listing(what, *COLUMNS)
    for name, each in tallies.items():
        answered = of(each.rate) if each.rate is not None else "–"
        content = of(each.content) if each.enough else "–"
        table.row(name, number(each.asked), answered, number(each.count), figure(each), content)
    yield from ("", table)
