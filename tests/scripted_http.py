"""Another system: an HTTP server that remembers what it was asked and answers as told."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
DROP, HANG = b"", b"say nothing"


@dataclass(frozen=True)
class Heard:
    """One request: its headers (names in lower case) and its body."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


def answer(body: object, status: int = 200, **headers: str) -> bytes:
    """Return an answer with this body: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"content-length": str(len(content)), **{name.replace("_", "-"): each for name, each in headers.items()}}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {each}" for name, each in told.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class ScriptedHttp:
    """Gives its `answers` in turn, and `otherwise` when there are none left; DROP hangs up, HANG says nothing."""

    answers: deque[bytes] = field(default_factory=deque)
    otherwise: Callable[[Heard], bytes] = lambda heard: FINE
    heard: list[Heard] = field(default_factory=list)
    port: int = 0
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def saying(cls, answers: Iterable[bytes]) -> Self:
        return cls(deque(answers))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()
        for task in self._serving:
            task.cancel()  # whoever still hangs
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served in a task of its own"
        self._serving.add(task)
        try:
            heard = await _request(reader)
            self.heard.append(heard)
            said = self.answers.popleft() if self.answers else self.otherwise(heard)
            if said == HANG:
                await reader.read()  # until whoever asked goes away
                return
            writer.write(said)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._serving.discard(task)


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    named = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in named}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(head[0].split(" ")[1], headers, body)
