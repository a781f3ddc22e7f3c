"""How a command ends when it cannot do what it was asked for: what is said, and which status is left.

Whatever happens, a person reads lines and a program that asked for JSON gets JSON; nobody is shown a trace.
"""

import contextlib
import os
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starter.cli_options import home_folder
from starter.cli_result import USAGE, print_document, say


@contextlib.contextmanager
def environment_kept() -> Iterator[None]:
    """Give RAPPORT_HOME back as it was: --home is one command's, and a test runs many."""
    before = os.environ.get("RAPPORT_HOME")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("RAPPORT_HOME", None)
        else:
            os.environ["RAPPORT_HOME"] = before


def status_of(code: object) -> int:
    """Return the status of what a command left with; a text instead of a number is a mistake in how it was called."""
    if code is None:
        return 0
    return code if isinstance(code, int) else USAGE


def fail(status: int, lines: Sequence[str], documents: Sequence[dict[str, Any]], as_json: bool) -> int:
    """Say what is wrong, also as JSON where that was asked for, and return `status`."""
    for line in lines:
        say(line)
    if as_json:
        with contextlib.suppress(OSError):  # stdout itself may be what takes nothing any more
            print_document({"problems": list(documents)})
    return status


def our_fault(error: Exception) -> str:
    """Return what to say of an error nobody foresaw; its trace goes into the log, where there is one."""
    trace = traceback.extract_tb(error.__traceback__)
    place = f"{Path(trace[-1].filename).name}:{trace[-1].lineno}" if trace else "?"
    log = home_folder() / ".rapport" / "logs" / "cli.log"
    kept = ""
    if log.parent.is_dir():
        with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()}\n{''.join(traceback.format_exception(error))}\n")
            kept = f"; the details are in {log}"
    return f"rapport: {type(error).__name__} at {place}; this is our fault, please report it{kept}"
