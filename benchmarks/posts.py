"""Bounded clients on the loopback: each sends one POST after the other on a connection of its own.

Plain sockets, so that the clients, which share the machine with the server, take little of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from settings import LOOPBACK

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

WITHIN = 30.0  # seconds one answer may take


@dataclass
class Posts:
    """What the clients saw: the time each answer took, in seconds, and how long all of it."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took) / self.seconds

    @property
    def p99(self) -> float:
        """The time in ms within which 99 of 100 were answered."""
        return sorted(self.took)[int(len(self.took) * 0.99)] * 1000


async def post_for(seconds: float, port: int, requests: Iterator[bytes], clients: int) -> Posts:
    """Post for so long; raise AssertionError for an answer that is not 202."""
    posts = Posts()
    began = time.perf_counter()
    async with asyncio.timeout(seconds + WITHIN):
        await asyncio.gather(*(_client(port, requests, posts, began + seconds) for _ in range(clients)))
    posts.seconds = time.perf_counter() - began
    return posts


async def _client(port: int, requests: Iterator[bytes], posts: Posts, until: float) -> None:
    async with connection(port) as streams:
        while (asked := time.perf_counter()) < until:
            await post(streams, next(requests))
            posts.took.append(time.perf_counter() - asked)


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[Streams]:
    """Keep a connection for one post after the other. The server closes one that lies idle for a few seconds."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def post(streams: Streams, request: bytes) -> None:
    """Post; raise AssertionError for an answer that is not 202."""
    reader, writer = streams
    writer.write(request)
    status = await _status(reader)
    assert status == 202, f"answered with {status}"


async def _status(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
