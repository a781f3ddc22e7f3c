"""What we give of our own for a remedy: a code, or points; and how either is taken back.

The one thing to know: each is given once for a remedy, whoever asks how often. Points are a ledger: what is taken back
is another entry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, func, select

from domain.away import WEEKDAYS
from domain.delivery import StepName, points_of
from domain.dues import Sight, resolve
from domain.policies import Policies
from domain.remedy_policy import Remedied
from records.case_models import CaseRemedy, ServiceCase
from records.happening import Happening
from records.models import Contact
from records.published import Published
from records.remedies import money, points_key
from records.remedy_models import PointsEntry, Voucher
from records.timeline import record
from records.unique import add_if_new

_UTC = ZoneInfo("UTC")


@dataclass(frozen=True)
class Books:
    """What a delivery is written into: the remedy and its case, both held."""

    session: Session
    published: Published
    case: ServiceCase
    remedy: CaseRemedy
    now: datetime

    @property
    def policies(self) -> Policies:
        """The policies of now."""
        return self.published.policies(self.session)

    @property
    def kind(self) -> Remedied | None:
        """What the policy says of it, if it still does."""
        recovery = self.policies.recovery
        return None if recovery is None else recovery.remedies.types.get(self.remedy.kind)


def voucher_of(session: Session, remedy: str) -> Voucher | None:
    """Return the code of a remedy; None if none was issued."""
    return session.exec(select(Voucher).where(Voucher.remedy_id == remedy)).first()


def balance_of(session: Session, contact: str) -> int:
    """Return the points of a contact."""
    total = func.coalesce(func.sum(PointsEntry.change), 0)
    return int(session.exec(select(total).where(PointsEntry.contact_id == contact)).one())


def _issue(books: Books, draw: Callable[[], str]) -> None:
    """Issue the code of a remedy, once."""
    remedy, kind = books.remedy, books.kind
    valid = (kind or Remedied(label="a voucher", by="voucher")).valid
    due = resolve(valid, books.now, Sight(_UTC, WEEKDAYS))
    assert due is not None, "a span has an end"
    while voucher_of(books.session, remedy.id) is None:
        # Of a code that somebody else has, should that ever be drawn, nothing is written: another is drawn.
        add_if_new(
            books.session,
            Voucher(
                code=draw(),
                remedy_id=remedy.id,
                contact_id=remedy.contact_id,
                hundredths=remedy.hundredths,
                currency=remedy.currency,
                issued_at=books.now,
                valid_until=due.at,
            ),
        )


def _void(books: Books, draw: Callable[[], str]) -> None:
    voucher = voucher_of(books.session, books.remedy.id)
    if voucher is not None and voucher.voided_at is None:
        voucher.voided_at = books.now
        books.session.add(voucher)
        books.session.flush()


def _give_points(books: Books, draw: Callable[[], str]) -> None:
    per_unit = (books.kind or Remedied(label="points", by="points")).points_per_unit
    change = points_of(money(books.remedy.hundredths), per_unit)
    _enter(books, points_key(books.remedy.id), change, f"case {books.case.number}")


def _take_points_back(books: Books, draw: Callable[[], str]) -> None:
    given = entry_of(books.session, points_key(books.remedy.id))
    if given is not None:
        why = f"case {books.case.number}: could not be delivered"
        _enter(books, f"{points_key(books.remedy.id)}/undo", -given.change, why)


def _enter(books: Books, key: str, change: int, why: str) -> None:
    add_if_new(
        books.session,
        PointsEntry(key=key, contact_id=books.remedy.contact_id, change=change, why=why, at=books.now),
    )


def tell_of_points(books: Books) -> None:
    """Tell the timeline that points were given: not before everything was delivered that goes with them."""
    entry = entry_of(books.session, points_key(books.remedy.id))
    contact = books.session.get(Contact, books.remedy.contact_id)
    if entry is None or contact is None:
        return
    data = {"points": balance_of(books.session, contact.id), "change": entry.change}
    happening = Happening(key=f"points/{entry.key}", name="points_changed", at=books.now, data=data)
    record(books.session, books.published, contact, happening, books.now)


def entry_of(session: Session, key: str) -> PointsEntry | None:
    return session.exec(select(PointsEntry).where(PointsEntry.key == key)).first()


OURS: dict[tuple[StepName, str], Callable[[Books, Callable[[], str]], None]] = {
    ("voucher", "do"): _issue,
    ("voucher", "undo"): _void,
    ("points", "do"): _give_points,
    ("points", "undo"): _take_points_back,
}
