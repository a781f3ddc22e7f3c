"""Which rows a report counts: those of the runs that entered in its period."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped
from sqlmodel import col

from records.entry_models import Holdout
from records.models import Decision, Enrolment
from records.reports.figures import Period

Conditions = list[ColumnElement[bool]]


def of_runs(period: Period) -> Conditions:
    """Return the conditions on `enrolment`."""
    return _of(period, col(Enrolment.sequence), col(Enrolment.version), col(Enrolment.entered_at))


def of_entries(period: Period) -> Conditions:
    """Return the conditions on the rows of `decision` that tell of entries."""
    whose = _of(period, col(Decision.sequence), col(Decision.version), col(Decision.at))
    return [col(Decision.kind) == "entry", *whose]


def of_held_out(period: Period) -> Conditions:
    """Return the conditions on `holdout`."""
    return _of(period, col(Holdout.sequence), col(Holdout.version), col(Holdout.held_at))


def _of(period: Period, sequence: Mapped[str], version: Mapped[Any], at: Mapped[datetime]) -> Conditions:
    conditions = [sequence == period.sequence]
    if period.version is not None:
        conditions.append(version == period.version)
    if period.since is not None:
        conditions.append(at >= period.since)
    if period.until is not None:
        conditions.append(at < period.until)
    return conditions
