"""Signed letters verify, by a verifier that is not ours, and whatever is changed on the way breaks the signature."""

import asyncio
import re
from dataclasses import replace
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from rendering.email import Letter, build_email
from rendering.signature import SIGNED, CannotSign, Signer
from tests.rendering.test_email import HOSTILE, PLAIN

MARKETING = replace(
    PLAIN,
    reply_to="Acme, Care <r+tok@acme.example>",
    list_unsubscribe_url="https://acme.example/u/" + "t" * 200,
    list_unsubscribe_mailto="u+tok@acme.example",
    list_id="Neues für alle <news.acme.example>",
    feedback_id="welcome:news:marketing:acme",
    in_reply_to="<m0@acme.example>",
    references=("<m0@acme.example>",),
)


@cache
def key() -> RSAPrivateKey:
    return generate_rsa(public_exponent=65537, key_size=1024)


def pem(of: RSAPrivateKey) -> str:
    return of.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def signer(keeps_ids: bool = True) -> Signer:
    return Signer.from_pem("acme.example", "k1", pem(key()), keeps_ids=keeps_ids)


def verifies(letter: bytes) -> bool:
    """Ask another library, which looks the key up where DNS would have it."""
    where, text = signer().record
    return bool(
        dkim.verify(letter, dnsfunc=lambda name, timeout=5: text.encode() if name.decode() == f"{where}." else None)
    )


def signed_names(letter: bytes) -> list[str]:
    block = letter.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", "")
    found = re.search(r"; ?h=([^;]+);", block)
    assert found
    return found[1].replace(" ", "").split(":")


@pytest.mark.parametrize("letter", [PLAIN, MARKETING, replace(PLAIN, html="")], ids=["plain", "marketing", "text"])
def test_a_signed_letter_verifies(letter: Letter) -> None:
    assert verifies(signer().sign(build_email(letter)))


def test_one_click_and_everything_readers_see_is_signed_and_from_twice() -> None:
    names = signed_names(signer().sign(build_email(MARKETING)))

    assert names.count("from") == 2
    assert {
        "from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
        "content-type", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id",
    } == set(names)  # fmt: skip
    assert set(names) <= set(SIGNED)


@pytest.mark.parametrize("name", ["From", "Subject", "To", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"])
def test_a_changed_header_breaks_the_signature(name: str) -> None:
    letter = signer().sign(build_email(MARKETING))

    changed = re.sub(rf"(?m)^{name}: ".encode(), f"{name}: x".encode(), letter, count=1)

    assert changed != letter
    assert not verifies(changed)


def test_an_added_sender_breaks_the_signature() -> None:
    assert not verifies(signer().sign(build_email(PLAIN)).replace(b"To: ", b"From: eve@x.example\r\nTo: ", 1))


def test_a_changed_body_breaks_the_signature_and_spaces_at_ends_of_lines_do_not() -> None:
    letter = signer().sign(build_email(replace(PLAIN, html="")))

    assert not verifies(letter.replace(b"Hello Ann", b"Hello Eve"))
    assert verifies(letter.replace(b"Hello Ann\r\n", b"Hello Ann  \t\r\n\r\n\r\n"))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_and_subjects_are_signed_as_they_are_sent(text: str) -> None:
    assert verifies(signer().sign(build_email(replace(PLAIN, to_name=text, subject=f"Hello {text}"))))


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_letter_verifies(subject: str, text: str) -> None:
    assert verifies(signer().sign(build_email(replace(MARKETING, subject=f"S{subject}", text=f"T{text}"))))


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b"."]), max_size=30).map(b"".join))
def test_any_white_space_of_a_body_is_read_as_the_verifier_reads_it(body: bytes) -> None:
    assert verifies(signer().sign(b"From: a@acme.example\r\nSubject:  a \t b\r\n\tc \r\n\r\n" + body + b"\r\n"))


def test_the_same_letter_gets_the_same_signature_in_short_lines() -> None:
    letter = build_email(MARKETING)

    signed = signer().sign(letter)

    assert signed == signer().sign(letter)
    assert signed.endswith(letter)
    assert max(map(len, signed.removesuffix(letter).split(b"\r\n"))) <= 78


def test_what_a_provider_replaces_is_not_signed() -> None:
    letter = signer(keeps_ids=False).sign(build_email(MARKETING))

    assert not {"message-id", "date"} & set(signed_names(letter))
    assert verifies(letter.replace(b"Message-ID: <m1@", b"Message-ID: <0102@"))


async def test_signing_lets_others_run() -> None:
    letter, slow = build_email(MARKETING), Signer.from_pem("acme.example", "k1", pem(generate_rsa(65537, 4096)))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await asyncio.to_thread(lambda: [slow.sign(letter) for _ in range(30)])  # one is over before a busy machine ticks
    ticking.cancel()

    assert ticks > 5


def test_the_record_is_what_receivers_look_for() -> None:
    where, text = signer().record

    assert where == "k1._domainkey.acme.example"
    assert text.startswith("v=DKIM1; k=rsa; p=MI")


def test_a_key_that_signs_proves_itself() -> None:
    signer().self_check()


def test_a_key_of_another_kind_signs_nothing() -> None:
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    with pytest.raises(CannotSign, match="not an RSA key"):
        Signer.from_pem("acme.example", "k1", other)


def test_a_name_that_cannot_be_looked_up_is_found_before_the_first_letter() -> None:
    with pytest.raises(CannotSign):
        replace(signer(), selector="k1;").self_check()
