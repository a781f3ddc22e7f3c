"""A sequence that is paused in the middle sends nothing and goes on after it; a run that failed goes on when mended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from records.holding import pause, resume
from records.models import Contact, Decision, Enrolment
from records.published import Published
from records.retrying import failed_runs, put_back
from records.runs import stir_all
from tests.system.audit import audit
from tests.system.company import Company
from tests.system.waiting import until

pytestmark = pytest.mark.system

Addresses = Callable[[str], str]


def test_a_paused_sequence_sends_nothing_lets_nobody_in_and_goes_on_after_it(
    company: Company, address: Addresses
) -> None:
    inside, outside = address("inside"), address("outside")
    company.submit("tour", inside)
    company.in_state(inside, "first", "accepted")
    with paused(company, "tour"):
        company.submit("tour", outside)
        (late,) = until(lambda: company.decisions(inside, "second"), "a message that is put off")
        company.drained()

        assert (late.did, late.why[-1]) == ("deferred", "sequence paused")
        assert len(company.letters_to(inside)) == 1
        assert company.enrolments(outside) == []
        assert refusals(company, outside) == ["refused:paused"]

    assert company.ended(inside).end_reason == "completed"
    assert [letter.recipient for letter in company.letters_to(inside)] == [inside, inside]
    audit(company)


def test_a_contact_who_is_paused_gets_nothing_and_afterwards_what_was_left(
    company: Company, address: Addresses
) -> None:
    held, free = address("held"), address("free")
    company.submit_all("tour", [held, free])
    company.in_state(held, "first", "accepted")
    with paused(company, "tour", held):
        assert company.ended(free).end_reason == "completed"
        assert len(company.letters_to(held)) == 1

    assert company.ended(held).end_reason == "completed"
    assert len(company.letters_to(held)) == 2
    (waited,) = company.decisions(held, "wait-2")
    assert "paused until" in waited.why[0]
    audit(company)


def test_a_run_that_failed_goes_on_where_it_stood_when_what_was_wrong_is_mended(
    company: Company, address: Addresses
) -> None:
    broken = address("broken")
    company.submit("tour", broken, benches="many")
    assert company.ended(broken).end_reason == "failed"

    def mend(session: Session) -> None:
        contact = session.exec(select(Contact).where(Contact.email == broken)).one()
        contact.fields = {**contact.fields, "benches": 4}
        session.add(contact)
        session.flush()
        (run,) = failed_runs(session, "tour", contact.id)
        assert put_back(session, Published(), run, datetime.now(UTC)) is None

    company.main.write_now(mend)

    assert company.ended(broken).end_reason == "completed"
    first, second = company.letters_to(broken)
    assert b"The first letter" in first.raw
    assert b"The second letter" in second.raw
    assert [row.did for row in company.decisions(broken, "update-3")] == ["stopped", "updated"]
    audit(company)


@contextmanager
def paused(company: Company, sequence: str, email: str | None = None) -> Iterator[None]:
    """Pause, and wake who has to know; the workers look by themselves."""

    def whose(session: Session) -> str | None:
        return session.exec(select(Contact.id).where(Contact.email == email)).one() if email else None

    def stir(session: Session, contact: str | None) -> None:
        inside = select(Enrolment).where(Enrolment.sequence == sequence, Enrolment.state != "ended")
        runs = [run for run in session.exec(inside) if contact in (None, run.contact_id)]
        stir_all(session, runs, datetime.now(UTC))

    def begin(session: Session) -> None:
        pause(session, sequence, whose(session), datetime.now(UTC), by="test")
        stir(session, whose(session))

    def end(session: Session) -> None:
        resume(session, sequence, whose(session), datetime.now(UTC))
        stir(session, whose(session))

    company.main.write_now(begin)
    try:
        yield
    finally:
        company.main.write_now(end)


def refusals(company: Company, email: str) -> list[str]:
    """Return how the entries of a contact were refused."""

    def read(session: Session) -> list[str]:
        contact = session.exec(select(Contact.id).where(Contact.email == email)).one()
        return list(session.exec(select(Decision.did).where(Decision.contact_id == contact, Decision.kind == "entry")))

    return company.main.read_now(read)
