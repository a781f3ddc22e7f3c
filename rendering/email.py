"""From a letter to the bytes that go on the wire, or `BadLetter`.

Every line is ours; Python's `email` only reads the finished header block again, which must then be what was meant.
The same letter gives the same bytes, so that a repeat is recognisable.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.policy import compat32
from email.utils import format_datetime

from email_validator import EmailNotValidError, validate_email

from domain.attachments import Enclosed
from rendering.headers import (
    LONGEST_LINE,
    MOST_NAME,
    MOST_SUBJECT,
    BadLetter,
    address_header,
    addresses_header,
    clean_header,
    exact_header,
    text_header,
)
from rendering.mime import Calendar, Contents, Picture, block, body

__all__ = ["EXTRA_HEADERS", "BadLetter", "Letter", "ascii_address", "build_email", "clean_header"]

EXTRA_HEADERS = frozenset(
    [
        "Auto-Submitted",
        "Precedence",
        "Resend-Idempotency-Key",
        "X-Auto-Response-Suppress",
        "X-Entity-Ref-ID",
        "X-Mailgun-Tag",
        "X-Mailgun-Variables",
        "X-Mailin-Tag",
        "X-Mailin-custom",
        "X-PM-KeepID",
        "X-PM-Message-Stream",
        "X-PM-Metadata-send_id",
        "X-PM-Metadata-sequence",
        "X-PM-Metadata-step",
        "X-PM-Tag",
        "X-Rapport-Send",
        "X-SES-CONFIGURATION-SET",
        "X-SES-MESSAGE-TAGS",
        "X-SMTPAPI",
    ]
)
"""The headers a letter may add. Their values are ASCII."""

_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_LIST_ID = re.compile(r"(?P<label>[^<>]*)<(?P<id>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>")
_NAMED = re.compile(r"([^<>]*)<([^<>]+)>")
# RFC 8058 wants https. A trial on one's own machine has none, and its mail goes nowhere else.
_ONE_CLICK = re.compile(r"(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])[!-;=?-~]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person, as it is meant to be read. `from_` is `Acme <hello@acme.example>`.

    `replies_also_to` is a bare address that gets every answer, too; without `reply_to` it is the only one.
    `refers_to_itself` keeps our own id in References, for servers that replace the Message-ID.
    """

    from_: str
    to: str
    subject: str
    text: str
    message_id: str
    date: datetime
    html: str = ""
    to_name: str = ""
    reply_to: str | None = None
    replies_also_to: str | None = None
    list_unsubscribe_url: str | None = None
    list_unsubscribe_mailto: str | None = None
    list_id: str | None = None
    feedback_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    refers_to_itself: bool = False
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    calendar: Calendar | None = None
    files: tuple[Enclosed, ...] = ()


def ascii_address(address: str, place: str = "To") -> str:
    """Return an address as every mail server takes it, its domain in ASCII; no look-up is made.

    >>> ascii_address("jo@münchen.example")
    'jo@xn--mnchen-3ya.example'
    """
    said = f"{place}: {address[:80]!r}"
    if len(address) > 320:
        raise BadLetter(f"{said} is {len(address)} characters long; correct the address")
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise BadLetter(f"{said} is not an address ({error}); correct it") from error
    except UnicodeError as error:
        raise BadLetter(f"{said} is not text; correct the address") from error
    if valid.ascii_email is None:
        raise BadLetter(f"{said} has letters before the @ that few servers accept; ask for another address")
    return valid.ascii_email


def build_email(letter: Letter) -> bytes:
    """Return the letter as RFC 5322 bytes, seven bits, CRLF; raise `BadLetter` if it cannot be sent as it is."""
    content = body(
        Contents(letter.message_id, letter.text, letter.html, letter.pictures, letter.calendar, letter.files)
    )
    headers = [*_headers(letter), ("MIME-Version", "MIME-Version: 1.0"), *content.headers]
    raw = block(headers) + b"\r\n" + content.content
    _verify(raw, [name for name, _ in headers], clean_header(letter.subject, MOST_SUBJECT))
    return raw


def _headers(letter: Letter) -> Iterator[tuple[str, str]]:
    """Yield each header's name and its finished lines."""
    for name, line in _envelope_headers(letter):
        yield name, line
    for name, line in _list_headers(letter):
        yield name, line
    for name, value in letter.extra_headers.items():
        if name not in EXTRA_HEADERS:
            raise BadLetter(
                f"header {name[:60]!r} is not one a letter may add; allowed: {', '.join(sorted(EXTRA_HEADERS))}"
            )
        yield name, exact_header(name, value)


