"""Follow-ups that open by themselves: a form came in, a lead became hot, something of our own has happened.

policies/follow-ups.yaml `open`. One is open for each contact and rule: what happens again meanwhile is in the timeline
anyway.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from domain.facts import Event
from domain.follow_up_policy import Rule
from domain.policies import Policies
from records.facts import asked_outside, event_of
from records.follow_ups import open_follow_up, opening_of, opens_by_rule
from records.happening import Happening
from records.models import Contact, Interaction
from records.published import Published


def opened_by_rules(
    session: Session, published: Published, contact: Contact, row: Interaction, now: datetime
) -> Iterator[Happening]:
    """Open what policies ask for on this event; yield what the timeline is to be told."""
    policies = published.policies(session)
    for name, rule in opens_by_rule(policies, row.name):
        if contact.erased_at is None and _holds(session, policies, contact, rule, event_of(row), now):
            opening = opening_of(name, rule, contact, row.data)
            yield from open_follow_up(session, policies, contact, opening, now).told


def _holds(session: Session, policies: Policies, contact: Contact, rule: Rule, event: Event, now: datetime) -> bool:
    return rule.when is None or asked_outside(session, policies, contact, now).judge(rule.when, event).true
