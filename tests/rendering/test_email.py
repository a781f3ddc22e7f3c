"""A letter becomes bytes that say what was meant, whatever stands in the data."""

import json
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rendering.email import BadLetter, Letter, ascii_address, build_email
from rendering.headers import MOST_NAME, MOST_SUBJECT, clean_header, library_fault

PLAIN = Letter(
    from_="Acme <hello@acme.example>",
    to="ann@customer.example",
    to_name="Ann",
    subject="Welcome",
    text="Hello Ann",
    html="<p>Hello Ann</p>",
    message_id="<m1@acme.example>",
    date=datetime(2026, 3, 1, 9, tzinfo=UTC),
)
NAMES = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
HOSTILE = [
    "=?utf-8?q?Bob=0aBcc:_evil=40x.example?=",
    "=?utf-8?b?Qm9iCkJjYzogZXZpbEB4LmV4YW1wbGU=?=",
    "Bob\r\nBcc: evil@x.example",
    "Bob\nBcc: evil@x.example",
    "Bob\r\n\r\n<script>",
    "Bob\x00\x0b\x0c\x85\u2028\u2029Bcc: evil@x.example",
    "\u202eBob\u2066\u200f",
    "\ud800Bob\udfff",
    '"Bob" <evil@x.example>',
    "Bob <evil@x.example>, Eve",
    'Bob\\" <evil@x.example>',
    "=?utf-8?q?" * 50,
    "= ?= ?=",
    "=\u200d?=\u00ad?utf-8?q?x?=",
    "x" * 1_000_000,
    "\n" * 1_000_000,
    "ä" * 1_000_000,
    "(comment) Bob; Eve: x,",
    "\U0001f600" * 100,
]


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(build_email(letter), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")


def to(message: EmailMessage) -> Address:
    (address,) = message["To"].addresses
    assert isinstance(address, Address)
    return address


def displayed(letter: Letter) -> str:
    """Return the recipient's name as RFC 2047 has it read (Python's newer parser puts spaces between encoded words)."""
    written = message_from_bytes(build_email(letter))["To"].replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(written)[0])))


def check(letter: Letter) -> None:
    """The law: names are as meant, one recipient, the subject reads as meant, seven bits, short lines."""
    raw = build_email(letter)
    block = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert re.findall(r"(?m)^([^\s:]+):", block) == NAMES
    assert not re.search("\r(?!\n)|(?<!\r)\n|\x00", raw.decode("ascii"))
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = read(letter)
    assert message.keys() == NAMES
    assert to(message).addr_spec == "ann@customer.example"
    assert displayed(letter) == clean_header(letter.to_name, MOST_NAME)
    assert message["Subject"] == clean_header(letter.subject, MOST_SUBJECT)
    assert not message.defects


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_or_subject_adds_a_header(text: str) -> None:
    check(replace(PLAIN, to_name=text, subject=f"Hello {text}"))


@given(name=st.text(max_size=150), subject=st.text(min_size=1, max_size=300))
def test_any_name_and_subject_read_back_as_meant(name: str, subject: str) -> None:
    check(replace(PLAIN, to_name=name, subject=f"S{subject}"))


SPARK = st.sampled_from(
    ["=?", "?=", "utf-8", "?q?", "?b?", "=0a", "\r\n", "Bcc:", " ", '"', "\\", "<", ">", "@", ",", "ü", "_"]
)


@given(st.lists(SPARK, max_size=40).map("".join))
def test_no_mixture_of_what_headers_are_made_of_breaks_them(text: str) -> None:
    check(replace(PLAIN, to_name=text, subject=f"S{text}"))


@pytest.mark.large
@settings(max_examples=4_000)
@given(st.lists(st.one_of(SPARK, st.characters()), max_size=120).map("".join))
def test_no_text_at_all_breaks_a_header(text: str) -> None:
    check(replace(PLAIN, to_name=text, subject=f"S{text}"))


@given(st.text(max_size=2_000), st.integers(1, 300))
def test_a_cleaned_text_is_one_clean_line_and_stays_it(text: str, most: int) -> None:
    line = clean_header(text, most)

    assert len(line) <= most
    assert not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in line)
    assert "=?" not in line
    assert clean_header(line, most) == line


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=1_500))
def test_text_and_html_read_back_as_meant(text: str) -> None:
    text = f"T{text}\n.\nFrom me\n--=_x\n=20 {text} "

    message = read(replace(PLAIN, text=text, html=text))

    assert (content(message, "plain"), content(message, "html")) == (text, text)


def test_a_letter_can_be_plain_text_only() -> None:
    message = read(replace(PLAIN, html=""))

    assert (message.get_content_type(), content(message, "plain")) == ("text/plain", "Hello Ann")


def test_surrogates_and_controls_in_bodies_are_made_harmless() -> None:
    assert content(read(replace(PLAIN, text="a\ud800b\x00c\rd")), "plain") == "a\ufffdbc\nd"


def test_the_same_letter_is_the_same_bytes() -> None:
    assert build_email(PLAIN) == build_email(replace(PLAIN))


def test_one_click_headers_are_exact_and_in_one_line() -> None:
    url = "https://acme.example/u/" + "t" * 200
    letter = replace(PLAIN, list_unsubscribe_url=url, list_unsubscribe_mailto="u+tok@acme.example")

    lines = build_email(letter).split(b"\r\n")

    assert f"List-Unsubscribe: <{url}>, <mailto:u+tok@acme.example>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


