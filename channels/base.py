"""How a letter leaves, whoever carries it: the protocol of a channel, and what can come of a send.

The type of the error is the decision: `Refused` never again, `Unavailable` try again, `Unknown` ask the
policy, `SenderFault` stop the channel, `Away` let it rest. Nothing else a caller needs to know is hidden in a text.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

BeforeBody = Callable[[], Awaitable[None]]
"""Awaited once per send, when the other side is ready and before it is given the first byte of the body."""

SOON = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message for one address. `body` are the finished bytes; no channel changes them.

    `key` is the send key, the same at every attempt: for whoever can tell a repeat by it. `known_by` is how a report
    about its delivery is to name it (RFC 3461), where reports are read. `url` is where the recipient is, if it is a
    system: `recipient` is then its name among our endpoints.
    """

    sender: str
    recipient: str
    body: bytes
    key: str = ""
    known_by: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The other side has taken the message and answers for it from here on.

    `reply` is its answer in its own words; `provider_id` is the name it gave the message, where it gave one.
    """

    reply: str
    provider_id: str | None = None


class ChannelError(Exception):
    """A send that was not accepted. `code` is the reply's code, `'550 5.1.1'`, or empty where there was no reply."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}" if self.code else self.reason


class Refused(ChannelError):
    """Never again: this message will not be taken. `suppress` says that the address itself is bad.

    >>> str(Refused("no such user", "550 5.1.1", suppress=True))
    '550 5.1.1: no such user'
    """

    def __init__(self, reason: str, code: str = "", suppress: bool = False) -> None:
        super().__init__(reason, code)
        self.args = (reason, code, suppress)
        self.suppress = suppress


class Unavailable(ChannelError):
    """Try again, not before `retry_after` from now: it is certain that nothing was accepted."""

    def __init__(self, reason: str, code: str = "", retry_after: timedelta = SOON) -> None:
        super().__init__(reason, code)
        self.args = (reason, code, retry_after)
        self.retry_after = retry_after


class Away(Unavailable):
    """Nobody is there, or they take nobody's messages now: it is not about this one, so the channel rests."""


class Unknown(ChannelError):
    """Ask the policy: the body had begun to leave when the other side was lost, and nobody can know."""


class SenderFault(ChannelError):
    """Stop the channel and tell the operator: we are the ones at fault, and every contact would get the same answer."""


class Gone(SenderFault):
    """Whoever it is for wants no more of it: nothing goes there until somebody says so, and the operator is told."""


class Channel(Protocol):
    """A way for messages to leave."""

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Hand the letter over, or raise a `ChannelError`.

        `before_body` is awaited at most once, and never after the first byte of the body has left; once it has
        returned, the body follows. If it raises, no body is sent and its exception comes out of `send`.
        """
        ...
