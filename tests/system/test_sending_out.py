"""Starts and signals go out from rows, so they may go out twice; none of them is lost in between.

Real records and the real activity; what is fake is the client, which knows which waves run.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import select
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.clock import wall_clock
from activities.intake import Intake
from records.models import Enrolment
from records.runs import form_waves, wakes
from records.session import Database
from tests.databases import lay_down
from tests.records.test_runs import NOW, Office


@dataclass
class Server:
    """Temporal, as far as it is asked: the waves it was told to start, which of them run, the signals they got."""

    known: list[str] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    signalled: list[str] = field(default_factory=list)

    async def start_workflow(self, name: str, argument: Any, *, id: str, **more: Any) -> None:
        if id in self.known:
            raise WorkflowAlreadyStartedError(id, name)
        self.known.append(id)
        self.running.add(id)

    def get_workflow_handle(self, id: str) -> "Handle":
        return Handle(self, id)


@dataclass
class Handle:
    server: Server
    id: str

    async def signal(self, name: str) -> None:
        if self.id not in self.server.running:
            raise RPCError("not found", RPCStatusCode.NOT_FOUND, b"")
        self.server.signalled.append(self.id)


@dataclass
class Post:
    office: Office
    server: Server

    async def send_out(self) -> bool:
        main = self.office.database
        intake = Intake(main, main, self.office.published, cast(Client, self.server), wall_clock, "rapport")
        return bool(await ActivityEnvironment().run(intake.send_out))

    def run(self) -> Enrolment:
        return self.office.database.read_now(lambda session: session.exec(select(Enrolment)).one())


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    url = f"sqlite:///{tmp_path}/main.db"
    lay_down("main", url)
    async with Database(url) as database:
        yield Post(Office(database).open(), Server())


def started_by_one_who_died(post: Post) -> str:
    """Start the wave of a run on the server, and die before the records know; return the wave."""
    (start,) = post.office.database.write_now(lambda session: form_waves(session, NOW))
    post.server.known.append(start.wave)
    post.server.running.add(start.wave)
    return start.wave


async def test_what_happens_after_a_start_that_nobody_could_note_reaches_the_wave(post: Post) -> None:
    post.office.enter("each")
    wave = started_by_one_who_died(post)
    post.office.tell("meeting_booked")

    await post.send_out()

    assert post.server.signalled == [wave]
    assert post.office.database.read_now(wakes) == []
    assert post.run().end_reason == "converted"


async def test_a_wave_that_begins_now_is_not_signalled_for_what_it_will_see_by_itself(post: Post) -> None:
    post.office.enter("each")
    post.office.database.write_now(lambda session: form_waves(session, NOW))
    post.office.tell("opened")

    await post.send_out()

    assert (len(post.server.known), post.server.signalled) == (1, [])
    assert post.run().state == "running"


async def test_the_runs_of_a_wave_that_was_started_and_is_gone_already_get_a_new_one(post: Post) -> None:
    post.office.enter("each")
    lost = started_by_one_who_died(post)
    post.server.running.clear()

    await post.send_out()
    assert post.run().state == "starting"
    await post.send_out()

    assert post.run().wave in post.server.running - {lost}
