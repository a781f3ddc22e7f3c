"""The span that a report is about, as it was typed: days begin at midnight on the organisation's clock."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlmodel import Session

from domain.definition import nearest
from records.published import Published
from records.reports.follow_up_figures import Span
from starter.cli_report import instant_of, office_zone
from starter.cli_result import ProblemsFound


@dataclass(frozen=True)
class Wanted:
    """What was typed. A day is the beginning of it on the organisation's clock."""

    since: date | datetime | None = None
    until: date | datetime | None = None
    team: str | None = None
    out: Path | None = None


def span_of(session: Session, published: Published, wanted: Wanted, default: datetime) -> Span:
    """Return the span that was typed; it begins at `default` where nobody said when. Raises `ProblemsFound`."""
    zone = office_zone(session, published)
    until, since = instant_of(wanted.until, zone), instant_of(wanted.since, zone) or default
    if until is not None and since >= until:
        raise ProblemsFound(["--until: nothing can have been opened before --since and after it; give a later day"])
    teams = published.policies(session).teams.teams
    if wanted.team is not None and wanted.team not in teams:
        known = nearest(wanted.team, set(teams)) or "; see policies/teams.yaml"
        raise ProblemsFound([f"--team: there is no team '{wanted.team}'{known}"])
    return Span(since, until, wanted.team)
