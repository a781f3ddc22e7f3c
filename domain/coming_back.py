"""One mail that came back to us, said in our words: what it is, and what in it may tell which message it is about.

Nothing in it is believed yet. A token proves itself; everything else is what somebody wrote.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Kind = Literal[
    "bounced",
    "deferred",
    "delivered",
    "complained",
    "unsubscribed",
    "auto_replied",
    "replied",
    "receipt",
    "ours",
    "unknown",
]
"""`ours` is a message of our own that came to us as it left: a copy for an archive, a forwarded mailbox, a loop."""


@dataclass(frozen=True)
class Clues:
    """What a mail says about the message it belongs to, strongest first.

    `addresses` are those it was sent to, then those of ours that stand in what it returns; any may hold a token.
    `envelope_ids` are what servers were given with the message (RFC 3461), or stand in a header of what came back.
    `returned` are Message-IDs of a message that came back inside, `answered` those a reply names, nearest first.
    `sender` wrote it; `recipient` is whom a report is about.
    """

    addresses: tuple[str, ...] = ()
    envelope_ids: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    sender: str = ""
    recipient: str = ""


@dataclass(frozen=True)
class CameBack:
    """A mail as it was read. `permanent`: the address is bad; `away`: its writer is, and back on the day `until`.

    `text` is what its writer wrote, without what they quoted, as far as that can be told; nothing is decided by it.
    """

    kind: Kind
    clues: Clues = field(default_factory=Clues)
    permanent: bool = False
    code: str = ""
    reason: str = ""
    subject: str = ""
    text: str = ""
    away: bool = False
    until: date | None = None
    message_id: str = ""
