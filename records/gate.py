"""What the gate asks beside the contact itself: caps, what waits and what left already; of many contacts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from domain.duplicates import Alike, can_be_same
from domain.needs import Deliver
from domain.policies import MessageClass, Policies
from domain.standing import address_on
from records.capping import counted, reach
from records.facts import Known, contact_fields
from records.models import Contact
from records.surveys import asked_last
from records.twice import left_alike
from records.waits import waiting_of


def read_for_message(
    session: Session,
    known: Known,
    policies: Policies,
    need: Deliver,
    class_: MessageClass,
    now: datetime,
    *,
    survey: str | None = None,
) -> None:
    """Add to what is known of contacts what the gate asks of one message to each of them."""
    contacts, back = list(known.contacts), reach(policies)
    known.waits = waiting_of(session, contacts)
    if back is not None:
        known.counted = counted(session, contacts, now - back)
    if survey is not None:
        known.surveyed = asked_last(session, contacts)
    if can_be_same(class_, need.channel):
        known.alike = _left_alike(session, known.contacts, need, now)


def _left_alike(
    session: Session, contacts: Mapping[str, Contact], need: Deliver, now: datetime
) -> dict[str, Sequence[Alike]]:
    """Return, by contact, what left to its address already under the same template."""
    whose: dict[str, str] = {}
    for id, contact in contacts.items():
        whose[id] = address_on(contact_fields(contact), need.channel)
    by_address: dict[str, list[Alike]] = defaultdict(list)
    for each in left_alike(session, need.channel, need.template, whose.values(), now):
        by_address[each.address].append(each)
    return {id: by_address[address] for id, address in whose.items() if address in by_address}
