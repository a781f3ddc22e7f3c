"""Our own pictures in a page: `src="files/logo.png"` becomes an address that its reader's program can show."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256

from domain.attachments import FILES, Enclosed
from rendering.mime import Picture

_SHOWN = re.compile(rf"""(<img\b[^<>]*?\ssrc\s*=\s*)(["']?)({FILES}[^"'\s<>]*)\2""", re.IGNORECASE)


def with_addresses(html: str, addresses: Mapping[str, str]) -> str:
    """Return a page whose pictures of ours have these addresses; one without an address stays as it is.

    >>> with_addresses('<img alt="" src="files/a.png">', {"files/a.png": "cid:1@acme.example"})
    '<img alt="" src="cid:1@acme.example">'
    """
    return _SHOWN.sub(lambda found: f'{found[1]}"{addresses.get(found[3], found[3])}"', html)


def as_parts(html: str, pictures: Iterable[Enclosed], host: str) -> tuple[str, tuple[Picture, ...]]:
    """Return a page that shows its pictures by the ids of parts, and these parts."""
    parts = tuple(Picture(_id(each, host), each) for each in pictures)
    return with_addresses(html, {part.file.place: f"cid:{part.cid}" for part in parts}), parts


def _id(picture: Enclosed, host: str) -> str:
    return f"{sha256(picture.place.encode() + picture.data).hexdigest()[:24]}@{host}"


def as_one_page(html: str, pictures: Iterable[Enclosed]) -> str:
    """Return a page that has its pictures in itself, for previews."""
    return with_addresses(html, {each.place: _data_address(each) for each in pictures})


def _data_address(picture: Enclosed) -> str:
    return f"data:{picture.media_type};base64,{b64encode(picture.data).decode()}"
