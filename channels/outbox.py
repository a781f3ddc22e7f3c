"""The outbox: a channel that keeps what it is given instead of sending it, until the installation is live.

Nothing here can reach anybody: it knows no address of a provider and opens no connection.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from channels.base import Accepted, BeforeBody, Envelope
from domain.keys import ledger_id

KEPT = "kept in the outbox; RAPPORT_LIVE is off"


@dataclass(frozen=True, slots=True)
class Kept:
    """One message that would have left. `id` is the ledger's id of the message."""

    id: str
    channel: str
    sender: str
    recipient: str
    body: str


Keep = Callable[[Kept], Awaitable[None]]


class Outbox:
    """Keeps the messages of one channel."""

    def __init__(self, channel: str, keep: Keep) -> None:
        self._channel, self._keep = channel, keep

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Keep one message; kept twice it stands there once."""
        await before_body()
        body = letter.body.decode("utf-8", "replace")
        await self._keep(Kept(ledger_id(letter.key), self._channel, letter.sender, letter.recipient, body))
        return Accepted(KEPT)
