"""A mailbox that mail comes back to, looked into again and again: for who cannot have mail handed over.

A mail is marked as seen (or moved) only after it is in the inbox. Who dies in between fetches it again, and it is known
by its key: once. Nothing is ever deleted, unless it was moved.
"""

import imaplib
import logging
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Any, Literal

logger = logging.getLogger("inbound")

PATIENCE = 60.0
MOST_AT_ONCE = 200
LONGEST_REST = 900.0
_LITERAL_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
# The names a mail server writes the envelope's recipient under, strongest first.
_ENVELOPE_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-rcpt-to")

Take = Callable[[bytes, str | None, list[str]], bool]
"""Puts a mail (bytes, envelope sender if it is known, recipients) on disk, then returns."""


@dataclass(frozen=True)
class Account:
    """An IMAP account. `done` is the folder that mail is moved to; empty: it is marked as seen and stays."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    done: str = ""
    every: float = 60.0
    most_bytes: int = 25 << 20


class Unreachable(Exception):
    """The mailbox cannot be looked into now; the text says why, and holds nothing of anybody's."""


def look(account: Account, take: Take) -> int:
    """Take every unseen mail of a folder, up to some, and mark it; return how many there were.

    Raises `Unreachable`. What was taken before that is taken; the rest is found at the next look.
    """
    try:
        with _opened(account) as mailbox:
            _ok(mailbox.select(_quoted(account.folder)))
            numbers = (_ok(mailbox.uid("SEARCH", "UNSEEN"))[0] or b"").split()[:MOST_AT_ONCE]
            for number in numbers:
                _take_one(mailbox, number.decode("ascii"), account, take)
            return len(numbers)
    except (imaplib.IMAP4.error, OSError, ValueError, IndexError) as error:
        raise Unreachable(type(error).__name__) from error


def _take_one(mailbox: imaplib.IMAP4, number: str, account: Account, take: Take) -> None:
    size = _LITERAL_SIZE.search(b" ".join(_bytes_in(_ok(mailbox.uid("FETCH", number, "(RFC822.SIZE)")))))
    if size is not None and int(size[1]) > account.most_bytes:
        logger.warning("imap: a mail of %s bytes is over the limit; it is marked as seen and not taken", int(size[1]))
    else:
        # PEEK: fetching alone must not mark it, we may die before it is on disk.
        raw = next((part for part in _bodies_in(_ok(mailbox.uid("FETCH", number, "(BODY.PEEK[])")))), None)
        if raw is None:
            return  # somebody else took it meanwhile
        take(raw, *_envelope(raw))
    if account.done:
        _move(mailbox, number, account.done)
    else:
        _ok(mailbox.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)"))


def _move(mailbox: imaplib.IMAP4, number: str, folder: str) -> None:
    """Move a mail; where the server cannot (RFC 6851), copy it and mark it. Copied twice, it is still known."""
    if "MOVE" in mailbox.capabilities:
        _ok(mailbox.uid("MOVE", number, _quoted(folder)))
        return
    _ok(mailbox.uid("COPY", number, _quoted(folder)))
    _ok(mailbox.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen \Deleted)"))


def _envelope(raw: bytes) -> tuple[str | None, list[str]]:
    """Return the envelope's sender and recipients, as the server that delivered it wrote them down."""
    head = BytesHeaderParser().parsebytes(raw[:65_536])
    to = [address for name in _ENVELOPE_TO for value in head.get_all(name) or () if (address := _bare(str(value)))]
    path = head.get("return-path")
    return (None if path is None else _bare(str(path))), to[:10]


def _bare(value: str) -> str:
    found = re.search(r"[^\s<>@]+@[^\s<>@]+", value)
    return found[0][:320] if found else ""


@contextmanager
def _opened(account: Account) -> Iterator[imaplib.IMAP4]:
    """Connect, and let go of the connection however it ends; the library keeps what was broken off."""
    if account.tls == "tls":
        context = ssl.create_default_context()
        mailbox: imaplib.IMAP4 = imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=PATIENCE)
    else:
        mailbox = imaplib.IMAP4(account.host, account.port, timeout=PATIENCE)
    try:
        if account.tls == "starttls":
            mailbox.starttls(ssl.create_default_context())
        mailbox.login(account.user, account.password)
        yield mailbox
        mailbox.logout()
    finally:
        with suppress(OSError):
            mailbox.shutdown()


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    said, data = answer
    if said != "OK":
        raise imaplib.IMAP4.error(said)
    return data


def _bytes_in(data: list[Any]) -> Iterator[bytes]:
    for part in data:
        yield from part if isinstance(part, tuple) else (part or b"",)


def _bodies_in(data: list[Any]) -> Iterator[bytes]:
    yield from (part[1] for part in data if isinstance(part, tuple) and len(part) > 1)


def keep_looking(account: Account, take: Take, stop: threading.Event) -> None:
    """Look every so often until told to stop; while the mailbox is out of reach, less and less often."""
    rest, reached = account.every, True
    while not stop.is_set():
        try:
            found = look(account, take)
        except Exception as error:  # the inbox may be out of reach as well as the mailbox; either comes back
            if reached:
                why = error if isinstance(error, Unreachable) else type(error).__name__
                logger.warning("imap: out of reach (%s); trying again", why)
            reached, rest = False, min(max(rest, account.every) * 2, LONGEST_REST)
        else:
            if not reached:
                logger.warning("imap: within reach again")
            reached, rest = True, 0.0 if found >= MOST_AT_ONCE else account.every
        stop.wait(rest)
