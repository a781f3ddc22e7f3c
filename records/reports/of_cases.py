"""Which cases are counted: a condition that every figure of the report on recovery shares."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from records.case_models import ServiceCase
from records.reports.follow_up_figures import Span


def of_ours(span: Span, *, opened: bool = True) -> list[ColumnElement[bool]]:
    """Return the conditions on `service_case`: cases of ours, of the span's team, and (if `opened`) opened in it."""
    found: list[ColumnElement[bool]] = [col(ServiceCase.number).is_not(None)]
    if span.team is not None:
        found.append(col(ServiceCase.team) == span.team)
    if opened:
        found.append(col(ServiceCase.opened_at) >= span.since)
    if opened and span.until is not None:
        found.append(col(ServiceCase.opened_at) < span.until)
    return found
