"""The messages that wait, each with its reason: who else of a contact's runs wants a free place, and for what."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session, col

from domain.caps import PutOff
from records.models import Enrolment
from records.waiting_models import WaitingMessage


@dataclass(frozen=True)
class Waits:
    """What waits of some contacts: what rules ask of it by contact, each with its run, and every run's `reasons`."""

    by_contact: Mapping[str, Sequence[tuple[str, PutOff]]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def of_others(self, contact: str, run: str) -> list[PutOff]:
        """Return what other runs of a contact put off."""
        return [each for enrolment, each in self.by_contact.get(contact, ()) if enrolment != run]


def waiting_of(session: Session, contacts: Sequence[str]) -> Waits:
    """Return the messages of these contacts that wait; of a run that has ended none does."""
    waits = (
        select(WaitingMessage)
        .join(Enrolment, col(Enrolment.id) == col(WaitingMessage.enrolment_id))
        .where(col(WaitingMessage.contact_id).in_(contacts), col(Enrolment.ended_at).is_(None))
    )
    found: dict[str, list[tuple[str, PutOff]]] = defaultdict(list)
    reasons: dict[str, str] = {}
    for row in session.execute(waits).scalars():
        reasons[row.enrolment_id] = row.reason
        if row.due_at is not None:
            message = PutOff(row.class_, row.channel, row.priority, row.since, row.due_at)
            found[row.contact_id].append((row.enrolment_id, message))
    return Waits(found, reasons)


def wait(session: Session, row: WaitingMessage) -> None:
    """Write down that a run's message waits, instead of what was said of it before."""
    session.merge(row)
    session.flush()


# Done for every message, so they are built once.
_THEIRS = col(WaitingMessage.enrolment_id).in_(bindparam("runs", expanding=True))
_ITS_TURN = update(WaitingMessage).where(_THEIRS, col(WaitingMessage.queue).is_not(None)).values(queue=None)
_NO_MORE = delete(WaitingMessage).where(_THEIRS)


def its_turn(session: Session, runs: Sequence[str]) -> None:
    """Note that the messages of these runs stand in no queue any more: they have been given their turn."""
    session.connection().execute(_ITS_TURN, {"runs": runs})


def waits_no_more(session: Session, runs: Sequence[str]) -> None:
    """Forget that messages of these runs waited: their fate is known."""
    session.connection().execute(_NO_MORE, {"runs": runs})
