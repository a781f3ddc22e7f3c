"""The audit finds what it is there to find: each fault here is one that a storm could leave behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from records.models import Contact, Decision, Drained, Enrolment, Identity, Inbox, Interaction, Message
from tests.system.audit import Books, differences
from tests.system.letters import Letter

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
ANN = "ann@customer.example"
LETTER = Letter(ANN, "<m1@mail.acme.example>", b"")


def message(state: str = "accepted", class_: str = "marketing", **more: Any) -> Message:
    fixed: dict[str, Any] = {"id": "m1", "send_key": "e1/news/1", "contact_id": "c1", "enrolment_id": "e1"}
    fixed |= {"step": "news", "channel": "email", "template": "letters/news", "bundle": "b", "attempts": 1}
    return Message(**(fixed | more), class_=class_, state=state, message_id=LETTER.message_id)


def decision(kind: str, did: str, step: str | None = None) -> Decision:
    return Decision(
        contact_id="c1", enrolment_id="e1", sequence="news", kind=kind, did=did, step=step, final=kind == "send", at=NOW
    )


def books() -> Books:
    """Return the books of one form, one contact, one run, one message and one letter."""
    answers = {"answers": {"email": ANN}}
    run = Enrolment(id="e1", contact_id="c1", sequence="news", version="v1", entered_at=NOW, ended_at=NOW)
    return Books(
        drained=[Drained(inbox_id=1, did="form news", at=NOW)],
        contacts=[Contact(id="c1", email=ANN, created_at=NOW, updated_at=NOW)],
        identities=[Identity(contact_id="c1", kind="email", value=ANN, recorded_at=NOW)],
        interactions=[Interaction(contact_id="c1", key="k1", name="form_submitted", at=NOW)],
        enrolments=[run],
        decisions=[decision("entry", "entered"), decision("send", "sent", "news"), decision("end", "completed")],
        messages=[message()],
        inbox=[Inbox(id=1, key="k1", kind="form", source="json", received_at=NOW, body=answers, drained_at=NOW)],
        letters=[LETTER],
    )


def test_books_that_balance_have_no_differences() -> None:
    assert differences(books()) == []


@pytest.mark.parametrize(
    ("fault", "difference"),
    [
        ({"letters": [LETTER, LETTER]}, "e1/news/1 (marketing) was accepted 2 times"),
        ({"letters": []}, "e1/news/1 is accepted, but never arrived"),
        ({"letters": [LETTER, Letter(ANN, "<m2@x>", b"")]}, "<m2@x> arrived, but is in no ledger"),
        ({"letters": [Letter("bob@customer.example", LETTER.message_id, b"")]}, "e1/news/1 went astray"),
        ({"messages": [message("refused")]}, "e1/news/1 is refused, but it arrived"),
        ({"messages": [message("claimed")]}, "e1/news/1 is claimed by a run that has ended"),
        ({"messages": [message("skipped")], "letters": []}, "e1/news/1 was sent, but the ledger says skipped"),
        ({"messages": [], "letters": []}, "news of e1 was sent, but has no row in the ledger"),
        ({"drained": []}, "inbox 1 is called drained, but nothing came of it"),
        ({"interactions": []}, "inbox 1 (k1) is 0 times in the timelines"),
        ({"contacts": [*books().contacts] * 2}, "ann@customer.example is 2 contacts"),
        ({"enrolments": [*books().enrolments] * 2}, "c1 entered news 2 times"),
        (
            {"decisions": [*books().decisions, decision("wait", "waited", "pause")]},
            "pause of e1 was waited after the end",
        ),
        ({"decisions": [*books().decisions, decision("send", "sent", "more")]}, "more of e1 was sent after the end"),
        (
            {"messages": [message(handing_over_at=NOW + timedelta(seconds=2))]},
            "news of e1 was handed over after the end",
        ),
    ],
)
def test_a_fault_is_a_difference(fault: dict[str, Any], difference: str) -> None:
    assert difference in differences(replace(books(), **fault))


def test_what_was_on_the_wire_when_its_run_ended_is_recorded_after_the_end() -> None:
    entry, sent, end = books().decisions
    before = message(handing_over_at=NOW - timedelta(seconds=1))

    assert differences(replace(books(), decisions=[entry, end, sent], messages=[before])) == []


def test_a_service_message_may_arrive_twice_if_its_fate_was_unknown_in_between() -> None:
    known = [message(class_="service", attempts=2)]
    unknown = [message(class_="service", attempts=2, unknown_at=NOW)]

    assert differences(replace(books(), messages=known, letters=[LETTER, LETTER])) == [
        "e1/news/1 was repeated without having been unknown"
    ]
    assert differences(replace(books(), messages=unknown, letters=[LETTER, LETTER])) == []
