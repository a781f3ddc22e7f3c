"""A worker that dies by `kill -9`, wherever it stands: what it held is sent once, or known to be unknown."""

import signal
from collections.abc import Callable

import pytest
from sqlmodel import col

from records.models import Drained, Enrolment, Message
from tests.scripted_smtp import HANG, At
from tests.system.audit import audit
from tests.system.company import form_row
from tests.system.conftest import Moody
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

# Temporal believes in a worker for half a minute after its last sign of life.
NOTICED_WITHIN = 30 + PATIENCE


def test_what_a_killed_worker_held_is_unknown_if_it_was_leaving_and_is_sent_once_if_it_was_not(
    moody: Moody, address: Callable[[str], str]
) -> None:
    leaving, claimed, urgent, won = address("leaving"), address("claimed"), address("urgent"), address("won")
    company, mail = moody.company, moody.mail
    mail.hold(claimed)
    company.submit("news", claimed)
    until(lambda: mail.asked(claimed), "the claimed message at RCPT")
    for each in (leaving, urgent, won):
        mail.towards(each, At("dot", HANG))
    company.submit_all("news", [leaving, won])
    company.submit("receipt", urgent)
    until(lambda: {leaving, urgent, won} <= {each.recipient for each in mail.letters()}, "three bodies on their way")

    company.stack.kill("worker")
    mail.release(claimed)
    company.stack.wait_until_ready("worker", within=PATIENCE)
    company.tell("meeting_booked", won)

    assert company.in_state(claimed, "news", "accepted", within=NOTICED_WITHIN).unknown_at is None
    lost = company.in_state(leaving, "news", "unknown", within=NOTICED_WITHIN)
    assert lost.reason == "whoever handed it over died before its fate was known"
    assert company.in_state(urgent, "receipt", "accepted", within=NOTICED_WITHIN).unknown_at is not None
    assert company.in_state(won, "news", "unknown", within=NOTICED_WITHIN).attempts == 1
    assert company.ended(won).end_reason == "converted"
    assert len(company.letters_to(claimed)) == 1
    assert company.ended(leaving).end_reason == "completed"
    audit(company)


def test_a_drainer_that_is_killed_amid_three_hundred_forms_drains_each_of_them_once(
    moody: Moody, address: Callable[[str], str]
) -> None:
    company = moody.company
    emails = [address(f"visitor-{number}") for number in range(300)]
    before = company.count(Drained)

    company.stack.kill("worker", signal.SIGSTOP)
    company.put_into_inbox([form_row("news", email) for email in emails])
    company.stack.kill("worker", signal.SIGCONT)
    until(lambda: company.count(Drained) > before, "the first form drained", every=0.002)
    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=PATIENCE)

    company.drained(within=NOTICED_WITHIN)
    assert company.count(Drained) == before + 300
    until(
        lambda: company.count(Enrolment, col(Enrolment.ended_at).is_(None)) == 0, "everybody at the end", NOTICED_WITHIN
    )
    reached = {letter.recipient for letter in company.letters()}
    missing = [email for email in emails if email not in reached]
    for email in missing:
        row = company.message(email, "news")
        assert row is not None
        assert row.state == "unknown", "who got nothing was being written to when the worker died"
    assert company.count(Message, Message.state == "claimed") == 0
    audit(company)
