"""Who is a member of which segment, as it was last looked at: the moment somebody becomes one starts sequences.

Conditions do not ask here: `in_segment` is answered live, on the facts of the moment.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select

from domain.facts import NO_PROGRAM, Facts
from domain.policies import Policies
from records.entry_models import Membership
from records.facts import Known, contact_fields, read_contacts
from records.models import Contact
from records.unique import add_if_new


def update_memberships(session: Session, policies: Policies, contact: Contact, since: datetime) -> list[str]:
    """Write which segments a contact is in from this instant on; return those it was not in before."""
    before = memberships(session, [contact.id]).get(contact.id, frozenset())
    known = read_contacts(session, [contact.id])
    now_in = segments_of(known, contact, policies, since)
    if left := before - now_in:
        gone = delete(Membership).where(col(Membership.contact_id) == contact.id, col(Membership.segment).in_(left))
        session.exec(gone.execution_options(synchronize_session=False))
    # Of two workers that see it at once, the one that writes it tells.
    fresh = (Membership(contact_id=contact.id, segment=name, since=since) for name in sorted(now_in - before))
    return [row.segment for row in fresh if add_if_new(session, row)]


def segments_of(known: Known, contact: Contact, policies: Policies, now: datetime) -> frozenset[str]:
    """Return the segments a contact is in; nobody who is erased is in any."""
    if contact.erased_at is not None or not policies.segments.segments:
        return frozenset()
    facts = Facts(
        now=now,
        program=NO_PROGRAM,
        policies=policies,
        contact=contact_fields(contact),
        entered_at=now,
        events=known.events.get(contact.id, ()),
        standing=known.standings[contact.id],
    )
    return frozenset(name for name in policies.segments.segments if facts.in_segment(name))


def memberships(session: Session, contacts: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return the segments that each of these contacts was last seen in."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = select(Membership.contact_id, Membership.segment).where(col(Membership.contact_id).in_(contacts))
    for contact, segment in session.exec(rows):
        found[contact].add(segment)
    return {contact: frozenset(names) for contact, names in found.items()}
