"""`send` by text: the template's channel decides, consent for texts counts, clicks are not known."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlmodel import Session

from domain.steps.send import Send
from records.broadcast_models import Broadcast
from records.contacts import find, record_consent
from records.models import Contact, Enrolment
from records.published import Published
from starter.publish import publish_home
from tests.starter.leads import SEND, rows
from tests.starter.small_home import MESSAGING, SmallHome

pytestmark = pytest.mark.timeout(120)

TEXT = "---\nclass: marketing\n---\n20 % off today, {{ contact.first_name }}. Reply STOP to opt out\n"
SALE = ("send", "sms/news/sale", "--to", "leads", "--topic", "product-news")
BY_TEXT = ("send", "news/sale", "--to", "leads", "--topic", "product-news")


@pytest.fixture
def numbers(leads: SmallHome) -> SmallHome:
    """Ann said yes to texts, bob to e-mail only; eve said yes to texts and has no number."""
    leads.write("policies/messaging.yaml", MESSAGING.replace('acme.example>"', 'acme.example>", sms: Acme', 1))
    leads.write("templates/sms/news/sale.txt", TEXT)
    leads.write("templates/sms/news/short.txt", TEXT.replace("today", "now"))
    leads.write("templates/sms/welcome/hello.txt", TEXT)
    publish_home(leads.settings)

    def write(session: Session) -> None:
        now = datetime.now(UTC)
        for name, number in (("ann", "+491715550123"), ("bob", "+491715550124"), ("eve", None)):
            contact = find(session, f"{name}@acme.example")
            assert contact is not None
            contact.phone = number
            session.add(contact)
            if name != "bob":
                said_yes = partial(record_consent, session, contact.id, "product-news", "opted_in", now, channel="sms")
                said_yes(basis="consent", source="test")

    with leads.database() as database:
        database.write_now(write)
    return leads


def test_the_folder_of_the_template_says_by_what_it_goes(numbers: SmallHome) -> None:
    typed = numbers.type(*BY_TEXT)

    assert typed.status == 0, typed.err
    assert typed.out.splitlines() == [
        "news/sale (text message, marketing, product-news) to leads: begins now",
        "3 contacts are in the segment now; 2 would be let in",
        "  1 would be refused: consent",
        "1 messages could go at once",
        "  1 would not be sent: no address",
        "its own words take 1 segment (GSM-7, 39 of 160) each; what is filled in comes on top",
        "nothing was sent; give --yes to send it",
    ]


def test_a_broadcast_by_text_is_a_program_of_one_text(numbers: SmallHome) -> None:
    document = numbers.type(*BY_TEXT, "--name", "sale", "--yes", "--json").document

    assert document["channel"] == "sms"
    (row,) = rows(numbers, Broadcast)
    with numbers.database() as database:
        program = database.read_now(lambda session: Published().program(session, row.version))
    [step] = program.steps.values()
    assert isinstance(step, Send)
    assert (step.send, step.channel) == ("news/sale", "sms")
    assert "sale: text message news/sale to leads, scheduled" in numbers.type("broadcast", "show", "sale").out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("send", "welcome/hello", *BY_TEXT[2:]), "a text message; give --channel email or --channel sms"),
        ((*BY_TEXT, "--channel", "email"), "template 'news/sale' is not published"),
        ((*SALE, "--channel", "email"), "--channel: says email, and sms/news/sale is a text message; leave it out"),
        ((*BY_TEXT, "--ab", "welcome/tips"), "--ab: welcome/tips is an e-mail and news/sale a text message"),
        ((*BY_TEXT, "--ab", "news/short"), "are not counted, so no click would be known; write --winner conversions"),
        ((*BY_TEXT, "--ab", "news/short", "--winner", "clicks", "--goal", "trial_started"), "in text messages are not"),
        (("send", "news/sail", "--to", "leads"), "template 'news/sail' is not published; did you mean 'news/sale'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_by_text_is_refused_with_a_remedy(
    numbers: SmallHome, typed: tuple[str, ...], said: str
) -> None:
    refused = numbers.type(*typed)

    assert refused.status == 1
    assert said in refused.err
    assert rows(numbers, Broadcast) == []


@pytest.mark.parametrize("typed", ["sms/welcome/hello", "templates/sms/welcome/hello.txt"])
def test_of_two_of_one_name_the_folder_or_the_channel_decides(numbers: SmallHome, typed: str) -> None:
    assert numbers.type("send", typed, *BY_TEXT[2:], "--json").document["channel"] == "sms"
    assert numbers.type(*SEND, "--channel", "sms", "--json").document["channel"] == "sms"
    assert numbers.type(*SEND, "--channel", "email", "--json").document["channel"] == "email"


def test_two_texts_are_compared_by_conversions(numbers: SmallHome) -> None:
    typed = numbers.type(*BY_TEXT, "--ab", "news/short", "--goal", "trial_started", "--yes")

    assert typed.status == 0, typed.err
    (row,) = rows(numbers, Broadcast)
    assert (row.other, row.winner_by, row.goal) == ("news/short", "conversions", "trial_started")


def test_clicks_that_the_policy_does_not_count_tell_no_winner(leads: SmallHome) -> None:
    leads.write("policies/messaging.yaml", f"{MESSAGING}tracking: {{clicks: false}}\n")
    publish_home(leads.settings)

    refused = leads.type(*SEND, "--ab", "welcome/tips")

    assert refused.status == 1
    assert "--winner: links of marketing messages are not counted; add marketing to 'tracking: clicks'" in refused.err
    assert leads.type(*SEND, "--ab", "welcome/tips", "--goal", "trial_started").status == 0


def test_a_test_goes_to_one_number(numbers: SmallHome) -> None:
    known = numbers.type("send", "news/sale", "--test", "+49 171 5550123", "--json").document
    made_up = numbers.type("send", "news/sale", "--test", "+491715550999", "--json").document

    assert (known["to"], made_up["to"]) == ("+491715550123", "+491715550999")
    assert numbers.type("send", "news/sale", "--test", "+491715550999").status == 0, "as often as one likes"
    (somebody,) = [row for row in rows(numbers, Contact) if row.source == "send --test"]
    assert (somebody.phone, somebody.email, somebody.first_name) == ("+491715550999", None, "Test")
    runs = Counter(run.contact_id for run in rows(numbers, Enrolment))
    assert sorted(runs.values()) == [1, 2]


@pytest.mark.parametrize("number", ["you@acme.example", "0171 5550123", ""])
def test_a_test_by_text_needs_a_number_the_world_can_dial(numbers: SmallHome, number: str) -> None:
    assert (
        "is no number as the world dials it; write one, such as +491715550123"
        in numbers.type("send", "news/sale", "--test", number).err
    )
