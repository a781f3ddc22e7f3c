"""The body of a letter: its text and HTML parts, the pictures in it, an invitation, the files beside it.

    mixed( alternative( text, related( html, pictures ), invitation ), files )

Whatever is not there leaves its box out, so a letter of text alone has none. The same letter gives the same bytes.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

from domain.attachments import Enclosed
from rendering.headers import BadLetter, clean_header
from rendering.sound import sound

Headers = list[tuple[str, str]]

MOST_FILE_NAME = 60
"""Characters of a file's name: percent-encoded, the longest still fits a line."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MEDIA_TYPE = re.compile(r"[a-z]{1,30}/[a-z0-9][a-z0-9.+-]{0,60}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,250}")
_MOST_ENDING = 10
_UNFIT_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that the HTML shows as `src="cid:ID"`."""

    cid: str
    file: Enclosed


@dataclass(frozen=True, slots=True)
class Calendar:
    """An invitation: `text` is a whole iCalendar object whose METHOD is `method`."""

    method: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: its own headers as finished lines, and its content."""

    headers: Headers
    content: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a body is made of; `seed` makes its boundaries."""

    seed: str
    text: str
    html: str = ""
    pictures: Sequence[Picture] = ()
    calendar: Calendar | None = None
    files: Sequence[Enclosed] = ()


def body(contents: Contents) -> Part:
    """Return the whole body; its headers belong among those of the message. Raises `BadLetter`."""
    text, html = printable(contents.text), printable(contents.html)
    if not text.strip():
        raise BadLetter("text: it is empty; every message has a text part")
    views = [_text("plain", text)]
    if html.strip():
        shown = _text("html", html)
        views.append(_box("related", contents.seed, [shown, *map(_picture, contents.pictures)]))
    if contents.calendar is not None:
        views.append(_invitation(contents.calendar))
    files = [_file(file.name, file.media_type, file.data) for file in contents.files]
    if contents.calendar is not None:
        files.append(_file("invite.ics", "text/calendar", _calendar_data(contents.calendar)))
    return _box("mixed", contents.seed, [_box("alternative", contents.seed, views), *files])


def _box(kind: str, seed: str, parts: list[Part]) -> Part:
    """Return parts in a box, or the one part there is."""
    if len(parts) == 1:
        return parts[0]
    # "=_" cannot occur in quoted-printable or base64, so no content can contain the boundary.
    salt = "" if kind == "alternative" else kind
    mark = f"=_{sha256(f'{seed}{salt}'.encode()).hexdigest()[:32]}"
    inside = b"".join(f"--{mark}\r\n".encode() + block(part.headers) + b"\r\n" + part.content for part in parts)
    header = ("Content-Type", f'Content-Type: multipart/{kind};\r\n boundary="{mark}"')
    return Part([header], inside + f"--{mark}--\r\n".encode())


def _text(subtype: str, text: str) -> Part:
    wide = len(text) - len(text.encode("ascii", "ignore"))
    data = (text if text.endswith("\n") else f"{text}\n").encode()
    kind = f'text/{subtype}; charset="utf-8"'
    if wide * 4 > len(text):  # Cyrillic, Greek, Chinese: shorter this way
        return _part(kind, "base64", encodebytes(data.replace(b"\n", b"\r\n")))
    return _part(kind, "quoted-printable", b2a_qp(data, istext=True))


def _picture(picture: Picture) -> Part:
    if not _CONTENT_ID.fullmatch(picture.cid):
        raise BadLetter(f"picture {picture.cid[:60]!r}: this is no id of a part; write it as left@right")
    file = _file(picture.file.name, picture.file.media_type, picture.file.data, "inline")
    return Part([*file.headers, ("Content-ID", f"Content-ID: <{picture.cid}>")], file.content)


def _invitation(calendar: Calendar) -> Part:
    if not re.fullmatch("[A-Z]{1,20}", calendar.method):
        raise BadLetter(f"invitation: {calendar.method[:20]!r} is no method; use REQUEST or CANCEL")
    kind = f'text/calendar; method={calendar.method}; charset="utf-8"'
    return _part(kind, "base64", encodebytes(_calendar_data(calendar)))


def _calendar_data(calendar: Calendar) -> bytes:
    return calendar.text.encode("utf-8", "replace")


def _file(name: str, media_type: str, data: bytes, how: str = "attachment") -> Part:
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise BadLetter(f"file {name[:60]!r}: {media_type[:60]!r} is no media type; write it as application/pdf")
    part = _part(media_type, "base64", encodebytes(data))
    line = f"Content-Disposition: {how};\r\n {file_name(name)}"
    return Part([*part.headers, ("Content-Disposition", line)], part.content)


def file_name(name: str) -> str:
    """Return the parameters that tell a file's name, on a line of their own (RFC 2183, RFC 2231).

    >>> file_name("terms.pdf")
    'filename="terms.pdf"'
    >>> file_name("Preise für 2026.pdf")
    "filename*=utf-8''Preise%20f%C3%BCr%202026.pdf"
    """
    stem, dot, ending = name.rpartition(".")
    if not (dot and len(ending) <= _MOST_ENDING and ending.isascii() and ending.isalnum()):
        stem, dot, ending = name, "", ""
    kept = _clean_name(stem)[: MOST_FILE_NAME - len(dot + ending)].rstrip(". ") + dot + ending
    clean = kept.strip(". ") or "file"
    return f'filename="{clean}"' if clean.isascii() else f"filename*=utf-8''{quote(clean, safe='')}"


def _clean_name(name: str) -> str:
    return _UNFIT_IN_FILE_NAMES.sub("_", clean_header(name, 1_000)).lstrip(". ")


def _part(kind: str, encoding: str, encoded: bytes) -> Part:
    headers = [
        ("Content-Type", f"Content-Type: {kind}"),
        ("Content-Transfer-Encoding", f"Content-Transfer-Encoding: {encoding}"),
    ]
    return Part(headers, encoded.replace(b"\n", b"\r\n"))


def block(headers: Headers) -> bytes:
    """Return headers as the bytes of a header block, without the empty line behind it."""
    return "".join(f"{line}\r\n" for _, line in headers).encode("ascii")


def printable(text: str) -> str:
    """Return a text as a body can carry it: without controls, halves of pairs replaced, lines ended alike."""
    return _CONTROLS.sub("", sound(text).replace("\r\n", "\n").replace("\r", "\n"))
