"""Marketing on the time-skipping server while a case is not released: what stands still, and how it goes on."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select
from temporalio.testing import WorkflowEnvironment

from domain.recovery_actions import CaseAction, Diagnosed, Released, Resolved
from records.case_models import ServiceCase
from records.case_openings import CaseOpening, open_case
from records.cases import KeptCase, act, look
from records.models import Contact, Enrolment
from records.timeline import record_all
from tests.workflows.care import HOME
from tests.workflows.test_sequence import ANN, BOB, EVE
from tests.workflows.world import Journey, Someone, living

pytestmark = pytest.mark.workflow

Move = Callable[[Session, Contact], KeptCase | None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEAR = timedelta(seconds=30)
FILES = {
    **HOME,
    "templates/email/t/receipt.html": "---\nclass: transactional\n---\n{% block subject %}Yours{% endblock %}\n"
    "{% block html %}<p>Thank you</p>{% endblock %}\n",
    "sequences/fortnight.yaml": """
topic: news
goal: {event: meeting_booked}
steps:
  - send: t/hello
  - wait: 4 days
  - send: t/bye
  - send: t/receipt
  - wait_for: clicked
    of: bye
    up_to: 3 days
  - send: t/hello
    id: again
  - wait: 7 days
""",
}
DONE = ["hello", "wait-2", "bye", "receipt", "wait_for-5", "again", "wait-7"]


@dataclass
class Desk:
    """A case of ours for one who travels: opened, moved, and what rings let ring, at its instant."""

    journey: Journey
    place: int
    id: str = ""

    async def open(self, at: datetime, severity: Any) -> None:
        def work(session: Session, contact: Contact) -> KeptCase:
            published = self.journey.world.published
            policy = published.policies(session).recovery
            assert policy is not None
            kept = open_case(session, published, contact, CaseOpening("It broke", "order 7", severity), policy, at)
            self.id = kept.row.id
            return kept

        await self._moves(at, work)

    async def act(self, at: datetime, action: CaseAction) -> None:
        def work(session: Session, contact: Contact) -> KeptCase | None:
            kept = act(session, self.journey.world.published, self.id, action, str(uuid.uuid4()), at)
            assert kept is not None
            assert kept.refusal is None
            return kept

        await self._moves(at, work)

    async def ring_until(self, at: datetime) -> None:
        """Let everything ring that is due until an instant, each at its own."""
        while (due := (await self.row()).next_at) is not None and due <= at:
            await self._moves(due, self._looks(due))
        assert await self.journey.go_to(at)

    def _looks(self, at: datetime) -> Move:
        return lambda session, _: look(session, self.journey.world.published, self.id, at, asked=False)

    async def row(self) -> ServiceCase:
        row = await self.journey.world.database.read(lambda session: session.get(ServiceCase, self.id))
        assert row is not None
        return row

    async def _moves(self, at: datetime, work: Move) -> None:
        assert await self.journey.go_to(at)

        def write(session: Session) -> None:
            run = session.get_one(Enrolment, self.journey.enrolments[self.place])
            contact = session.get_one(Contact, run.contact_id)
            kept = work(session, contact)
            record_all(session, self.journey.world.published, contact, kept.told if kept is not None else (), at)

        await self.journey.world.database.write(write)
        await self.journey.handle.signal("look")
        await self.journey.quiet()


def steps(told: dict[str, Any]) -> dict[str, datetime]:
    """Return when each step was done, in order."""
    return {row["step"]: datetime.fromisoformat(row["at"]) for row in told["timeline"] if row["did"] != "deferred"}


def plain(start: datetime) -> dict[str, datetime]:
    """Return when each step is done where nothing happens."""
    days = dict(zip(DONE, (0, 4, 4, 4, 7, 7, 14), strict=True))
    return {step: start + days[step] * DAY for step in DONE}


def near(found: dict[str, datetime], wanted: dict[str, datetime]) -> bool:
    return list(found) == list(wanted) and all(abs(found[step] - wanted[step]) < NEAR for step in wanted)


def moved(start: datetime, at: timedelta, by: timedelta) -> dict[str, datetime]:
    """Return when each step is done if the clock stood still so long from this on."""
    return {step: due + by if due > start + at else due for step, due in plain(start).items()}


async def test_a_fortnight_with_a_case_in_the_middle_has_the_same_gaps_and_its_companions_do_not_notice(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    told = {"case": "c-9", "severity": "S2"}
    async with living(env, tmp_path) as world:
        await world.publish(FILES)
        people = [
            Someone(ANN, [(2 * DAY, "case_opened", None, told), (30 * DAY, "case_closed", None, told)]),
            Someone(BOB),
            Someone(EVE, [(5 * DAY, "case_opened", None, told), (9 * DAY, "meeting_booked", None, {})]),
        ]
        journey = await world.enter("fortnight", people, start)

        await journey.live()

        ann, bob, eve = await journey.timelines()
        assert near(steps(ann), moved(start, 2 * DAY, 28 * DAY))
        assert near(steps(bob), plain(start))
        assert eve["end"] == {"at": (start + 9 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": "converted"}
        assert [row["did"] for row in ann["timeline"]].count("deferred") == 0, "nothing but its clock was held"


async def test_a_mild_case_of_ours_lets_go_on_close_and_the_worst_by_hand(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    async with living(env, tmp_path) as world:
        await world.publish(FILES)
        journey = await world.enter("fortnight", [Someone(ANN), Someone(BOB)], start)
        await journey.quiet()
        mild, worst = Desk(journey, 0), Desk(journey, 1)
        await mild.open(start + 2 * DAY, "S3")
        await worst.open(start + 2 * DAY + HOUR, "S1")
        await mild.act(start + 2 * DAY + 2 * HOUR, Resolved(by="ada", text="Sorry"))
        await worst.act(start + 2 * DAY + 3 * HOUR, Diagnosed(by="ada", cause="late"))
        await worst.act(start + 2 * DAY + 3 * HOUR, Resolved(by="ada", text="Sorry"))

        await mild.ring_until(start + 7 * DAY)
        await worst.ring_until(start + 40 * DAY)
        closed = (await mild.row()).released_at
        assert closed == start + 6 * DAY + 2 * HOUR
        assert (await worst.row()).released_at is None
        await worst.act(start + 40 * DAY, Released(by="lea", note="called them"))
        await journey.end()

        ann, bob = await journey.timelines()
        assert near(steps(ann), moved(start, 2 * DAY, 4 * DAY + 2 * HOUR))
        assert near(steps(bob), moved(start, 2 * DAY + HOUR, 38 * DAY - HOUR))
        assert len(await world.database.read(lambda session: session.exec(select(ServiceCase)).all())) == 2


MIXED = """
topic: news
steps:
  - wait_for: purchased
    up_to: 1 day
  - send: t/receipt
  - send: t/hello
  - wait: 1 day
  - send: t/bye
