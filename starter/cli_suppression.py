"""`contact suppress | unsuppress`: somebody is not to be written to, or is again, because one of us says so."""

from datetime import UTC, datetime

from sqlmodel import Session
from uuid_utils.compat import uuid7

from domain.events import SUPPRESSED, UNSUPPRESSED
from records.consenting import UNSUBSCRIBED, against_number, lift_by_hand, reasons_against
from records.contacts import suppress
from records.models import Contact
from records.timeline import Happening, record
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import Store, contact_of, opened_store, wake_intake

REASONS = {
    "manual": "nothing goes to them any more",
    "legal": "nothing goes to them any more",
    "objection": "no marketing goes to them any more",
}
"""What one of us may say, and what it means."""


def suppress_contact(who: str, reason: str, note: str | None) -> Result:
    """Let nothing, or no marketing, go to a contact any more; what they are in ends."""
    if reason not in REASONS:
        raise ProblemsFound([f"--reason: there is no reason '{reason}'; it is one of {', '.join(REASONS)}"])
    with opened_store() as store:

        def write(session: Session) -> tuple[Contact, bool]:
            contact = contact_of(session, who)
            new = reason not in reasons_against(session, contact)
            if new:
                now = datetime.now(UTC)
                suppress(session, "contact", contact.id, reason, now)
                _tell(session, store, contact, SUPPRESSED, reason, note, now)
            return contact, new

        contact, new = store.write(write)
        wake_intake(store.settings)
    did = f"is suppressed ({reason}): {REASONS[reason]}" if new else f"was suppressed ({reason}) already"
    return Result({"contact": contact.id, "reason": reason, "new": new}, [f"{contact.email or contact.id} {did}"])


def unsuppress_contact(who: str, reason: str, note: str) -> Result:
    """Lift a suppression. `unsubscribed` is lifted by nobody but the contact."""
    if reason == UNSUBSCRIBED:
        what = "whoever unsubscribed comes back by themselves, on their preference page or by confirming a form"
        raise ProblemsFound([f"--reason: {what}; send them a link to it"])
    if not note.strip():
        raise ProblemsFound(["--note: says nothing; write why they may be written to again"])
    with opened_store() as store:

        def write(session: Session) -> tuple[Contact, list[str]]:
            contact, now = contact_of(session, who), datetime.now(UTC)
            if not lift_by_hand(session, contact, reason):
                stand = ", ".join(_what_stands(session, contact)) or "nothing"
                raise ProblemsFound([f"--reason: '{reason}' does not stand against {who}; what stands is {stand}"])
            _tell(session, store, contact, UNSUPPRESSED, reason, note, now)
            return contact, _what_stands(session, contact)

        contact, left = store.write(write)
        wake_intake(store.settings)
    stands = f"; what still stands: {', '.join(left)}" if left else ""
    document = {"contact": contact.id, "reason": reason, "left": left}
    return Result(document, [f"{contact.email or contact.id} is not suppressed ({reason}) any more{stands}"])


def _what_stands(session: Session, contact: Contact) -> list[str]:
    return sorted(reasons_against(session, contact) | against_number(session, contact))


def _tell(
    session: Session, store: Store, contact: Contact, name: str, reason: str, note: str | None, now: datetime
) -> None:
    data = {"reason": reason, "note": note} if note else {"reason": reason}
    happening = Happening(
        f"{name}/{uuid7()}", name, now, data, department="operations", direction="internal", person="rapport contact"
    )
    record(session, store.published, contact, happening, now)
