"""The forms in force: what was published last; until something is, the files of the home.

So every web process and every worker reads a submission by the same file, wherever they run. A file with a mistake
stops its own form only: the others go on, and so does the last good reading of that one.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from domain.forms import FormMapping
from domain.policy_files import FORMS, POLICIES, load_policies
from domain.tree import Problem
from records.published_models import Bundle
from records.session import Database

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0


class Forms:
    """Call it for the forms in force, by name; `keep_fresh` reads them again when they change."""

    def __init__(self, home: Path, main: Database | None = None) -> None:
        self._home, self._main = home, main
        self._files: dict[str, str] = {}
        self._mappings: dict[str, FormMapping] = {}

    def __call__(self) -> Mapping[str, FormMapping]:
        return self._mappings

    async def refresh(self) -> None:
        """Read what is in force now. Never raises: what cannot be read leaves things as they are."""
        try:
            files = await self._published()
            if files is None:
                files = await asyncio.to_thread(_files_of, self._home)
        except OSError as error:
            logger.error("%s: cannot be read (%s); forms stay as they were", FORMS, error.strerror)
            return
        if files != self._files:
            self._take(files)

    async def keep_fresh(self, every: float = LOOK_EVERY) -> None:
        """Refresh for ever, each `every` seconds."""
        while True:
            await asyncio.sleep(every)
            await self.refresh()

    def _take(self, files: dict[str, str]) -> None:
        problems: list[Problem] = []
        mappings = dict(load_policies(files, problems).forms)
        for problem in problems:
            if problem.path.startswith(FORMS):
                logger.error("%s", problem)
        for name, before in self._mappings.items():
            if f"{FORMS}{name}.yaml" in files:
                mappings.setdefault(name, before)
        self._files, self._mappings = files, mappings

    async def _published(self) -> dict[str, str] | None:
        """Return the published policies, what is in force already where the database is away, None before the first."""
        if self._main is None:
            return None
        with contextlib.suppress(SQLAlchemyError):
            return await self._main.read(_published_policies)
        return self._files or None


def _published_policies(session: Session) -> dict[str, str] | None:
    newest = select(Bundle.files).order_by(col(Bundle.published_at).desc()).limit(1)
    files = session.exec(newest).first()
    if files is None:
        return None
    return {path: text for path, text in sorted(files.items()) if path.startswith(POLICIES)}


def _files_of(home: Path) -> dict[str, str]:
    paths = sorted((home / POLICIES).rglob("*.yaml"))
    return {path.relative_to(home).as_posix(): path.read_text(encoding="utf-8", errors="replace") for path in paths}
