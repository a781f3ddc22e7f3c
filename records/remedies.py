"""What customers were given: read for caps and limits with the contact held, and kept beside the case.

The one thing to know: `spent_of` holds the contact's row until the commit. Two cases of a customer that give at the
same moment ask one after the other, and the second sees what the first has given.
"""

from datetime import UTC
from decimal import Decimal

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from domain.recovery import Case
from domain.remedies import COUNTED, Given, Remedy, Spent
from records.case_models import CaseRemedy, ServiceCase
from records.models import Contact
from records.remedy_models import PointsEntry, Voucher


def hundredths(amount: Decimal) -> int:
    """Return an amount as it is kept.

    >>> hundredths(Decimal("12.5"))
    1250
    """
    return int((amount * 100).to_integral_value())


def money(kept: int) -> Decimal:
    """Return an amount that was kept, with two places.

    >>> money(1250)
    Decimal('12.50')
    """
    return Decimal(kept).scaleb(-2)


def spent_of(session: Session, contact: str) -> Spent:
    """Return what a contact was given, or is about to be, in all cases; how far back it counts the rules say.

    Holds the contact's row: call it in the transaction that writes down what comes of it, after the case's row is held.
    """
    session.execute(select_columns(col(Contact.id)).where(col(Contact.id) == contact).with_for_update())
    return given_to(session, contact)


def given_to(session: Session, contact: str) -> Spent:
    """Return the same for whoever only looks: nothing is held, so it may change at once."""
    wanted = select_columns(
        col(CaseRemedy.id),
        col(CaseRemedy.case_id),
        col(CaseRemedy.kind),
        col(CaseRemedy.hundredths),
        col(CaseRemedy.proposed_at),
    ).where(
        col(CaseRemedy.contact_id) == contact,
        col(CaseRemedy.state).in_(sorted(COUNTED)),
        col(CaseRemedy.hundredths) > 0,
    )
    rows = session.execute(wanted.order_by(col(CaseRemedy.proposed_at), col(CaseRemedy.id))).all()
    return Spent(
        given=tuple(Given(id=id, case=case, kind=kind, amount=money(kept), at=at) for id, case, kind, kept, at in rows)
    )


def words_for_letter(session: Session, remedy: str) -> dict[str, object]:
    """Return what only the records know of a remedy that was delivered, as its letter says it.

    `code` and `valid_until` (UTC, ISO 8601) of a voucher, `points`; what it has nothing of is left out.
    """
    words: dict[str, object] = {}
    voucher = session.exec(select(Voucher).where(Voucher.remedy_id == remedy, col(Voucher.voided_at).is_(None))).first()
    if voucher is not None:
        words |= {"code": voucher.code, "valid_until": voucher.valid_until.astimezone(UTC).isoformat()}
    points = session.exec(select(PointsEntry.change).where(PointsEntry.key == points_key(remedy))).first()
    if points is not None:
        words["points"] = points
    return words


def points_key(remedy: str) -> str:
    """Return what makes the points of a remedy one entry."""
    return f"remedy/{remedy}"


def keep_remedies(session: Session, row: ServiceCase, state: Case) -> None:
    """Write the remedies of a case into their rows, in the transaction that keeps its state."""
    for remedy in state.remedies:
        known = session.get(CaseRemedy, remedy.id)
        if known is None:
            known = CaseRemedy(
                id=remedy.id,
                case_id=row.id,
                contact_id=row.contact_id,
                kind=remedy.kind,
                way=remedy.by,
                hundredths=hundredths(remedy.amount),
                currency=remedy.currency,
                level=remedy.level,
                state=remedy.state,
                proposed_by=remedy.proposed_by,
                proposed_at=remedy.proposed_at,
            )
        _keep(known, remedy)
        session.add(known)
    session.flush()


def _keep(row: CaseRemedy, remedy: Remedy) -> None:
    row.state, row.level = remedy.state, remedy.level
    row.decided_by, row.decided_at, row.settled_at = remedy.decided_by, remedy.decided_at, remedy.settled_at
