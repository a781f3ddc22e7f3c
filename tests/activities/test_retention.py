"""A round through all contacts: pages, on any number of them, and nothing twice."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from temporalio.testing import ActivityEnvironment

from activities.intake import DatabaseAway
from activities.retention import Retention
from records.contacts import change, find_or_make
from records.entry_models import Round
from records.published import Published
from records.session import Database
from tests.databases import lay_down
from tests.records.door import NOW, Door

HOUR = timedelta(hours=1)


class Locked:
    """A database whose rows can be read and, behind the first, not written."""

    def __init__(self, database: Database) -> None:
        self.database, self.writes = database, 0

    async def read(self, work: Callable[[Session], Any]) -> Any:
        return await self.database.read(work)

    async def write(self, work: Callable[[Session], Any]) -> Any:
        self.writes += 1
        if self.writes > 1:
            raise OperationalError("insert into membership", {}, Exception("database is locked"))
        return await self.database.write(work)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    url = f"sqlite:///{tmp_path}/records.db"
    lay_down("main", url)
    door = Door(Database(url))

    def many(session: Session) -> None:
        for number in range(450):
            contact = find_or_make(session, {"email": f"c{number}@acme.example"}, "test", NOW)
            change(session, contact, {"score": 60 if number % 3 == 0 else 10}, NOW)

    door.database.write_now(many)
    door.publish(nurture="enter: {on: {segment: warm}, again: always}")
    return door


async def test_a_round_looks_at_every_page_and_makes_each_member_once(door: Door) -> None:
    retention = Retention(door.database, Published(), lambda: NOW + HOUR, HOUR)

    looked = await ActivityEnvironment().run(retention.look_at_contacts)
    again = await ActivityEnvironment().run(retention.look_at_contacts)

    assert (looked.changed, looked.over) == (150, True)
    assert (again.changed, again.over) == (0, True), "an hour has not passed"
    assert len(door.happened("segment_entered")) == 150
    door.database.close()


async def test_an_outage_in_the_middle_of_a_round_is_nobodys_fault_and_the_round_goes_on(door: Door) -> None:
    locked = Retention(cast(Database, Locked(door.database)), Published(), lambda: NOW + HOUR, HOUR)

    with pytest.raises(DatabaseAway):
        await ActivityEnvironment().run(locked.look_at_contacts)
    (row,) = door.rows(Round)
    assert (row.reached, row.ended_at) == ("", None)

    retention = Retention(door.database, Published(), lambda: NOW + HOUR, HOUR)
    assert (await ActivityEnvironment().run(retention.look_at_contacts)).changed == 150
    door.database.close()
