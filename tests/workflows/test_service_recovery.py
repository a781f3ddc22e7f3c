"""Service recovery on the time-skipping server: long cases, each with its whole timeline and its instants."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from channels.instructions import Instructions
from channels.webhooks import Line
from domain.recovery_actions import Approved, Contacted, Diagnosed, Proposed, Released, Resolved, Updated
from records.case_openings import CaseOpening
from records.remedy_models import Voucher
from tests.scripted_http import ScriptedHttp, answer
from tests.workflows.care import BROKEN, HOME, MILD, letters, lines, monday, notes, opened, promises, remedies, shown
from tests.workflows.recoveries import Recovery
from tests.workflows.world import CALL_SECRET, living

pytestmark = pytest.mark.workflow

# Whit Monday.
WITH_A_HOLIDAY = HOME["policies/calendars.yaml"].replace("}}", '}, holidays: {also: ["2027-05-17"]}}')


async def test_a_case_of_the_worst_sort_is_promised_owned_made_good_and_looked_back_on(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.go_to(monday(10, 5))
        await case.accept("ada")
        await case.go_to(monday(10, 30))
        assert await case.act(Contacted(by="ada")) is None
        await case.go_to(monday(14))
        assert await case.act(Resolved(by="ada")) == "a case of S1 is not resolved without its cause; diagnose it first"
        assert await case.act(Diagnosed(by="ada", cause="late")) is None
        assert await case.act(Resolved(by="ada", text="Sorry")) is None
        await case.go_to(monday(days=100))

        assert lines(await case.timeline()) == [
            "case_opened - Mon 10 10:00:00",
            "promise_kept rapport Mon 10 10:00:00",
            "promise_kept ada Mon 10 10:30:00",
            "case_contacted ada Mon 10 10:30:00",
            "promise_kept ada Mon 10 10:30:00",
            "promise_kept ada Mon 10 14:00:00",
            "case_diagnosed ada Mon 10 14:00:00",
            "case_action_opened rapport Mon 10 14:00:00",
            "promise_kept ada Mon 10 14:00:00",
            "promise_kept ada Mon 10 14:00:00",
            "case_resolved ada Mon 10 14:00:00",
            "case_closed rapport Fri 14 14:00:00",
            "case_kept_suspended rapport Fri 28 14:00:00",
            "case_bought rapport Wed 09 14:00:00",
            "case_action_checked rapport Fri 09 14:00:00",
            "case_bought rapport Sun 08 14:00:00",
        ]
        assert [f"{each.letter} {shown(each.written_at)} {each.fate}" for each in await case.letters()] == [
            "acknowledged Mon 10 10:00:00 accepted",
            "resolved Mon 10 14:00:00 accepted",
            "survey Tue 11 14:00:00 accepted",
            "closed Fri 14 14:00:00 accepted",
        ]
        assert [f"{each.name} {each.number} {shown(each.due_at)} {each.by}" for each in await case.promises()] == [
            "acknowledge 1 Mon 10 10:15:00 rapport",
            "contact 1 Mon 10 11:00:00 ada",
            "update 1 Mon 10 14:00:00 ada",
            "diagnose 1 Tue 11 10:00:00 ada",
            "resolve 1 Thu 13 10:00:00 ada",
            "update 2 Mon 10 14:30:00 ada",
        ]
        assert await case.act(Released(by="lea", note="called them")) is None
        assert (await case.row()).released_at == monday(days=100)
        assert (await case.state()).over_at == monday(days=100)
        await case.replay()


async def test_the_worst_sort_on_a_friday_evening_before_a_holiday(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME | {"policies/calendars.yaml": WITH_A_HOLIDAY})
        friday = monday(17, 55, days=4)
        case = await Recovery.open(world, BROKEN, friday)
        await case.go_to(monday(18, 20, days=4))
        await case.accept("lea")
        await case.go_to(monday(18, 40, days=4))
        assert await case.act(Contacted(by="lea")) is None
        await case.go_to(monday(22, 30, days=4))
        assert await case.act(Updated(by="lea", text="We look for it first thing on Tuesday.")) is None
        await case.go_to(monday(10, days=8))
        assert await case.act(Diagnosed(by="lea", cause="late")) is None
        assert await case.act(Resolved(by="lea", text="Here it is.")) is None
        await case.go_to(monday(10, days=12))

        assert lines(await case.timeline(), "promise") == [
            "case_opened - Fri 14 17:55:00",
            "promise_kept rapport Fri 14 17:55:00 acknowledge",
            "promise_kept lea Fri 14 18:40:00 contact",
            "case_contacted lea Fri 14 18:40:00",
            "promise_kept lea Fri 14 18:40:00 update",
            "promise_kept lea Fri 14 22:30:00 update",
            "case_updated lea Fri 14 22:30:00",
            "promise_missed rapport Sat 15 02:30:00 update",
            "promise_kept lea Tue 18 10:00:00 diagnose",
            "case_diagnosed lea Tue 18 10:00:00",
            "case_action_opened rapport Tue 18 10:00:00",
            "promise_kept lea Tue 18 10:00:00 update",
            "promise_kept lea Tue 18 10:00:00 resolve",
            "case_resolved lea Tue 18 10:00:00",
            "case_closed rapport Sat 22 10:00:00",
        ]
        assert await notes(case) == [
            "assigned ada Fri 14 17:55:00",
            "reminder ada Fri 14 18:00:00 accept 50",
            "reminder ada Fri 14 18:02:30 accept 75",
            "warning lea Fri 14 18:04:00 accept 90",
            "assigned lea Fri 14 18:05:00",
            "taken_away ada Fri 14 18:05:00",
            "reminder lea Fri 14 18:25:00 duty-contact:1 50",
            "reminder lea Fri 14 18:40:00 duty-contact:1 75",
            "reminder lea Fri 14 20:40:00 duty-update:2 50",
            "reminder lea Fri 14 21:40:00 duty-update:2 75",
            "warning lea Fri 14 22:16:00 duty-update:2 90",
            "reminder lea Sat 15 00:30:00 duty-update:3 50",
            "reminder lea Sat 15 01:30:00 duty-update:3 75",
            "warning lea Sat 15 02:06:00 duty-update:3 90",
            "overdue lea Sat 15 02:30:00 duty-update:3 100",
            "overdue max Sat 15 04:30:00 duty-update:3 150",
            "overdue hal Sat 15 06:30:00 duty-update:3 200",
            "assigned max Tue 18 10:00:00",
        ]
        assert await promises(case) == [
            "acknowledge 1 Fri 14 18:10:00 Fri 14 17:55:00",
            "contact 1 Fri 14 18:55:00 Fri 14 18:40:00",
            "update 1 Fri 14 21:55:00 Fri 14 18:40:00",
            "diagnose 1 Tue 18 17:55:00 Tue 18 10:00:00",
            "resolve 1 Thu 20 17:55:00 Tue 18 10:00:00",
            "update 2 Fri 14 22:40:00 Fri 14 22:30:00",
            "update 3 Sat 15 02:30:00 Tue 18 10:00:00",
        ]
        await case.replay()


async def test_what_is_opened_again_failed_twice(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.told(world, "refund_requested", {"order_id": "7"}, monday())
        await case.accept("ada")
        await case.go_to(monday(11))
        assert await case.act(Contacted(by="ada")) is None
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(40), note="They waited")) is None
        await case.delivered()
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(days=4))
        # Closed and released; three days later the same breaks again.
        await case.go_to(monday(days=7))
        await case.happens("refund_requested", {"order_id": "7"})
        await case.go_to(monday(10, 10, days=7))
        await case.accept("ada")
        await case.go_to(monday(11, days=7))
        assert await case.act(Contacted(by="ada")) is None
        # The second remedy within 90 days goes one level up.
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(40), note="Again")) is None
        second = next(each for each in await remedies(case) if each.state == "asked")
        assert second.level == "lead"
        await case.go_to(monday(13, days=7))
        assert await case.act(Approved(by="lea", remedy=second.id)) is None
        await case.delivered()
        assert await case.act(Diagnosed(by="ada", cause="late")) is None
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(14, days=8))
        await case.happens("survey_answered", {"survey": "case", "score": 5, "case": case.id})
        await case.go_to(monday(days=30))

        assert lines(await case.timeline(), "severity", "before", "promise", "days", "bought") == [
            "case_opened - Mon 10 10:00:00 S3",
            "promise_kept rapport Mon 10 10:00:00 acknowledge",
            "promise_kept ada Mon 10 11:00:00 contact",
            "case_contacted ada Mon 10 11:00:00",
            "promise_kept ada Mon 10 11:00:00 update",
            "case_remedy_proposed ada Mon 10 11:00:00",
            "case_remedy_approved rapport Mon 10 11:00:00",
            "case_remedy_delivered rapport Mon 10 11:00",
            "promise_kept ada Mon 10 11:00:00 update",
            "promise_kept ada Mon 10 11:00:00 resolve",
            "case_resolved ada Mon 10 11:00:00",
            "case_closed rapport Fri 14 11:00:00 S3",
            "case_released rapport Fri 14 11:00:00",
            "case_joined customer Mon 17 10:00:00 S3",
            "case_reopened customer Mon 17 10:00:00 S2 S3",
            "promise_kept rapport Mon 17 10:00:00 acknowledge",
            "promise_kept ada Mon 17 11:00:00 contact",
            "case_contacted ada Mon 17 11:00:00",
            "promise_kept ada Mon 17 11:00:00 update",
            "case_remedy_proposed ada Mon 17 11:00:00",
            "case_remedy_asked ada Mon 17 11:00:00",
            "case_remedy_approved lea Mon 17 13:00:00",
            "case_remedy_delivered rapport Mon 17 13:00",
            "promise_kept ada Mon 17 13:00:00 diagnose",
            "case_diagnosed ada Mon 17 13:00:00",
            "promise_kept ada Mon 17 13:00:00 update",
            "promise_kept ada Mon 17 13:00:00 resolve",
            "case_resolved ada Mon 17 13:00:00",
            "case_closed rapport Fri 21 13:00:00 S2",
            "case_released rapport Fri 04 13:00:00",
        ]
        assert await letters(case) == [
            "acknowledged Mon 10 10:00:00",
            "offer Mon 10 11:00",
            "resolved Mon 10 11:00:00",
            "survey Tue 11 11:00:00",
            "closed Fri 14 11:00:00",
            "reopened Mon 17 10:00:00",
            "offer Mon 17 13:00",
            "resolved Mon 17 13:00:00",
            "survey Tue 18 13:00:00",
            "closed Fri 21 13:00:00",
        ]
        await case.replay()


async def test_a_yes_that_nobody_gives_is_asked_of_the_deputy(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.open(world, BROKEN, monday())
        await case.accept("ada")
        assert await case.act(Contacted(by="ada")) is None
        await case.go_to(monday(11))
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(200), note="It broke")) is None
        (remedy,) = await remedies(case)
        await case.go_to(monday(14, 59))
        assert await case.act(Approved(by="dot", remedy=remedy.id)) is not None
        await case.go_to(monday(15, 30))
        assert await case.act(Approved(by="ada", remedy=remedy.id)) is not None
        assert await case.act(Approved(by="dot", remedy=remedy.id)) is None
        assert await case.act(Approved(by="dot", remedy=remedy.id)) is not None
        await case.delivered()
        assert await case.act(Diagnosed(by="ada", cause="late")) is None
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(16))

        assert lines(await case.timeline(), "promise", "kind", "to") == [
            "case_opened - Mon 10 10:00:00",
            "promise_kept rapport Mon 10 10:00:00 acknowledge",
            "promise_kept ada Mon 10 10:00:00 contact",
            "case_contacted ada Mon 10 10:00:00",
            "promise_kept ada Mon 10 10:00:00 update",
            "case_remedy_proposed ada Mon 10 11:00:00 voucher",
            "case_remedy_asked ada Mon 10 11:00:00 voucher lea",
            "promise_missed rapport Mon 10 14:00:00 update",
            "case_remedy_asked rapport Mon 10 15:00:00 voucher dot",
            "case_remedy_approved dot Mon 10 15:30:00 voucher",
            "case_remedy_delivered rapport Mon 10 15:30 voucher",
            "promise_kept ada Mon 10 15:30:00 diagnose",
            "case_diagnosed ada Mon 10 15:30:00",
            "case_action_opened rapport Mon 10 15:30:00",
            "promise_kept ada Mon 10 15:30:00 update",
            "promise_kept ada Mon 10 15:30:00 resolve",
            "case_resolved ada Mon 10 15:30:00",
        ]
        assert await notes(case, "approval", "approval_passed_on") == [
            "approval lea Mon 10 11:00:00",
            "approval dot Mon 10 15:00:00",
        ]
        assert await letters(case) == [
            "acknowledged Mon 10 10:00:00",
            "offer Mon 10 15:30",
            "resolved Mon 10 15:30:00",
        ]
        await case.replay()


async def test_three_cases_of_one_cause(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        cases = []
        for number in range(3):
            opening = CaseOpening("Late", f"order {number}", severity="S3")
            case = await Recovery.open(world, opening, monday(days=number))
            await case.accept((await case.row()).owner or "")
            assert await case.act(Contacted(by="ada")) is None
            assert await case.act(Diagnosed(by="ada", cause="late")) is None
            assert await case.act(Resolved(by="ada")) is None
            cases.append(case)
        await cases[-1].go_to(monday(days=63))

        told = [lines(await case.timeline(), "cause", "why", "before", "after") for case in cases]
        assert told == [
            [
                "case_opened - Mon 10 10:00:00",
                "promise_kept rapport Mon 10 10:00:00",
                "promise_kept ada Mon 10 10:00:00",
                "case_contacted ada Mon 10 10:00:00",
                "promise_kept ada Mon 10 10:00:00",
                "case_diagnosed ada Mon 10 10:00:00 late",
                "promise_kept ada Mon 10 10:00:00",
                "promise_kept ada Mon 10 10:00:00",
                "case_resolved ada Mon 10 10:00:00",
            ],
            [
                "case_opened - Tue 11 10:00:00",
                "promise_kept rapport Tue 11 10:00:00",
                "promise_kept ada Tue 11 10:00:00",
                "case_contacted ada Tue 11 10:00:00",
                "promise_kept ada Tue 11 10:00:00",
                "case_diagnosed ada Tue 11 10:00:00 late",
                "promise_kept ada Tue 11 10:00:00",
                "promise_kept ada Tue 11 10:00:00",
                "case_resolved ada Tue 11 10:00:00",
            ],
            [
                "case_opened - Wed 12 10:00:00",
                "promise_kept rapport Wed 12 10:00:00",
                "promise_kept ada Wed 12 10:00:00",
                "case_contacted ada Wed 12 10:00:00",
                "promise_kept ada Wed 12 10:00:00",
                "case_diagnosed ada Wed 12 10:00:00 late",
                "case_action_opened rapport Wed 12 10:00:00 late 3 cases of 'late' in 30 days: 1001, 1002, 1003",
                "promise_kept ada Wed 12 10:00:00",
                "promise_kept ada Wed 12 10:00:00",
                "case_resolved ada Wed 12 10:00:00",
                "case_closed rapport Sun 16 10:00:00",
                "case_released rapport Sun 16 10:00:00 closed",
                "case_bought rapport Fri 11 10:00:00",
                "case_action_checked rapport Sun 11 10:00:00 late 3 0",
            ],
        ]
        await cases[-1].replay()


async def test_a_remedy_that_cannot_be_delivered_is_undone_and_the_customer_hears_nothing_of_it(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    not_now, no = answer({}, 503), answer({}, 422)
    async with (
        ScriptedHttp.saying([not_now, not_now, no]) as shop,
        Line(private=True) as line,
        living(env, tmp_path, instructions=Instructions(line, {}, [CALL_SECRET])) as world,
    ):
        await world.publish(HOME | _told_of_vouchers(shop))
        case = await Recovery.open(world, MILD, monday())
        await case.accept("ada")
        assert await case.act(Contacted(by="ada")) is None
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(40), note="They waited")) is None
        assert "is being delivered" in str(await case.act(Resolved(by="ada")))
        await case.go_to(monday(18))
        await case.delivered()

        sent = [heard.headers["webhook-id"] for heard in shop.heard]
        assert len(sent) >= 3, "twice not now, then no"
        assert len(set(sent[:3])) == 1, "under one id, so that whoever has seen it does nothing twice"
        (remedy,) = await remedies(case)
        (voucher,) = await world.database.read(lambda session: session.exec(select(Voucher)).all())
        assert (remedy.state, voucher.voided_at is not None) == ("failed", True)
        assert [each.partition(" Mon")[0] for each in await notes(case, "remedy_failed")] == ["remedy_failed ada"]
        assert await letters(case) == ["acknowledged Mon 10 10:00:00"], "nobody is told of what did not happen"
        # Another way out is open to them.
        assert await case.act(Proposed(by="ada", kind="apology", note="We could not")) is None
        await case.delivered()
        assert await case.act(Resolved(by="ada")) is None
        assert sorted(each.state for each in await remedies(case)) == ["delivered", "failed"]
        await case.replay()


def _told_of_vouchers(shop: ScriptedHttp) -> dict[str, str]:
    """Return policies by which a shop is told of each voucher."""
    told = HOME["policies/recovery.yaml"].replace("by: voucher}", "by: voucher, endpoint: shop}")
    where = f"webhooks: {{shop: {{url: '{shop.address}'}}}}\n"
    return {"policies/recovery.yaml": told, "policies/messaging.yaml": HOME["policies/messaging.yaml"] + where}
