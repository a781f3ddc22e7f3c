"""The main database is away while the inbox is not: what came in waits, and no row is blamed for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.clock import wall_clock
from activities.intake import DatabaseAway, Intake
from records.inbox import accept
from records.models import Inbox
from records.published import Published
from records.session import Database
from tests.databases import lay_down
from tests.system.company import form_row


class Away:
    """A database that nobody reaches."""

    async def read(self, work: Callable[[Session], Any]) -> Any:
        return await self.write(work)

    async def write(self, work: Callable[[Session], Any]) -> Any:
        raise OperationalError(
            "insert into contact", {"email": "ann@customer.example"}, Exception("database is locked")
        )


async def test_an_outage_of_the_main_database_parks_nobody_and_says_nothing_about_anybody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'inbox.db'}"
    lay_down("inbox", url)
    async with Database(url) as inbox:
        await inbox.write(lambda session: accept(session, form_row("news", "ann@customer.example")))
        intake = Intake(cast(Database, Away()), inbox, Published(), cast(Client, None), wall_clock, "rapport")

        for _ in range(4):
            with pytest.raises(DatabaseAway) as away:
                await ActivityEnvironment().run(intake.drain)

        assert "ann" not in str(away.value)
        row = await inbox.read(lambda session: session.exec(select(Inbox)).one())
        assert (row.tries, row.parked_at) == (0, None)
