"""What differs between providers of mail: what they are told of a message, and what they call it.

SMTP is the same everywhere; what a provider's events are matched by is not. Each message carries our own signed token
in a header, whoever takes it: events and returned mail that show headers name their message by it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.replies import provider_id

SEND_ID = "send_id"
"""The name under which a provider keeps, and reports with every event, the message's id in our ledger."""
TOKEN_HEADER = "X-Rapport-Send"  # noqa: S105 - a header's name


@dataclass(frozen=True, slots=True)
class About:
    """What a provider may be told of a message: no contact stands in it.

    `id` is the one in the ledger, `token` the same with a signature.
    """

    id: str
    token: str
    sequence: str
    step: str
    class_: str

    @property
    def metadata(self) -> dict[str, str]:
        """Return what is kept with the message, by name."""
        return {SEND_ID: self.id, "sequence": word(self.sequence), "step": word(self.step)}


@dataclass(frozen=True, slots=True)
class Provider:
    """A server that takes our mail, and its own ways. `plain` is every one that has none.

    `keeps_ids` says whether a message arrives under the Message-ID and Date we gave it.
    """

    name: ClassVar[str] = "plain"
    keeps_ids: ClassVar[bool] = True

    def headers(self, about: About) -> Mapping[str, str]:
        """Return the headers a message to this provider has beside those of its letter; their values are ASCII."""
        return {TOKEN_HEADER: about.token}

    def id_in(self, reply: str) -> str | None:
        """Return what the provider calls the message that this reply accepts, None where it does not say.

        `reply` is in one line, without its code.
        """
        return provider_id(reply)


def word(text: str, most: int = 128) -> str:
    """Return a name as every provider takes it for a tag: letters, digits, - and _.

    >>> word("win-back"), word("hello/then.1"), word("Grüße")
    ('win-back', 'hello_then_1', 'Gr__e')
    """
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)[:most] or "_"