"""


async def test_who_buys_during_a_case_gets_the_receipt_at_once_and_what_is_marketing_at_the_release(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    told = {"case": "c-9", "severity": "S2"}
    events = [
        (HOUR, "case_opened", None, told),
        (3 * DAY, "purchased", None, {"order_id": "o-1"}),
        (20 * DAY, "case_closed", None, told),
    ]
    async with living(env, tmp_path) as world:
        await world.publish({**FILES, "sequences/mixed.yaml": MIXED})
        journey = await world.enter("mixed", [Someone(ANN, events)], start)

        await journey.live()

        [ann] = await journey.timelines()
        assert [(row["step"], row["did"]) for row in ann["timeline"]] == [
            ("wait_for-1", "matched"), ("receipt", "sent"), ("hello", "deferred"), ("hello", "sent"),
            ("wait-4", "waited"), ("bye", "sent"),
        ]  # fmt: skip
        [why] = ann["timeline"][2]["why"]
        assert why.startswith("suspended: case ")
        assert why.endswith(" (S2), until it is released")
        days = dict(zip(["wait_for-1", "receipt", "hello", "wait-4", "bye"], (3, 3, 20, 21, 21), strict=True))
        assert near(steps(ann), {step: start + day * DAY for step, day in days.items()})
        assert len(world.mail.mailbox.list()) == 3
