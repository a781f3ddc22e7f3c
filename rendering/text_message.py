"""From a rendered message to a text message (SMS): the JSON that the provider is given, or `BadLetter`.

The same message gives the same bytes, so that a repeat is recognisable.
"""

import json
from dataclasses import dataclass

from domain.facts import Facts
from domain.letters import Plan, Written
from domain.standing import SMS, address_on
from domain.texts import MOST_SEGMENTS, is_number, segments
from rendering.headers import BadLetter


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One text to one person. `id` is the ledger's id of the message: the same at every attempt."""

    id: str
    sender: str
    to: str
    text: str

    def body(self) -> bytes:
        """Return what the provider is told.

        >>> TextMessage("m1", "Acme", "+491715550123", "Grüße").body().decode()
        '{"id": "m1", "to": "+491715550123", "from": "Acme", "text": "Grüße"}'
        """
        told = {"id": self.id, "to": self.to, "from": self.sender, "text": self.text}
        return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")

    def shown(self) -> str:
        """Return it as a person reads it."""
        return f"from {self.sender} to {self.to}: {segments(self.text)}\n\n{self.text}\n"


def text_message_of(plan: Plan, written: Written, facts: Facts, id: str) -> TextMessage:
    """Return the text of a message to the contact. Raises `BadLetter` for one that nobody could send."""
    to, text = address_on(facts.contact, SMS), written.text.strip()
    if not is_number(to):
        raise BadLetter("phone: is not a number the world can dial; write it like +49 171 5550123")
    if plan.sender.sms is None:
        raise BadLetter("its sender writes no texts; add 'sms:' to it in policies/messaging.yaml")
    if not text:
        raise BadLetter("the text is empty; write one")
    length = segments(text)
    if length.count > MOST_SEGMENTS:
        raise BadLetter(f"the text takes {length}, and {MOST_SEGMENTS} is most; shorten it")
    return TextMessage(id, plan.sender.sms, to, text)
