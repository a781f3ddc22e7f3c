"""The ear for mail that comes back: SMTP and LMTP on an address of ours, for a mail server in front of it.

250 means that the mail is on disk: `kill -9` right after it loses nothing. What cannot be kept is put off (4xx), and
what is for nobody is refused (5xx) before its text is sent: this is no relay, it takes mail for our own addresses only.
"""

import asyncio
import logging
import weakref
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP
from sqlalchemy.exc import SQLAlchemyError

from domain.return_addresses import LEAVING, Returned, read_return_address

logger = logging.getLogger("inbound")

MOST_CONVERSATIONS = 100
MOST_RECIPIENTS = 100
KEEP_SECONDS = 30.0
# Longer lines than the standard allows come from real servers; refused, a bounce would be lost for its line.
LONGEST_LINE = 1 << 17

Keep = Callable[[bytes, str | None, Sequence[str], str, Sequence[str]], Awaitable[bool]]
"""Puts a mail (bytes, envelope sender, recipients, by which way, messages it takes leave of) on disk, then returns."""


@dataclass(frozen=True)
class Doors:
    """The addresses mail is taken for: those with a token of ours at `host`, its postmaster, and `mailboxes`."""

    host: str
    secrets: Sequence[str] = field(repr=False)
    mailboxes: frozenset[str] = frozenset()

    def opens(self, address: str) -> bool:
        """Return whether mail to this address is for us."""
        address = address.lower()
        at_home = self.host and address in (f"postmaster@{self.host}", "postmaster")
        return bool(at_home) or address in self.mailboxes or self.read(address) is not None

    def read(self, address: str) -> Returned | None:
        """Return what an address with a token says."""
        return read_return_address(address, self.host, self.secrets) if self.host else None

    def leaves(self, recipients: Sequence[str]) -> list[str]:
        """Return the messages at whose address for leaving a mail has come."""
        read = [self.read(each) for each in recipients]
        return [each.message for each in read if each is not None and each.way == LEAVING]


class _Ear:
    """What the SMTP library asks while a mail comes in."""

    def __init__(self, doors: Doors, keep: Keep, via: str) -> None:
        self._doors, self._keep, self._via = doors, keep, via

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients; send it in parts"
        if not self._doors.opens(address):
            return "550 5.1.1 nobody here has that address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        to = list(envelope.rcpt_tos)
        try:
            async with asyncio.timeout(KEEP_SECONDS):
                fresh = await self._keep(
                    envelope.content, (envelope.mail_from or "").strip("<>"), to, self._via, self._doors.leaves(to)
                )
            answer = "250 2.0.0 Ok: kept" if fresh else "250 2.0.0 Ok: kept before"
        except (SQLAlchemyError, OSError, RuntimeError, TimeoutError) as error:
            # Its text would repeat the mail.
            logger.error("inbox: cannot keep mail (%s); its sender is told to try again", type(error).__name__)
            answer = "451 4.3.0 cannot be kept now; try again"
        # LMTP answers for each recipient (RFC 2033).
        return "\r\n".join([answer] * (len(to) if self._via == "lmtp" else 1))


class _Smtp(SMTP):
    line_length_limit = LONGEST_LINE


class _Lmtp(LMTP):
    line_length_limit = LONGEST_LINE


class Listener:
    """Listens for SMTP and LMTP in this event loop: `async with Listener(…) as listener: listener.where`."""

    def __init__(self, doors: Doors, keep: Keep, most_bytes: int, host: str, port: int | None, lmtp: str = "") -> None:
        """Take SMTP at `port` (None: not at all), LMTP at a port of `host` or the path of a socket ('': not at all)."""
        self._doors, self._keep, self._most_bytes = doors, keep, most_bytes
        self._host, self._port, self._lmtp = host, port, lmtp
        self._conversations: weakref.WeakSet[Any] = weakref.WeakSet()
        self._servers: list[asyncio.Server] = []
        self.where: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        try:
            if self._port is not None:
                await self._listen(_Smtp, "smtp", self._port)
            if self._lmtp.isdigit():
                await self._listen(_Lmtp, "lmtp", int(self._lmtp))
            elif self._lmtp:
                await self._listen_at_path(self._lmtp)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _listen(self, kind: type[SMTP], via: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_server(partial(self._conversation, kind, via), self._host, port))
        host, taken = self._servers[-1].sockets[0].getsockname()[:2]
        self.where[via] = f"[{host}]:{taken}" if ":" in host else f"{host}:{taken}"

    async def _listen_at_path(self, path: str) -> None:
        await asyncio.to_thread(Path(path).unlink, missing_ok=True)  # left behind by one that was killed
        loop = asyncio.get_running_loop()
        self._servers.append(await loop.create_unix_server(partial(self._conversation, _Lmtp, "lmtp"), path))
        self.where["lmtp"] = path

    def _conversation(self, kind: type[SMTP], via: str) -> Any:
        if sum(each.transport is not None for each in self._conversations) >= MOST_CONVERSATIONS:
            return _Busy()
        protocol = kind(
            _Ear(self._doors, self._keep, via),
            data_size_limit=self._most_bytes,
            enable_SMTPUTF8=True,
            hostname=self._doors.host or "localhost",
            ident="mail that comes back",
            loop=asyncio.get_running_loop(),
        )
        self._conversations.add(protocol)
        return protocol

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for protocol in list(self._conversations):
            if protocol.transport is not None:
                protocol.transport.close()
        for server in self._servers:
            await server.wait_closed()
        await asyncio.sleep(0)  # the transports' last callbacks


class _Busy(asyncio.Protocol):
    """There are too many conversations: the next is asked to come back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a stream has a transport that writes"
        transport.write(b"421 4.3.2 too many connections; try again\r\n")
        transport.close()
