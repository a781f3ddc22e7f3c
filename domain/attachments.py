"""Files that travel with messages: which there may be, how large, and how a bundle of texts carries them.

They lie below `templates/files/`. What a file is, its first bytes say, not its name; a bundle holds texts, so a file
stands in it as base64. The rendering process imports this module too, so it stays on the standard library.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

FILES = "files/"
"""Where they lie, below templates/."""

FILE_BYTES = 200 * 1024
"""The largest file that is published."""

ALL_FILES_BYTES = 5_000_000
"""All files of a home together: every publication keeps them."""

Kind = Literal["pdf", "png", "jpg", "gif", "ics"]
KINDS: tuple[Kind, ...] = get_args(Kind)
IMAGES: frozenset[str] = frozenset({"png", "jpg", "gif"})
MEDIA_TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "ics": "text/calendar",
}
_BEGINS: tuple[tuple[Kind, bytes], ...] = (
    ("pdf", b"%PDF-"),
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpg", b"\xff\xd8\xff"),
    ("gif", b"GIF87a"),
    ("gif", b"GIF89a"),
    ("ics", b"BEGIN:VCALENDAR"),
)
_WORD = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_PATH = re.compile(rf"{FILES}{_WORD}(?:/{_WORD})*")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d+)?) ?(kB|MB)")
_UNITS = {"kB": 1_000, "MB": 1_000_000}


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file as it travels in one message. `place` is its path below templates/, or its name where it has none."""

    place: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The name its reader sees."""
        return self.place.rpartition("/")[2]


def kind_of(data: bytes) -> Kind | None:
    """Return what a file is by its first bytes; None for what does not travel.

    >>> kind_of(b"%PDF-1.7 ..."), kind_of(b"MZ...")
    ('pdf', None)
    """
    return next((kind for kind, begins in _BEGINS if data.startswith(begins)), None)


def named_kind(path: str) -> str:
    """Return the kind that a file's name claims.

    >>> named_kind("files/Logo.JPEG"), named_kind("files/terms")
    ('jpg', '')
    """
    ending = path.rpartition("/")[2].rpartition(".")
    return {"jpeg": "jpg"}.get(ending[2].lower(), ending[2].lower()) if ending[1] else ""


def is_file(path: str) -> bool:
    """Whether a path below templates/ is one of a file that travels, not of a template."""
    return path.startswith(FILES)


def well_named(path: str) -> bool:
    """Whether a file can be named in a template: plain letters, digits, `-`, `_` and `.`."""
    return _PATH.fullmatch(path) is not None


def packed(data: bytes) -> str:
    """Return a file as a bundle holds it."""
    return b64encode(data).decode()


def unpacked(text: str) -> bytes:
    """Return the bytes of a file in a bundle. Raises ValueError where the text holds none."""
    try:
        return b64decode(text, validate=True)
    except ValueError as error:  # of letters that are none of base64's there are two sorts
        raise ValueError("the file is not as it was published; publish again") from error


def enclosed(path: str, text: str) -> Enclosed:
    """Return a file of a bundle, ready to travel. Raises ValueError for what is none."""
    data = unpacked(text)
    kind = kind_of(data)
    if kind is None:
        raise ValueError(f"{path}: this is none of {', '.join(KINDS)}; take it out")
    return Enclosed(path, MEDIA_TYPES[kind], data)


def bytes_in(words: str) -> int:
    """Return the size that an author's words mean. Raises ValueError.

    >>> bytes_in("1 MB"), bytes_in("250 kB")
    (1000000, 250000)
    """
    found = _SIZE.fullmatch(words.strip())
    if found is None or not float(found[1]):
        raise ValueError(f"'{words[:30]}' is not a size; write it as 500 kB or 1 MB")
    return int(float(found[1]) * _UNITS[found[2]])


def spelled_size(size: int) -> str:
    """Return a number of bytes in words.

    >>> spelled_size(900), spelled_size(102_400), spelled_size(1_250_000)
    ('1 kB', '102 kB', '1.2 MB')
    """
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"
