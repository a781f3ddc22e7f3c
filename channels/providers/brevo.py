"""Brevo by SMTP: `X-Mailin-custom` comes back with every event as it was written, `X-Mailin-Tag` as a tag.

Its reply names the message as events do: `250 … queued as <NAME@smtp-relay…>`; Message-ID and Date are its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import JsonValue

from channels.providers.base import SEND_ID, About, Provider, word
from channels.providers.signs import Headers, shows_secret
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
    leaving,
    moment,
    objects,
    text,
)

_WORDS = {
    "delivered": "delivered",
    "deferred": "deferred",
    "soft_bounce": "bounced",
    "hard_bounce": "bounced",
    "invalid_email": "bounced",
    "invalid": "bounced",
    "blocked": "bounced",
    "error": "bounced",
    "spam": "complained",
    "complaint": "complained",
    "unsubscribed": "unsubscribed",
    "unsubscribe": "unsubscribed",
    "opened": "opened",
    "unique_opened": "opened",
    "proxy_open": "opened",
    "unique_proxy_open": "opened",
    "loaded_by_proxy": "opened",
    "click": "clicked",
}
_GONE = frozenset({"hard_bounce", "invalid_email", "invalid"})


@dataclass(frozen=True, slots=True)
class Brevo(Provider):
    name: ClassVar[str] = "brevo"
    keeps_ids: ClassVar[bool] = False

    def headers(self, about: About) -> Mapping[str, str]:
        custom = "|".join(f"{name}:{value}" for name, value in about.metadata.items())
        return {**Provider.headers(self, about), "X-Mailin-custom": custom, "X-Mailin-Tag": word(about.sequence)}

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """Return whether one of `secrets` is shown: Brevo signs nothing."""
        return shows_secret(headers, secrets)

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return what is told: one event, or a list where batches are switched on."""
        return [told for each in objects(tree) if (told := _event(each)) is not None]


def _event(told: Tree) -> Told | None:
    said = text(told.get("event"))
    name = _WORDS.get(said)
    if name is None:
        return None
    theirs, recipient = text(told.get("message-id"), 300), address(told.get("email"))
    named = Named(
        send_id=_custom(told).get(SEND_ID, ""),
        message_ids=bracketed(theirs),
        provider_ids=(theirs.strip("<>"), theirs.strip("<>").partition("@")[0]) if theirs else (),
        recipient=recipient,
    )
    # Of its times only this one is in UTC.
    at = moment(told.get("ts_epoch")) or moment(told.get("ts_event"))
    key = hashed(said, theirs, recipient, told.get("ts_epoch") or told.get("ts_event"), told.get("link"))
    return Told(key, name, named, _data(name, said, told), at, text(told.get("user_agent")))


def _custom(told: Tree) -> Mapping[str, str]:
    pairs = (each.partition(":") for each in text(told.get("X-Mailin-custom")).split("|"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _data(name: str, said: str, told: Tree) -> Mapping[str, JsonValue]:
    words = text(told.get("reason"))
    if name == "bounced":
        return bounce(said in _GONE, words)
    if name == "deferred":
        return deferral(words, "4.0.0")
    if name == "unsubscribed":
        return leaving("brevo")
    if name == "opened":
        return {"by": "machine"} if "proxy" in said else {}
    return click(told.get("link")) if name == "clicked" else {}
