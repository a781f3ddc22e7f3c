"""Messages that wait, seen and let go by people: asked again at once, or their unknown fate told.

The gate is never passed around: a message that is released is asked everything anew, and may wait again.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from domain.keys import ledger_id, send_key
from records.ledger import ACCEPTED, CLAIMED, REFUSED, UNKNOWN, held
from records.models import Enrolment, Message
from records.runs import stir_all
from records.waiting_models import WaitingMessage


class NotUnknown(ValueError):
    """A person can only tell the fate of a message that nobody knows; `state` is what the ledger says."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True)
class Held:
    """A message that waits, and the run that asks for it. `id` is what the ledger knows it by, once it does."""

    id: str
    waits: WaitingMessage
    run: Enrolment


def held_messages(
    session: Session, *, contact: str | None = None, sequence: str | None = None, most: int | None = None
) -> list[Held]:
    """Return the messages that wait, those that are asked for first before the others."""
    chosen = select(WaitingMessage, Enrolment).join(Enrolment, col(Enrolment.id) == col(WaitingMessage.enrolment_id))
    chosen = chosen.where(col(Enrolment.ended_at).is_(None))
    if contact is not None:
        chosen = chosen.where(WaitingMessage.contact_id == contact)
    if sequence is not None:
        chosen = chosen.where(Enrolment.sequence == sequence)
    in_turn = chosen.order_by(col(WaitingMessage.due_at).nulls_last(), col(WaitingMessage.enrolment_id)).limit(most)
    return [Held(_id(waits), waits, run) for waits, run in session.exec(in_turn)]


def release(session: Session, messages: list[Held], now: datetime) -> None:
    """Have these messages asked for again now. What the other side asked us to wait for is not waited for."""
    for each in messages:
        row = held(session, each.id)
        if row is not None and row.state == CLAIMED:
            row.not_before = None
            session.add(row)
    session.flush()
    stir_all(session, [each.run for each in messages], now)


def settle(session: Session, message: str, fate: str, reason: str, now: datetime) -> Message:
    """Write down what became of a message whose fate was unknown, as a person found out. Raises `NotUnknown`."""
    row = held(session, message)
    if row is None or row.state != UNKNOWN:
        raise NotUnknown(row.state if row else "gone")
    row.state, row.reason = fate, reason[:1000]
    if fate == ACCEPTED:
        row.accepted_at = now
    else:
        assert fate == REFUSED, "a fate that a person can know"
        row.refused_at = now
    session.add(row)
    return row


def _id(waits: WaitingMessage) -> str:
    return ledger_id(send_key(waits.enrolment_id, waits.step, waits.visit))
