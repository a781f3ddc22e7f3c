"""Twilio SendGrid by SMTP: metadata and categories as JSON in one header, which it takes out.

Its reply, `250 Ok: queued as NAME`, is the beginning of `sg_message_id` in events, before a dot; `smtp-id` there is our
Message-ID, which it keeps.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import JsonValue

from channels.providers.base import About, Provider, word
from channels.providers.signs import Headers, header_bytes, is_recent, signed_by_curve
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
    send_id,
    text,
)

# An event is tried for a day; told again later, its id is known.
TRIED_FOR = timedelta(hours=25)
_HEADER = "x-twilio-email-event-webhook-"
_WORDS = {
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "bounced",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "dropped": "bounced",
}
# Why it does not even try.
_DROPPED = {
    "unsubscribed address": "unsubscribed",
    "recipient list over package quota": "",
    "spam reporting address": "complained",
}


@dataclass(frozen=True, slots=True)
class SendGrid(Provider):
    name: ClassVar[str] = "sendgrid"

    def headers(self, about: About) -> Mapping[str, str]:
        asked = {"unique_args": about.metadata, "category": [word(about.sequence), word(about.step)]}
        return {**Provider.headers(self, about), "X-SMTPAPI": json.dumps(asked)}

    def is_from_it(self, headers: Headers, raw: bytes, secrets: Iterable[str], now: datetime) -> bool:
        """Return whether the time and the body are signed with the key whose public half is one of `secrets`."""
        second, told = header_bytes(headers, _HEADER + "timestamp"), header_bytes(headers, _HEADER + "signature")
        return is_recent(second, now, TRIED_FOR) and signed_by_curve(second + raw, told, secrets)

    def events(self, tree: JsonValue, headers: Headers) -> list[Told]:
        """Return what is told: a list of events, our metadata among the fields of each."""
        return [told for each in objects(tree) if (told := _event(each)) is not None]


def _event(told: Tree) -> Told | None:
    said, reason = text(told.get("event")), text(told.get("reason"))
    name = _WORDS.get(said, "")
    if said == "dropped":
        name = _DROPPED.get(reason.lower(), name)
    if not name:
        return None
    theirs, recipient = text(told.get("sg_message_id"), 200), address(told.get("email"))
    named = Named(
        send_id=send_id(dict(told)),
        message_ids=bracketed(told.get("smtp-id")),
        provider_ids=(theirs.partition(".")[0],) if theirs else (),
        recipient=recipient,
    )
    key = text(told.get("sg_event_id"), 200) or hashed(said, theirs, recipient, told.get("timestamp"))
    return Told(key, name, named, _data(name, said, told), moment(told.get("timestamp")), _agent(told))


def _agent(told: Tree) -> str:
    return text(told.get("useragent"))


def _data(name: str, said: str, told: Tree) -> Mapping[str, JsonValue]:
    words, status = text(told.get("reason")) or text(told.get("response")), text(told.get("status"))
    if name == "bounced":
        gone = words.lower() in ("bounced address", "invalid") if said == "dropped" else told.get("type") != "blocked"
        return bounce(gone, words, status)
    if name == "deferred":
        return deferral(words, status or "4.0.0")
    if name == "unsubscribed":
        return leaving("sendgrid", everything=said != "group_unsubscribe")
    if name == "opened":
        return {"by": "machine"} if told.get("sg_machine_open") is True else {}
    return click(told.get("url")) if name == "clicked" else {}
