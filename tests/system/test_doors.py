"""What comes in is taken once, or refused, or set aside with its reason; and what is published reaches newcomers."""

import json
import uuid
from collections.abc import Callable

import pytest

from records import inbox
from records.models import Contact, Inbox
from tests.system.audit import audit
from tests.system.authored import FORM, PLAIN_FORM, sequence
from tests.system.company import Company, form_row
from tests.system.waiting import until

pytestmark = pytest.mark.system

Address = Callable[[str], str]


def test_a_delivery_told_twice_is_one_contact_and_one_entry(company: Company, address: Address) -> None:
    ann = address("ann")
    body = json.dumps({"id": str(uuid.uuid4()), "answers": {"email": ann}}).encode()

    assert [company.post_signed("news", body).status for _ in range(3)] == [202, 200, 200]

    company.in_state(ann, "news", "accepted")
    assert len(company.enrolments(ann)) == 1
    assert len(company.letters_to(ann)) == 1
    audit(company)


def test_what_is_cut_off_or_signed_by_nobody_we_know_leaves_no_trace(company: Company, address: Address) -> None:
    bob = address("bob")
    whole = json.dumps({"id": str(uuid.uuid4()), "answers": {"email": bob}}).encode()
    before = company.count(Inbox)

    assert company.post_signed(PLAIN_FORM, whole[:-7]).status == 422
    assert company.post_signed(PLAIN_FORM, whole, secret="another-secret-of-sixteen").status == 401
    assert company.post(f"/forms/json/{PLAIN_FORM}", whole).status == 401
    assert company.post_signed("unheard-of", whole).status == 404

    assert company.count(Inbox) == before
    assert company.count(Contact, Contact.email == bob) == 0


def test_rows_that_cannot_be_drained_are_parked_stop_nobody_and_drain_once_the_cause_is_gone(
    company: Company, address: Address
) -> None:
    cid, dora = address("cid"), address("dora")
    away = f"away-{uuid.uuid4().hex[:8]}"
    lost, unusable, fine = form_row(away, cid), form_row(PLAIN_FORM, "not an address"), form_row(PLAIN_FORM, dora)
    company.put_into_inbox([lost, unusable, fine])

    company.drained()
    rows = {row.key: company.inbox_row(row.key) for row in (lost, unusable, fine)}
    tries = {key: (row.tries, row.parked_at is not None) for key, row in rows.items() if row}
    assert tries == {lost.key: (3, True), unusable.key: (3, True), fine.key: (0, False)}
    problem = rows[lost.key]
    assert problem is not None
    assert problem.problem is not None
    assert problem.problem.startswith(f"form '{away}' has no file in policies/forms/")
    assert company.count(Contact, Contact.email == dora) == 1

    company.edit(f"policies/forms/{away}.yaml", FORM)
    number = problem.id
    assert number is not None
    assert company.inbox.write_now(lambda session: inbox.retry(session, number))
    until(lambda: company.count(Contact, Contact.email == cid) == 1, "the contact of the form that came back")
    company.drained()
    audit(company)


def test_whoever_is_inside_finishes_the_version_they_entered(company: Company, address: Address) -> None:
    early, late = address("early"), address("late")
    company.submit("edited", early)
    company.in_state(early, "first", "accepted")

    company.edit("sequences/edited.yaml", sequence("edited", "- send: letters/news"))
    company.submit("edited", late)

    company.ended(late)
    company.ended(early)
    subjects = {
        email: [step for step in ("first", "second", "news") if company.message(email, step)] for email in (early, late)
    }
    assert subjects == {early: ["first", "second"], late: ["news"]}
    assert company.enrolment(early).version != company.enrolment(late).version
    audit(company)
