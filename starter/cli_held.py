"""`message list --held`, `message release` and `message settle`: what waits, and what a person may do about it."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from records.ledger import ACCEPTED, REFUSED
from records.models import Contact, Message
from records.releasing import Held, NotUnknown, held_messages, release, settle
from starter.cli_result import ProblemsFound, Result
from starter.cli_store import contact_of, opened_store, sequence_name, wake_intake
from starter.cli_tables import Listing, minute

FATES = (ACCEPTED, REFUSED)


def list_held(state: str | None, who: str | None, sequence: str | None, most: int) -> Result:
    """List the messages that wait: since when, until when at most before they are asked for again, and for what."""
    if state is not None:
        raise ProblemsFound(["--held: what waits has no state in the ledger yet; leave --state out"])
    with opened_store() as store:
        rows, names = store.read(lambda session: _read(session, who, sequence, most))
    table = Listing("id", "contact", "sequence", "step", "since", "asked again", "reason", prose=["reason"])
    for each in rows:
        waits, run = each.waits, each.run
        when = (minute(waits.since), minute(waits.due_at) or "when it is over")
        table.row(each.id, names[run.contact_id], run.sequence, waits.step, *when, waits.reason)
    return Result({"messages": [_document(each) for each in rows]}, [table] if rows else ["no message waits"])


def _read(
    session: Session, who: str | None, sequence: str | None, most: int
) -> tuple[list[Held], dict[str, str | None]]:
    contact = contact_of(session, who).id if who is not None else None
    name = sequence_name(sequence) if sequence is not None else None
    rows = held_messages(session, contact=contact, sequence=name, most=most)
    ids = {each.run.contact_id for each in rows}
    known = session.exec(select(Contact.id, Contact.email).where(col(Contact.id).in_(ids))).all()
    return rows, dict(known)


def _document(each: Held) -> dict[str, Any]:
    waits = each.waits.model_dump(exclude={"class_", "enrolment_id"})
    return {"id": each.id, "enrolment": each.run.id, "sequence": each.run.sequence, "class": each.waits.class_} | waits


def release_messages(message: str | None, sequence: str | None, everything: bool) -> Result:
    """Have what waits asked for again now: one message, those of a sequence, or all. The gate answers anew."""
    if sum((message is not None, sequence is not None, everything)) != 1:
        raise ProblemsFound(["message release: give one of ID, --sequence and --all"])
    now = datetime.now(UTC)
    with opened_store() as store:

        def write(session: Session) -> list[Held]:
            name = sequence_name(sequence) if sequence is not None else None
            found = held_messages(session, sequence=name)
            if message is not None:
                found = [each for each in found if each.id == message]
            release(session, found, now)
            return found

        released = store.write(write)
        if message is not None and not released:
            raise ProblemsFound([f"message: {message} does not wait; see `rapport message list --held`"])
        woken = wake_intake(store.settings) if released else False
    count = len(released)
    said = f"{count} message{'s' if count != 1 else ''} asked for again; what still forbids one stands in `rapport why`"
    document = {"released": [each.id for each in released], "woken": woken}
    return Result(document, [said if released else "no message waits there"])


def settle_message(message: str, fate: str, reason: str) -> Result:
    """Write down what became of a message whose fate nobody knew."""
    if fate not in FATES:
        raise ProblemsFound([f"--as: '{fate}' is no fate a person can tell; it is one of {', '.join(FATES)}"])
    now = datetime.now(UTC)
    with opened_store() as store:

        def write(session: Session) -> str:
            either = (col(Message.id) == message) | (col(Message.message_id) == message)
            id = session.exec(select(Message.id).where(either)).first()
            if id is None:
                raise ProblemsFound([f"message: there is no {message}; see `rapport message list --state unknown`"])
            settle(session, id, fate, f"told by hand: {reason}", now)
            return id

        try:
            id = store.write(write)
        except NotUnknown as error:
            raise ProblemsFound([f"message: {message} is {error.state}; only an unknown fate can be told"]) from None
    return Result({"id": id, "state": fate, "reason": reason}, [f"{id} is {fate}: {reason}"])
