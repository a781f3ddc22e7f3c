"""Resend by SMTP: a message with an idempotency key that came within the last 24 hours is not sent again.

So a repeat of unknown fate arrives once there, not twice. Message-ID and Date are its own; its events show our headers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import JsonValue

from channels.providers.base import About, Provider
from channels.providers.signs import Headers, header_bytes, signed_as_standard
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
    listed,
    moment,
    send_id,
    text,
    token_in,
)

_WORDS = {
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    "email.bounced": "bounced",
    "email.failed": "bounced",
    "email.suppressed": "bounced",
    "email.complained": "complained",
    "email.opened": "opened",
    "email.clicked": "clicked",
}
_SAYS_WHY = {"email.bounced": "bounce", "email.failed": "failed", "email.suppressed": "suppressed"}


@dataclass(frozen=True, slots=True)
class Resend(Provider):
    name: ClassVar[str] = "resend"
    keeps_ids: ClassVar[bool] = False

    def headers(self, about: About) -> Mapping[str, str]:
        return {**Provider.headers(self, about), "Resend-Idempotency-Key": about.id}

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """Return whether it is signed as Svix does, with one of `secrets`."""
        return signed_as_standard(headers, raw, secrets, now)

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return the one event that is told. Of several recipients it does not say which; ours have one."""
        said, data = text(inside(tree).get("type")), inside(tree, "data")
        name = _WORDS.get(said)
        if name is None:
            return []
        to, theirs = listed(data.get("to")), text(data.get("email_id"), 200)
        named = Named(
            send_id=send_id(data.get("tags")),
            token=token_in(data.get("headers")),
            message_ids=bracketed(data.get("message_id")),
            provider_ids=(theirs,) if theirs else (),
            recipient=address(to[0]) if len(to) == 1 else "",
        )
        own = header_bytes(headers, "svix-id") or header_bytes(headers, "webhook-id")
        clicked = inside(data, "click")
        at = moment(clicked.get("timestamp")) or moment(inside(tree).get("created_at"))
        key = own.decode(errors="replace") or hashed(said, theirs, inside(tree).get("created_at"))
        return [Told(key, name, named, _data(name, said, data), at, text(clicked.get("userAgent")))]


def _data(name: str, said: str, data: Tree) -> Mapping[str, JsonValue]:
    if name == "bounced":
        about = inside(data, _SAYS_WHY[said])
        gone = said == "email.suppressed" or (said == "email.bounced" and about.get("type") == "Permanent")
        diagnostic = next((text(each) for each in listed(about.get("diagnosticCode"))), "")
        return bounce(gone, diagnostic or text(about.get("message")) or text(about.get("reason")))
    if name == "deferred":
        return deferral(text(inside(data, "delivery_delayed").get("message")), "4.0.0")
    return click(inside(data, "click").get("link")) if name == "clicked" else {}
