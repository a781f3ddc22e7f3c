"""Providers: what they are told of a message, what they call it, and that nothing they are told breaks its headers."""

import json
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.providers.base import TOKEN_HEADER, About
from channels.providers.known import PROVIDERS, provider
from channels.smtp import SmtpPool
from domain.keys import read_mail_token
from rendering.email import EXTRA_HEADERS, build_email
from settings_values import ProviderName
from tests.channels.letters import relay
from tests.rendering.test_email import PLAIN
from tests.scripted_smtp import At, ScriptedSmtp
from tests.system.counter import SECRET, counter

ABOUT = About("0f" * 16, "t" * 34, "welcome", "hello/then", "marketing")
ANN = "ann@customer.example"
ALL = sorted(PROVIDERS)


def test_a_setting_can_name_each_of_them() -> None:
    assert set(PROVIDERS) == set(get_args(ProviderName))


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("ses", "X-SES-MESSAGE-TAGS", f"send_id={ABOUT.id}, sequence=welcome, step=hello_then"),
        ("ses", "X-SES-CONFIGURATION-SET", "rapport"),
        ("mailgun", "X-Mailgun-Tag", "welcome"),
        ("mailgun", "X-Mailgun-Variables", json.dumps(ABOUT.metadata)),
        ("postmark", "X-PM-Metadata-send_id", ABOUT.id),
        ("postmark", "X-PM-Metadata-step", "hello_then"),
        ("postmark", "X-PM-Tag", "welcome"),
        ("postmark", "X-PM-Message-Stream", "broadcast"),
        ("resend", "Resend-Idempotency-Key", ABOUT.id),
        ("brevo", "X-Mailin-custom", f"send_id:{ABOUT.id}|sequence:welcome|step:hello_then"),
        ("brevo", "X-Mailin-Tag", "welcome"),
    ],
)
def test_each_is_told_in_its_own_headers(name: str, header: str, value: str) -> None:
    assert provider(name, "rapport" if name == "ses" else "").headers(ABOUT)[header] == value


def test_sendgrid_is_told_in_json() -> None:
    said = json.loads(provider("sendgrid").headers(ABOUT)["X-SMTPAPI"])

    assert said == {"unique_args": ABOUT.metadata, "category": ["welcome", "hello_then"]}


def test_without_a_configuration_set_the_account_decides() -> None:
    assert "X-SES-CONFIGURATION-SET" not in provider("ses").headers(ABOUT)


@pytest.mark.parametrize("class_", ["service", "transactional"])
def test_only_marketing_is_broadcast(class_: str) -> None:
    assert provider("postmark").headers(replace(ABOUT, class_=class_))["X-PM-Message-Stream"] == "outbound"


@pytest.mark.parametrize("name", ALL)
def test_all_are_told_the_signed_name_of_the_message_and_a_repeat_is_told_the_same(name: str) -> None:
    assert provider(name).headers(ABOUT)[TOKEN_HEADER] == ABOUT.token
    assert provider(name).headers(ABOUT) == provider(name).headers(replace(ABOUT))


@given(st.sampled_from(ALL), st.text(max_size=300), st.text(max_size=300))
def test_no_name_of_a_sequence_or_step_breaks_a_header(name: str, sequence: str, step: str) -> None:
    headers = provider(name, "set" if name == "ses" else "").headers(replace(ABOUT, sequence=sequence, step=step))

    letter = build_email(replace(PLAIN, extra_headers=headers))

    assert set(headers) <= EXTRA_HEADERS
    read = message_from_bytes(letter)
    assert {each: read[each] for each in headers} == headers


@pytest.mark.parametrize(
    ("name", "reply", "id"),
    [
        ("plain", "2.0.0 Ok: queued as 4FQ1xk2Tz9", "4FQ1xk2Tz9"),
        ("plain", "2.0.0 OK", None),
        (
            "ses",
            "Ok 0102018f0e5d0b2a-5d0e0b2a-1111-2222-3333-444455556666-000000",
            "0102018f0e5d0b2a-5d0e0b2a-1111-2222-3333-444455556666-000000",
        ),
        ("ses", "Ok", None),
        ("sendgrid", "Ok: queued as k7GkJ3nQTOWyuFs9Zg3YdQ", "k7GkJ3nQTOWyuFs9Zg3YdQ"),
        ("mailgun", "Great success", None),
        (
            "postmark",
            "2.0.0 Ok: queued as 0a129aee-e1cd-480d-b08d-4f48548ff48d",
            "0a129aee-e1cd-480d-b08d-4f48548ff48d",
        ),
        ("resend", "Ok 49a3999c-0ce1-4ea6-ab68-afcd6dc2e794", "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"),
        (
            "brevo",
            "2.0.0 OK: queued as <202603271200.12345678901@smtp-relay.mailin.example>",
            "202603271200.12345678901@smtp-relay.mailin.example",
        ),
    ],
)
def test_what_a_provider_calls_the_message_is_read_from_its_reply(name: str, reply: str, id: str | None) -> None:
    assert provider(name).id_in(reply) == id


@pytest.mark.system
@pytest.mark.parametrize(("name", "kept"), [("plain", True), ("ses", False)])
async def test_the_ledger_keeps_that_name_and_the_letter_its_own(name: str, kept: bool, tmp_path: Path) -> None:
    told = "0102018f0e5d0b2a-5d0e0b2a-1111-2222-3333-444455556666-000000"
    theirs = provider(name)
    server = ScriptedSmtp([At("dot", f"250 Ok {told}")])
    async with (
        server,
        SmtpPool(relay(server), id_in=theirs.id_in) as pool,
        counter(tmp_path, pool, provider=theirs) as desk,
    ):
        desk.arrive("news", ANN)
        await desk.send("news", ANN)
        row, mail = desk.message(ANN), message_from_bytes(server.bodies[0])

    assert row.provider_id == told
    assert read_mail_token(mail[TOKEN_HEADER], [SECRET]) == row.id
    assert mail["References"] == (None if kept else row.message_id)
    assert mail["X-SES-MESSAGE-TAGS"] == (None if kept else f"send_id={row.id}, sequence=news, step=news")


def test_operators_can_read_about_each_of_them() -> None:
    page = (Path(__file__).parents[2] / "docs" / "deliverability.md").read_text(encoding="utf-8")

    assert [name for name in ALL if f"\n| `{name}` |" not in page] == []
