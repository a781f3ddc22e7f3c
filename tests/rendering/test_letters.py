"""A rendered message made into a letter: who is answered, and how one leaves."""

import re
from typing import Any

import pytest

from domain.letters import Plan, Written
from domain.needs import Deliver
from domain.policies import Sender
from domain.return_addresses import INBOUND
from rendering.email import Letter, build_email
from rendering.letters import Posted, letter_of
from tests.domain.kit import MONDAY, facts, program

NEWS = program("steps: []")
WRITTEN = Written("Hello", "<p>Hello</p>", "Hello")
FROM = '"Mira, of Acme" <hello@acme.example>'


def letter(
    reply_to: str | None = None,
    class_: Any = "marketing",
    from_: str = FROM,
    topic: str = "product-news",
    **posted: Any,
) -> Letter:
    sender = Sender.model_validate({"from": from_, "reply_to": reply_to})
    made = Plan(Deliver(template="a/b"), class_, topic, sender)
    sending = Posted("<m1@acme.example>", MONDAY, "mail.acme.example", "https://acme.example/u/t", **posted)
    return letter_of(made, WRITTEN, facts(NEWS), sending)


def test_answers_come_to_us_where_the_sender_says_so() -> None:
    answered = letter(INBOUND, inbound_reply_to="r+token@in.acme.example")

    assert answered.reply_to == "Mira, of Acme <r+token@in.acme.example>"
    assert b'Reply-To: "Mira, of Acme" <r+token@in.acme.example>\r\n' in build_email(answered)


def test_a_sender_without_a_name_is_answered_by_address() -> None:
    answered = letter(INBOUND, from_="hello@acme.example", inbound_reply_to="r+token@in.acme.example")

    assert answered.reply_to == "r+token@in.acme.example"


@pytest.mark.parametrize("wanted", [None, "Care <care@acme.example>"])
def test_answers_go_where_else_the_sender_says(wanted: str | None) -> None:
    assert letter(wanted, inbound_reply_to="r+token@in.acme.example").reply_to == wanted


def test_where_no_mail_is_read_answers_go_to_whom_it_is_from() -> None:
    assert letter(INBOUND).reply_to is None


def test_only_marketing_can_be_left_by_mail() -> None:
    assert letter(unsubscribe_mailto="u+t@in.acme.example").list_unsubscribe_mailto == "u+t@in.acme.example"
    assert letter(class_="service", unsubscribe_mailto="u+t@in.acme.example").list_unsubscribe_mailto is None


def test_marketing_has_everything_that_mail_programs_and_large_receivers_look_for() -> None:
    block = build_email(letter(unsubscribe_mailto="u+t@in.acme.example")).partition(b"\r\n\r\n")[0].decode()

    assert "List-Unsubscribe: <https://acme.example/u/t>, <mailto:u+t@in.acme.example>" in block
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in block
    assert 'List-Id: "Product news" <product-news.mail.acme.example>' in block
    assert "Feedback-ID: story:product-news:marketing:rapport" in block


@pytest.mark.parametrize("class_", ["service", "transactional"])
def test_nothing_else_is_a_list(class_: str) -> None:
    block = build_email(letter(class_=class_)).partition(b"\r\n\r\n")[0].decode()

    assert not re.search("(?m)^(List-|Feedback-ID)", block)


@pytest.mark.parametrize(
    "topic", ["product_news", "Neuigkeiten für alle", "a:b", "<x>", "_", "\u00fc" * 90, "a\r\nBcc: x"]
)
def test_any_name_of_a_topic_makes_headers_that_can_be_sent(topic: str) -> None:
    block = build_email(letter(topic=topic)).partition(b"\r\n\r\n")[0].decode()

    (feedback,) = re.findall(r"(?m)^Feedback-ID: (.*)\r$", block)
    assert len(feedback.split(":")) == 4
    assert len(re.findall("(?m)^List-Id:", block)) == 1
    assert "Bcc:" not in re.findall(r"(?m)^([^\s:]+):", block)


@pytest.mark.parametrize(("class_", "said"), [("marketing", False), ("service", False), ("transactional", True)])
def test_nobody_is_to_answer_a_receipt_from_their_holidays(class_: str, said: bool) -> None:
    raw = build_email(letter(class_=class_))

    assert (b"Auto-Submitted: auto-generated\r\n" in raw) == said
    assert (b"X-Auto-Response-Suppress: OOF, AutoReply\r\n" in raw) == said
