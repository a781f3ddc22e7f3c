"""What a contact says about being written to, and what follows for consent and suppression.

Consent is asked for, confirmed, withdrawn and given back here, and nowhere else. Of suppressions only `unsubscribed` is
ever lifted by what a contact does, and only by what they did themselves on a link of ours: a form or an import, which
anybody can fill in with anybody's address, lifts nothing. The others are lifted by one of us, who says why.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from sqlmodel import Session, col, select

from domain.events import EVERYTHING, SAYS_OF_TOPICS
from domain.policies import Policies
from domain.standing import EMAIL, SMS, address_on, channel_of
from records.contacts import Proof, record_consent, suppress
from records.evidence import UNVERIFIED, note_bounce
from records.facts import contact_fields
from records.models import Consent, Contact, Identity, Interaction, Message, Suppression
from records.permissions import what_holds

UNSUBSCRIBED = "unsubscribed"
"""The one suppression that the contact's own act lifts."""


def take_note(session: Session, contact: Contact, row: Interaction, message: Message | None, now: datetime) -> None:
    """Keep what an event says about being written to. `message` is the one it answers, if the ledger has it."""
    theirs = message if message is not None and message.contact_id == contact.id else None
    if row.name in SAYS_OF_TOPICS and (row.data.get("topic") or EVERYTHING) != EVERYTHING:
        _take_note_of_topic(session, contact, row, theirs.id if theirs is not None else None, now)
    elif row.name == "unsubscribed":
        # STOP in answer to a text message is about that number; whatever else they say it by, it is about the person.
        channel = channel_of(row.data)
        answered = theirs.recipient if theirs is not None and theirs.channel == channel else None
        number = answered or address_on(contact_fields(contact), channel) if channel != EMAIL else ""
        suppress(session, "address" if number else "contact", number or contact.id, UNSUBSCRIBED, row.at)
    elif row.name == "complained" and row.data.get("matched_by") not in UNVERIFIED:
        suppress(session, "contact", contact.id, "complaint", now)
    elif row.name == "bounced":
        note_bounce(session, contact, row, theirs, now)


def _take_note_of_topic(
    session: Session, contact: Contact, row: Interaction, message: str | None, now: datetime
) -> None:
    state, topic, channel = SAYS_OF_TOPICS[row.name], str(row.data["topic"]), str(row.data.get("channel") or "email")
    if state == "pending" and said_by(session, contact.id).get((topic, channel)) in ("opted_in", "pending"):
        return  # a form that asks has written down what it asked
    source = str(row.data.get("how") or row.data.get("source") or row.name)
    basis = "objection" if state == "opted_out" else "consent"
    record_consent(
        session,
        contact.id,
        topic,
        state,
        now,
        basis=basis,
        source=source[:200],
        channel=channel,
        given_at=row.at,
        proof=_proof_of(session, row, topic, channel, message),
    )


def _proof_of(session: Session, row: Interaction, topic: str, channel: str, message: str | None) -> Proof:
    """Return how it can be shown: of a confirmation the words and the form it was asked with, and the message."""
    asked = _last_request(session, row.contact_id, topic, channel) if row.name == "consent_confirmed" else None
    if asked is None:
        return Proof(wording=row.data.get("wording"), message=message)
    return Proof(asked.wording, asked.form, asked.form_version, asked.page, message)


def _last_request(session: Session, contact: str, topic: str, channel: str) -> Consent | None:
    about = (Consent.contact_id == contact, Consent.topic == topic, Consent.channel == channel)
    requests = select(Consent).where(*about, Consent.state == "pending").order_by(col(Consent.id).desc())
    return session.exec(requests).first()


def said_by(session: Session, contact: str) -> dict[tuple[str, str], str]:
    """Return what holds of what a contact said, by topic and channel."""
    rows = select(Consent.channel, Consent.topic, Consent.state, Consent.given_at).where(Consent.contact_id == contact)
    by_channel: dict[str, list[tuple[str, str, datetime]]] = {}
    for channel, topic, state, at in session.exec(rows.order_by(col(Consent.id))):
        by_channel.setdefault(channel, []).append((topic, state, at))
    return {
        (topic, channel): state for channel, said in by_channel.items() for topic, state in what_holds(said).items()
    }


def reasons_against(session: Session, contact: Contact) -> set[str]:
    """Return for which reasons a contact, or their address, is suppressed."""
    return {row.reason for row in _suppressions(session, contact)}


def _suppressions(session: Session, contact: Contact) -> Iterator[Suppression]:
    for kind, value in (("contact", contact.id), ("address", (contact.email or "").lower())):
        yield from session.exec(select(Suppression).where(Suppression.kind == kind, Suppression.value == value))


