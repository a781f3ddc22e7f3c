"""The main database, for endpoints that cannot answer without it: 503 while it is away."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from starter.site import RETRY_AFTER, Declined, Site

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
_AWAY = (SQLAlchemyError, OSError, RuntimeError, TimeoutError)


async def read_records(site: Site, work: Callable[[Session], Result]) -> Result:
    """Return what `work` finds in the main database. Raises `Declined` (503) where it cannot be read now."""
    if site.main is None:
        raise _cannot("read")
    try:
        async with asyncio.timeout(site.config.keep_seconds):
            return await site.main.read(work)
    except _AWAY as error:
        logger.error("database: cannot be read (%s); whoever asks is told to try again", type(error).__name__)
        raise _cannot("read") from None


async def write_records(site: Site, work: Callable[[Session], Result]) -> Result:
    """Do `work` in one transaction of the main database. Raises `Declined` (503) where it cannot be written now."""
    if site.main is None:
        raise _cannot("written")
    try:
        async with asyncio.timeout(site.config.keep_seconds):
            return await site.main.write(work)
    except _AWAY as error:
        logger.error("database: cannot be written (%s); whoever asks is told to try again", type(error).__name__)
        raise _cannot("written") from None


def _cannot(what: str) -> Declined:
    return Declined(503, f"the records cannot be {what} now; try again in a moment", RETRY_AFTER)
