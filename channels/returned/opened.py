"""A mail taken apart, whatever somebody sent: bounded in size and depth, and nothing of it raises.

The standard library's older parser is used, since it takes everything; what it makes of headers is decoded here.
"""

import codecs
import contextlib
import email
import email.errors
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from itertools import islice
from typing import Any

# Of a larger mail the beginning is read: reports and words stand before pictures and files.
MOST_BYTES = 1 << 20
MOST_PARTS = 60
MOST_DEPTH = 12
MOST_TEXT = 60_000
MOST_HEADER = 4_000
# What the library's parser takes a square's time for, nobody needs: a mail is read up to there. It asks of each line
# whether it ends one of the parts around it, takes parameters apart by looking for each quote from the beginning, and
# some alphabets move all letters for each that they put in.
_MOST_BOUNDARIES = 60
_BOUNDARY = re.compile(rb"boundary[\s*0-9]*=", re.IGNORECASE)
_MOST_QUESTIONS = 300_000
_LINE_END = re.compile(rb"\r\n?|\n")
_MOST_BEGINNINGS = 2_000
_BEGINNING = re.compile(rb"[\r\n]--")
_LONGEST_CONTENT_HEADER = 1_000
_NOT_READ = frozenset({"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"})
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]\\]{1,64}@[^\s<>\"',;:()\[\]\\@]{1,255}")
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,240}>")

Part = Message


class _Bounded(Message):
    """A part whose `Content-…` headers are as long as a mail program makes them."""

    def get(self, name: str, failobj: Any = None) -> Any:
        value = super().get(name, failobj)
        if isinstance(value, str) and name.lower().startswith("content-"):
            return value[:_LONGEST_CONTENT_HEADER]
        return value


def opened(raw: bytes) -> Part:
    """Return the mail of these bytes; what cannot be taken apart is one text."""
    raw = raw[:MOST_BYTES]
    around = len(_BOUNDARY.findall(raw))
    if around <= _MOST_BOUNDARIES:
        raw = _up_to(raw, _BEGINNING, _MOST_BEGINNINGS)
        raw = _up_to(raw, _LINE_END, _MOST_QUESTIONS // (around + 1))
        try:
            return email.message_from_bytes(raw, _class=_Bounded)
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError, email.errors.MessageError):
            pass
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    plain = Message()
    for line in head.decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[!-9;-~]{1,80}", name) and name.lower() != "content-type":
            plain[name] = value.strip()
    plain.set_payload(body.decode("utf-8", "replace"))
    return plain


def _up_to(raw: bytes, mark: re.Pattern[bytes], most: int) -> bytes:
    """Return the bytes before the first mark too many."""
    last = next(islice(mark.finditer(raw), most, None), None)
    return raw if last is None else raw[: last.start()]


def parts(mail: Part, depth: int = 0) -> Iterator[Part]:
    """Yield a mail and what is inside of it, outer parts first, at most so many and so deep.

    What another mail holds that is attached to it is among them.
    """
    waiting = [(mail, 0)]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part, depth = waiting.pop(0)
        yield part
        inside = part.get_payload() if part.is_multipart() else ()
        if depth < MOST_DEPTH and isinstance(inside, list):
            waiting = [*((each, depth + 1) for each in inside if isinstance(each, Message)), *waiting]


def kind_of(part: Part) -> str:
    """Return a part's content type in small letters; `text/plain` where it names none that is one."""
    try:
        return str(part.get_content_type()).lower()
    except Exception:  # a header the library trips over, in one of many ways
        return "text/plain"


def parameter(part: Part, name: str) -> str:
    """Return a parameter of the content type, '' for none."""
    try:
        return str(part.get_param(name) or "")
    except Exception:
        return ""


def header(part: Part, name: str) -> str:
    """Return a header as a person reads it, on one line; '' if it is not there."""
    return next(iter(headers(part, name)), "")


def headers(part: Part, name: str) -> list[str]:
    """Return every header of this name, as `header` does."""
    try:
        values = part.get_all(name) or []
    except Exception:
        values = []
    return [readable(value) for value in values[:50]]


def readable(value: object) -> str:
    """Return a header's value in words, on one line."""
    text = str(value)[:MOST_HEADER]
    with contextlib.suppress(Exception):  # an encoded word of an alphabet nobody knows, or cut in the middle
        text = str(make_header(decode_header(text)))
    return " ".join(_clean(text).split())[:MOST_HEADER]


def _clean(text: str) -> str:
    """Leave out what no database and no terminal takes: half characters, NUL and other controls."""
    text = text.encode("utf-8", "replace").decode()
    return "".join(c for c in text if c in "\n\t" or c.isprintable())


def addresses(text: str) -> list[str]:
    """Return the e-mail addresses in a header, without names, in small letters.

    >>> addresses('"Ann, of Acme" <Ann@Acme.example>, bob@acme.example')
    ['ann@acme.example', 'bob@acme.example']
    """
    try:
        found = [address for _, address in getaddresses([text]) if "@" in address]
    except Exception:
        found = []
    # The library gives up on a whole header for one odd address in it.
    found = found or _ADDRESS.findall(text)
    return [address.strip().lower() for address in found if _ADDRESS.fullmatch(address.strip())]


def message_ids(text: str) -> list[str]:
    """Return the Message-IDs in a header, in its order.

    >>> message_ids("<a@x.example> (was <b@x.example>)")
    ['<a@x.example>', '<b@x.example>']
    """
    return _MESSAGE_ID.findall(text)[:100]


def text_of(part: Part) -> str:
    """Return what a text part says, at most so many characters; '' for any other."""
    if part.is_multipart():
        return ""
    try:
        payload = part.get_payload(decode=True)
    except Exception:
        return ""
    if not isinstance(payload, bytes):
        return _clean(str(payload or ""))[:MOST_TEXT]
    payload = payload[: 4 * MOST_TEXT]
    try:
        charset = codecs.lookup(part.get_content_charset() or "utf-8").name
        text = payload.decode("utf-8" if charset in _NOT_READ else charset)
    except Exception:  # an alphabet nobody knows, or not what was said
        text = payload.decode("utf-8", "replace")
    return _clean(text.replace("\r\n", "\n").replace("\r", "\n"))[:MOST_TEXT]
