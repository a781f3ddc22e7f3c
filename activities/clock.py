"""Whose time it is: the wall's in production, the time-skipping server's in tests."""

from collections.abc import Callable
from datetime import UTC, datetime

from temporalio import activity

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the time of the machine."""
    return datetime.now(UTC)


def activity_clock() -> datetime:
    """Return the time at which the server says that this activity began; it follows skipped time."""
    return activity.info().started_time.astimezone(UTC)
