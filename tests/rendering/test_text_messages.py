"""Text messages: what a template may be, and what becomes of one for one contact."""

import json
from typing import Any

import pytest

from domain.letters import Written, plan
from domain.needs import Deliver
from domain.policies import Policies
from rendering.email import BadLetter
from rendering.template import Library
from rendering.text_message import TextMessage, text_message_of
from tests.domain.kit import Templates, facts, program

ANN = {"id": "c1", "email": "ann@acme.example", "phone": "0171 5550123", "country": "DE"}
SERVICE = "---\nclass: service\n---\n"


def problems(text: str, path: str = "sms/order/ready.txt") -> list[str]:
    return [str(each.what) for each in Library({path: text}).problems()]


def test_a_text_of_our_own_is_fine() -> None:
    assert problems(f"{SERVICE}Your board is ready, {{{{ contact.first_name }}}}.") == []
    assert problems("20 % off today. Reply STOP to opt out") == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("20 % off today", "a marketing text does not say how to get no more"),
        (f"{SERVICE}{'a' * 1531}", "its own words alone take 11 segments (GSM-7, 1531 of 1683), and 10 is most"),
        (SERVICE.replace("service", "service\nattach: [files/a.pdf]") + "Hi", "a text message carries no files"),
        (f"{SERVICE}Hi {{{{ contact.frist_name }}}}", "contact.frist_name does not exist"),
    ],
)
def test_what_is_wrong_is_said(text: str, what: str) -> None:
    assert any(what in each for each in problems(text)), problems(text)


def test_a_page_is_no_text() -> None:
    assert problems(f"{SERVICE}<p>Hi", "sms/order/ready.html") == [
        "a text message is plain text; name the file order/ready.txt"
    ]


def text_of(text: str, sms: str | None = "Acme", **contact: Any) -> TextMessage:
    sender = {"from": "A <a@acme.example>"} | ({"sms": sms} if sms else {})
    policies = Policies.model_validate({"messaging": {"senders": {"default": sender}}})
    known = facts(program("steps: []")).but(policies=policies, contact=ANN | contact)
    wanted = plan(Deliver(template="a/b", channel="sms"), known, Templates({"a/b": "service"}))
    return text_message_of(wanted, Written("", "", text), known, "m1")


def test_it_goes_to_the_number_as_the_world_dials_it() -> None:
    made = text_of("Grüße\n")

    assert made == TextMessage("m1", "Acme", "+491715550123", "Grüße")
    assert json.loads(made.body()) == {"id": "m1", "to": "+491715550123", "from": "Acme", "text": "Grüße"}
    assert made.shown().startswith("from Acme to +491715550123: 1 segment (GSM-7, 5 of 160)")


@pytest.mark.parametrize(
    ("text", "more", "what"),
    [
        ("Hi", {"phone": "12"}, "is not a number the world can dial"),
        ("Hi", {"sms": None}, "its sender writes no texts"),
        (" \n", {}, "the text is empty"),
        ("ж" * 671, {}, "the text takes 11 segments"),
    ],
)
def test_one_that_nobody_could_send_is_refused(text: str, more: dict[str, Any], what: str) -> None:
    with pytest.raises(BadLetter, match=what):
        text_of(text, **more)
