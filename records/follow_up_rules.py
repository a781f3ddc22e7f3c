"""Follow-ups that open by themselves: a form came in, a lead became hot, something of our own has happened.

policies/follow-ups.yaml `open`. One is open for each contact and rule: what happens again meanwhile is in the timeline
anyway.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from domain.facts import NO_PROGRAM, Event, Facts
from domain.follow_up_policy import Rule
from domain.policies import Policies
from records.facts import contact_fields, event_of, read_contacts
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
    if rule.when is None:
        return True
    known = read_contacts(session, [contact.id])
    facts = Facts(
        now=now,
        program=NO_PROGRAM,
        policies=policies,
        contact=contact_fields(contact),
        entered_at=now,
        events=known.events.get(contact.id, ()),
        standing=known.standings[contact.id],
    )
    return facts.judge(rule.when, event).true
