"""Double opt-in over HTTP with real parts: a form, a message, a page, a button, and only then what was asked for."""

import re
import urllib.request
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes
from email.policy import default

import pytest
from sqlmodel import Session, select

from records.inbox_models import Inbox
from records.models import Consent
from tests.system.authored import FORM, LETTER, MESSAGING, sequence
from tests.system.company import Company
from tests.system.letters import Letter
from tests.system.waiting import until

pytestmark = pytest.mark.system

TOPIC = "      notes: {label: The Monday note, default: opted_out}\n"
HOME = {
    "policies/messaging.yaml": MESSAGING.replace("    expires:", f"{TOPIC}    expires:"),
    "policies/forms/asking.yaml": FORM + "    consent: [{topic: notes, answer: news, wording: Yes., confirm: true}]\n",
    "templates/email/letters/confirm.html": LETTER.format(class_="transactional", subject="Please confirm").replace(
        "<p>Hello", '<p><a href="{{ confirm_url }}">Yes, that was me</a></p><p>Hello'
    ),
    "sequences/confirm.yaml": """
        enter: {on: {event: consent_requested}, per: run.event.topic, again: after_exit 1 hour}
        steps: [{send: letters/confirm}, {wait_for: consent_confirmed, up_to: 72 hours}]
    """,
    "sequences/asking.yaml": sequence("asking", "- send: letters/news").replace("product-news", "notes"),
}


def link(letter: Letter, page: str) -> str:
    """Return the address of a page of ours in a letter."""
    part = message_from_bytes(letter.raw, policy=default).get_body(("html",))
    assert part is not None
    [found] = set(re.findall(rf'href="(http[^"]+/{page}/[^"]+)"', part.get_content()))
    return str(found)


def look(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


def pressed_at(session: Session, contact: str) -> datetime:
    pressed = select(Inbox.received_at).where(Inbox.contact_id == contact, Inbox.kind == "confirmation")
    return session.exec(pressed).one()


def test_what_was_asked_for_begins_with_the_button_and_the_preference_page_stops_it(
    company: Company, address: Callable[[str], str]
) -> None:
    assert not [line for line in company.edit_all(HOME) if "not published" in line]
    ann = address("ann")
    until(lambda: company.submit("asking", ann, news="yes").status == 202, "the form being taken")
    company.submit("asking", ann, news="yes")

    company.in_state(ann, "confirm", "accepted")
    company.drained()
    [letter] = company.letters_to(ann)
    confirm = link(letter, "c")
    contact = company.enrolments(ann, "confirm")[0].contact_id
    assert "May we write to you about “The Monday note”?" in look(confirm)
    assert company.enrolments(ann, "asking") == []

    for _ in range(2):
        answer = company.post(confirm, b"")
        assert (answer.status, "Thank you, it is confirmed" in answer.text) == (200, True)

    company.in_state(ann, "news", "accepted")
    [run] = company.enrolments(ann, "asking")
    pressed = company.inbox.read_now(lambda session: pressed_at(session, contact))
    assert run.entered_at == pressed, "it begins at the instant of the button"
    proofs = company.count(Consent, Consent.contact_id == contact, Consent.state == "opted_in")
    assert proofs == 1

    [_, news] = company.letters_to(ann)
    preferences = link(news, "p")
    assert "The Monday note" in look(preferences)
    assert company.post(preferences, b"everything=stop").status == 200
    company.drained()
    assert "You have stopped everything." in look(preferences)
