"""Keeps one part running: starts it, knows when it is ready, brings it back when it dies.

The part writes straight into its log file, never into a pipe of ours, so it cannot block or die because we are slow or
gone; whether it is ready is read from that file.
"""

import contextlib
import math
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starter.guardian import Guardian, signalled
from starter.parts import PROJECT, Part, UpError

Say = Callable[[str], None]
PAUSES_ONLY = (signal.SIGSTOP, signal.SIGCONT)
LOGS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How deaths are answered. All in seconds but `quick_deaths`.

    A part that dies before it is ready, or within `at_once` of being so, and does it `quick_deaths` times in a row,
    will not come right by itself.
    """

    at_once: float = 2.0
    quick_deaths: int = 3
    first_delay: float = 0.25
    longest_delay: float = 30.0

    def delay(self, deaths: int) -> float:
        """Return how long to wait after so many deaths in a row.

        >>> [Patience().delay(deaths) for deaths in (1, 2, 3, 20)]
        [0.25, 0.5, 1.0, 30.0]
        """
        return float(min(self.longest_delay, self.first_delay * 2 ** min(deaths - 1, 30)))


@dataclass(slots=True)
class Life:
    """One process of a part, from start to end."""

    process: subprocess.Popen[bytes]
    began_at: int
    """Where its output begins in the log, in bytes."""
    ready_at: float | None = None
    ordered: bool = False
    """Whether we made it end."""


class Keeper:
    """Runs one part until `stop`. Each keeper has a thread; all methods may be called from any other."""

    def __init__(
        self, part: Part, environment: Mapping[str, str], log: Path, guardian: Guardian, say: Say, patience: Patience
    ) -> None:
        self.part = part
        self.log = log
        self.failure: str | None = None
        self._environment = dict(environment)
        self._guardian = guardian
        self._say = say
        self._patience = patience
        self._life: Life | None = None
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {part.name}", daemon=True)

    def start(self) -> None:
        """Begin; `wait_until_ready` tells when it is done."""
        rotate(self.log)
        self._thread.start()

    def wait_until_ready(self, within: float | None = None, *, unless: Callable[[], bool] = lambda: False) -> None:
        """Return when the present process is ready, or when `unless` turns true.

        Raises `UpError` when it was given up, as happens sooner or later to one that cannot start, or when it is not
        ready `within` these seconds.
        """
        deadline = time.monotonic() + within if within is not None else math.inf
        while not (self.ready or unless()):
            if self.failure:
                raise UpError(self.failure)
            if time.monotonic() > deadline:
                raise UpError(f"{self.part.name}: is not ready after {within:g} s; look into {self.log}")
            time.sleep(0.02)

    @property
    def ready(self) -> bool:
        """Whether the present process has said so, and nobody has ended it."""
        life = self._life
        return bool(life and life.ready_at and not life.ordered and life.process.poll() is None)

    @property
    def pid(self) -> int:
        """The id of the present process, or of the last one."""
        if self._life is None:
            raise UpError(f"{self.part.name}: was not started; start it first")
        return self._life.process.pid

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the present process. A death so ordered does not count against the part."""
        if (life := self._life) and life.process.poll() is None:
            life.ordered = life.ordered or number not in PAUSES_ONLY
            life.process.send_signal(number)

    def restart(self) -> None:
        """Stop the present process as at the end; another takes its place."""
        if life := self._life:
            life.ordered = True
            self._end(life)

    def stop(self) -> None:
        """Stop for good: asked first, killed after the part's `stop_within`."""
        self._stopping.set()
        with self._starting:
            life = self._life
        if life:
            self._end(life)
        if self._thread.ident is not None:
            self._thread.join()

    def _end(self, life: Life) -> None:
        life.process.send_signal(signal.SIGTERM)
        life.process.send_signal(signal.SIGCONT)  # one that was paused could not hear it
        try:
            life.process.wait(self.part.stop_within)
        except subprocess.TimeoutExpired:
            self._say(f"{self.part.name}: did not end within {self.part.stop_within:g} s; killed")
            signalled(life.process.pid, signal.SIGKILL)
            life.process.wait()

    def _keep(self) -> None:
        deaths = quick = 0
        while life := self._begin():
            self._await_ready(life)
            status = life.process.wait()
            self._bury(life)
            if self._stopping.is_set():
                return
            if life.ordered:
                continue
            at_once = not life.ready_at or time.monotonic() - life.ready_at < self._patience.at_once
            deaths, quick = (deaths + 1, quick + 1) if at_once else (1, 0)
            if quick >= self._patience.quick_deaths:
                self.failure = self._last_words(f"{_ending(status)}, {quick} times in a row", life)
                return
            delay = self._patience.delay(deaths)
            self._say(f"{self.part.name}: {_ending(status)}; it is started again in {delay:g} s; see {self.log}")
            self._stopping.wait(delay)

    def _begin(self) -> Life | None:
        with self._starting:
            if self._stopping.is_set():
                return None
            try:
                self._life = self._launch()
            except OSError as error:
                self.failure = f"{self.part.name}: cannot be started ({error}); run `make` to complete the set-up"
                return None
            return self._life

    def _launch(self) -> Life:
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                self.part.command,
                stdin=subprocess.PIPE,  # closes when we are gone, for a part that looks
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env=self._environment,
                process_group=0,  # Ctrl-C reaches `up` alone, which then stops the parts in order
            )
            self._guardian.lives(process.pid)
            return Life(process, began_at=output.tell())

    def _await_ready(self, life: Life) -> None:
        deadline = time.monotonic() + self.part.start_within
        ready = re.compile(self.part.ready, re.MULTILINE)
        while life.process.poll() is None:
            if ready.search(self._output(life)):
                life.ready_at = time.monotonic()
                return
            if time.monotonic() > deadline:
                self._say(f"{self.part.name}: is not ready after {self.part.start_within:g} s; killed")
                signalled(life.process.pid, signal.SIGKILL)
                return
            time.sleep(0.02)

    def _bury(self, life: Life) -> None:
        signalled(life.process.pid, signal.SIGKILL)  # children it left behind
        self._guardian.ended(life.process.pid)
        assert life.process.stdin is not None
        life.process.stdin.close()

    def _output(self, life: Life) -> str:
        with self.log.open("rb") as file:
            file.seek(life.began_at)
            return file.read().decode("utf-8", "replace")

    def _last_words(self, what: str, life: Life) -> str:
        lines = self._output(life).splitlines()[-12:]
        return "\n".join([f"{self.part.name}: {what}; its last lines, from {self.log}:", *(f"    {x}" for x in lines)])


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


def rotate(log: Path) -> None:
    """Make room for a new log; the last three are kept as `.1` to `.3`."""
    for age in range(LOGS_KEPT, 0, -1):
        older = log.with_name(f"{log.name}.{age}")
        newer = log.with_name(f"{log.name}.{age - 1}") if age > 1 else log
        if newer.exists():
            newer.replace(older)
