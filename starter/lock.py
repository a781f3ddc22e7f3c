"""Holds a part of the state, so that no two processes run it on the same files.

A file lock, which ends with whoever holds it. The guardian holds it, too, so that a successor waits for the end of the
parts of a predecessor that was killed.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from settings import PREFIX
from starter.parts import UpError

PREDECESSOR_GONE_WITHIN = 10.0


@contextlib.contextmanager
def locked(state: Path, part: str) -> Iterator[int]:
    """Hold a part of this state, so that no second process runs it on the same files; yields the lock's descriptor.

    Raises `UpError` when somebody holds it. A holder that was killed is given time: its guardian is stopping the parts.
    """
    with (state / "locks" / part).open("a+") as file:
        deadline = time.monotonic() + PREDECESSOR_GONE_WITHIN
        while not _taken(file.fileno()):
            holder = _holder(file.name)
            if _runs(holder) or time.monotonic() > deadline:
                raise UpError(
                    f"{part}: process {holder or '?'} runs it already on {state}; "
                    f"stop that, or give this one another {PREFIX}STATE"
                )
            time.sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: str) -> int:
    with contextlib.suppress(ValueError):
        return int(Path(lock).read_text(encoding="ascii"))
    return 0


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return pid != 0 and not _is_dead(pid)


def _is_dead(pid: int) -> bool:
    """Whether a process that has ended is only not taken note of, as in a container where nobody does."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "Z"
        )
    except OSError:  # no such file system here
        return False
