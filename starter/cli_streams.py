"""Where a command's words go: made fit before anything is written.

A terminal may know few letters, a pipe may be closed, a disk may be full. None of that is a fault of ours, and none of
it may cost an answer: letters the other side has no sign for become `?`.
"""

import errno
import os
import sys
from io import TextIOWrapper

# What the operating system says of places that cannot be written to, and of those that cannot be read.
OF_PLACES = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG),
        *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EIO),
    }
)


def ready_streams() -> None:
    """Make stdout and stderr take whatever is written: one that is closed swallows it, one of few letters shows `?`."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - likewise
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def takes_every_letter() -> bool:
    """Return whether stdout can show whatever there is, so that a document for programs may hold it as it is."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").startswith("utf")


def what_the_system_says(error: OSError) -> str | None:
    """Return `place: what; what to do` of a place that cannot be used, None where the error is about something else.

    >>> what_the_system_says(OSError(errno.ENOSPC, "No space left on device", "out/timeline.html"))
    'out/timeline.html: No space left on device; look at the rights there, and at the room on that disk'
    >>> what_the_system_says(ConnectionResetError(errno.ECONNRESET, "reset")) is None
    True
    """
    if error.errno not in OF_PLACES:
        return None
    place = error.filename or "what is printed"
    return f"{place}: {error.strerror}; look at the rights there, and at the room on that disk"