def has_to_be_asked(session: Session, policies: Policies, contact: Contact, topic: str, channel: str) -> bool:
    """Return whether a yes to this topic has to be confirmed: not where it stands already, nor if nothing comes of it.

    Whoever had unsubscribed from everything is asked, since with a confirmation they come back.
    """
    against = reasons_against(session, contact)
    if against:
        return against == {UNSUBSCRIBED}
    return said_by(session, contact.id).get((topic, channel), _by_default(policies, topic)) != "opted_in"


def _by_default(policies: Policies, topic: str) -> str:
    known = policies.messaging.topics.get(topic)
    return known.default if known is not None else "opted_out"


def withdrawn_since_asked(session: Session, contact: Contact, topic: str, channel: str, made_at: datetime) -> bool:
    """Return whether the topic, or everything, was withdrawn after it was last asked for (else after `made_at`)."""
    asked = _last_request(session, contact.id, topic, channel)
    since = asked.given_at if asked is not None else made_at
    about = (Consent.contact_id == contact.id, Consent.topic == topic, Consent.channel == channel)
    refusals = select(Consent.given_at).where(*about, Consent.state == "opted_out")
    stopped = [row.recorded_at for row in _suppressions(session, contact) if row.reason == UNSUBSCRIBED]
    return any(at > since for at in (*session.exec(refusals), *stopped))


def against_number(session: Session, contact: Contact) -> set[str]:
    """Return for which reasons the contact's number gets no texts."""
    return {row.reason for row in _of_number(session, contact)}


def _of_number(session: Session, contact: Contact) -> list[Suppression]:
    number = address_on(contact_fields(contact), SMS)
    theirs = select(Suppression).where(Suppression.kind == "address", Suppression.value == number)
    return list(session.exec(theirs)) if number else []


def lift_by_hand(session: Session, contact: Contact, reason: str) -> bool:
    """Lift the suppressions of a contact, their address and their number for this reason; False if there was none."""
    of_number = [row for row in _of_number(session, contact) if row.reason == reason]
    for row in of_number:
        session.delete(row)
    return lift(session, contact, reason) or bool(of_number)


def lift(session: Session, contact: Contact, reason: str) -> bool:
    """Lift the suppressions of a contact, and of their address, for this reason; False if there was none."""
    standing = [row for row in _suppressions(session, contact) if row.reason == reason]
    for row in standing:
        session.delete(row)
    session.flush()
    return bool(standing)


def lift_if_since(session: Session, contact: Contact, at: datetime) -> bool:
    """Lift `unsubscribed` if it stands since that instant or later; return whether it did."""
    ours = [row for row in _suppressions(session, contact) if row.reason == UNSUBSCRIBED and row.recorded_at >= at]
    for row in ours:
        session.delete(row)
    session.flush()
    return bool(ours)


def stood_before(
    session: Session, policies: Policies, contact: Contact, topic: str, channel: str, at: datetime
) -> bool:
    """Return whether a topic was opted in, by word or by default, just before this instant, and is opted out now."""
    about = (Consent.contact_id == contact.id, Consent.topic == topic, Consent.channel == channel)
    rows = select(Consent.topic, Consent.state, Consent.given_at).where(*about, col(Consent.given_at) < at)
    known = policies.messaging.topics.get(topic)
    before = what_holds(session.exec(rows.order_by(col(Consent.id)))).get(
        topic, known.default if known else "opted_out"
    )
    return before == "opted_in" and said_by(session, contact.id).get((topic, channel)) == "opted_out"


def come_back(session: Session, policies: Policies, contact: Contact, at: datetime, now: datetime, how: str) -> bool:
    """Lift `unsubscribed` by the contact's own act; False if it did not stand.

    Everything was stopped, so nothing but what they say yes to now comes back: every other topic is opted out.
    """
    stood = lift(session, contact, UNSUBSCRIBED)
    if stood:
        said = said_by(session, contact.id)
        by_default = {
            (topic, "email") for topic, each in policies.messaging.topics.items() if each.default == "opted_in"
        }
        wanted = {place for place, state in said.items() if state == "opted_in"} | (by_default - said.keys())
        for topic, channel in sorted(wanted):
            said_no = partial(record_consent, session, contact.id, topic, "opted_out", now, channel=channel)
            said_no(basis="objection", source=how, given_at=at)
    return stood


def note_reached(session: Session, contact: Contact, at: datetime) -> None:
    """Note that somebody reads what is sent to the contact's address: they used a link in a message."""
    address = (contact.email or "").lower()
    known = select(Identity).where(
        Identity.contact_id == contact.id, Identity.kind == "email", Identity.value == address
    )
    for identity in session.exec(known):
        identity.verified_at = identity.verified_at or at
        session.add(identity)
    session.flush()
