"""What decides whether a contact may be written to on a channel: what they said, and what stands against it.

E-mail is the channel everybody has; what is known of others stands in `others`. A suppressed person is suppressed
everywhere, a suppressed address on its own channel only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from domain.events import EVERYTHING, SAYS_OF_TOPICS

EMAIL, SMS, WEBHOOK = "email", "sms", "webhook"
ADDRESS_FIELD: Mapping[str, str] = {EMAIL: "email", SMS: "phone"}
"""The field of a contact that holds its address, by channel."""

OF_AN_ADDRESS = frozenset({"hard_bounce", "invalid_address"})
"""Reasons that are about an address; the others are about the person."""

BASES = {"opted_in": "consent", "opted_out": "objection", "pending": "consent"}
"""The legal basis of what an event says of a topic."""


@dataclass(frozen=True)
class Standing:
    """What a contact said on one channel, and what stands against writing to them there.

    `consents` is topic → `opted_in | opted_out | pending`; `bases` the legal basis of each, as it was written down;
    `suppressed` the reasons that stand; `withdrawn` the topics (`*` is everything) whose withdrawal is still in the
    inbox; `others` the same for other channels, where anything is known.
    """

    consents: Mapping[str, str] = field(default_factory=dict)
    suppressed: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    bases: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, "Standing"] = field(default_factory=dict)

    def on(self, channel: str) -> "Standing":
        """Return what stands on a channel; where nothing was said there, only what is about the person.

        >>> Standing(suppressed=frozenset({"complaint", "hard_bounce"})).on("sms").suppressed
        frozenset({'complaint'})
        """
        if channel == EMAIL:
            return self
        of_person = Standing(suppressed=self.suppressed - OF_AN_ADDRESS, withdrawn=self.withdrawn & {EVERYTHING})
        return self.others.get(channel, of_person)

    def with_on(self, channel: str, there: "Standing") -> "Standing":
        """Return the same with what stands on one channel replaced."""
        return there if channel == EMAIL else replace(self, others={**self.others, channel: there})

    def everywhere(self, reason: str, *, stands: bool = True) -> "Standing":
        """Return the same with (or without) a reason that is about the person: on every channel.

        >>> Standing(others={"sms": Standing()}).everywhere("complaint").on("sms").suppressed
        frozenset({'complaint'})
        """

        def changed(there: Standing) -> Standing:
            kept = there.suppressed - {reason}
            return replace(there, suppressed=kept | {reason} if stands else kept)

        return replace(changed(self), others={name: changed(each) for name, each in self.others.items()})


def address_on(contact: Mapping[str, object], channel: str) -> str:
    """Return the address of a contact on a channel, as suppressions know it; empty where there is none.

    Phone numbers are spelled as in E.164; one without `+` is read as dialled in the contact's country.

    >>> address_on({"email": "Ada@Joinery.example"}, "email")
    'ada@joinery.example'
    >>> address_on({"phone": "0171 5550123", "country": "DE"}, "sms")
    '+491715550123'
    """
    address = str(contact.get(ADDRESS_FIELD.get(channel, "")) or "").strip()
    if channel != SMS or not address:
        return address.lower()
    return spelled_phone(address, str(contact.get("country") or ""))


@lru_cache(maxsize=8192)
def spelled_phone(number: str, country: str = "") -> str:
    """Return a phone number in one spelling (E.164), or its digits alone where it cannot be read.

    >>> spelled_phone("+49 (0171) 555-0123"), spelled_phone("0171 555-01")
    ('+491715550123', '017155501')
    """
    # 0.15 s to import, and needed only where somebody has a phone.
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, country.upper() or None)
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    except phonenumbers.NumberParseException:
        return re.sub(r"[^+0-9]", "", number)


def channel_of(data: Mapping[str, object]) -> str:
    """Return the channel an event is about: the one it names, else e-mail.

    >>> channel_of({"channel": "sms"}), channel_of({"channel": "web"})
    ('sms', 'email')
    """
    named = str(data.get("channel") or EMAIL)
    return named if named in ADDRESS_FIELD else EMAIL


def after(standing: Standing, event: str, data: Mapping[str, object]) -> Standing:
    """Return what stands after an event, as the records keep it.

    >>> after(Standing(), "unsubscribed", {"topic": "news", "channel": "sms"}).on("sms").consents
    {'news': 'opted_out'}
    """
    topic, channel = str(data.get("topic") or EVERYTHING), channel_of(data)
    there, said = standing.on(channel), SAYS_OF_TOPICS.get(event)
    if said == "pending" and there.consents.get(topic) == "opted_in":
        return standing
    if said is not None and topic != EVERYTHING:
        bases = {**there.bases, topic: BASES[said]}
        return standing.with_on(channel, replace(there, consents={**there.consents, topic: said}, bases=bases))
    if event == "resubscribed":
        return standing.everywhere("unsubscribed", stands=False)
    if event == "bounced" and data.get("permanent") is True:
        return standing.with_on(channel, replace(there, suppressed=there.suppressed | {"hard_bounce"}))
    if event == "unsubscribed" and channel != EMAIL:
        return standing.with_on(channel, replace(there, suppressed=there.suppressed | {"unsubscribed"}))
    reason = {"unsubscribed": "unsubscribed", "complained": "complaint"}.get(event)
    return standing.everywhere(reason) if reason else standing
