"""What came in and what comes due of itself, in the order in which it happened."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.intake import DrainedRows, Intake
from records.inbox import accept
from records.models import Inbox
from records.published import Published
from records.session import Database
from tests.databases import lay_down
from tests.records.door import DAY, HOUR, NOW, Door

RENEWAL = "enter: {on: {date: contact.renewal_date - 30 days at 09:00}, again: always}\ngoal: {event: purchased}"
DUE = datetime(2026, 5, 2, 8, tzinfo=UTC)


class Drainer:
    """A door, an inbox before it, and a worker that was away."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}"
        lay_down("main", f"{url}/main.db")
        lay_down("inbox", f"{url}/inbox.db")
        self.door, self.inbox = Door(Database(f"{url}/main.db")), Database(f"{url}/inbox.db")
        self.door.consent()

    def receive(self, event: str, at: datetime, **data: Any) -> None:
        body = {"event": event, "contact": {"email": "ann@acme.example"}, "data": data}
        row = Inbox(key=f"{event}/{at}", kind="event", source="api", received_at=at, body=body)
        self.inbox.write_now(lambda session: accept(session, row))

    async def drain(self, now: datetime) -> DrainedRows:
        main = self.door.database
        intake = Intake(main, self.inbox, Published(), cast(Client, None), lambda: now, "rapport")
        return cast(DrainedRows, await ActivityEnvironment().run(intake.drain))


@pytest.fixture
def drainer(tmp_path: Path) -> Iterator[Drainer]:
    made = Drainer(tmp_path)
    yield made
    made.door.database.close()
    made.inbox.close()


async def test_a_date_that_came_before_an_event_lets_in_before_it(drainer: Drainer) -> None:
    drainer.door.publish(renewal=RENEWAL)
    drainer.door.set(renewal_date="2026-06-01")
    drainer.receive("purchased", DUE + HOUR)

    await drainer.drain(DUE + DAY)

    assert drainer.door.run().entered_at == DUE
    assert drainer.door.runs() == [("renewal", "converted")]


async def test_a_date_that_came_after_an_event_lets_in_behind_it(drainer: Drainer) -> None:
    drainer.door.publish(renewal=RENEWAL)
    drainer.door.set(renewal_date="2026-06-01")
    drainer.receive("purchased", DUE - HOUR)

    drained = await drainer.drain(DUE + DAY)

    assert (drained.drained, drained.due) == (1, 1)
    assert drainer.door.runs() == [("renewal", None)]


async def test_what_comes_due_between_two_events_comes_between_them(drainer: Drainer) -> None:
    drainer.door.publish(renewal=RENEWAL)
    drainer.door.set(renewal_date="2026-06-01")
    drainer.receive("trial_started", DUE - HOUR)
    drainer.receive("purchased", DUE + HOUR)

    first = await drainer.drain(DUE + DAY)
    assert (first.drained, first.more) == (1, True)
    await drainer.drain(DUE + DAY)

    assert drainer.door.runs() == [("renewal", "converted")]


async def test_a_confirmation_after_the_last_moment_confirms_nothing(drainer: Drainer) -> None:
    drainer.door.publish(trial="enter: {on: {event: trial_started}}")
    drainer.door.consent("pending")
    drainer.receive("trial_started", NOW)
    await drainer.drain(NOW)
    drainer.receive("consent_confirmed", NOW + 73 * HOUR, topic="product-news")

    await drainer.drain(NOW + 80 * HOUR)

    assert drainer.door.decided() == ["trial waits:consent", "trial refused:consent"]


async def test_a_confirmation_in_time_counts_though_it_is_drained_late(drainer: Drainer) -> None:
    drainer.door.publish(trial="enter: {on: {event: trial_started}}")
    drainer.door.consent("pending")
    drainer.receive("trial_started", NOW)
    await drainer.drain(NOW)
    drainer.receive("consent_confirmed", NOW + 71 * HOUR, topic="product-news")

    await drainer.drain(NOW + 80 * HOUR)

    assert drainer.door.decided() == ["trial waits:consent", "trial entered"]
    assert drainer.door.run().entered_at == NOW + timedelta(hours=71)


async def test_an_event_makes_a_member_of_whom_it_concerns_known_before_or_not(drainer: Drainer) -> None:
    drainer.door.publish(nurture="enter: {on: {segment: hot}}", other="enter: {on: {segment: warm}}")
    drainer.door.set(score=60)
    assert drainer.door.members() == ["warm"]
    drainer.receive("trial_started", NOW + HOUR)

    await drainer.drain(NOW + HOUR)

    assert drainer.door.members() == ["hot", "warm"]
    assert drainer.door.decided() == ["other entered", "nurture entered"]


async def test_what_time_alone_changed_is_left_to_the_next_round_by_events_that_concern_no_segment(
    drainer: Drainer,
) -> None:
    drainer.door.publish(nurture="enter: {on: {segment: hot}}")
    drainer.door.set(score=60)
    drainer.receive("trial_started", NOW)
    await drainer.drain(NOW)
    drainer.receive("opened", NOW + 8 * DAY)

    await drainer.drain(NOW + 8 * DAY)
    assert drainer.door.members() == ["hot", "warm"]

    drainer.door.set(NOW + 8 * DAY, city="Ulm")
    assert drainer.door.members() == ["warm"]
