"""Remedies on the time-skipping server: granted by a deputy and delivered, or undone where they cannot be had."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import Session, select
from temporalio.testing import WorkflowEnvironment

from channels.base import Away, Refused, Unavailable
from domain.recovery_actions import Approved, Delivered, Proposed
from records.models import Enrolment
from records.remedy_models import Voucher
from tests.activities.making_good import Shop
from tests.workflows.care import BROKEN, HOME, monday, shown
from tests.workflows.recoveries import Recovery
from tests.workflows.world import World, living

pytestmark = pytest.mark.workflow

GIVES = """
team: care
remedies:
  types:
    voucher: {label: a voucher, by: voucher}
    code: {label: a code for the shop, by: voucher, endpoint: shop}
    gift: {label: a gift, by: person}
  bands: [{offer: [voucher, code, gift], most: 500}]
"""
FILES = HOME | {
    "policies/recovery.yaml": GIVES,
    "policies/messaging.yaml": HOME["policies/messaging.yaml"]
    + "webhooks: {shop: {url: 'https://shop.acme.example/hooks', expires: 1 day}}\n",
    "policies/teams.yaml": HOME["policies/teams.yaml"].replace("deputy: dot}", "deputy: bob}"),
}


async def opened(world: World) -> Recovery:
    await world.publish(FILES)
    case = await Recovery.open(world, BROKEN, monday())
    await case.accept("ada")
    return case


async def told(case: Recovery) -> list[str]:
    rows = [row for row in await case.timeline() if row.name.startswith("case_remedy")]
    return [f"{row.name.removeprefix('case_remedy_')} {row.person} {shown(row.at)}" for row in rows]


async def test_a_request_that_the_lead_does_not_answer_goes_to_her_deputy_who_grants_it(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.go_to(monday(11))
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(100)), "k1") is None
        remedy = (await case.state()).remedies[0].id
        assert await case.act(Approved(by="ada", remedy=remedy)) == (
            "ada proposed this remedy, and somebody else has to decide it: lea (lead) or max (manager) or hal (head)"
        )
        await case.go_to(monday(16))
        assert await case.act(Approved(by="bob", remedy=remedy)) is None
        await case.go_to(monday(16, 1))

        assert await told(case) == [
            "proposed ada Mon 10 11:00:00",
            "asked ada Mon 10 11:00:00",
            "asked rapport Mon 10 15:00:00",
            "approved bob Mon 10 16:00:00",
            "delivered rapport Mon 10 16:00:00",
        ]
        asked = [(note.person, shown(note.at)) for note in await case.notes() if note.about == "approval"]
        assert asked == [("lea", "Mon 10 11:00:00"), ("bob", "Mon 10 15:00:00")]
        assert [each.letter for each in await case.letters()] == ["acknowledged", "offer"]

        def codes(session: Session) -> tuple[object, object]:
            [letter] = session.exec(select(Enrolment).where(Enrolment.sequence == "service-offer")).all()
            assert letter.event is not None
            return letter.event["code"], session.exec(select(Voucher.code)).one()

        said, kept = await world.database.read(codes)
        assert said == kept
        assert str(kept) not in (await case.handle.fetch_history()).to_json()
        await case.replay()


async def test_a_delivery_that_fails_twice_and_is_then_refused_is_undone_and_given_to_a_person(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    shop = Shop()
    shop.answers.extend([Away("not reached"), Unavailable("answered not now", "503"), Refused("answered no", "422")])
    async with living(env, tmp_path, instructions=shop) as world:
        case = await opened(world)
        await case.go_to(monday(11))
        assert await case.act(Proposed(by="ada", kind="code", amount=Decimal(40)), "k1") is None
        await case.go_to(monday(11, 30))

        remedy = (await case.state()).remedies[0]
        assert (remedy.state, remedy.why) == ("failed", "webhook: 422: answered no")
        assert shop.heard == [(remedy.id, "remedy.code")] * 3 + [(f"{remedy.id}.cancel", "remedy.code.cancel")]
        last = (await told(case))[-1]
        assert last.startswith("failed rapport Mon 10 11:01:")
        vouchers = await world.database.read(lambda session: list(session.exec(select(Voucher)).all()))
        assert [each.voided_at is not None for each in vouchers] == [True]
        [note] = [note for note in await case.notes() if note.about == "remedy_failed"]
        assert (note.person, note.data["why"]) == ("ada", "webhook: 422: answered no")
        assert [each.letter for each in await case.letters()] == ["acknowledged"], "nobody is told of it"
        await case.replay()


async def test_what_a_person_does_is_delivered_when_they_say_so(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        assert await case.act(Proposed(by="ada", kind="gift", amount=Decimal(20)), "k1") is None
        remedy = (await case.state()).remedies[0]
        await case.go_to(monday(12))
        assert ((await case.state()).remedies[0].state, [each.letter for each in await case.letters()]) == (
            "approved",
            ["acknowledged"],
        )

        assert await case.act(Delivered(by="ada", remedy=remedy.id)) is None

        assert (await told(case))[-1] == "delivered ada Mon 10 12:00:00"
        assert [each.letter for each in await case.letters()] == ["acknowledged", "offer"]
        assert timedelta(0) == (await case.state()).remedies[0].settled_at - monday(12)  # type: ignore[operator]
