"""The audience of a broadcast: taken down page by page, as of one instant, by whoever gets to it.

Contacts are gone through by their ids. A page is read first and written with how far it came in one transaction, which
finds out if another worker was quicker. In is who is in the segment at that instant and still is when its page is read:
who becomes a member later is not, who has left by then is not written to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from domain.broadcast import arm_of, read_share
from domain.facts import NO_PROGRAM, Facts
from domain.policies import Policies
from records.broadcast_models import Broadcast, BroadcastMember
from records.broadcasts import held
from records.entry_models import Membership
from records.facts import Known, contact_fields, read_contacts
from records.models import Contact
from records.published import Published

MOST_CONTACTS = 500


@dataclass(frozen=True)
class Page:
    """Contacts that were looked at: those in the segment, and the last of all (None: there are no more)."""

    members: tuple[str, ...] = ()
    last: str | None = None


def page_of(
    session: Session, published: Published, segment: str, after: str, at: datetime, most: int = MOST_CONTACTS
) -> Page:
    """Return who of the next `most` contacts was in a segment at an instant; nothing is written."""
    chosen = select(Contact).where(
        col(Contact.id) > after, col(Contact.erased_at).is_(None), col(Contact.created_at) <= at
    )
    contacts = session.exec(chosen.order_by(col(Contact.id)).limit(most)).all()
    if not contacts:
        return Page()
    return Page(tuple(_members(session, published.policies(session), segment, contacts, at)), contacts[-1].id)


def _members(
    session: Session, policies: Policies, segment: str, contacts: Sequence[Contact], at: datetime
) -> Iterator[str]:
    ids = [contact.id for contact in contacts]
    known = read_contacts(session, ids)
    later = select(Membership.contact_id).where(
        Membership.segment == segment, col(Membership.contact_id).in_(ids), col(Membership.since) > at
    )
    joined_later = set(session.exec(later))
    for contact in contacts:
        if contact.id not in joined_later and _is_in(known, contact, policies, segment, at):
            yield contact.id


def _is_in(known: Known, contact: Contact, policies: Policies, segment: str, at: datetime) -> bool:
    facts = Facts(
        now=at,
        program=NO_PROGRAM,
        policies=policies,
        contact=contact_fields(contact),
        entered_at=at,
        events=[event for event in known.events.get(contact.id, ()) if event.at <= at],
        standing=known.standings[contact.id],
    )
    return facts.in_segment(segment)


def take_down(session: Session, id: str, after: str, page: Page) -> bool:
    """Write a page that was read behind `after`; False if another worker has written it, or it is not wanted any more.

    After the last page the broadcast begins to send.
    """
    row = held(session, id)
    if row is None or row.state != "snapshotting" or row.reached != after:
        return False
    session.add_all(_member(row, contact) for contact in page.members)
    if page.last is None:
        row.state = "sending"
    else:
        row.reached = page.last
    session.add(row)
    session.flush()
    return True


def _member(row: Broadcast, contact: str) -> BroadcastMember:
    arm = arm_of(row.name, contact, read_share(row.share)) if row.share is not None else None
    return BroadcastMember(broadcast_id=row.id, contact_id=contact, arm=arm, compared=arm is not None)
