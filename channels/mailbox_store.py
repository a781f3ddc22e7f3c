"""Mail kept as files: one folder, one `.eml` a message, the envelope in its first line.

A message is in the folder whole or not at all, and stays there through a power loss: written aside, synced, renamed,
and the folder synced, before anybody is told that it was accepted.
"""

import email.parser
import email.policy
import errno
import fcntl
import json
import os
import re
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from channels.mailbox_pictures import with_pictures

ENVELOPE = b"X-Mailbox-Envelope: "
_FILE = re.compile(r"(\d{8,})\.eml")
_PARSER = email.parser.BytesParser(_class=EmailMessage, policy=email.policy.default)


class NotKept(LookupError):
    """There is no message of that number."""


class FolderInUse(Exception):
    """Another mail server keeps its mail there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One message for one recipient. `size` in bytes, without the envelope line; texts are decoded for reading."""

    number: int
    received_at: datetime
    sender: str
    recipient: str
    subject: str
    message_id: str
    size: int

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON; the instant is UTC with a `Z`."""
        return asdict(self) | {"received_at": _instant(self.received_at)}


@dataclass(frozen=True, slots=True)
class Opened:
    """A message taken apart for reading. `text` and `html` are None where the message has no such part."""

    kept: Kept
    headers: list[tuple[str, str]]
    text: str | None
    html: str | None
    attachments: list[str]
    page: str | None = None
    """The HTML with the pictures that came with it in itself, as a browser shows it."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields of `Kept`, then the parts."""
        return self.kept.as_json() | {
            "headers": [[name, value] for name, value in self.headers],
            "text": self.text,
            "html": self.html,
            "attachments": self.attachments,
        }


Letters = list[Kept]


class Mailbox:
    """Reads what is kept in a folder, also while a server writes to it, also from another process."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._known: dict[int, Kept] = {}

    def raw(self, number: int) -> bytes:
        """Return the message as it was received, byte for byte, or raise `NotKept`."""
        return self._file(number).partition(b"\r\n")[2]

    def get(self, number: int) -> Opened:
        """Return the message taken apart, or raise `NotKept`."""
        envelope, _, body = self._file(number).partition(b"\r\n")
        message = _PARSER.parsebytes(body)
        html = _part(message, "html")
        return Opened(
            kept=_kept(envelope, body, message),
            headers=[(name, _header(message, name, value)) for name, value in message.raw_items()],
            text=_part(message, "plain"),
            html=html,
            attachments=[part.get_filename() or part.get_content_type() for part in message.iter_attachments()],
            page=None if html is None else with_pictures(message, html),
        )

    def list(self, to: str | None = None) -> Letters:
        """Return what is kept, oldest first; with `to`, for that address only (upper and lower case are one)."""
        numbers = _numbers(self.folder)
        for number in numbers - self._known.keys():
            envelope, _, body = self._file(number).partition(b"\r\n")
            head = body.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            self._known[number] = _kept(envelope, body, _PARSER.parsebytes(head, headersonly=True))
        letters = [self._known[number] for number in sorted(numbers)]
        return [kept for kept in letters if to is None or kept.recipient.lower() == to.lower()]

    def _file(self, number: int) -> bytes:
        try:
            return _path(self.folder, number).read_bytes()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
                raise
            raise NotKept(f"message {number}: is not kept in {self.folder}") from None


class Keeper:
    """Writes to a folder; the only one that does, as long as it is open. Usable from several threads."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock_file = (self.folder / ".lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock_file.close()
            raise FolderInUse(f"{self.folder}: another mail server keeps its mail here") from None
        for half_written in self.folder.glob("*.tmp"):
            half_written.unlink()
        self._next = max(_numbers(self.folder), default=0) + 1
        self._counting = threading.Lock()

    def close(self) -> None:
        """Let go of the folder."""
        self._lock_file.close()

    def keep(self, sender: str, recipient: str, body: bytes, received_at: datetime) -> int:
        """Write one message and return its number once it is safe; OSError if it cannot be written."""
        with self._counting:
            number = self._next
            self._next += 1
        envelope = {"number": number, "received_at": _instant(received_at), "sender": sender, "recipient": recipient}
        path = _path(self.folder, number)
        aside = path.with_suffix(".tmp")
        with aside.open("wb") as file:
            file.write(ENVELOPE + json.dumps(envelope).encode() + b"\r\n" + body)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name is part of the folder, not of the file
        finally:
            os.close(folder)
        return number


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:08}.eml"


def _numbers(folder: Path) -> set[int]:
    if not folder.is_dir():
        return set()
    return {int(found[1]) for name in os.listdir(folder) if (found := _FILE.fullmatch(name))}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _kept(envelope_line: bytes, body: bytes, message: EmailMessage) -> Kept:
    envelope = json.loads(envelope_line.removeprefix(ENVELOPE))
    return Kept(
        number=envelope["number"],
        received_at=datetime.fromisoformat(envelope["received_at"]),
        sender=envelope["sender"],
        recipient=envelope["recipient"],
        subject=_first(message, "subject"),
        message_id=_first(message, "message-id"),
        size=len(body),
    )


def _first(message: EmailMessage, wanted: str) -> str:
    values = (_header(message, name, value) for name, value in message.raw_items() if name.lower() == wanted)
    return next(values, "")


def _header(message: EmailMessage, name: str, value: Any) -> str:
    try:
        readable = str(message.policy.header_fetch_parse(name, value))
    except Exception:
        # The standard library's parser trips over malformed headers with all sorts of errors. Mail that arrived is
        # shown all the same.
        readable = str(value)
    return " ".join(readable.encode("utf-8", "replace").decode().split())


def _part(message: EmailMessage, subtype: str) -> str | None:
    part = message.get_body(preferencelist=(subtype,))
    if part is None:
        return None
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):  # a character set nobody knows
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
