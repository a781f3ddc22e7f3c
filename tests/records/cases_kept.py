"""Cases as they stand in the records, written as they would have been kept; for what only reads them."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from records.case_models import CasePromise, CaseRemedy, ServiceCase
from records.contacts import find_or_make
from records.follow_up_models import FollowUp
from records.models import Interaction


def add_case(session: Session, who: str, number: int, opened_at: datetime, **more: Any) -> ServiceCase:
    """Write a case of somebody; `holds` are its pauses, `promises` rows of (name, target, kept or None, held or 0)."""
    contact = find_or_make(session, {"email": f"{who}@customer.example"}, "test", opened_at)
    holds, promises = more.pop("holds", ()), more.pop("promises", ())
    hops, remedies = more.pop("hops", 0), more.pop("remedies", ())
    state = {"holds": [{"paused_at": a.isoformat(), "until": b.isoformat() if b else None} for a, b in holds]}
    told = {"title": "It broke", "incident": f"i{number}", "severity": "S3", "team": "care", "source": "rule late"}
    row = ServiceCase(
        id=f"case-{number}",
        number=number,
        contact_id=contact.id,
        opened_at=opened_at,
        state=state,
        **(told | more),
    )
    session.add(row)
    session.flush()
    for name, target, kept_at, held in promises:
        add_promise(session, row, name, target, kept_at, held)
    for id, fields in enumerate(remedies):
        add_remedy(session, row, f"{row.id}-{id}", fields)
    if hops:
        mine: dict[str, Any] = {"id": f"task-{number}", "case_id": row.id, "contact_id": contact.id, "title": row.title}
        session.add(FollowUp(**mine, opened_at=opened_at, state={"hops": hops}))
    session.flush()
    return row


def add_promise(
    session: Session, row: ServiceCase, name: str, target: timedelta, kept_at: datetime | None, held: timedelta
) -> None:
    """Write a promise of a case, whose clock has stood still for a while."""
    due = row.opened_at + target
    count = sum(1 for each in session.new if isinstance(each, CasePromise) and each.name == name)
    session.add(
        CasePromise(
            case_id=row.id,
            name=name,
            number=1 + count,
            target="1 day",
            started_at=row.opened_at,
            due_at=due + held,
            plain_due_at=due,
            kept_at=kept_at,
        )
    )
    session.flush()


def add_remedy(session: Session, row: ServiceCase, id: str, fields: dict[str, Any]) -> None:
    """Write a remedy of a case."""
    told: dict[str, Any] = {
        "kind": "voucher",
        "way": "voucher",
        "level": "lead",
        "state": "delivered",
        "currency": "EUR",
    }
    told |= {"proposed_by": "ada", "proposed_at": row.opened_at, "decided_by": "lea"}
    session.add(CaseRemedy(id=id, case_id=row.id, contact_id=row.contact_id, **(told | fields)))


def bought(session: Session, who: str, at: datetime) -> None:
    """Write that somebody bought something."""
    contact = find_or_make(session, {"email": f"{who}@customer.example"}, "test", at)
    session.add(Interaction(contact_id=contact.id, key=f"bought/{who}/{at}", name="purchased", at=at))
