"""The local mail server: takes any mail on 127.0.0.1, delivers none, keeps all, and shows it.

    python -m channels.mailbox --dir mail --smtp-port 2525 --http-port 8025

Its 250 means that the message is on the disk: `kill -9` right after it loses nothing.
"""

import argparse
import asyncio
import contextlib
import errno
import json
import logging
import os
import signal
import socket
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import uvicorn
from aiosmtpd.smtp import SMTP

from channels.mailbox_pages import mailbox_app
from channels.mailbox_store import FolderInUse, Keeper, Kept, Mailbox, NotKept, Opened

__all__ = ["CannotStart", "Kept", "MailServer", "Mailbox", "NotKept", "Opened", "main"]

HOST = "127.0.0.1"
LARGEST_LETTER = 2**25


class CannotStart(Exception):
    """The server cannot start, for a reason that somebody has to remove: `place: what; what to do`."""


class MailServer:
    """SMTP and the pages, in this event loop: `async with MailServer("mail") as server: server.smtp_port`.

    Port 0 takes a free one. Raises `CannotStart` for a port or a folder that is taken.
    """

    def __init__(self, folder: Path | str, smtp_port: int = 0, http_port: int = 0) -> None:
        self.mailbox = Mailbox(folder)
        self.smtp_port = smtp_port
        self.http_port = http_port

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as opened:
            smtp_socket = opened.enter_context(_listening(self.smtp_port, "--smtp-port"))
            http_socket = opened.enter_context(_listening(self.http_port, "--http-port"))
            keeper = opened.enter_context(contextlib.closing(_keeper(self.mailbox.folder)))
            self.smtp_port = smtp_socket.getsockname()[1]
            self.http_port = http_socket.getsockname()[1]
            await opened.enter_async_context(_smtp(keeper, smtp_socket))
            await opened.enter_async_context(_pages(self.mailbox, http_socket))
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()


class _KeepEverything:
    """What the SMTP library asks when a message has come in whole."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        now = datetime.now(UTC)
        try:
            numbers = [
                await asyncio.to_thread(self._keeper.keep, envelope.mail_from or "", recipient, envelope.content, now)
                for recipient in envelope.rcpt_tos
            ]
        except OSError as error:
            return f"452 4.3.1 cannot be kept: {error.strerror}"
        return f"250 2.0.0 Ok: queued as {numbers[-1]}"


@contextlib.asynccontextmanager
async def _smtp(keeper: Keeper, listening: socket.socket) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    handler = _KeepEverything(keeper)
    conversations: weakref.WeakSet[Any] = weakref.WeakSet()

    def conversation() -> Any:
        protocol = SMTP(
            handler,
            data_size_limit=LARGEST_LETTER,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="mail kept here",
            loop=loop,
        )
        conversations.add(protocol)
        return protocol

    server = await loop.create_server(conversation, sock=listening)
    try:
        yield
    finally:
        server.close()
        for protocol in list(conversations):
            if protocol.transport is not None:
                protocol.transport.close()
        await server.wait_closed()
        await asyncio.sleep(0)  # the transports' last callbacks


class _Pages(uvicorn.Server):
    """A web server that leaves the process's signals to whoever runs the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextlib.asynccontextmanager
async def _pages(mailbox: Mailbox, listening: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        mailbox_app(mailbox), log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
    )
    server = _Pages(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await server.ready.wait()
        yield
    finally:
        server.should_exit = True
        await serving


@contextlib.contextmanager
def _listening(port: int, option: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen(128)
        except OSError as error:
            what = "the port is taken" if error.errno == errno.EADDRINUSE else f"cannot listen there ({error.strerror})"
            raise CannotStart(f"{HOST}:{port}: {what}; give another with {option}, 0 takes a free one") from error
        yield listening


def _keeper(folder: Path) -> Keeper:
    try:
        return Keeper(folder)
    except FolderInUse as error:
        raise CannotStart(f"{error}; stop it, or give another folder with --dir") from error
    except OSError as error:
        raise CannotStart(f"{folder}: cannot be written ({error.strerror}); give another with --dir") from error


async def _serve(folder: Path, smtp_port: int, http_port: int, with_parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with MailServer(folder, smtp_port, http_port) as server:
        if with_parent:
            threading.Thread(target=_until_stdin_closes, args=(loop, stop), daemon=True).start()
        sys.stdout.write(json.dumps({"smtp": server.smtp_port, "http": server.http_port}) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _until_stdin_closes(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not sys.stdin: a thread that waits in its lock would get in the way of the interpreter's end.
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(stop.set)


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit status, 1 with one line on stderr if it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m channels.mailbox", description="Take any mail and keep it.")
    parser.add_argument("--dir", type=Path, required=True, help="folder of the mail; made if it does not exist")
    parser.add_argument("--smtp-port", type=int, default=0, help="port for mail, 0 for a free one")
    parser.add_argument("--http-port", type=int, default=0, help="port for the pages, 0 for a free one")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin closes")
    chosen = parser.parse_args(arguments)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # the library's log of every line said
    try:
        asyncio.run(_serve(chosen.dir, chosen.smtp_port, chosen.http_port, chosen.with_parent))
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
