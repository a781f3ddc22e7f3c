"""An event moves the run whose object it names, once, though it came before the run began to listen."""

import uuid
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from records.models import Decision, Enrolment, Interaction
from tests.system.audit import audit
from tests.system.company import Company
from tests.system.waiting import until
from tests.system.waits import add_waits

pytestmark = pytest.mark.system

Address = Callable[[str], str]


@pytest.fixture(scope="module", autouse=True)
def waits(company: Company) -> None:
    add_waits(company)


def test_of_two_orders_of_one_contact_each_parcel_moves_its_own_run_once(company: Company, address: Address) -> None:
    ann = address("ann")
    for order in ("A-1", "B-2"):
        assert company.submit("orders", ann, order_id=order).status == 202
    until(lambda: len(_matched(company, ann)) == 2, "both runs")
    until(lambda: _sent(company, ann, "A-1", "receipt"), "the receipt of A-1")

    told = {"id": str(uuid.uuid4()), "event": "shipped", "contact": {"email": ann}, "data": {"order_id": "A-1"}}
    assert [company.report(told).status for _ in range(3)] == [202, 200, 200]
    company.drained()
    early = _told(company, ann)[0]
    assert _matched(company, ann) == {"A-1": [], "B-2": []}, "A-1 does not listen yet: it walks through its wait"

    until(lambda: _sent(company, ann, "A-1", "first"), "the letter after the parcel")
    assert _matched(company, ann) == {"A-1": [("parcel", early)], "B-2": []}
    assert _open(company, ann) == ["A-1", "B-2"], "the second parcel is another event, though `since` reaches back"

    # Two in one delivery: the same instant of receipt, told apart by their order.
    both = [{**told, "id": str(uuid.uuid4()), "data": {"order_id": "B-2"}} for _ in range(2)]
    assert company.report(both).status == 202
    company.tell("shipped", ann, order_id="A-1")
    until(lambda: _open(company, ann) == [], "both runs at the end")

    _, third, fourth, last = _told(company, ann)
    assert _matched(company, ann) == {
        "A-1": [("parcel", early), ("second-parcel", last)],
        "B-2": [("parcel", third), ("second-parcel", fourth)],
    }
    audit(company)


def test_an_order_that_is_placed_twice_is_one_run(company: Company, address: Address) -> None:
    bob = address("bob")
    for _ in range(2):
        assert company.submit("orders", bob, order_id="C-3").status == 202
    company.drained()

    assert list(_matched(company, bob)) == ["C-3"]
    company.tell("meeting_booked", bob)
    assert company.ended(bob).end_reason == "converted"
    audit(company)


def _runs(company: Company, email: str) -> dict[str, Enrolment]:
    return {str(run.per): run for run in company.enrolments(email, "orders")}


def _open(company: Company, email: str) -> list[str]:
    return [order for order, run in _runs(company, email).items() if run.ended_at is None]


def _matched(company: Company, email: str) -> dict[str, list[tuple[str, int]]]:
    """Return which event moved each run at which step, by order."""

    def read(session: Session, run: str) -> list[tuple[str, int]]:
        rows = (
            select(Decision).where(Decision.enrolment_id == run, Decision.did == "matched").order_by(col(Decision.id))
        )
        return [(str(row.step), row.event_id or 0) for row in session.exec(rows)]

    return {
        order: company.main.read_now(lambda session, run=run.id: read(session, run))  # type: ignore[misc]
        for order, run in _runs(company, email).items()
    }


def _told(company: Company, email: str) -> list[int]:
    """Return the events `shipped` of a contact, in order of receipt."""
    contact = company.enrolments(email)[0].contact_id
    rows = select(Interaction.id).where(Interaction.contact_id == contact, Interaction.name == "shipped")
    return company.main.read_now(
        lambda session: [each or 0 for each in session.exec(rows.order_by(col(Interaction.id)))]
    )


def _sent(company: Company, email: str, order: str, step: str) -> bool:
    run = _runs(company, email)[order].id
    return any(each.enrolment_id == run and each.did == "sent" for each in company.decisions(email, step))
