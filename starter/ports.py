"""Free ports of the loopback for servers that are about to be started.

Between the choice of a port and the moment its server listens there is a second or more, in which another process on
this machine may look for ports, too; the same is true while a server that died is started again. So a port is reserved
before it is given: each byte of one empty file stands for a port, and whoever gives a port keeps the lock on its byte
until it ends. The kernel releases it then, however it ends.
"""

import errno
import fcntl
import functools
import os
import socket
import threading
from collections.abc import Collection
from pathlib import Path
from random import SystemRandom

from settings import LOOPBACK

SERVERS_PORTS = range(20_000, 32_000)
"""Where a free port is looked for: below those that systems give to outgoing connections (from 32768 on, on Linux)."""

# Where every process of this user finds the same file: not in the temporary folder, which each may choose for itself.
LOCKS = Path("/tmp") / f"rapport-ports-{os.getuid()}"  # noqa: S108  (it is never read or written)

_given: set[int] = set()
_one_at_a_time = threading.Lock()


class NoFreePort(Exception):
    """There are not as many free ports as asked for."""


def free_ports(count: int, *, among: Collection[int] = SERVERS_PORTS) -> list[int]:
    """Return `count` different ports that are free now and that nobody else is given while this process lives.

    Raises `NoFreePort` when there are fewer. What listens on a port it was told by a person is seen by trying;
    only who asks here is kept away from ports that are given and not listened on yet.
    """
    # Not the common generator: two processes that began it alike would look at the same ports in the same order.
    order = SystemRandom().sample(sorted(among), len(among))
    found: list[int] = []
    with _one_at_a_time:
        for port in order:
            if len(found) == count:
                break
            if port not in _given and _reserved(port):
                _given.add(port)
                if _is_free(port):
                    found.append(port)
    if len(found) < count:
        raise NoFreePort(f"there are no {count} free ports from {min(among)} to {max(among)}; stop some servers")
    return found


def _reserved(port: int) -> bool:
    """Lock the byte of this port, which a process can do again and again, and no two at once."""
    locks = _lock_file(os.getpid())
    try:
        if locks is not None:
            fcntl.lockf(locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise
    return True


@functools.cache
def _lock_file(_process: int) -> int | None:
    """Open the file once for each process: locks of this kind end when *any* descriptor of their file is closed.

    None where it cannot be had; what listens already is seen there all the same.
    """
    try:
        return os.open(LOCKS, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
