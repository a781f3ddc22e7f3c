"""A company that scores, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.facts import NO_PROGRAM, Event, Facts
from domain.loader import Loaded, load
from domain.policies import Policies
from domain.scoring import Scored, Sum, score, told
from domain.scoring_policy import Scoring
from tests.domain.kit import POLICIES, TEMPLATES

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

SCORING = """
fit:
  - {label: more than 50 benches, when: contact.benches > 50, points: 20}
  - {label: in Germany, when: contact.country == 'DE', points: 10}
engagement:
  - {label: clicked, event: clicked, points: 10, half_life: 14 days, most: 40}
  - label: looked at prices
    event: clicked
    when: event.url.contains('/pricing')
    points: 15
    half_life: 7 days
  - {event: trial_started, points: 30, half_life: 30 days}
  - {label: bounced, event: bounced, points: -20, half_life: 30 days}
thresholds:
  warm: {score: 30}
  hot: {score: 60, fit: 20, until: 45, again_after: 90 days}
"""


def loaded(scoring: str = SCORING, **sequences: str) -> Loaded:
    files = {**POLICIES, "policies/scoring.yaml": scoring}
    return load(files | {f"sequences/{name}.yaml": text for name, text in sequences.items()}, TEMPLATES)


def policies(scoring: str = SCORING) -> Policies:
    found = loaded(scoring)
    assert not found.errors(), [str(problem) for problem in found.errors()]
    return found.policies


def scoring_of(text: str = SCORING) -> Scoring:
    found = policies(text).scoring
    assert found is not None
    return found


OURS = policies()
MADE = scoring_of()


def event(name: str, at: datetime = NOON, **data: Any) -> Event:
    return Event(id=1, name=name, at=at, data=data)


def facts(now: datetime = NOON, **contact: Any) -> Facts:
    return Facts(now=now, program=NO_PROGRAM, policies=OURS, contact=contact, entered_at=now)


def scored(*events: Event, now: datetime = NOON, **contact: Any) -> Scored:
    return score(MADE, facts(now, **contact), told(MADE, (), events))


def sums(*events: Event) -> tuple[Sum, ...]:
    return told(MADE, (), events)