def test_a_mailto_alone_promises_no_one_click() -> None:
    raw = build_email(replace(PLAIN, list_unsubscribe_mailto="mailto:u@acme.example"))

    assert b"List-Unsubscribe: <mailto:u@acme.example>\r\n" in raw
    assert b"One-Click" not in raw


def test_list_feedback_and_reply_headers() -> None:
    letter = replace(
        PLAIN,
        list_id="Neues für alle <news.acme.example>",
        feedback_id="welcome:news:marketing:acme",
        reply_to="Acme, Care <r+tok@acme.example>",
        extra_headers={"X-Rapport-Send": "abc", "Auto-Submitted": "auto-generated"},
    )

    message = read(letter)

    assert message["List-Id"] == "Neues für alle <news.acme.example>"
    assert message["Feedback-ID"] == "welcome:news:marketing:acme"
    assert message["Reply-To"].addresses[0] == Address("Acme, Care", "r+tok", "acme.example")
    assert (message["X-Rapport-Send"], message["Auto-Submitted"]) == ("abc", "auto-generated")


def test_a_follow_up_in_a_thread_names_what_came_before_and_itself_last() -> None:
    message = read(replace(PLAIN, in_reply_to="<m0@acme.example>", references=("<a@b.example>", "<m0@acme.example>")))

    assert message["In-Reply-To"] == "<m0@acme.example>"
    assert message["References"] == "<a@b.example> <m0@acme.example> <m1@acme.example>"
    assert "References" not in read(PLAIN)


def test_domains_go_out_in_ascii() -> None:
    assert to(read(replace(PLAIN, to="jo@münchen.example"))).addr_spec == "jo@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "a b@c.example",
        "a@b.example, c@d.example",
        "a@b.example\r\nBcc: x",
        "ü@b.example",
        "a" * 65 + "@b.example",
        "a@" + "b" * 1_000_000,
        "\ud800@b.example",
        "<a@b.example>",
        '"a b"@c.example',
        "a@[127.0.0.1]",
        "a@b.example\x00",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadLetter):
        build_email(replace(PLAIN, to=address))
    with pytest.raises(BadLetter):
        ascii_address(address)


@pytest.mark.parametrize(
    "change",
    [
        {"from_": "Acme <hello@acme.example> <x@y.example>"},
        {"from_": "a@b.example, c@d.example"},
        {"reply_to": "x"},
        {"subject": " \n"},
        {"text": " "},
        {"date": datetime(2026, 3, 1)},  # noqa: DTZ001
        {"message_id": "m1"},
        {"message_id": "<m 1@x>"},
        {"message_id": "<a@b>\r\nBcc: x"},
        {"in_reply_to": "<a@b> <c@d>"},
        {"references": ("x",)},
        {"references": ("<a@" + "b" * 1_000 + ">",)},
        {"list_unsubscribe_url": "http://acme.example/u"},
        {"list_unsubscribe_url": "https://acme.example/u> , <https://evil.example"},
        {"list_unsubscribe_url": "https://acme.example/" + "t" * 1_000},
        {"list_unsubscribe_url": "https://acme.example/ü"},
        {"list_id": "no id"},
        {"feedback_id": "a\r\nBcc: x"},
        {"feedback_id": "ü"},
        {"extra_headers": {"Bcc": "x@y.example"}},
        {"extra_headers": {"X-A\nBcc": "x"}},
        {"extra_headers": {"Precedence": "bulk\r\nBcc: x"}},
        {"extra_headers": {"Precedence": ""}},
    ],
)
def test_a_letter_that_cannot_be_meant_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadLetter):
        build_email(replace(PLAIN, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "kind", ["reply_to", "from_", "list_id", "feedback_id", "list_unsubscribe_mailto", "token", "json"]
)
def test_no_kind_of_header_lets_another_one_in(kind: str, text: str) -> None:
    kinds: dict[str, dict[str, object]] = {
        "reply_to": {"reply_to": f"{text} <r+t@acme.example>"},
        "from_": {"from_": f"{text} <hello@acme.example>"},
        "list_id": {"list_id": f"{text} <news.acme.example>"},
        "token": {"extra_headers": {"X-Rapport-Send": text}},
        "json": {"extra_headers": {"X-SMTPAPI": json.dumps({"category": [text[:300]]})}},
    }
    letter = replace(PLAIN, **kinds.get(kind, {kind: text}))  # type: ignore[arg-type]

    try:
        raw = build_email(letter)
    except BadLetter:
        return

    names = re.findall(r"(?m)^([^\s:]+):", raw.partition(b"\r\n\r\n")[0].decode("ascii"))
    added = {
        "reply_to": "Reply-To",
        "list_id": "List-Id",
        "feedback_id": "Feedback-ID",
        "token": "X-Rapport-Send",
        "json": "X-SMTPAPI",
    }
    assert sorted(names) == sorted([*NAMES, *([added[kind]] if kind in added else [])])
    assert read(letter).keys() == names


def test_what_is_wrong_with_pythons_library_is_said_in_one_line_and_letters_are_whole_all_the_same() -> None:
    fault = library_fault()

    assert fault is None or ("CVE-2024-6923" in fault and "\n" not in fault)
    check(replace(PLAIN, subject="=?utf-8?q?A=0aBcc:_b=40x.example?=" + " and so on" * 9))
