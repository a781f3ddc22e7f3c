"""Pictures that travelled in a message, put where its page shows them, so that a browser can."""

import re
from base64 import b64encode
from collections.abc import Iterator
from email.message import EmailMessage

_SHOWN = re.compile(r"""(?<=["'])cid:([^"'\s<>]+)(?=["'])""", re.IGNORECASE)
_KINDS = frozenset({"image/png", "image/jpeg", "image/gif"})


def with_pictures(message: EmailMessage, html: str) -> str:
    """Return a page whose `cid:` addresses are the pictures themselves; one that did not come stays as it is."""
    there = dict(_pictures(message)) if _SHOWN.search(html) else {}
    return _SHOWN.sub(lambda found: there.get(found[1], found[0]), html)


def _pictures(message: EmailMessage) -> Iterator[tuple[str, str]]:
    for part in message.walk():
        data = part.get_payload(decode=True)
        if part.get_content_type() in _KINDS and isinstance(data, bytes):
            cid = str(part.get("Content-ID", "")).strip().strip("<>")
            yield cid, f"data:{part.get_content_type()};base64,{b64encode(data).decode()}"
