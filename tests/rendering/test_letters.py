"""A rendered message made into a letter: who is answered, and how one leaves."""

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


def letter(reply_to: str | None = None, class_: Any = "marketing", from_: str = FROM, **posted: Any) -> Letter:
    sender = Sender.model_validate({"from": from_, "reply_to": reply_to})
    made = Plan(Deliver(template="a/b"), class_, "product-news", sender)
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
