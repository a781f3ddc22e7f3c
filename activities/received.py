"""What a row of the inbox becomes: a contact, consents, a row in the timeline, an entry, a withdrawal.

Everything that follows from one row, and the note that it is drained, are one transaction.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from activities import wishes
from activities.reported import report
from activities.surveyed import answered
from domain.answers import read_address
from domain.events import CONSENT_REQUESTED
from domain.field_values import as_given
from domain.forms import ConsentGiven, Submission, read_answers
from domain.keys import content_hash
from domain.policy_files import FORMS
from records.asked_for import enter_by_sequence
from records.consenting import has_to_be_asked
from records.contacts import Proof, fill, find, find_or_make, record_consent
from records.models import Contact, Drained, Inbox, Message
from records.published import Published
from records.texting import last_text_to, opt_out_of_texts, stop_texts
from records.timeline import Happening, record, record_changed, review


class NotDrainable(ValueError):
    """A row that cannot become anything as it is; the text says what, and what to do."""


def apply(session: Session, published: Published, row: Inbox, now: datetime) -> None:
    """Write everything that follows from one row, and that it is drained. Doing it twice does nothing."""
    assert row.id is not None, "a row that was read has an id"
    if session.get(Drained, row.id) is not None:
        return
    contact, did = KINDS[row.kind](session, published, row, now)
    session.add(Drained(inbox_id=row.id, contact_id=contact, did=did, at=now))
    session.flush()


def _form(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    mapping = published.policies(session).forms.get(row.form or "")
    if mapping is None:
        raise NotDrainable(f"form '{row.form}' has no file in policies/forms/; publish one, then 'rapport inbox retry'")
    submission = read_answers(mapping, row.body["answers"])
    known = find(session, submission.fields["email"])
    before = known.updated_at if known else None
    given = as_given(published.policies(session).field_type, submission.fields)
    contact = find_or_make(session, given, f"form {row.form}", row.received_at)
    asked = _consents(session, published, contact, row, submission, now)
    happening = Happening(
        key=row.key,
        name="form_submitted",
        at=row.received_at,
        data={**submission.event, "form": row.form, "source": row.source},
        occurred_at=instant(row.body.get("submitted_at")),
        department=mapping.department,
        channel="web",
    )
    record(session, published, contact, happening, now)
    for consent in asked:
        record(session, published, contact, _request(row, consent), now, changed=False)
    if before is not None and (contact.updated_at != before or submission.consents):
        record_changed(session, published, contact, now)
    return contact.id, f"form {row.form}"


def _consents(
    session: Session, published: Published, contact: Contact, row: Inbox, submission: Submission, now: datetime
) -> list[ConsentGiven]:
    """Write down what they said yes to; return what they have to confirm first."""
    policies = published.policies(session)
    version = published.text_of(session, f"{FORMS}{row.form}.yaml")
    asked: list[ConsentGiven] = []
    for consent in submission.consents:
        topic, channel = consent.topic, consent.channel
        if consent.confirm and not has_to_be_asked(session, policies, contact, topic, channel):
            continue
        asked += [consent] if consent.confirm else []
        record_consent(
            session,
            contact.id,
            topic,
            "pending" if consent.confirm else "opted_in",
            now,
            basis="consent",
            source=f"form {row.form}",
            channel=channel,
            given_at=row.received_at,
            proof=Proof(consent.wording, row.form, content_hash(version) if version else None, row.body.get("page")),
        )
    return asked


def _request(row: Inbox, consent: ConsentGiven) -> Happening:
    key = content_hash(row.key, consent.topic, consent.channel)
    said = {"topic": consent.topic, "channel": consent.channel, "form": row.form, "source": row.source}
    return Happening(f"request/{key}", CONSENT_REQUESTED, row.received_at, said, channel="web")


def _event(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    if row.body.get("told") is not None:
        return report(session, published, row, now)
    name = str(row.body["event"])
    if name not in published.policies(session).event_fields():
        raise NotDrainable(f"event '{name}' is not declared; write it into policies/events.yaml, publish, and retry")
    message = row.body.get("message")
    contact: Contact | None
    if number := (row.body.get("contact") or {}).get("phone"):
        contact, message = _texted(session, row, name, str(number), now)
    else:
        contact = _contact_of(session, row, now)
    if contact is None:
        return None, "a number that never got a text from us gets none"
    happening = Happening(
        key=row.key,
        name=name,
        at=row.received_at,
        data=row.body.get("data") or {},
        occurred_at=instant(row.body.get("at")),
        message=message,
        step=row.body.get("step"),
        channel=row.body.get("channel"),
    )
    # Events come in hundreds. Whoever was known before has the same record as before.
    made = contact.created_at == row.received_at
    filled = fill(session, contact, row.body.get("fill") or {}, now)
    record(session, published, contact, happening, now, changed=made)
    if filled and not made:
        record_changed(session, published, contact, now)
    return contact.id, f"event {name}"


def _texted(session: Session, row: Inbox, name: str, number: str, now: datetime) -> tuple[Contact | None, str | None]:
    """Return who answered a text, and which; nobody where a number that never got one asks for no more."""
    stops = name == "unsubscribed"
    if stops:
        stop_texts(session, number, row.received_at)
    answered = last_text_to(session, number)
    if answered is None and stops:
        return None, None
    contact = _written_to(session, answered.id if answered is not None else "")
    if stops:
        opt_out_of_texts(session, contact, row.received_at, now)
    return contact, answered.id if answered is not None else None


def _enrolment(session: Session, published: Published, row: Inbox, now: datetime) -> tuple[str | None, str]:
    sequence = str(row.body["sequence"])
    if published.named(session, sequence) is None:
        raise NotDrainable(f"sequence '{sequence}' is not published; publish it, then 'rapport inbox retry'")
    contact = _contact_of(session, row, now)
    review(session, published, contact, row.received_at, now)
    entry, _ = enter_by_sequence(session, published, sequence, contact, row.received_at, row.body.get("data") or {})
    said = "entered" if entry.enters else f"{'put off' if entry.waits_until else 'refused'} by {entry.check}"
    return contact.id, f"enrolment in {sequence}: {said}"[:200]


def _contact_of(session: Session, row: Inbox, now: datetime) -> Contact:
    who = row.body.get("contact") or {}
    if not who and row.body.get("message"):
        return _written_to(session, str(row.body["message"]))
    if who.get("id"):
        contact = find(session, str(who["id"]))
        if contact is None:
            raise NotDrainable(f"there is no contact {who['id']}; correct the id and send the event again")
        return contact
    if who.get("known") and find(session, read_address(who.get("email"))) is None:
        raise NotDrainable("there is no contact with this address; add one, then 'rapport inbox retry'")
    source = row.body.get("source") or f"event from {row.source}"
    return find_or_make(session, {"email": read_address(who.get("email"))}, source, row.received_at)


def _written_to(session: Session, message: str) -> Contact:
    """Return the contact that a message of the ledger was written to."""
    sent = session.get(Message, message)
    contact = session.get(Contact, sent.contact_id) if sent is not None else None
    if contact is None:
        which = f"message {message}" if message else "text to this number"
        raise NotDrainable(f"the ledger has no {which}; name the contact, too, and send the event again")
    return contact


def instant(text: Any) -> datetime | None:
    """Return a sender's own time, None where it gave none that can be read."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else None


KINDS = {
    "form": _form,
    "event": _event,
    "enrolment": _enrolment,
    "withdrawal": wishes.withdrawal,
    "return": wishes.return_,
    "confirmation": wishes.confirmation,
    "preferences": wishes.preferences,
    "survey": answered,
}
