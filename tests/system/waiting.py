"""Waiting for a condition, with a deadline: nobody sleeps for luck."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

EVERY = 0.05
# So long even a machine that does ten other things needs for nothing here; who is quicker does not wait.
PATIENCE = 150.0


def until(look: Callable[[], Found | None], what: str, within: float = PATIENCE, every: float = EVERY) -> Found:
    """Return the first thing `look` finds that is true. Raises AssertionError `within` seconds later, naming `what`."""
    deadline = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within:g} s there is still not: {what}")
        time.sleep(every)
    return found
