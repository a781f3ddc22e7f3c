"""Header lines we write ourselves, because Python's `email` writes some that nobody asked for.

Installed versions of the library decode a contact's `=?utf-8?q?Bob=0aBcc:...?=` while they fold, and a line break
comes out (CVE-2024-6923). So no value of ours passes through its folding: texts are cleaned, encoded and folded here.
"""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from platform import python_version

LONGEST_LINE = 998
"""RFC 5322, 2.1.1: characters of a line, its end not counted."""
MOST_NAME = 100
MOST_SUBJECT = 200

_FOLD_AT = 76
_WORD_BYTES = 45  # 60 characters of base64, and 12 around them: RFC 2047 allows 75
_EXAMINED = 4  # so much longer than what is kept may a text be before it is cut without being read

_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]+"
)


class BadLetter(ValueError):
    """The letter cannot be sent as it is, to nobody and never: its data must be corrected first."""


def clean_header(text: str, most: int) -> str:
    """Return a text from data as it may stand in a header: one line of at most `most` characters, nothing that steers.

    Encoded words that come from data are broken with a zero-width space, so that no reader decodes them.

    >>> clean_header("Bob\\r\\nBcc: evil@x.example", 100)
    'Bob Bcc: evil@x.example'
    >>> "=?" in clean_header("=?utf-8?q?Bob=0aBcc:_evil=40x.example?=", 100)
    False
    """
    joined = _UNFIT.sub(" ", text[: most * _EXAMINED])
    line = " ".join(unicodedata.normalize("NFC", joined).split())
    return line.replace("=?", "=\u200b?")[:most].strip()


def text_header(name: str, text: str) -> str:
    """Return the line or lines of a header whose value is free text, folded, without the last line end.

    >>> text_header("Subject", "Grüße")
    'Subject: =?utf-8?b?R3LDvMOfZQ==?='
    """
    words = text.split(" ") if _plain(text) else list(_encoded(text))
    return _folded(name, words)


def address_header(name: str, display: str, address: str) -> str:
    """Return a header with one address; `display` may be empty.

    >>> address_header("To", "Ann, of Acme", "ann@acme.example")
    'To: "Ann, of Acme" <ann@acme.example>'
    """
    return addresses_header(name, [(display, address)])


def addresses_header(name: str, addresses: Sequence[tuple[str, str]]) -> str:
    """Return a header with several addresses, each with its name, which may be empty.

    >>> addresses_header("Reply-To", [("Ann", "ann@acme.example"), ("", "r+1@in.acme.example")])
    'Reply-To: "Ann" <ann@acme.example>, r+1@in.acme.example'
    """
    words: list[str] = []
    for display, address in addresses:
        words = [*words[:-1], f"{words[-1]},"] if words else []
        words += [*_phrase(display), f"<{address}>"] if display else [address]
    return _folded(name, words)


def exact_header(name: str, value: str) -> str:
    """Return a header read by machines, in one line, whatever its length; refuse what would not survive."""
    line = f"{name}: {value}"
    if not value or not _plain(value) or value != value.strip():
        raise BadLetter(f"{name}: {value[:60]!r} is not a line of ASCII; correct the value")
    if len(line) > LONGEST_LINE:
        raise BadLetter(f"{name}: {len(value)} characters are too long for a header; shorten it")
    return line


def library_fault() -> str | None:
    """Return what is wrong with the `email` of this Python, if it makes headers out of encoded line breaks.

    Letters are not written by it, so they are whole all the same; other programs of this Python may not be.
    """
    trial = EmailMessage(policy=SMTP)
    trial["Subject"] = "=?utf-8?q?A=0aBcc:_b=40x.example?=" + " and so on" * 9
    try:
        if re.search(rb"(?m)^Bcc:", trial.as_bytes()) is None:
            return None
    except ValueError:  # a library that looks at what it has written
        return None
    return (
        f"Python {python_version()}: its email library lets line breaks into headers (CVE-2024-6923); letters are "
        "written without it and stay whole, update Python for other programs"
    )


def _plain(text: str) -> bool:
    return re.fullmatch(r"[\x20-\x7e]*", text) is not None


def _phrase(display: str) -> list[str]:
    if not _plain(display):
        return list(_encoded(display))
    escaped = re.sub(r'(["\\])', r"\\\1", display)
    return f'"{escaped}"'.split(" ")


def _encoded(text: str) -> Iterator[str]:
    """Yield RFC 2047 words, none of which splits a character."""
    part = b""
    for character in text:
        code = character.encode()
        if len(part) + len(code) > _WORD_BYTES:
            yield _word(part)
            part = b""
        part += code
    yield _word(part)


def _word(part: bytes) -> str:
    return f"=?utf-8?b?{b64encode(part).decode()}?="


def _folded(name: str, words: list[str]) -> str:
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _FOLD_AT and lines[-1] != f"{name}:" and word:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)
