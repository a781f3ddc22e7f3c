"""Remedies delivered: once, whatever answers and whatever dies; what fails for good is undone, and nobody is told."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from channels.base import Away, Refused, SenderFault, Unavailable, Unknown
from records.case_models import CaseLetter
from records.models import Enrolment, Interaction
from records.remedy_models import PointsEntry
from records.session import Database
from tests.activities.making_good import HOUR, NOW, MakingGood, Shop, files
from tests.databases import lay_down
from tests.domain.remedies import GIVES

NO, LATER, LOST = Refused("answered no", "422"), Unavailable("answered not now", "503"), Unknown("no answer in time")
NOBODY = Away("not reached")


@pytest.fixture
def work(tmp_path: Path) -> Iterator[MakingGood]:
    url = f"sqlite:///{tmp_path}/records.db"
    lay_down("main", url)
    database = Database(url)
    yield MakingGood(database)
    database.close()


def told_shop(kind: str) -> dict[str, str]:
    """Return policies by which the shop is told of codes, or of points."""
    types = GIVES["types"] | {kind: {"label": kind, "by": kind, "endpoint": "shop"}}  # type: ignore[operator]
    return files(types=types)


def letters(work: MakingGood) -> list[str]:
    return work.database.read_now(lambda session: list(session.exec(select(CaseLetter.letter)).all()))


async def test_a_voucher_is_issued_once_and_its_code_stands_in_the_letter_alone(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "voucher", 40)

    for _ in range(3):
        assert (await work.deliver(case, remedy.id)).delivered

    [voucher] = work.vouchers()
    assert re.fullmatch(r"(?:[2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}", voucher.code)
    assert (voucher.hundredths, voucher.currency, voucher.voided_at) == (4000, "EUR", None)
    assert voucher.valid_until == NOW.replace(year=2027)
    assert work.case(case).remedies[0].state == "delivered"
    assert letters(work) == ["acknowledged", "offer"]

    def event(session: Session) -> object:
        return session.exec(select(Enrolment.event).where(Enrolment.sequence == "service-offer")).one()

    said = work.database.read_now(event)
    assert (said["code"], said["remedy"]["amount"]) == (voucher.code, "40.00")  # type: ignore[index]
    events = work.database.read_now(lambda session: [str(row.data) for row in session.exec(select(Interaction)).all()])
    assert not any(voucher.code in each for each in events)


async def test_points_are_an_entry_that_nobody_can_change(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "points", 12.5)

    for _ in range(3):
        await work.deliver(case, remedy.id)

    assert work.points() == 1250
    assert work.timeline().count("points_changed") == 1

    def change(session: Session) -> None:
        entry = session.exec(select(PointsEntry)).one()
        entry.change = 99999
        session.add(entry)
        session.flush()

    with pytest.raises(DBAPIError, match="append-only"):
        work.database.write_now(change)


async def test_a_refund_is_told_under_one_id_until_there_is_a_yes(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)
    work.shop.answers.extend([NOBODY, LATER, LOST])

    fate = await work.deliver(case, remedy.id)
    assert (fate.delivered, fate.why, letters(work)) == (False, "not reached", ["acknowledged"])
    assert fate.again_at is not None
    assert (await work.deliver_at_last(case, remedy.id)).delivered

    assert work.shop.heard == [(remedy.id, "remedy.refund")] * 4
    assert work.shop.stands == {remedy.id: "40.00"}


async def test_a_no_is_over_at_once_and_there_is_nothing_to_take_back(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)
    work.shop.answers.append(NO)

    fate = await work.deliver(case, remedy.id)

    assert (fate.delivered, fate.why) == (False, "webhook: 422: answered no")
    assert work.shop.heard == [(remedy.id, "remedy.refund")]
    assert (work.case(case).remedies[0].state, letters(work)) == ("failed", ["acknowledged"])


async def test_what_may_have_been_done_is_cancelled_before_it_is_given_up(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)
    work.shop.answers.extend([LOST, NO, LATER])
    work.shop.lost.append(True)

    fate = await work.deliver_at_last(case, remedy.id)

    assert (fate.delivered, fate.why) == (False, "webhook: 422: answered no")
    assert work.shop.stands == {}, "the first was done, though its answer was lost"
    assert [type for _, type in work.shop.heard] == ["remedy.refund"] * 2 + ["remedy.refund.cancel"] * 2
    assert work.steps(remedy.id) == [("webhook", "refused", "undone")]


async def test_a_code_that_the_shop_does_not_take_is_voided(work: MakingGood) -> None:
    work.publish(told_shop("voucher"))
    case = work.open("order 7")
    remedy = work.grant(case, "voucher", 40)
    work.shop.answers.append(NO)

    assert not (await work.deliver_at_last(case, remedy.id)).delivered

    [voucher] = work.vouchers()
    assert voucher.voided_at is not None
    assert letters(work) == ["acknowledged"], "nobody is told of what did not happen"
    assert work.steps(remedy.id) == [("voucher", "done", "undone"), ("webhook", "refused", None)]


async def test_points_that_the_shop_does_not_take_are_taken_back_by_an_entry_of_their_own(work: MakingGood) -> None:
    work.publish(told_shop("points"))
    case = work.open("order 7")
    remedy = work.grant(case, "points", 10)
    work.shop.answers.append(NO)

    for _ in range(3):
        assert not (await work.deliver_at_last(case, remedy.id)).delivered

    assert work.points() == 0
    entries = work.database.read_now(lambda session: list(session.exec(select(PointsEntry.change)).all()))
    assert sorted(entries) == [-1000, 1000]
    assert "points_changed" not in work.timeline()


async def test_who_never_answers_is_asked_for_as_long_as_the_endpoint_says_then_it_fails(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)
    work.shop.answers.extend([NOBODY] * 50)

    fate = await work.deliver_at_last(case, remedy.id)

    assert fate.why.startswith("webhook: not reached, tried ")
    assert timedelta(hours=8) < work.now - NOW <= timedelta(days=1)
    assert {type for _, type in work.shop.heard} == {"remedy.refund"}, "it was never reached: nothing to cancel"


async def test_what_can_never_be_taken_back_is_said_to_whoever_has_the_case(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)
    work.shop.answers.extend([LOST, NO, NO])

    fate = await work.deliver_at_last(case, remedy.id)

    assert fate.why == "webhook: 422: answered no; could not be taken back: 422: answered no"
    assert work.case(case).remedies[0].why == fate.why


async def test_a_fault_of_ours_waits_for_whoever_corrects_it(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)
    work.shop.answers.append(SenderFault("there is no secret to sign with"))

    assert (await work.deliver(case, remedy.id)).why == "there is no secret to sign with"
    assert (await work.deliver_at_last(case, remedy.id)).delivered


async def test_what_nobody_has_granted_is_not_delivered(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.propose(case, "voucher", 400)

    fate = await work.deliver(case, remedy.id)

    assert (fate.delivered, fate.why, work.vouchers()) == (False, "nobody has granted it", [])
    assert work.case(case).remedies[0].state == "asked"


async def test_a_case_cannot_have_delivered_what_another_was_granted(work: MakingGood) -> None:
    one, other = work.open("order 7"), work.open("order 8")
    remedy = work.grant(one, "voucher", 40)

    assert not (await work.deliver(other, remedy.id)).delivered
    assert work.vouchers() == []


class Killed(BaseException):
    """The worker dies here."""


@pytest.mark.parametrize("kind", ["voucher", "points"])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("at", range(1, 6))
async def test_whoever_dies_at_any_commit_neither_doubles_nor_loses(
    work: MakingGood, kind: str, kept: bool, at: int
) -> None:
    """Every write of the delivery is cut off, before or after it is kept; then somebody begins anew."""
    work.publish(told_shop(kind))
    case = work.open("order 7")
    remedy = work.grant(case, kind, 40)
    write, count = work.database.write, 0

    async def dying(piece: Any) -> Any:
        nonlocal count
        count += 1
        if count == at and not kept:
            raise Killed
        result = await write(piece)
        if count == at:
            raise Killed
        return result

    work.database.write = dying  # type: ignore[method-assign, assignment]
    with contextlib.suppress(Killed):
        await work.deliver_at_last(case, remedy.id)
    work.database.write = write  # type: ignore[method-assign]
    work.now += HOUR

    assert (await work.deliver_at_last(case, remedy.id)).delivered

    assert work.shop.stands == {remedy.id: "40.00"}
    assert {id for id, _ in work.shop.heard} == {remedy.id}
    assert (len(work.vouchers()), work.points()) == ((1, 0) if kind == "voucher" else (0, 4000))
    assert letters(work).count("offer") == 1
    assert work.timeline().count("case_remedy_delivered") == 1


async def test_while_one_attempt_may_be_under_way_nobody_makes_another(work: MakingGood) -> None:
    case = work.open("order 7")
    remedy = work.grant(case, "refund", 40)

    class Slow(Shop):
        async def tell(self, endpoint: str, url: str, id: str, body: bytes) -> str:
            beside = await work.deliver(case, remedy.id)
            assert beside.again_at is not None
            return await super().tell(endpoint, url, id, body)

    work.activity.instructions = shop = Slow()

    assert (await work.deliver(case, remedy.id)).delivered
    assert len(shop.heard) == 1
