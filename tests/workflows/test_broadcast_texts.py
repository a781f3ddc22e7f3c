"""A broadcast by text on the time-skipping server: who gets it, who does not, and that nothing leaves until live."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select
from temporalio.testing import WorkflowEnvironment

from records.broadcast_models import Broadcast, BroadcastMember
from records.broadcasts import make
from records.models import Contact, Message
from records.sending_models import OutboxMessage
from records.texting import stop_texts
from starter.broadcast_program import plan_broadcast
from starter.broadcast_wanted import Wanted
from starter.trials import enter_test
from tests.workflows.campaign import FILES, Campaign, drain
from tests.workflows.world import World, living, make_contact

pytestmark = pytest.mark.workflow

TEXTS = FILES | {
    "policies/messaging.yaml": FILES["policies/messaging.yaml"].replace('acme.example>"', 'acme.example>", sms: Acme'),
    "templates/sms/t/sale.txt": "20 % off, {{ contact.first_name|fallback('you') }}. Reply STOP to opt out",
    "templates/sms/t/other.txt": "A fifth less. Reply STOP to opt out",
}
# name: number, and whether they said yes to texts
PEOPLE = {
    "yes": ("+491715550001", True),
    "mail-only": ("+491715550002", False),
    "no-number": (None, True),
    "stopped": ("+491715550004", True),
}


def crowd(session: Session, people: dict[str, tuple[str | None, bool]], at: datetime) -> None:
    for name, (number, agreed) in people.items():
        consents = {"news for sms": "opted_in"} if agreed else {}
        fields = {"id": name, "email": f"{name}@acme.example", "phone": number, "consents": consents}
        make_contact(session, fields, at)


async def begun(world: World, people: dict[str, tuple[str | None, bool]], wanted: Wanted) -> Campaign:
    """Publish, write the crowd down, and begin a broadcast by text."""
    await world.publish(TEXTS)
    now = datetime.now(UTC).replace(microsecond=0)

    def write(session: Session) -> str:
        crowd(session, people, now - timedelta(days=1))
        stop_texts(session, "+491715550004", now)
        planned = plan_broadcast(session, world.published, wanted, now)
        return make(session, planned.row, planned.program, planned.bundle, now).id

    return await Campaign.made(world, write, now)


async def texts_kept(world: World, many: int) -> dict[str, str]:
    """Wait until so many texts are kept; return them by number."""
    await drain(world)
    async with asyncio.timeout(60):
        while True:
            kept = await world.database.read(lambda session: session.exec(select(OutboxMessage)).all())
            if len(kept) >= many:
                return {each.recipient: json.loads(each.body)["text"] for each in kept}
            await asyncio.sleep(0.05)


async def test_it_goes_to_who_said_yes_to_texts_and_has_a_number(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        campaign = await begun(world, PEOPLE, Wanted("t/sale", "all", topic="news", name="sale"))

        assert await texts_kept(world, 1) == {"+491715550001": "20 % off, you. Reply STOP to opt out"}
        await campaign.go(minutes=10)

        assert (await campaign.row()).state == "done"
        members = select(BroadcastMember.contact_id, BroadcastMember.reason).where(BroadcastMember.state == "refused")
        refused = await world.database.read(lambda session: dict(session.exec(members).all()))
        assert refused == {"mail-only": "consent", "stopped": "suppressed"}
        ledger = select(Message.contact_id, Message.state, Message.reason).order_by(col(Message.contact_id))
        rows = await world.database.read(lambda session: session.exec(ledger).all())
        assert [tuple(row) for row in rows] == [("no-number", "skipped", "no address"), ("yes", "accepted", None)]
        assert world.mail.mailbox.list() == [], "nobody gets it by mail instead"
        await campaign.replay()


async def test_two_texts_are_compared_by_what_happens_afterwards(env: WorkflowEnvironment, tmp_path: Path) -> None:
    people: dict[str, tuple[str | None, bool]] = {f"c-{n:02}": (f"+4917155510{n:02}", True) for n in range(60)}
    wanted = Wanted(
        "t/sale", "all", topic="news", name="sale", other="t/other", share="60%", goal="booked", after="1 hours"
    )
    async with living(env, tmp_path) as world:
        campaign = await begun(world, people, wanted)
        compared = await campaign.arms(compared=True)
        await texts_kept(world, compared.total())
        booked = await campaign.happens("booked", "t/other")

        await campaign.go(minutes=61)

        row = await campaign.row()
        assert (row.winner_by, row.winner) == ("conversions", "b")
        assert row.verdict is not None
        assert (row.verdict["a"]["did"], row.verdict["b"]["did"]) == (0, booked)


async def test_a_test_by_text_says_so_and_needs_no_consent(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(TEXTS)
        now, number = datetime.now(UTC), "+491715550999"
        await world.database.write(
            lambda session: enter_test(session, world.published, Wanted("t/sale", ""), number, now)
        )

        assert await texts_kept(world, 1) == {number: "[Test] 20 % off, Test. Reply STOP to opt out"}
        [message] = await world.database.read(lambda session: session.exec(select(Message)).all())
        assert (message.class_, message.channel) == ("transactional", "sms")
        made_up = select(func.count()).select_from(Contact)
        assert await world.database.read(lambda session: session.exec(made_up).one()) == 1
        broadcasts = select(func.count()).select_from(Broadcast)
        assert await world.database.read(lambda session: session.exec(broadcasts).one()) == 0
