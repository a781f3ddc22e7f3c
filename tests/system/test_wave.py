"""Fifty who entered at once, each with a fate of their own: nobody's trouble is anybody else's."""

from collections.abc import Callable

import pytest
from temporalio.client import WorkflowExecutionStatus

from tests.scripted_smtp import At
from tests.system.audit import audit
from tests.system.company import form_row
from tests.system.conftest import Moody
from tests.system.temporal import end_of
from tests.system.waiting import until

pytestmark = pytest.mark.system


def test_one_workflow_carries_fifty_and_each_comes_to_the_end_that_is_theirs(
    moody: Moody, address: Callable[[str], str]
) -> None:
    company, mail = moody.company, moody.mail
    broken, refused, won, gone = address("broken"), address("refused"), address("won"), address("gone")
    others = [address(f"visitor-{number}") for number in range(46)]
    mail.towards(refused, At("rcpt", "550 5.1.1 no such user"))
    mail.hold(won)
    rows = [form_row("tour", email) for email in (refused, won, gone, *others)]
    company.put_into_inbox([form_row("tour", broken, benches="many"), *rows])

    until(lambda: mail.asked(won), "the winner's message at RCPT")
    company.in_state(gone, "first", "accepted")
    (letter,) = company.letters_to(gone)
    assert company.post(letter.one_click, b"List-Unsubscribe=One-Click").status == 200
    company.tell("meeting_booked", won)
    assert company.ended(won).end_reason == "converted"
    mail.release(won)

    everybody = [broken, refused, won, gone, *others]
    ends = {email: company.ended(email) for email in everybody}
    waves = {run.wave for run in ends.values()}
    assert len(waves) == 1
    assert end_of(company, waves.pop()) == WorkflowExecutionStatus.COMPLETED

    skipped = company.message(won, "first")
    assert skipped is not None
    assert (skipped.state, skipped.reason) == ("skipped", "the run ended: converted")
    assert {email: ends[email].end_reason for email in (broken, refused)} == {broken: "failed", refused: "completed"}
    assert [len(company.letters_to(each)) for each in (broken, refused, won, gone)] == [1, 0, 0, 1]
    assert {ends[email].end_reason for email in others} == {"completed"}
    assert {len(company.letters_to(email)) for email in others} == {2}
    audit(company)
