"""A mail server that misbehaves as told.

    async with ScriptedSmtp([FINE, At("dot", DROP), At("rcpt", "550 5.1.1 unknown")]) as server:
        ...                       # connect to 127.0.0.1, server.port
        assert len(server.bodies) == 2

The n-th MAIL command anywhere gets the n-th entry of the script; after its end everything is fine. Faults of a
connection (greeting, EHLO, AUTH, STARTTLS, QUIT) go in `connections`, by order of connecting.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self


class Do(Enum):
    """What else than a reply can come."""

    DROP = "close the connection without a word"
    HANG = "never answer"


DROP = Do.DROP
HANG = Do.HANG


@dataclass(frozen=True, slots=True)
class Bye:
    """Say it, then hang up."""

    reply: str


@dataclass(frozen=True, slots=True)
class Slow:
    """Say it after so many seconds."""

    seconds: float
    reply: str


@dataclass(frozen=True, slots=True)
class Held:
    """Say it once the event has come."""

    until: asyncio.Event
    reply: str


Action = str | Do | Bye | Slow | Held


@dataclass(frozen=True, slots=True)
class At:
    """A fault at one place.

    Places of a letter: `mail rcpt data body dot`; of a connection: `greeting ehlo auth starttls rset quit`.
    `body` strikes after 354 and the first bytes of the body, `dot` after all of it. A reply may be any text; several
    lines or several replies are written with \\r\\n between them.
    """

    place: str
    action: Action


FINE = At("", "")


@dataclass(frozen=True, slots=True)
class Received:
    """A body that arrived whole, dots taken out; `connection` counts from 1; `accepted` if the answer is a 2yz."""

    sender: str
    recipient: str
    body: bytes
    connection: int
    accepted: bool


class _HungUp(Exception):
    pass


class ScriptedSmtp:
    """Serve on 127.0.0.1 at `port`; `latency` in seconds delays every reply."""

    def __init__(
        self,
        script: Sequence[At] = (),
        *,
        connections: Sequence[At] = (),
        extensions: Sequence[str] = ("SIZE 10000000", "8BITMIME", "SMTPUTF8"),
        latency: float = 0,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        port: int = 0,
    ) -> None:
        self.script = script
        self.connections = connections
        self.extensions = extensions
        self.latency = latency
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.begun: list[bytes] = []  # bodies of which at least one line arrived, as far as they came
        self.opened = 0
        self.open_now = 0
        self.most_open = 0
        self.port = port
        self._letters = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    @property
    def bodies(self) -> list[bytes]:
        """Every body that arrived whole, whatever was answered."""
        return [received.body for received in self.received]

    @property
    def accepted(self) -> list[Received]:
        """What was answered with a 2yz."""
        return [received for received in self.received if received.accepted]

    async def __aenter__(self) -> Self:
        context = self.tls if self.implicit_tls else None
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", self.port, ssl=context, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """Wait until `condition`, about this server, holds: `lambda: server.open_now == 0`."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(condition)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            await _Conversation(self, reader, writer, self.opened).hold()
        except (_HungUp, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open_now -= 1
            await self.changed()

    async def changed(self) -> None:
        """Tell those who wait."""
        async with self._changed:
            self._changed.notify_all()

    def next_letter(self) -> At:
        """Return what the script has for the letter that begins now."""
        self._letters += 1
        return self.script[self._letters - 1] if self._letters <= len(self.script) else FINE


class _Conversation:
    """One connection, from the greeting on."""

    def __init__(
        self, server: ScriptedSmtp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        self.number = number
        self.fault = server.connections[number - 1] if number <= len(server.connections) else FINE
        self.letter = FINE
        self.sender: str | None = None
        self.recipient: str | None = None

    async def hold(self) -> None:
        await self._act("greeting", "220 scripted.test ESMTP")
        while line := await self.reader.readline():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.server.commands.append(command)
            await self.server.changed()
            verb = command.partition(" ")[0].upper()
            answer = getattr(self, f"_{verb.lower()}", None)
            if answer is None:
                await self._say("502 5.5.1 not here")
            else:
                await answer(command)

    def _scripted(self, place: str, usual: str) -> Action:
        for fault in (self.letter, self.fault):
            if fault.place == place:
                return fault.action
        return usual

    async def _act(self, place: str, usual: str) -> str:
        """Do what is scripted for this place, else say the usual; return what was said."""
        return await self._perform(self._scripted(place, usual))

    async def _perform(self, action: Action) -> str:
        if action is Do.HANG:
            await self.reader.read()  # until the client gives up
        if isinstance(action, Do):
            raise _HungUp
        if isinstance(action, Slow):
            await asyncio.sleep(action.seconds)
        if isinstance(action, Held):
            await action.until.wait()
        await self._say(_words(action))
        if isinstance(action, Bye):
            raise _HungUp
        return _words(action)

    async def _say(self, reply: str) -> None:
        if self.server.latency:
            await asyncio.sleep(self.server.latency)
        self.writer.write(reply.encode("utf-8", "surrogateescape") + b"\r\n")
        await self.writer.drain()

    async def _ehlo(self, _: str) -> None:
        extensions = list(self.server.extensions)
        if self.server.tls and not self.writer.get_extra_info("ssl_object"):
            extensions.append("STARTTLS")
        lines = ["scripted.test", *extensions]
        usual = "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        await self._act("ehlo", usual)

    async def _starttls(self, _: str) -> None:
        if (await self._act("starttls", "220 go ahead")).startswith("2") and self.server.tls:
            await self.writer.start_tls(self.server.tls)

    async def _auth(self, _: str) -> None:
        await self._act("auth", "235 2.7.0 welcome")

    async def _rset(self, _: str) -> None:
        self.sender = self.recipient = None
        await self._act("rset", "250 2.0.0 clean")

    async def _quit(self, _: str) -> None:
        await self._act("quit", "221 2.0.0 bye")
        raise _HungUp

    async def _mail(self, command: str) -> None:
        if self.sender is not None:
            await self._say("503 5.5.1 nested MAIL")
            return
        self.letter = self.server.next_letter()
        if (await self._act("mail", "250 2.1.0 ok")).startswith("2"):
            self.sender = _address(command)

    async def _rcpt(self, command: str) -> None:
        if (await self._act("rcpt", "250 2.1.5 ok")).startswith("2"):
            self.recipient = _address(command)

    async def _data(self, _: str) -> None:
        if self.recipient is None:
            await self._say("503 5.5.1 RCPT first")
            return
        if (await self._act("data", "354 go on")).startswith("3"):
            await self._body()

    async def _body(self) -> None:
        lines: list[bytes] = []
        place = -1
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            lines.append(line.removeprefix(b"."))
            if len(lines) == 1:
                place = len(self.server.begun)
                self.server.begun.append(b"")
            self.server.begun[place] = b"".join(lines)
            if self.letter.place == "body":
                await self.server.changed()
                await self._act("body", "")
        await self._end(b"".join(lines))

    async def _end(self, body: bytes) -> None:
        assert self.sender is not None
        assert self.recipient is not None
        action = self._scripted("dot", f"250 2.0.0 Ok: queued as SCRIPT{len(self.server.received) + 1:04}")
        last_line = _words(action).rpartition("\n")[2]
        accepted = last_line.startswith("2") and last_line[3:4] != "-"
        self.server.received.append(Received(self.sender, self.recipient, body, self.number, accepted))
        self.sender = self.recipient = None
        await self.server.changed()
        await self._perform(action)


def _words(action: Action) -> str:
    if isinstance(action, Do):
        return ""
    return action if isinstance(action, str) else action.reply


def _address(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]
