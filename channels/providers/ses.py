"""Amazon SES by SMTP: tags and configuration set in headers, which it takes out; Message-ID and Date are its own.

Its reply names the message: `250 Ok 0102…-000000`; recipients see that before an @ of its own as the Message-ID.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pydantic import JsonValue

from channels.providers.base import About, Provider
from channels.providers.signs import Headers
from channels.providers.told import (
    Named,
    Told,
    Tree,
    address,
    bounce,
    click,
    deferral,
    hashed,
    inside,
    leaving,
    listed,
    moment,
    send_id,
    text,
    token_in,
)

# Each word of theirs, ours, and the object that says more.
_WORDS = {
    "Delivery": ("delivered", "delivery"),
    "DeliveryDelay": ("deferred", "deliveryDelay"),
    "Bounce": ("bounced", "bounce"),
    "Reject": ("bounced", "reject"),
    "Complaint": ("complained", "complaint"),
    "Open": ("opened", "open"),
    "Click": ("clicked", "click"),
    "Subscription": ("unsubscribed", "subscription"),
}
_RECIPIENTS = {
    "bounce": "bouncedRecipients",
    "complaint": "complainedRecipients",
    "deliveryDelay": "delayedRecipients",
    "delivery": "recipients",
}
_NAMED = re.compile(r"\bok:? (\S{20,100})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ses(Provider):
    """`configuration_set` is the one whose events are sent on to us; empty for the account's default."""

    name: ClassVar[str] = "ses"
    keeps_ids: ClassVar[bool] = False

    configuration_set: str = ""

    def headers(self, about: About) -> Mapping[str, str]:
        tags = ", ".join(f"{name}={value}" for name, value in about.metadata.items())
        chosen = {"X-SES-CONFIGURATION-SET": self.configuration_set} if self.configuration_set else {}
        return {**Provider.headers(self, about), "X-SES-MESSAGE-TAGS": tags, **chosen}

    def id_in(self, reply: str) -> str | None:
        found = _NAMED.search(reply)
        return found[1] if found else None

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """No secret shows it: SNS signs with a certificate of its own (channels/providers/sns.py)."""
        return False

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return what a notification of SNS tells, its `Message` already read: one event for each recipient."""
        envelope, message = inside(tree), inside(tree, "Message")
        said = text(message.get("eventType")) or text(message.get("notificationType"))
        name, place = _WORDS.get(said, ("", ""))
        about, mail = inside(message, place), inside(message, "mail")
        if not name or _says_no_more(said, about):
            return []
        own = text(envelope.get("MessageId"), 100) or hashed(said, mail.get("messageId"), about.get("timestamp"))
        theirs = text(mail.get("messageId"), 200)
        at = moment(about.get("timestamp")) or moment(mail.get("timestamp"))
        return [
            Told(
                key=f"{own} {address(recipient.get('emailAddress'))}".rstrip(),
                name=name,
                named=Named(
                    send_id=send_id(mail.get("tags")),
                    token=token_in(mail.get("headers")),
                    provider_ids=(theirs,) if theirs else (),
                    recipient=address(recipient.get("emailAddress")),
                ),
                data=_data(name, about, recipient),
                at=at,
                agent=text(about.get("userAgent")),
            )
            for recipient in _recipients(about, mail, place)
        ]


def _says_no_more(said: str, about: Tree) -> bool:
    """Whether it is the opposite of what its name says: reported as no spam, or no withdrawal from everything."""
    if said == "Complaint":
        return about.get("complaintFeedbackType") == "not-spam"
    return said == "Subscription" and inside(about, "newTopicPreferences").get("unsubscribeAll") is not True


def _recipients(about: Tree, mail: Tree, place: str) -> list[Tree]:
    """Return who is meant, each with what is said of them; of all of a message's recipients where it does not say."""
    told = about.get(_RECIPIENTS.get(place, ""))
    found: list[Tree] = [each if isinstance(each, Mapping) else {"emailAddress": each} for each in listed(told)]
    if found:
        return found
    to = listed(mail.get("destination"))
    return [{"emailAddress": to[0]}] if len(to) == 1 else [{}]


def _data(name: str, about: Tree, recipient: Tree) -> Mapping[str, JsonValue]:
    words, status = text(recipient.get("diagnosticCode")), text(recipient.get("status"), 20)
    if name == "bounced":
        reason = (
            words.partition(";")[2].strip() or words or text(about.get("bounceSubType")) or text(about.get("reason"))
        )
        return bounce(about.get("bounceType") == "Permanent", reason, status)
    if name == "deferred":
        return deferral(words.partition(";")[2].strip() or words or text(about.get("delayType")), status or "4.0.0")
    if name == "unsubscribed":
        return leaving("ses")
    return click(about.get("link")) if name == "clicked" else {}
