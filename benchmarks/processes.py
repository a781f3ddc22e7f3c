"""How much processor time a process and its children have used, where the system tells."""

import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float | None:
    """Return the seconds a process and those of its children that live have computed; None where nobody knows.

    >>> used = cpu_seconds(os.getpid())
    >>> used is None or used > 0
    True
    """
    if not (PROC / "self" / "stat").exists():
        return None  # not Linux
    found = [_stat(each) for each in PROC.iterdir() if each.name.isdigit()]
    return sum(used for number, parent, used in found if pid in (number, parent))


def _stat(place: Path) -> tuple[int, int, float]:
    """Return a process's id, its parent's, and its seconds."""
    try:
        # The name in brackets may hold anything, a bracket included.
        fields = (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0, 0, 0.0
    return int(place.name), int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS
