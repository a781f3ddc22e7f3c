"""The process that takes mail which comes back, by SMTP, LMTP or from a mailbox, and puts it into the inbox.

`python -m starter.inbound` prints `inbound ready` when it listens. It decides nothing: that is the drainer's business.
Only whom nobody may write to from now on it finds out at once. It needs no Temporal; what comes in meanwhile waits.
"""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from sqlmodel import Session
from temporalio.client import Client

from records.inbox_mail import keep, mail_row
from records.session import Database
from settings import Settings, SettingsError, connect_options, load, signing_key
from starter.inbound_imap import Account, Take, keep_looking
from starter.inbound_reports import forbids
from starter.inbound_smtp import Doors, Listener
from starter.waker import Waker

logger = logging.getLogger("inbound")


def doors_of(settings: Settings) -> Doors:
    """Return the addresses that mail is taken for."""
    secret = signing_key(settings).get_secret_value()
    return Doors(settings.inbound_host, (secret,), frozenset(settings.inbound_mailboxes))


def account_of(settings: Settings) -> Account | None:
    """Return the mailbox that is looked into, None where none is."""
    if not settings.imap_host:
        return None
    return Account(
        host=settings.imap_host,
        port=settings.imap_port,
        tls=settings.imap_tls,
        user=settings.imap_user,
        password=settings.imap_password.get_secret_value(),
        folder=settings.imap_folder,
        done=settings.imap_done,
        every=settings.imap_seconds,
        most_bytes=settings.inbound_megabytes << 20,
    )


class Receiving:
    """Puts mail on disk, and wakes the drainer."""

    def __init__(self, inbox: Database, waker: Waker, doors: Doors) -> None:
        self._inbox, self._waker, self._doors = inbox, waker, doors

    async def keep(
        self, raw: bytes, sender: str | None, to: Sequence[str], via: str, leaves: Sequence[str] = ()
    ) -> bool:
        """Put a mail into the inbox; False if it was there already. Whatever this returns, it is on disk."""
        forbidden = await asyncio.to_thread(forbids, self._doors, raw, sender, to)
        row = mail_row(raw, sender, to, via, datetime.now(UTC), leaves, forbidden)

        def write(session: Session) -> bool:
            return keep(session, row, raw)

        fresh = await self._inbox.write(write)
        if fresh:
            self._waker.wake()
        return fresh

    def take(self, loop: asyncio.AbstractEventLoop) -> Take:
        """Return what puts mail of a mailbox on disk, from a thread."""

        def take(raw: bytes, sender: str | None, to: list[str]) -> bool:
            keeping = self.keep(raw, sender, to, "imap", self._doors.leaves(to))
            return asyncio.run_coroutine_threadsafe(keeping, loop).result(timeout=60)

        return take


async def serve(settings: Settings) -> None:
    """Take mail until a signal says stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def connect() -> Client:
        return await Client.connect(**connect_options(settings))

    inbox, doors, account = Database(settings.inbox_url), doors_of(settings), account_of(settings)
    waker = Waker(connect, task_queue=settings.task_queue)
    receiving = Receiving(inbox, waker, doors)
    async with AsyncExitStack() as opened:
        opened.push_async_callback(asyncio.to_thread, inbox.close)
        opened.push_async_callback(waker.aclose)
        size, lmtp = settings.inbound_megabytes << 20, settings.inbound_lmtp
        ear = Listener(doors, receiving.keep, size, settings.inbound_smtp_host, settings.inbound_smtp_port, lmtp)
        where = (await opened.enter_async_context(ear)).where
        if account is not None:
            end = threading.Event()
            opened.callback(end.set)
            arguments = (account, receiving.take(loop), end)
            threading.Thread(target=keep_looking, args=arguments, name="imap", daemon=True).start()
        sys.stdout.write("inbound ready " + " ".join(f"{name} {at}" for name, at in where.items()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Take mail; return the exit status: 0 after a signal, 1 where it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the library's log of every line said
    try:
        asyncio.run(serve(load()))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"inbound: cannot listen ({error.strerror or error}); look at RAPPORT_INBOUND_…\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
