"""Runs that give way and entries that wait, on real parts: what was replaced sends nothing more."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, select

from records.contacts import find_or_make, record_consent
from records.entry_models import WaitingEntry
from records.models import Enrolment, Message
from tests.system.audit import audit
from tests.system.company import Company, form_row
from tests.system.waiting import until

pytestmark = pytest.mark.system

FORM = "fields: {email: email, first_name: first_name, company: company, benches: benches}"
STEPS = "steps:\n  - send: letters/first\n  - wait_for: meeting_booked\n    up_to: 30 days\n  - send: letters/second\n"
FORMS = ("cart", "calm", "urgent", "waits")
SEQUENCES = {
    "cart": "enter: {on: {form: cart}, again: restart}\n",
    "calm": "group: nurture\npriority: 40\nenter: {on: {form: calm}, again: always}\n",
    "urgent": "group: nurture\npriority: 60\non_conflict: preempt\nenter: {on: {form: urgent}, again: always}\n",
    "waits": "enter: {on: {form: waits}}\n",
}


@pytest.fixture
def shop(company: Company) -> Company:
    forms = {f"policies/forms/{name}.yaml": FORM for name in FORMS}
    company.edit_all(
        forms | {f"sequences/{name}.yaml": f"topic: product-news\n{head}{STEPS}" for name, head in SEQUENCES.items()}
    )
    return company


def ends(company: Company, email: str) -> list[tuple[str, str | None]]:
    return [(run.sequence, run.end_reason) for run in company.enrolments(email)]


def all_over(company: Company, email: str, runs: int) -> None:
    """Let everybody go on to their second letter, and wait until so many runs have ended."""

    def over() -> list[Enrolment] | None:
        found = company.enrolments(email)
        if len(found) == runs and all(run.ended_at for run in found):
            return found
        company.tell("meeting_booked", email)  # until it is heard: before a run listens, it is none of its business
        return None

    until(lambda: len(first_letters(company, email)) == runs, f"{runs} first letters for {email}")
    until(over, f"{runs} ended runs of {email}", every=1)


def first_letters(company: Company, email: str) -> list[str | None]:
    """Return the fate of each first letter, of those that were skipped the reason."""
    runs = [run.id for run in company.enrolments(email)]
    firsts = select(Message).where(col(Message.enrolment_id).in_(runs), Message.step == "first")
    rows = company.main.read_now(lambda session: list(session.exec(firsts)))
    return [
        row.state if row.state == "accepted" else row.reason
        for row in sorted(rows, key=lambda row: runs.index(str(row.enrolment_id)))
    ]


def test_what_begins_anew_ends_the_run_before_which_sends_nothing_more(
    shop: Company, address: Callable[[str], str]
) -> None:
    email = address("cart")
    shop.put_into_inbox([form_row("cart", email)])
    shop.in_state(email, "first", "accepted")

    shop.put_into_inbox([form_row("cart", email)])
    all_over(shop, email, 2)

    assert ends(shop, email) == [("cart", "replaced"), ("cart", "completed")]
    # The first letter again on the same day is the same message twice.
    assert first_letters(shop, email) == ["accepted", "duplicate"]
    assert len(shop.letters_to(email)) == 2, "first, second once"
    audit(shop)


def test_what_takes_a_place_in_its_group_ends_the_other_at_once(shop: Company, address: Callable[[str], str]) -> None:
    email = address("urgent")
    shop.put_into_inbox([form_row("calm", email)])
    shop.in_state(email, "first", "accepted")

    shop.put_into_inbox([form_row("urgent", email)])
    until(lambda: len(shop.enrolments(email)) == 2, "a second run")
    assert ends(shop, email)[0] == ("calm", "replaced")
    all_over(shop, email, 2)

    assert ends(shop, email)[1] == ("urgent", "completed")
    assert first_letters(shop, email) == ["accepted", "duplicate"]
    assert len(shop.letters_to(email)) == 2
    audit(shop)


def test_a_consent_that_waits_for_its_confirmation_lets_in_at_that_moment(
    shop: Company, address: Callable[[str], str]
) -> None:
    email, now = address("pending"), datetime.now(UTC)

    def pending(session: Session) -> str:
        contact = find_or_make(session, {"email": email}, "test", now)
        record_consent(session, contact.id, "product-news", "pending", now, basis="consent", source="test")
        return contact.id

    contact = shop.main.write_now(pending)
    shop.put_into_inbox([form_row("waits", email)])
    until(lambda: shop.count(WaitingEntry, WaitingEntry.contact_id == contact), "an entry that waits")
    assert shop.enrolments(email) == []

    shop.tell("consent_confirmed", email, topic="product-news")

    all_over(shop, email, 1)
    assert ends(shop, email) == [("waits", "completed")]
    assert shop.count(WaitingEntry, WaitingEntry.contact_id == contact) == 0
    assert len(shop.letters_to(email)) == 2
    audit(shop)
