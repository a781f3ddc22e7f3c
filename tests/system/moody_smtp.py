"""A mail server that misbehaves towards some recipients, as told, and keeps what it gets. It runs in a thread.

Faults are those of `tests/scripted_smtp.py`, but by recipient: each letter to an address takes the next of its list.
Places before RCPT are not the recipient's: `mail` of a letter is answered before anybody is named.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from email.parser import BytesHeaderParser
from typing import Any, Self, TypeVar

from tests.scripted_smtp import FINE, Action, At, ScriptedSmtp, _address, _Conversation, _HungUp
from tests.system.letters import Letter

Result = TypeVar("Result")


class _ByRecipient(ScriptedSmtp):
    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, list[At]] = {}
        self.everybody: At = FINE
        self.held: dict[str, asyncio.Event] = {}

    def next_for(self, recipient: str) -> At:
        faults = self.faults.get(recipient.lower())
        return faults.pop(0) if faults else self.everybody

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            await _Chat(self, reader, writer, self.opened).hold()
        except (_HungUp, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class _Chat(_Conversation):
    def __init__(
        self, server: _ByRecipient, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        super().__init__(server, reader, writer, number)
        self.faults = server

    async def _rcpt(self, command: str) -> None:
        recipient = _address(command).lower()
        self.letter = self.faults.next_for(recipient)
        if recipient in self.faults.held:
            await self.faults.held[recipient].wait()
        await super()._rcpt(command)


class MoodySmtp:
    """`with MoodySmtp() as server:` listens on 127.0.0.1, `server.port`."""

    def __init__(self) -> None:
        self._server = _ByRecipient()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="moody mail server", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._server.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._server.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def port(self) -> int:
        return self._server.port

    def towards(self, recipient: str, *faults: At) -> None:
        """Meet the next letters to this address with these faults, one each; then all is well."""
        self._call(lambda: self._server.faults.__setitem__(recipient.lower(), list(faults)))

    def towards_everybody(self, place: str = "", action: Action = "") -> None:
        """Meet all letters that have no fault of their own with this one; without arguments all is well again."""
        self._call(lambda: setattr(self._server, "everybody", At(place, action)))

    def hold(self, recipient: str) -> None:
        """Let every letter to this address wait for the answer to its RCPT, until it is released."""
        self._call(lambda: self._server.held.__setitem__(recipient.lower(), asyncio.Event()))

    def release(self, recipient: str) -> None:
        """Answer."""
        self._call(lambda: self._server.held.pop(recipient.lower()).set())

    def letters(self) -> list[Letter]:
        """Return every letter that came in whole, whatever was answered."""
        return [
            Letter(each.recipient.lower(), _message_id(each.body), each.body, each.accepted)
            for each in list(self._server.received)
        ]

    def asked(self, recipient: str) -> bool:
        """Whether a RCPT for this address has come."""
        return any(f"<{recipient}>" in command.lower() for command in list(self._server.commands))

    def _call(self, deed: Callable[[], Any]) -> None:
        async def do() -> None:
            deed()

        self._run(do())

    def _run(self, deed: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(deed, self._loop).result(10)


def _message_id(body: bytes) -> str:
    return str(BytesHeaderParser().parsebytes(body)["message-id"]).strip()
