"""The report on surveys: who was asked in a span, and what they answered last, whenever that was.

What other systems tell of surveys of their own (`POST /events`) is counted by when they told it; nobody knows how many
they had asked.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from domain.policies import Policies
from domain.survey_policy import SCALES
from domain.survey_tallies import SurveyTally, Told, tally
from records.ledger import LEFT
from records.models import Interaction, Message
from records.published import Published
from records.reports.follow_up_figures import Span
from records.surveys import ANSWERED, key_of

NO_SEQUENCE = "(none of ours)"


@dataclass
class OneSurvey:
    """A survey altogether, by month and by sequence."""

    every: SurveyTally
    months: dict[str, SurveyTally] = field(default_factory=dict)
    sequences: dict[str, SurveyTally] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        parts = {"months": self.months, "sequences": self.sequences}
        return self.every.as_json() | {
            name: {each: some.as_json() for each, some in part.items()} for name, part in parts.items()
        }


@dataclass
class SurveyFigures:
    """Every survey that was asked, or answered, in a span."""

    span: Span
    surveys: dict[str, OneSurvey] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; instants are UTC."""
        until = self.span.until
        return {
            "report": "surveys",
            "since": self.span.since.isoformat(),
            "until": until.isoformat() if until is not None else None,
            "surveys": {name: each.as_json() for name, each in self.surveys.items()},
        }


def report_on_surveys(session: Session, published: Published, span: Span) -> SurveyFigures:
    """Return every figure of the surveys of a span; of a survey that no policy knows any more there is none."""
    policies = published.policies(session)
    figures = SurveyFigures(span)
    those: dict[str, list[Told]] = defaultdict(list)
    for name, each in _told(session, policies, span):
        those[name].append(each)
    for name in sorted(those):
        survey = policies.surveys.named(name)
        if survey is None:
            continue
        least, most = SCALES[survey.kind]
        ours = [each for each in those[name] if each.score is None or least <= each.score <= most]
        one = figures.surveys[name] = OneSurvey(tally(survey.kind, ours))
        for month in sorted({each.month for each in ours}):
            one.months[month] = tally(survey.kind, (each for each in ours if each.month == month))
        for sequence in sorted({each.sequence for each in ours}):
            one.sequences[sequence] = tally(survey.kind, (each for each in ours if each.sequence == sequence))
    return figures


def _told(session: Session, policies: Policies, span: Span) -> Iterator[tuple[str, Told]]:
    zone = ZoneInfo(policies.messaging.organisation.time_zone)
    answers, others = _answers(session, span)
    asked = select(col(Message.id), col(Message.survey), col(Message.sequence), col(Message.handing_over_at)).where(
        col(Message.survey).is_not(None), col(Message.state).in_(LEFT), *_within(col(Message.handing_over_at), span)
    )
    for message, survey, sequence, at in session.connection().execute(asked):
        assert survey is not None, "the question asks for those that have one"
        assert at is not None, "what has left has an instant"
        yield survey, Told(_month(at, zone), sequence or NO_SEQUENCE, answers.get(message))
    for survey, score, at in others:
        yield survey, Told(_month(at, zone), NO_SEQUENCE, score, asked=False)


def _month(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m}"


def _within(column: Any, span: Span) -> list[ColumnElement[bool]]:
    return [column >= span.since, *([column < span.until] if span.until is not None else [])]


def _answers(session: Session, span: Span) -> tuple[dict[str, int], list[tuple[str, int, datetime]]]:
    """Return the last answer to each message of ours, and what others told: which survey, the score, and when."""
    ours: dict[str, int] = {}
    others: list[tuple[str, int, datetime]] = []
    rows = select(col(Interaction.key), col(Interaction.at), col(Interaction.data)).where(
        col(Interaction.name) == ANSWERED, col(Interaction.at) >= span.since
    )
    for key, at, data in session.connection().execute(rows.order_by(col(Interaction.id))):
        score = _score(data.get("score"))
        if score is None:
            continue
        if key.startswith(key_of("")):
            ours[key.split("/")[1]] = score
        elif span.until is None or at < span.until:
            others.append((str(data.get("survey")), score, at))
    return ours, others


def _score(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool) else round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
