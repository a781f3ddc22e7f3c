"""A company that writes to very many at once: contacts in its records, a broadcast to all of them, its books."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from records.broadcast_models import Broadcast, BroadcastMember
from records.broadcasts import held, make
from records.entry_models import Membership
from records.models import Contact, Decision, Enrolment, Identity, Message
from records.published import Published
from starter.broadcast_program import plan_broadcast
from starter.broadcast_wanted import Wanted
from tests.system.company import Company

SEGMENTS = "segments: {everybody: {when: contact.source == 'crowd'}}"


def gather(company: Company, contacts: int) -> None:
    """Write so many contacts into the records, and publish the segment they are in."""
    now = datetime.now(UTC)
    nothing: dict[str, Any] = {"tags": [], "fields": {}, "notes": [], "score": 0}

    def write(session: Session) -> None:
        rows = [
            {"id": f"crowd-{number:06}", "email": f"crowd-{number:06}@customer.example", "source": "crowd"}
            for number in range(contacts)
        ]
        session.connection().execute(
            insert(Contact), [{**row, **nothing, "created_at": now, "updated_at": now} for row in rows]
        )
        known = [{"contact_id": row["id"], "kind": "email", "value": row["email"], "recorded_at": now} for row in rows]
        session.connection().execute(insert(Identity), known)
        # They are in the segment for long: nobody has to find that out while the broadcast runs.
        inside = [{"contact_id": row["id"], "segment": "everybody", "since": now} for row in rows]
        session.connection().execute(insert(Membership), inside)

    company.main.write_now(write)
    company.edit("policies/segments.yaml", SEGMENTS)


def broadcast(company: Company, name: str = "sale", **wanted: Any) -> str:
    """Send the news letter to everybody; return the broadcast's id. A worker calls it within two seconds."""
    now = datetime.now(UTC)

    def write(session: Session) -> str:
        planned = plan_broadcast(
            session, Published(), Wanted("letters/news", "everybody", topic="product-news", name=name, **wanted), now
        )
        return make(session, planned.row, planned.program, planned.bundle, now).id

    return company.main.write_now(write)


def row_of(company: Company, id: str) -> Broadcast:
    row = company.main.read_now(lambda session: session.get(Broadcast, id))
    assert row is not None
    return row


def change(company: Company, id: str, deed: Any) -> None:
    """Do something to a broadcast while it runs, as the commands do."""
    now = datetime.now(UTC)

    def write(session: Session) -> None:
        row = held(session, id)
        assert row is not None
        deed(session, row, now)

    company.main.write_now(write)


def members(company: Company, id: str) -> Counter[str]:
    """Return how many members there are of each fate."""
    of_it = select(BroadcastMember.state).where(BroadcastMember.broadcast_id == id)
    return Counter(company.main.read_now(lambda session: session.exec(of_it).all()))


def left(company: Company, id: str) -> list[datetime]:
    """Return when each message of a broadcast left, in order."""
    sequence = row_of(company, id).sequence
    of_it = select(Message.handing_over_at).where(Message.sequence == sequence).order_by(col(Message.handing_over_at))
    return [at for at in company.main.read_now(lambda session: session.exec(of_it).all()) if at is not None]


def accounted(company: Company, id: str) -> Counter[str]:
    """Check that everybody in the audience is accounted for, nobody was written to twice; count messages by state."""
    row = row_of(company, id)

    def read(session: Session) -> tuple[list[BroadcastMember], list[Enrolment], list[Message], list[Decision]]:
        inside = select(Enrolment).where(Enrolment.sequence == row.sequence)
        entries = select(Decision).where(Decision.sequence == row.sequence, Decision.kind == "entry")
        return (
            list(session.exec(select(BroadcastMember).where(BroadcastMember.broadcast_id == id))),
            list(session.exec(inside)),
            list(session.exec(select(Message).where(Message.sequence == row.sequence))),
            list(session.exec(entries.order_by(col(Decision.id)))),
        )

    audience, runs, messages, entries = company.main.read_now(read)
    assert len({each.contact_id for each in audience}) == len(audience)
    assert sorted(run.id for run in runs) == sorted(each.enrolment_id for each in audience if each.enrolment_id)
    assert sorted(each.contact_id for each in entries) == sorted(each.contact_id for each in audience)
    assert len({message.enrolment_id for message in messages}) == len(messages)
    told = {run.id for run in runs if run.end_reason != "exited:stopped"}
    silent = told - {message.enrolment_id for message in messages}
    assert not silent, f"{len(silent)} entered and nothing says what became of their message"
    letters = Counter(letter.recipient for letter in company.letters() if letter.accepted)
    assert not [each for each, many in letters.items() if many > 1], "somebody got it twice"
    reached = {f"{message.contact_id}@customer.example" for message in messages if message.state == "accepted"}
    assert reached <= set(letters), "the ledger says accepted, and nothing arrived"
    maybe = {f"{message.contact_id}@customer.example" for message in messages if message.state == "unknown"}
    assert set(letters) <= reached | maybe, "something arrived that the ledger does not know of"
    return Counter(message.state for message in messages)
