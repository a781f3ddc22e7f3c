"""Postmark by SMTP: metadata, one tag and the message stream in headers, which it takes out.

Marketing belongs on a stream of its own there, of type broadcast: these are the names both have in a new server.
Without `X-PM-KeepID` the Message-ID would be Postmark's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import JsonValue

from channels.providers.base import About, Provider, word
from channels.providers.signs import Headers, shows_secret
from channels.providers.told import (
    Named,
    Told,
    Tree,
    address,
    bounce,
    click,
    deferral,
    hashed,
    leaving,
    moment,
    objects,
    send_id,
    text,
)

_WORDS = {
    "Delivery": ("delivered", "DeliveredAt"),
    "Bounce": ("bounced", "BouncedAt"),
    "SpamComplaint": ("complained", "BouncedAt"),
    "Open": ("opened", "ReceivedAt"),
    "Click": ("clicked", "ReceivedAt"),
    "SubscriptionChange": ("unsubscribed", "ChangedAt"),
}
# Kinds of bounce that are none; '' has no word of ours.
_NO_BOUNCE = {
    "SpamComplaint": "complained",
    "Unsubscribe": "unsubscribed",
    "AutoResponder": "auto_replied",
    "AddressChange": "auto_replied",
    "ChallengeVerification": "auto_replied",
    "Subscribe": "",
    "Transient": "deferred",
}
_GONE = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
_WHY_SILENT = {"HardBounce": "bounced", "SpamComplaint": "complained"}

MARKETING, EVERYTHING_ELSE = "broadcast", "outbound"


@dataclass(frozen=True, slots=True)
class Postmark(Provider):
    name: ClassVar[str] = "postmark"

    def headers(self, about: About) -> Mapping[str, str]:
        return {
            **Provider.headers(self, about),
            "X-PM-KeepID": "true",
            "X-PM-Message-Stream": MARKETING if about.class_ == "marketing" else EVERYTHING_ELSE,
            "X-PM-Tag": word(about.sequence),
            **{f"X-PM-Metadata-{name}": value for name, value in about.metadata.items()},
        }

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """Return whether one of `secrets` is shown: Postmark signs nothing."""
        return shows_secret(headers, secrets)

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return the one event that is told."""
        return [told for each in objects(tree) if (told := _event(each)) is not None]


def _event(told: Tree) -> Told | None:
    record = text(told.get("RecordType"))
    name, when = _WORDS.get(record, ("", ""))
    if record == "Bounce":
        name = _NO_BOUNCE.get(text(told.get("Type")), name)
    if record == "SubscriptionChange":
        silent = told.get("SuppressSending") is True
        name = _WHY_SILENT.get(text(told.get("SuppressionReason")), name) if silent else ""
    if not name:
        return None
    theirs, recipient = text(told.get("MessageID"), 200), address(told.get("Recipient") or told.get("Email"))
    named = Named(send_id(told.get("Metadata")), provider_ids=(theirs,) if theirs else (), recipient=recipient)
    own = text(told.get("ID")) if record in ("Bounce", "SpamComplaint") else ""
    link = told.get("OriginalLink")
    key = f"bounce {own}" if own else hashed(record, theirs, recipient, told.get(when), link)
    return Told(key, name, named, _data(name, record, told), moment(told.get(when)), text(told.get("UserAgent")))


def _data(name: str, record: str, told: Tree) -> Mapping[str, JsonValue]:
    words = text(told.get("Details")) or text(told.get("Description"))
    if name == "bounced":
        return bounce(record == "SubscriptionChange" or text(told.get("Type")) in _GONE, words)
    if name == "deferred":
        return deferral(words, "4.0.0")
    if name == "unsubscribed":
        return leaving("postmark")
    return click(told.get("OriginalLink")) if name == "clicked" else {}
