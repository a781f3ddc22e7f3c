"""What comes of itself: a date, to the second and once, though its worker dies; a segment, when it is published."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from records.entry_models import DateEntry, Membership
from records.models import Contact
from tests.system.audit import audit
from tests.system.company import EVENTS_KEY, Company, form_row
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

CONTACT = "fields: {benches: {type: number, label: Benches}, visit: {type: date}}"
FORM = "fields: {email: email, company: company, visit: visit}"
HEAD = "topic: product-news\nenter: {on: {%s}, again: always}\nsteps:\n  - send: letters/news\n"
SEGMENTS = """
segments:
  big: {label: Big companies, when: contact.company == 'Big'}
"""


def files(company: Company) -> None:
    company.edit_all(
        {
            "policies/contact.yaml": CONTACT,
            "policies/forms/visit.yaml": FORM,
            "sequences/visit.yaml": HEAD % "date: contact.visit - 1 hours",
        }
    )


def test_those_whose_date_comes_at_once_enter_once_and_together_though_the_worker_died(
    company: Company, address: Callable[[str], str]
) -> None:
    files(company)
    # On a slow machine the date may have come before everybody has it: then others have a later one.
    people, due = next(
        found for span in (8, 20, 60) if (found := _with_a_date_to_come(company, address, timedelta(seconds=span)))
    )

    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=PATIENCE)

    for email in people:
        assert company.ended(email).entered_at == due
        company.in_state(email, "news", "accepted")
    runs = [run for email in people for run in company.enrolments(email)]
    assert (len(runs), len({run.wave for run in runs})) == (20, 1)
    assert company.count(DateEntry, DateEntry.came_at == due, col(DateEntry.fired_at).is_not(None)) == 20
    audit(company)


def _with_a_date_to_come(
    company: Company, address: Callable[[str], str], span: timedelta
) -> tuple[list[str], datetime] | None:
    """Return twenty people whose date comes after `span`, and when that is; None if it came before they all had it."""
    due = datetime.now(UTC).replace(microsecond=0) + span
    people = [address(f"visitor-{span.seconds}-{number}") for number in range(20)]
    visit = (due + timedelta(hours=1)).isoformat()
    company.put_into_inbox([form_row("visit", email, visit=visit) for email in people])
    until(lambda: company.count(DateEntry, DateEntry.came_at == due) == 20, "a date for everybody")
    return (people, due) if datetime.now(UTC) < due else None


def test_a_segment_has_its_members_by_a_change_and_by_the_round_after_its_publication(
    company: Company, address: Callable[[str], str]
) -> None:
    files(company)
    before, later, small = address("before"), address("later"), address("small")
    company.put_into_inbox([form_row("visit", before, company="Big"), form_row("visit", small, company="Small")])
    company.drained()

    company.edit_all({"policies/segments.yaml": SEGMENTS, "sequences/big.yaml": HEAD % "segment: big"})
    until(lambda: company.enrolments(before, "big"), "an entry by the round")
    company.put_into_inbox([form_row("visit", later, company="Big")])
    until(lambda: company.enrolments(later, "big"), "an entry by the change")

    def members(session: Session) -> set[str | None]:
        return set(session.exec(select(Contact.email).join(Membership, col(Membership.contact_id) == col(Contact.id))))

    assert {before, later} <= company.main.read_now(members)
    company.in_state(later, "news", "accepted")
    assert company.enrolments(small, "big") == []
    assert [len(company.enrolments(each, "big")) for each in (before, later)] == [1, 1]


def test_our_own_systems_let_somebody_in_once_however_often_they_ask(
    company: Company, address: Callable[[str], str]
) -> None:
    files(company)
    email = address("asked")
    body = json.dumps({"id": f"order-{email}", "sequence": "visit", "contact": {"email": email}}).encode()

    answers = [company.post("/enrolments", body, Authorization=f"Bearer {EVENTS_KEY}").status for _ in range(2)]

    assert answers == [202, 200]
    company.in_state(email, "news", "accepted")
    assert len(company.enrolments(email, "visit")) == 1
