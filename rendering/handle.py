"""One rendering process as its owner holds it: started, told, heard, ended.

It dies with its owner, because it ends when the pipe it reads from closes.
"""

import asyncio
import json
import os
import sys
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import SIGALRM, SIGXCPU
from typing import Any

from domain.attachments import is_file
from rendering.wire import LENGTH, pack, unpack

BUNDLES = 8
"""How many published bundles a process keeps compiled."""
START_SECONDS = 60
GRACE_SECONDS = 10
"""How long after its time is up a process that did not end itself is killed."""


class RendererDown(Exception):
    """No rendering process could be started, or rendering has ended. Nothing is wrong with the message: try again."""


class Died(Exception):
    """The process ended, or was ended, on the job it was on."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may use: wall seconds, bytes of memory, characters of output."""

    seconds: float = 1.0
    memory: int = 512_000_000
    output: int = 2_000_000


class Handle:
    """One rendering process, and the bundles it knows."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: asyncio.subprocess.Process | None = None
        self._known: OrderedDict[str, None] = OrderedDict()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process unless it runs; raise `RendererDown` if it does not become ready."""
        if self._process and self._process.returncode is None:
            return
        await self.end()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "rendering.child", json.dumps(asdict(self._limits))),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=_bare_environment(),
            )
            await self._read(START_SECONDS)
        except (OSError, Died) as error:
            await self.end()
            raise RendererDown(f"rendering: the process did not start ({error}); see its output above") from error

    def tell(self, bundle: str, sources: Mapping[str, str], job: bytes) -> None:
        """Hand over a job, and its bundle if the process does not know it.

        Never waits: the process may be blocked on an answer that nobody reads yet.
        """
        pipe = self._running().stdin
        assert pipe is not None
        if bundle not in self._known:
            texts = {path: "" if is_file(path) else text for path, text in sources.items()}
            pipe.write(pack({"publish": bundle, "sources": texts}))  # of files, their names are enough
        self._known[bundle] = None
        self._known.move_to_end(bundle)
        pipe.write(job)
        if len(self._known) > BUNDLES:
            oldest, _ = self._known.popitem(last=False)
            pipe.write(pack({"forget": oldest}))

    async def hear(self) -> dict[str, Any]:
        """Return the answer to the oldest job that has none; raise `Died` with the reason, the process being gone."""
        try:
            return await self._read(self._limits.seconds + GRACE_SECONDS)
        except Died:
            await self.end()
            raise

    async def _read(self, seconds: float) -> dict[str, Any]:
        pipe = self._running().stdout
        assert pipe is not None
        try:
            async with asyncio.timeout(seconds):
                (length,) = LENGTH.unpack(await pipe.readexactly(LENGTH.size))
                return unpack(await pipe.readexactly(length))
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            raise Died(await self._reason(error)) from error

    async def _reason(self, error: Exception) -> str:
        late = f"takes longer than {self._limits.seconds:g} s; make it simpler"
        if isinstance(error, TimeoutError):
            return late
        code = await self._running().wait()
        if code in (-SIGALRM, -SIGXCPU):
            return late
        return f"ended the rendering process (status {code}); make it smaller and simpler"

    async def end(self) -> None:
        """End the process, if it runs, and let go of its pipes."""
        process, self._process = self._process, None
        self._known.clear()
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        await process.stdout.read()  # an unread answer would keep the pipe open
        await process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise Died("the process has gone; try again")
        return self._process


def _bare_environment() -> dict[str, str]:
    """Return an environment without the worker's secrets."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}
