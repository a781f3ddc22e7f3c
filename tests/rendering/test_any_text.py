"""Any text in any field: the message parses back to what was meant, and nothing of it steers."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.attachments import Enclosed
from rendering.email import Letter, build_email
from rendering.headers import MOST_SUBJECT, clean_header
from rendering.invitation import invitation
from rendering.mime import printable
from rendering.parts import Press
from rendering.sound import sound
from tests.rendering.test_invitation import VISIT

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CONTROLS = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE]))
BIDI = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
WORDS = [
    "=?utf-8?q?Bob=0aBcc:_evil=40x.example?=",
    "=?utf-8?b?Qm9iCkJjYzogZXZpbEB4LmV4YW1wbGU=?=",
    "x\r\nBcc: evil@x.example\r\n\r\n<script>",
    "\r\n.\r\nQUIT\r\n",
    "--=_0123456789abcdef--",
    '"; filename="evil.exe',
    "<evil@x.example>, Eve",
    "{{ 7*7 }}{% raw %}",
    "👩\u200d💻🏳️\u200d🌈",
    "\ud83d",
    "\udcff\ud800",
    "İıſß",
    "ﷺ" * 20,
    "a\u0300" * 50,
]
ANY = st.one_of(
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from(CONTROLS + BIDI + "=?&<>'\"\\;:,@\ud800\udfffé語"), max_size=60),
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), max_size=4).map("".join),
)
LONG = st.sampled_from(["x", "ä", "\n", "\ud800", "=?", "😀", "\u202e", "a b "])
NAMES = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
PARTS = ["text/plain", "text/html", "text/calendar", "application/pdf", "text/calendar"]
SOURCES = {
    "email/a/html.html": "{% block subject %}Hi {{ c.a }}{% endblock %}{% block preheader %}Soon{% endblock %}"
    '{% block html %}<p title="{{ c.a }}">[{{ c.a }}]</p><p>{{ c.b }}</p>{% endblock %}',
    "email/a/mjml.mjml": "{% block subject %}Hi {{ c.a }}{% endblock %}{% block preheader %}Soon{% endblock %}"
    '{% block html %}<mj-section><mj-column><mj-text>[{{ c.a }}]</mj-text><mj-image alt="{{ c.a }}" '
    'src="https://a.example/b.png" /></mj-column></mj-section>{% endblock %}',
}
PRESS = Press(SOURCES, 20_000_000)


def letter(subject: str, name: str, text: str, file: str) -> Letter:
    pdf = Enclosed(file, "application/pdf", b"%PDF-1.7\r\n" + bytes(range(256)))
    meeting = replace(VISIT, title=subject, place=text, organiser="Acme <hello@acme.example>")
    told = invitation(meeting, (name, "hello@acme.example"), (name, "ann@customer.example"), "acme.example", NOW)
    return Letter(
        from_="Acme <hello@acme.example>",
        to="ann@customer.example",
        to_name=name,
        reply_to="Acme <hello@acme.example>",
        subject=f"S{subject}",
        text=f"T{text}",
        html=f"<p>{text}</p>",
        message_id="<m1@acme.example>",
        date=NOW,
        calendar=told,
        files=(pdf,),
    )


def arrives(one: Letter) -> None:
    raw = build_email(one)
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    leaves = [part for part in message.walk() if not part.is_multipart()]

    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert message_from_bytes(raw).keys() == NAMES
    assert [part.get_content_type() for part in leaves] == PARTS
    assert all(part.keys() in OF_PARTS for part in leaves)
    subject = re.sub(r"\r\n(?=[ \t])", "", message_from_bytes(raw)["Subject"])
    assert str(make_header(decode_header(subject))) == clean_header(one.subject, MOST_SUBJECT)
    assert lines(leaves[0].get_payload(decode=True)) == lines(printable(one.text).encode())
    assert lines(leaves[1].get_payload(decode=True)) == lines(printable(one.html).encode())
    assert leaves[3].get_payload(decode=True) == one.files[0].data
    assert one.calendar is not None
    assert [leaves[at].get_payload(decode=True) for at in (2, 4)] == [one.calendar.text.encode()] * 2
    shown = leaves[3].get_filename() or ""
    assert shown
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") or sign in BIDI + '/\\"' for sign in shown)


OF_PARTS = (
    ["Content-Type", "Content-Transfer-Encoding"],
    ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"],
)


def lines(data: Any) -> list[bytes]:
    # The line end before a boundary belongs to that, and how many empty lines end a text nobody sees.
    return [*data.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")]


@given(ANY, ANY, ANY, ANY)
def test_a_letter_arrives_as_it_was_meant(subject: str, name: str, text: str, file: str) -> None:
    arrives(letter(subject, name, text, file))


@given(LONG, st.integers(0, 3))
def test_what_is_too_long_for_a_line_breaks_nothing(long: str, where: int) -> None:
    arrives(letter(*[long * 50_000 if at == where else "a" for at in range(4)]))


@pytest.mark.large
@given(LONG, st.integers(0, 3))
def test_a_million_signs_break_nothing(long: str, where: int) -> None:
    arrives(letter(*[long * 1_000_000 if at == where else "a" for at in range(4)]))


@pytest.mark.large
@settings(max_examples=5_000)
@given(ANY, ANY, ANY, ANY)
def test_letters_of_every_sort_arrive(subject: str, name: str, text: str, file: str) -> None:
    arrives(letter(subject, name, text, file))


def as_read(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(html))


def rendered(template: str, first: str, second: str) -> None:
    tame = PRESS.render("email", template, None, {"c": {"a": "tame", "b": "tame"}})
    parts = PRESS.render("email", template, None, {"c": {"a": first, "b": second}})
    whole = sound(first)

    tags = re.compile(r"<[a-zA-Z/!][^\s>]*")
    assert tags.findall(parts["html"]) == tags.findall(tame["html"])
    assert as_read(f"[{whole}]".replace("&", "&amp;")) in as_read(parts["html"])
    assert "\n" not in parts["subject"]
    made = replace(letter("a", "a", "a", "a.pdf"), subject=parts["subject"], html=parts["html"], text=parts["text"])
    arrives(made)


SHOWN = ANY.filter(str.strip)


@given(st.sampled_from(["a/html", "a/mjml"]), SHOWN, SHOWN)
def test_what_a_contact_wrote_is_shown_and_is_no_tag(template: str, first: str, second: str) -> None:
    rendered(template, first, second)


@pytest.mark.large
@settings(max_examples=3_000)
@given(st.sampled_from(["a/html", "a/mjml"]), SHOWN, SHOWN)
def test_whatever_contacts_write_is_shown_and_is_no_tag(template: str, first: str, second: str) -> None:
    rendered(template, first, second)
