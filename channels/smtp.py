"""Mail by SMTP: a pool of connections to one relay.

Whatever is not a reply of the server's, a cancellation included, closes the connection: what it would say next
belongs to a letter we no longer speak of.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Self

from aiosmtplib.email import parse_address
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from channels.base import (
    Accepted,
    Away,
    BeforeBody,
    ChannelError,
    Envelope,
    Refused,
    SenderFault,
    Unavailable,
    Unknown,
)
from channels.replies import Reply, Stage, decision, provider_id
from channels.smtp_client import Phase, TrackedSMTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The server our mail is given to, and how it wants to be treated. Times in seconds, ages as spans.

    `tls` is what happens, not what is tried: `none`, `starttls` (refused if not offered) or `tls` from the first byte.
    `reply_timeout` bounds the wait after the final dot; a short one manufactures duplicates (RFC 1047).
    """

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    local_hostname: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_context: ssl.SSLContext | None = field(default=None, repr=False)
    size: int = 5
    letters_per_connection: int = 100
    max_age: timedelta = timedelta(minutes=5)
    max_idle: timedelta = timedelta(seconds=30)
    connect_timeout: float = 15
    command_timeout: float = 60
    reply_timeout: float = 300


@dataclass(slots=True, eq=False)
class _Connection:
    smtp: TrackedSMTP
    opened_at: float
    idle_since: float
    letters: int = 0
    # A refused letter leaves its envelope open on the server. It is cleared when the connection is used again, so
    # that nothing that goes wrong then can get in the way of the reply that decided.
    envelope_open: bool = False


