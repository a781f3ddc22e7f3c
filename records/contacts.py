"""Contacts: found by an identifier or made, and changed by whoever has the right to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, select
from uuid_utils.compat import uuid7

from domain.events import CONTACT_FIELDS, ONLY_TESTED
from domain.zones import note_on_zone
from records.models import Consent, Contact, Identity, Suppression

# What was typed into a form never overwrites what is found out or decided by us.
_NOT_FROM_FORMS = frozenset({"id", "created_at", "score", "stage", "tier", "owner", "tags"})


def find(session: Session, who: str) -> Contact | None:
    """Return the contact with this id or e-mail address, None if there is none."""
    if "@" not in who:
        return session.get(Contact, who)
    identity = session.exec(select(Identity).where(Identity.kind == "email", Identity.value == who.lower())).first()
    return session.get(Contact, identity.contact_id) if identity else None


def find_or_make(session: Session, fields: Mapping[str, Any], source: str, now: datetime) -> Contact:
    """Return the contact these fields belong to, by e-mail address; make one if there is none.

    What is new fills gaps and replaces what was said before; an erased contact stays erased and is not found again.
    """
    email = fields["email"]
    contact = find(session, email)
    if contact is None:
        contact = Contact(id=str(uuid7()), email=email, source=source, created_at=now, updated_at=now)
        session.add(contact)
        session.flush()
        session.add(Identity(contact_id=contact.id, kind="email", value=email.lower(), recorded_at=now))
    elif contact.source == ONLY_TESTED != source:
        contact.source = source  # they are a contact like any other from now on
        session.add(contact)
    said = {name: value for name, value in fields.items() if name not in _NOT_FROM_FORMS and name != "email"}
    if said:
        change(session, contact, said, now)
    return contact


def change(session: Session, contact: Contact, fields: Mapping[str, Any], now: datetime) -> list[str]:
    """Set fields of a contact, built-in or own; return the names of those that have a new value.

    A time zone that does not exist is kept as it was given, counts as missing, and is noted on the record.
    """
    changed = []
    own = dict(contact.fields)
    for name, value in fields.items():
        built_in = name in CONTACT_FIELDS
        before = getattr(contact, name) if built_in else own.get(name)
        if before == value:
            continue
        changed.append(name)
        if built_in:
            setattr(contact, name, value)
        else:
            own[name] = value
    if "time_zone" in changed:
        note = note_on_zone(contact.time_zone)
        others = [each for each in contact.notes or [] if not each.startswith("time_zone ")]
        contact.notes = others if note is None else [*others, note]
    if changed:
        contact.fields, contact.updated_at = own, now
        session.add(contact)
        session.flush()
    return changed


def fill(session: Session, contact: Contact, fields: Mapping[str, Any], now: datetime) -> list[str]:
    """Set those built-in fields of a contact that are empty; return their names. What is known stays as it is."""
    return change(session, contact, {name: each for name, each in fields.items() if not getattr(contact, name)}, now)


@dataclass(frozen=True)
class Proof:
    """How a consent can be shown: the words they saw, the form and the version of its file, the page, the message."""

    wording: str | None = None
    form: str | None = None
    form_version: str | None = None
    page: str | None = None
    message: str | None = None


def record_consent(
    session: Session,
    contact: str,
    topic: str,
    state: str,
    now: datetime,
    *,
    basis: str,
    source: str,
    channel: str = "email",
    given_at: datetime | None = None,
    proof: Proof = Proof(),
) -> None:
    """Add what a contact said about a topic. Nothing said before is ever changed."""
    session.add(
        Consent(
            contact_id=contact,
            channel=channel,
            topic=topic,
            state=state,
            basis=basis,
            wording=proof.wording,
            source=source,
            form=proof.form,
            form_version=proof.form_version,
            page=proof.page,
            message=proof.message,
            given_at=given_at or now,
            recorded_at=now,
        )
    )
    session.flush()


def suppress(session: Session, kind: str, value: str, reason: str, now: datetime) -> None:
    """Suppress a `contact` or an `address` for this reason; doing it twice changes nothing."""
    same = select(Suppression).where(Suppression.kind == kind, Suppression.value == value, Suppression.reason == reason)
    if session.exec(same).first() is None:
        session.add(Suppression(kind=kind, value=value, reason=reason, recorded_at=now))
        session.flush()
