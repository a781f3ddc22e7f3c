"""What the tests of the mail pool share: a letter, a ledger that counts, a patient relay."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.base import ChannelError, Envelope
from channels.smtp import Relay, SmtpPool
from tests.scripted_smtp import HANG, ScriptedSmtp

LETTER = Envelope("bounce@shop.test", "ada@example.test", b"Subject: hello\r\n\r\nGood day\r\n.hidden dot\r\n")


class Ledger:
    """Counts how often the body was announced, and may refuse or be slow."""

    def __init__(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.announced = 0
        self.then = then

    async def before_body(self) -> None:
        self.announced += 1
        if self.then is not None:
            await self.then()


def relay(server: ScriptedSmtp, **changes: Any) -> Relay:
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "local_hostname": "worker.shop.test",
        # Short only where the server never answers: a busy machine must not look like a dead one.
        **dict.fromkeys(("connect_timeout", "command_timeout", "reply_timeout"), 0.4 if hangs(server) else 20),
    }
    return Relay(**settings | changes)


def hangs(server: ScriptedSmtp) -> bool:
    return any(fault.action is HANG for fault in (*server.script, *server.connections))


async def outcome(pool: SmtpPool, ledger: Ledger | None = None, letter: Envelope = LETTER) -> ChannelError | str:
    try:
        return (await pool.send(letter, (ledger or Ledger()).before_body)).reply
    except ChannelError as error:
        return error