class SmtpPool:
    """The `Channel` for mail: up to `relay.size` letters at a time, each on a connection of its own.

    Belongs to one event loop. Use it as `async with SmtpPool(relay) as mail:` or call `close()`.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        now: Callable[[], float] = time.monotonic,
        id_in: Callable[[str], str | None] = provider_id,
    ) -> None:
        self._relay = relay
        self._now = now
        self._id_in = id_in  # what a reply calls the message it accepts
        self._places = asyncio.Semaphore(relay.size)
        self._idle: list[_Connection] = []
        self._farewells: set[asyncio.Task[None]] = set()
        self._closed = False
        self._tls_context = relay.tls_context
        if relay.tls != "none" and self._tls_context is None:
            self._tls_context = ssl.create_default_context()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Part from the relay. Letters on their way are finished; new ones are refused as `Unavailable`."""
        self._closed = True
        while self._idle:
            self._dismiss(self._idle.pop())
        if self._farewells:
            await asyncio.wait(self._farewells)

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Hand one letter to the relay; see `Channel.send`. The body leaves with CRLF line ends, otherwise as it is.

        May take `connect_timeout`, several `command_timeout` and one `reply_timeout`, twice the former two where a
        connection that lay idle turns out to be dead: cancel rather than wait shorter, and read that as `Unknown`
        once `before_body` has been called.
        """
        check_addresses(letter)
        async with self._places:
            if self._closed:
                raise Unavailable("the mail pool is closed; send from a running worker")
            if (connection := self._take()) is not None:
                try:
                    return await self._deliver(connection, letter, before_body)
                except Unavailable:
                    # Servers hang up on connections that lie idle, and tell nobody until the next command. Nothing
                    # was handed over, so a fresh connection may do better; once.
                    if connection.smtp.in_step or connection.smtp.phase is not Phase.ENVELOPE:
                        raise
            return await self._deliver(await self._connect(), letter, before_body)

    def _take(self) -> _Connection | None:
        fresh = [connection for connection in self._idle if self._is_fit(connection)]
        for connection in self._idle:
            if connection not in fresh:
                self._dismiss(connection)
        self._idle = fresh
        return self._idle.pop() if self._idle else None

    def _is_fit(self, connection: _Connection) -> bool:
        now = self._now()
        return (
            connection.smtp.in_step
            and connection.letters < self._relay.letters_per_connection
            and now - connection.opened_at < self._relay.max_age.total_seconds()
            and now - connection.idle_since < self._relay.max_idle.total_seconds()
        )

    def _give_back(self, connection: _Connection) -> None:
        connection.idle_since = self._now()
        if self._closed:
            connection.smtp.close()
        elif not self._is_fit(connection):
            self._dismiss(connection)
        else:
            self._idle.append(connection)

    def _dismiss(self, connection: _Connection) -> None:
        if not connection.smtp.in_step:
            connection.smtp.close()
            return
        farewell = asyncio.create_task(_part(connection.smtp))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    async def _connect(self) -> _Connection:
        relay = self._relay
        smtp = TrackedSMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.username,
            password=relay.password,
            local_hostname=relay.local_hostname,
            timeout=relay.command_timeout,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",  # never None: that would be "if the server likes"
            tls_context=self._tls_context,
        )
        smtp.reply_timeout = relay.reply_timeout
        try:
            await smtp.connect(timeout=relay.connect_timeout)
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        except Exception as error:
            smtp.close()
            raise _no_connection(error, f"{relay.host}:{relay.port}") from error
        except BaseException:
            smtp.close()
            raise
        return _Connection(smtp, opened_at=self._now(), idle_since=self._now())

    async def _deliver(self, connection: _Connection, letter: Envelope, before_body: BeforeBody) -> Accepted:
        smtp = connection.smtp
        smtp.phase = Phase.ENVELOPE
        connection.letters += 1
        try:
            if connection.envelope_open:
                await smtp.rset()
            connection.envelope_open = True
            await smtp.open_envelope(letter)
            answer = await smtp.data(letter.body, before_body=before_body)
            connection.envelope_open = False
        except Exception as error:
            verdict = None if smtp.phase is Phase.COMMITTING else _answer(error)
            if verdict is None or verdict.code.startswith("421"):
                smtp.close()
            if smtp.phase is Phase.COMMITTING:
                raise  # not ours: the ledger could not be written
            raise verdict or _loss(error, smtp.phase) from error
        except BaseException:
            smtp.close()  # a reply may still be on its way, and would be taken for the next letter's
            raise
        finally:
            self._give_back(connection)
        reply = Reply(answer.code, answer.message)
        return Accepted(reply=f"{reply.code} {reply.words}".strip(), provider_id=self._id_in(reply.words))


def check_addresses(letter: Envelope) -> None:
    """Raise `Refused` or `SenderFault` for an address that cannot stand on a command line as it is."""
    if not _is_address(letter.recipient):
        raise Refused(f"{letter.recipient!r} is not an address", suppress=True)
    if letter.sender and not _is_address(letter.sender):
        raise SenderFault(f"the envelope sender {letter.sender!r} is not an address; correct the sender settings")


_ADDRESS = re.compile(r'[^\s<>"\x00-\x1f\x7f]+@[^\s<>"@\x00-\x1f\x7f]+')


def _is_address(text: str) -> bool:
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        text.encode()
        # The library reads names and comments out of an address. What it would send must be what we were given.
        return parse_address(text) == text
    except ValueError:
        return False


_STAGE_OF: dict[type[Exception], Stage] = {
    SMTPSenderRefused: Stage.SENDER,
    SMTPRecipientRefused: Stage.RECIPIENT,
    SMTPDataError: Stage.MESSAGE,
}


def _answer(error: Exception) -> ChannelError | None:
    """Return what the server decided about the letter, or None if `error` is not its word."""
    if isinstance(error, SMTPNotSupported):
        return Refused(str(error))
    stage = _STAGE_OF.get(type(error))
    if stage is None or not isinstance(error, SMTPResponseException) or error.code // 100 not in (4, 5):
        return None
    return decision(Reply(error.code, error.message), stage)


def _loss(error: Exception, phase: Phase) -> ChannelError:
    what = f"{type(error).__name__}: {error}"
    if phase is Phase.PAYLOAD:
        return Unknown(f"the relay was lost after the body had begun to leave ({what})")
    return Unavailable(f"the relay was lost before the body ({what})")


def _no_connection(error: Exception, place: str) -> ChannelError:
    if isinstance(error, SMTPResponseException):
        if error.code // 100 in (4, 5):
            return decision(Reply(error.code, error.message), Stage.CONNECTION)
        return Away(
            f"{place}: does not answer in SMTP ({Reply(200, error.message).words}); check host, port and TLS mode"
        )
    if isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return SenderFault(f"{place}: the certificate cannot be trusted ({error}); check the host name or the relay")
    if isinstance(error, OSError):
        return Away(f"{place}: cannot be reached ({error})")
    if isinstance(error, SMTPException):  # STARTTLS or AUTH is not offered
        what = str(error).rstrip(".")
        return SenderFault(f"{place}: {what}; look at RAPPORT_SMTP_TLS, RAPPORT_SMTP_USER and RAPPORT_SMTP_PASSWORD")
    return Away(f"{place}: {type(error).__name__}: {error}")


async def _part(smtp: TrackedSMTP) -> None:
    """Say QUIT as is proper. Its reply decides nothing."""
    try:
        async with asyncio.timeout(2):
            await smtp.quit()
    except (SMTPException, OSError):
        pass
    finally:
        smtp.close()
