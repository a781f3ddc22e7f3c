"""The library's SMTP client, made to know how far a letter has got.

Its exceptions cannot tell whether the body had begun to leave when a connection was lost, and everything hangs on
that: before, the letter is free to be sent again; after, nobody can know. Follows the library one method deep
(`data`, and the read buffer of its protocol): its version is pinned, and tests/channels/test_smtp*.py are the contract.
"""

from enum import Enum
from typing import Literal

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPDataError, SMTPNotSupported, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.protocol import PERIOD_REGEX, normalize_message_line_endings
from aiosmtplib.response import SMTPResponse
from aiosmtplib.typing import Default

from channels.base import BeforeBody, Envelope

Timeout = float | Literal[Default.token] | None


class Phase(Enum):
    """How far a letter has got."""

    ENVELOPE = "the server has nothing yet"
    COMMITTING = "it said 354, and the ledger is being written"
    COMMITTED = "the ledger is written, no byte of the body has left"
    PAYLOAD = "the body is leaving"
    REPLIED = "the server has answered for the body"


async def _nothing() -> None:
    pass


class TrackedSMTP(SMTP):
    """The library's client, one letter at a time, that knows how far the letter has got."""

    phase = Phase.ENVELOPE
    reply_timeout: float = 300

    @property
    def in_step(self) -> bool:
        """Say whether the connection stands and nothing lies in it that nobody asked for."""
        return self.protocol is not None and self.protocol.is_connected and not self.protocol._buffer

    async def execute_command(self, *args: bytes, timeout: Timeout = Default.token) -> SMTPResponse:  # noqa: ASYNC109 - as in the library
        """Ask and return the answer; a second answer in the same breath would be taken for the next one's."""
        response = await super().execute_command(*args, timeout=timeout)
        if self.protocol is not None and self.protocol._buffer:
            raise SMTPResponseException(-1, "the server answered twice")
        return response

    async def open_envelope(self, letter: Envelope) -> None:
        """Name sender and recipient."""
        options: list[str] = []
        encoding = "ascii"
        if not (letter.sender + letter.recipient).isascii():
            if not self.supports_extension("smtputf8"):
                raise SMTPNotSupported("the relay does not take addresses beyond ASCII (SMTPUTF8)")
            encoding = "utf-8"
            options.append("SMTPUTF8")
        if self.supports_extension("size"):
            options.append(f"SIZE={len(normalize_message_line_endings(letter.body))}")
        if not letter.body.isascii() and self.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")
        wishes: list[str] = []
        if letter.known_by and self.supports_extension("dsn"):  # elsewhere these words are an error (RFC 3461)
            options += ["RET=HDRS", f"ENVID={_xtext(letter.known_by)}"]
            wishes = ["NOTIFY=FAILURE,DELAY", *_original(letter.recipient)]
        await self.mail(letter.sender, options=options, encoding=encoding)
        await self.rcpt(letter.recipient, options=wishes, encoding=encoding)

    async def data(
        self,
        message: str | bytes,
        /,
        *,
        timeout: Timeout = Default.token,  # noqa: ASYNC109 - as in the library
        before_body: BeforeBody = _nothing,
    ) -> SMTPResponse:
        """Hand over the body: `before_body` is awaited between the server's 354 and the first byte."""
        body = message.encode("ascii") if isinstance(message, str) else message
        on_the_wire = PERIOD_REGEX.sub(b"..", normalize_message_line_endings(body)) + b".\r\n"
        start = await self.execute_command(b"DATA", timeout=timeout)
        if start.code != 354:
            raise SMTPDataError(start.code, start.message)
        self.phase = Phase.COMMITTING
        await before_body()
        self.phase = Phase.COMMITTED
        protocol = self.protocol
        if protocol is None or not self.in_step:
            raise SMTPServerDisconnected("the server hung up before the body")
        self.phase = Phase.PAYLOAD
        protocol.write(on_the_wire)
        reply = await protocol.read_response(timeout=self.reply_timeout)
        if reply.code // 100 not in (2, 4, 5):
            raise SMTPResponseException(-1, f"{reply.code} is no answer to a body")
        self.phase = Phase.REPLIED
        if reply.code // 100 != 2:
            raise SMTPDataError(reply.code, reply.message)
        return reply


def _xtext(text: str) -> str:
    """Return a text as the words of RFC 3461 hold it (section 4).

    >>> _xtext("a+b=c d")
    'a+2Bb+3Dc+20d'
    """
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c):02X}" for c in text)


def _original(recipient: str) -> list[str]:
    """Name the addressee as we know them: a report often names another, to whom a server on the way passed it on."""
    return [f"ORCPT=rfc822;{_xtext(recipient)}"] if recipient.isascii() else []