def _envelope_headers(letter: Letter) -> Iterator[tuple[str, str]]:
    if letter.date.tzinfo is None:
        raise BadLetter("Date: the time has no zone; give an aware datetime")
    subject = clean_header(letter.subject, MOST_SUBJECT)
    if not subject:
        raise BadLetter("Subject: it is empty; write one")
    yield "From", _address("From", letter.from_)
    yield "To", address_header("To", clean_header(letter.to_name, MOST_NAME), ascii_address(letter.to))
    answered = [_named("Reply-To", each) for each in (letter.reply_to, letter.replies_also_to) if each]
    if answered:
        yield "Reply-To", addresses_header("Reply-To", answered)
    yield "Subject", text_header("Subject", subject)
    yield "Date", exact_header("Date", format_datetime(letter.date.astimezone(UTC)))
    yield "Message-ID", exact_header("Message-ID", _message_id(letter.message_id))
    yield from _thread_headers(letter)


def _address(name: str, written: str) -> str:
    return address_header(name, *_named(name, written))


def _named(name: str, written: str) -> tuple[str, str]:
    """Return the name and the address of `Name <address>`."""
    line = clean_header(written, MOST_NAME + 320)
    found = _NAMED.fullmatch(line)
    display, address = found.groups() if found else ("", line)
    return clean_header(display.strip(' "'), MOST_NAME), ascii_address(address, name)


def _thread_headers(letter: Letter) -> Iterator[tuple[str, str]]:
    before = [_message_id(one) for one in (*letter.references, *([letter.in_reply_to] if letter.in_reply_to else []))]
    if not before and not letter.refers_to_itself:
        return
    if letter.in_reply_to:
        yield "In-Reply-To", exact_header("In-Reply-To", letter.in_reply_to)
    # Our own id stands last: a server that replaces the Message-ID leaves this one, and replies still find their way.
    chain = list(dict.fromkeys([*before, letter.message_id]))[-12:]
    if any(len(one) > LONGEST_LINE - 20 for one in chain):
        raise BadLetter("References: a message id is too long for a header; leave it out")
    yield "References", "References: " + "\r\n ".join(chain)


def _list_headers(letter: Letter) -> Iterator[tuple[str, str]]:
    url, mailto = letter.list_unsubscribe_url, letter.list_unsubscribe_mailto
    if url and not _ONE_CLICK.fullmatch(url):
        raise BadLetter(f"List-Unsubscribe: {url[:60]!r} is not an https address; one-click needs one")
    ways = [f"<{url}>"] if url else []
    if mailto:
        ways.append(f"<mailto:{ascii_address(mailto.removeprefix('mailto:'), 'List-Unsubscribe')}>")
    if ways:
        yield "List-Unsubscribe", exact_header("List-Unsubscribe", ", ".join(ways))
    if url:
        yield "List-Unsubscribe-Post", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    if letter.list_id:
        yield "List-Id", _list_id(letter.list_id)
    if letter.feedback_id:
        yield "Feedback-ID", exact_header("Feedback-ID", letter.feedback_id)


def _list_id(written: str) -> str:
    found = _LIST_ID.fullmatch(clean_header(written, MOST_NAME + 200))
    if not found:
        raise BadLetter(f"List-Id: {written[:60]!r} is not one; write it as Label <topic.acme.example>")
    label = clean_header(found["label"], MOST_NAME)
    return address_header("List-Id", label, found["id"]) if label else exact_header("List-Id", f"<{found['id']}>")


def _message_id(written: str) -> str:
    if not _MESSAGE_ID.fullmatch(written):
        raise BadLetter(f"Message-ID: {written[:60]!r} is not one; write it as <left@right>")
    return written


def _verify(raw: bytes, names: list[str], subject: str) -> None:
    """Parse the finished header block again and compare it with what was meant."""
    head = raw.partition(b"\r\n\r\n")[0]
    if re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", head):
        raise BadLetter("header block: a line break stands alone; this is our fault, report it")
    if any(len(line) > LONGEST_LINE for line in raw.split(b"\r\n")):
        raise BadLetter(f"message: a line is longer than {LONGEST_LINE} characters; this is our fault, report it")
    parsed = BytesParser(policy=compat32).parsebytes(head + b"\r\n\r\n", headersonly=True)
    if parsed.keys() != names or names.count("From") != 1:
        raise BadLetter(
            f"header block: {parsed.keys()} was read where {names} was meant; look for line breaks in the data"
        )
    read = str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", parsed["Subject"]))))
    if read != subject:
        raise BadLetter(f"Subject: {read[:60]!r} was read where {subject[:60]!r} was meant; correct the subject")
