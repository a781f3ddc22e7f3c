"""Mailgun by SMTP: variables as JSON in one header, a tag in another, both taken out.

Its reply (`250 Great success`) names nothing; events name our Message-ID, which it keeps, without the brackets.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import JsonValue

from channels.providers.base import About, Provider, word
from channels.providers.signs import Headers, is_recent, signed_with_hex
from channels.providers.told import (
    Named,
    Told,
    Tree,
    address,
    bounce,
    bracketed,
    click,
    deferral,
    hashed,
    inside,
    leaving,
    moment,
    send_id,
    text,
)

# It tries for eight hours, and nobody says that it signs anew. The body is not signed: a token counts once.
TRIED_FOR = timedelta(hours=24)
_WORDS = {
    "delivered": "delivered",
    "failed": "bounced",
    "rejected": "bounced",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
_SUPPRESSED = {"suppress-unsubscribe": "unsubscribed", "suppress-complaint": "complained"}
# The address itself is bad; what was tried for too long, or is too large, says nothing of it.
_GONE = frozenset({"bounce", "suppress-bounce", "generic"})


@dataclass(frozen=True, slots=True)
class Mailgun(Provider):
    name: ClassVar[str] = "mailgun"

    def headers(self, about: About) -> Mapping[str, str]:
        told = {"X-Mailgun-Variables": json.dumps(about.metadata), "X-Mailgun-Tag": word(about.sequence)}
        return {**Provider.headers(self, about), **told}

    def id_in(self, reply: str) -> str | None:
        return None

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """Return whether the time and the token in the body are signed with one of `secrets`."""
        try:
            told = inside(json.loads(raw), "signature")
        except (ValueError, RecursionError):
            return False
        second, token = (text(told.get(each), 200).encode(errors="replace") for each in ("timestamp", "token"))
        signed = signed_with_hex(second + token, text(told.get("signature"), 200), secrets)
        return signed and bool(token) and is_recent(second, now, TRIED_FOR)

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return the one event that is told."""
        told = inside(tree, "event-data")
        said, reason = text(told.get("event")), text(told.get("reason"))
        name = _WORDS.get(said, "")
        if name == "bounced" and said == "failed":
            name = "deferred" if told.get("severity") == "temporary" else _SUPPRESSED.get(reason, name)
        if not name:
            return []
        named = Named(
            send_id=send_id(told.get("user-variables")),
            message_ids=bracketed(inside(told, "message", "headers").get("message-id")),
            recipient=address(told.get("recipient")),
        )
        key = text(inside(tree, "signature").get("token"), 200) or hashed(told.get("id"), told.get("timestamp"))
        agent = text(inside(told, "client-info").get("user-agent"))
        return [Told(key, name, named, _data(name, said, told), moment(told.get("timestamp")), agent)]


def _data(name: str, said: str, told: Tree) -> Mapping[str, JsonValue]:
    status = inside(told, "delivery-status")
    words = text(status.get("message")) or text(status.get("description")) or text(told.get("reason"))
    code, enhanced = text(status.get("code"), 3), text(status.get("enhanced-code"), 20)
    if code.isdecimal() and 400 <= int(code) < 600 and not words.startswith(code):
        words = f"{code} {words}"
    if name == "bounced":
        return bounce(said == "failed" and text(told.get("reason")) in _GONE, words, enhanced)
    if name == "deferred":
        return deferral(words, enhanced or "4.0.0")
    if name == "unsubscribed":
        return leaving("mailgun")
    if name in ("opened", "clicked"):
        robot = {"by": "machine"} if text(inside(told, "client-info").get("bot")) else {}
        return {**robot, **(click(told.get("url")) if name == "clicked" else {})}
    return {}
