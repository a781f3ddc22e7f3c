"""A mail that came back as a person reads it: its headers and its words, without anything that moves a terminal."""

from typing import Any

from channels.returned.opened import header, opened, readable
from channels.returned.words import body_of

MOST_HEADERS = 100


def shown_mail(raw: bytes) -> dict[str, Any]:
    """Return the headers in their order, the subject and the text of a mail, quotations and all."""
    mail = opened(raw)
    try:
        heads = [(str(name)[:80], readable(value)) for name, value in mail.items()[:MOST_HEADERS]]
    except Exception:  # the library trips over what is no header
        heads = []
    return {"headers": heads, "subject": header(mail, "subject"), "text": body_of(mail)}
