"""What came in before a deadline is read before the deadline is believed, and before the next message leaves.

Real records and the real activities; the workers have been away, so the inbox is full while the timers are overdue.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select
from temporalio.testing import ActivityEnvironment

from activities.batches import Alike, Answers, Batch
from activities.steps import Steps
from domain.loader import load
from domain.needs import Happened, Later, Outcome, TimedOut
from domain.run import Run, entered, need, since
from records import inbox
from records.contacts import find_or_make
from records.entries import enter
from records.models import Decision, Enrolment, Inbox
from records.published import Published, publish
from records.runs import begin_again, form_waves, started
from records.session import Database
from records.timeline import Happening, record
from tests.databases import lay_down
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEQUENCE = "steps:\n  - wait_for: purchased\n    up_to: 1 hour\n    then: []\n    otherwise: []\n"


@dataclass
class Office:
    """A run that waits for a purchase, for an hour."""

    main: Database
    received: Database
    published: Published = field(default_factory=Published)
    run: Run = field(init=False)
    enrolment: str = field(init=False)

    def open(self) -> "Office":
        files = {**POLICIES, "sequences/story.yaml": SEQUENCE}
        loaded = load(files, TEMPLATES)
        assert not loaded.errors()
        self.program = loaded.programs["story"]
        self.run = entered(self.program, NOW)

        def work(session: Session) -> str:
            publish(session, files, loaded.programs, NOW)
            contact = find_or_make(session, {"email": "ann@acme.example"}, "test", NOW)
            _, enrolment = enter(session, self.published, self.program, contact, NOW)
            assert enrolment is not None
            return enrolment.id

        self.enrolment = self.main.write_now(work)
        return self

    def came_in(self, at: datetime) -> None:
        body = {"event": "purchased", "contact": {"email": "ann@acme.example"}, "data": {}}
        row = Inbox(key=at.isoformat(), kind="event", source="api", received_at=at, body=body)
        self.received.write_now(lambda session: inbox.accept(session, row))

    def drained(self, at: datetime) -> None:
        def work(session: Session) -> None:
            contact = find_or_make(session, {"email": "ann@acme.example"}, "test", at)
            record(session, self.published, contact, Happening(key=at.isoformat(), name="purchased", at=at), at)

        self.main.write_now(work)
        self.received.write_now(
            lambda session: inbox.mark_drained(session, [row.id or 0 for row in inbox.waiting(session, 9)], at)
        )

    async def settled(self, now: datetime) -> Outcome:
        wanted = need(self.program, self.run)
        assert wanted is not None
        position = self.run.position or ""
        alike = Alike(
            visit=self.run.visit,
            arrived_at=self.run.arrived_at,
            since=since(self.program, self.run),
            enrolments=(self.enrolment,),
        )
        version = self.program.version
        batch = Batch(
            sequence="story", version=version, step=position, kind="wait_for", need=wanted, now=now, members=(alike,)
        )
        steps = Steps(
            self.main,
            self.published,
            lambda about: self.received.read_now(lambda session: inbox.oldest_waiting(session, about)),
        )
        answers: Answers = await ActivityEnvironment().run(steps.settle, batch)
        return answers.by_enrolment([self.enrolment])[self.enrolment]

    def decisions(self) -> list[str]:
        return self.main.read_now(
            lambda session: [row.did for row in session.exec(select(Decision)) if row.step is not None]
        )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    main, received = f"sqlite:///{tmp_path}/main.db", f"sqlite:///{tmp_path}/inbox.db"
    lay_down("main", main)
    lay_down("inbox", received)
    office = Office(Database(main), Database(received)).open()
    yield office
    office.main.close()
    office.received.close()


async def test_a_time_out_is_not_believed_while_something_received_in_time_waits_in_the_inbox(office: Office) -> None:
    office.came_in(NOW + HOUR / 2)

    early = await office.settled(NOW + 2 * HOUR)

    assert isinstance(early, Later)
    assert early.due == NOW + 2 * HOUR + timedelta(seconds=2)
    assert office.decisions() == []
    office.drained(NOW + HOUR / 2)
    assert isinstance(await office.settled(NOW + 2 * HOUR), Happened)


async def test_what_came_in_after_the_deadline_holds_nobody(office: Office) -> None:
    office.came_in(NOW + 90 * timedelta(minutes=1))

    assert isinstance(await office.settled(NOW + 2 * HOUR), TimedOut)


def test_the_runs_of_a_wave_that_is_gone_are_carried_by_a_new_one(office: Office) -> None:
    (start,) = office.main.write_now(lambda session: form_waves(session, NOW))
    office.main.write_now(lambda session: started(session, start.wave, NOW))

    assert office.main.write_now(lambda session: begin_again(session, start.wave)) == 1

    (again,) = office.main.write_now(lambda session: form_waves(session, NOW))
    assert again.wave != start.wave
    assert again.members == start.members
    assert office.main.write_now(lambda session: begin_again(session, start.wave)) == 0
    (row,) = office.main.read_now(lambda session: session.exec(select(Enrolment)).all())
    assert row.wave == again.wave
