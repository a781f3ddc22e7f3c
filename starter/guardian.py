"""Stops the parts when the process that started them is gone, even by `kill -9`.

A child of `up`, told on stdin who lives (`+pid`) and who ended (`-pid`). However `up` ends, the pipe closes, and who
still lives is stopped. A pipe works on every POSIX system, for any program and its own children; Linux's
PR_SET_PDEATHSIG reaches direct children only, and fires when the *thread* that started them ends. The guardian holds
the locks on the state, too, so that a successor waits until everybody is gone.

It imports the standard library only and runs as `python -I -S`, to be there within milliseconds.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence

GRACE = 5.0
"""Seconds a part has to end by itself before it is killed."""


class Guardian:
    """The end of the pipe that `up` holds. `inherited` are open files the guardian keeps open, too: the locks."""

    def __init__(self, inherited: Sequence[int] = ()) -> None:
        self._inherited = tuple(inherited)
        self._alive: set[int] = set()
        self._lock = threading.Lock()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=self._inherited,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The guardian's process id."""
        return self._process.pid

    def lives(self, pid: int) -> None:
        """Say that a part was started, as the leader of its own process group."""
        with self._lock:
            self._alive.add(pid)
            self._tell(f"+{pid}\n")

    def ended(self, pid: int) -> None:
        """Say that a part is gone, and its process id may soon be somebody else's."""
        with self._lock:
            self._alive.discard(pid)
            self._tell(f"-{pid}\n")

    def _tell(self, line: str) -> None:
        try:
            self._write(line)
        except BrokenPipeError:  # it was killed: the next one is told everything
            self._end()
            self._process = self._start()
            self._write("".join(f"+{pid}\n" for pid in self._alive))

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        os.write(self._process.stdin.fileno(), text.encode())

    def dismiss(self) -> None:
        """End the guardian; it stops whoever it was not told to be gone."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def still_alive(lines: Iterable[str]) -> set[int]:
    """Return who lives when `lines` end: every `+pid` without a later `-pid`.

    >>> sorted(still_alive(["+7", "+8", "-7"]))
    [8]
    """
    alive: set[int] = set()
    for line in lines:
        note: Callable[[int], None] = alive.add if line.startswith("+") else alive.discard
        note(int(line[1:]))
    return alive


def end_groups(groups: set[int], grace: float = GRACE) -> None:
    """End these process groups: asked first, killed after `grace` seconds."""
    deadline = time.monotonic() + grace
    remaining = {group for group in groups if signalled(group, signal.SIGTERM)}
    while remaining and time.monotonic() < deadline:
        time.sleep(0.02)
        remaining = {group for group in remaining if signalled(group, 0)}
    for group in remaining:
        signalled(group, signal.SIGKILL)


def signalled(group: int, number: int) -> bool:
    """Send a signal to a process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    end_groups(still_alive(sys.stdin))
