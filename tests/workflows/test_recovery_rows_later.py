"""Service recovery, row by row of its policy, from the cause on: remedies, the end of a case, and what comes after."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from domain.recovery_actions import (
    Approved,
    Declined,
    Diagnosed,
    Proposed,
    Released,
    Reopened,
    Resolved,
)
from records.case_models import CorrectiveAction, ServiceCase
from records.case_openings import CaseOpening
from tests.workflows.care import (
    BROKEN,
    HOME,
    MILD,
    letters,
    marketing_waits,
    monday,
    notes,
    opened,
    remedies,
    shown,
)
from tests.workflows.recoveries import Recovery
from tests.workflows.world import living

pytestmark = pytest.mark.workflow

# --- 9 to 12: cause and remedy ---------------------------------------------------------------------------------------


async def test_row_9_a_bad_case_is_not_resolved_without_its_cause(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        assert await case.act(Resolved(by="ada")) == "a case of S1 is not resolved without its cause; diagnose it first"
        assert "'latte' is no cause" in str(await case.act(Diagnosed(by="ada", cause="latte")))
        assert await case.act(Diagnosed(by="ada", cause="late")) is None
        assert await case.act(Resolved(by="ada")) is None

        diagnosed = next(each for each in await case.promises() if each.name == "diagnose")
        assert (shown(diagnosed.due_at), shown(diagnosed.kept_at)) == ("Tue 11 10:00:00", "Mon 10 10:00:00")


async def test_rows_10_to_12_a_remedy_within_the_limit_is_delivered_and_told(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        await case.accept("ada")
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(101), note="They waited")) is not None
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(50), note="They waited")) is None
        await case.delivered()

        (remedy,) = await remedies(case)
        assert (remedy.state, remedy.hundredths, remedy.level) == ("delivered", 5000, "agent")
        assert (await letters(case))[-1] == "offer Mon 10 10:00"


async def test_row_11_somebody_above_has_to_say_yes_and_never_who_asks(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.accept("ada")
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(200), note="It broke")) is None
        (remedy,) = await remedies(case)
        assert (remedy.state, remedy.level) == ("asked", "lead")
        for other in ("ada", "bob"):
            assert await case.act(Approved(by=other, remedy=remedy.id)) is not None
        assert await case.act(Declined(by="lea", remedy=remedy.id, note="Too much", alternative="50 EUR")) is None
        assert (await remedies(case))[0].state == "refused"
        assert await case.act(Proposed(by="ada", kind="voucher", amount=Decimal(150), note="It broke")) is None
        (second,) = [each for each in await remedies(case) if each.state == "asked"]
        assert await case.act(Approved(by="lea", remedy=second.id)) is None
        await case.delivered()

        assert sorted(each.state for each in await remedies(case)) == ["delivered", "refused"]


# --- 13 to 18: resolved, closed, asked, looked back on, learned from, released ---------------------------------------


async def test_row_13_a_case_that_takes_long_has_a_holding_letter_before_the_eighth_week(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        await case.accept("ada")
        await case.go_to(monday(days=50))
        assert await case.act(Resolved(by="ada", how="final_answer", text="This is our last word.")) is None

        assert await letters(case) == [
            "acknowledged Mon 10 10:00:00",
            "holding Mon 28 10:00:00",
            "final_answer Tue 29 10:00:00",
        ]


async def test_row_14_it_is_closed_after_four_days_and_opened_again_within_fourteen_one_worse(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        await case.accept("ada")
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(days=13))
        assert shown((await case.row()).closed_at) == "Fri 14 10:00:00"
        assert await case.act(Reopened(by="bob", note="It broke again")) is None

        row = await case.row()
        assert (row.severity, row.rounds, row.closed_at, row.released_at) == ("S2", 2, None, None)
        assert await marketing_waits(case)
        second = [each for each in await case.promises() if each.number == 2 and each.name == "contact"]
        assert shown(second[0].due_at) == "Sun 23 14:00:00"
        assert (await letters(case))[-1] == "reopened Sun 23 10:00:00"


async def test_row_14_after_fourteen_days_it_is_a_new_case(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.told(world, "refund_requested", {"order_id": "7"}, monday())
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(days=15))
        assert "open a new case" in str(await case.act(Reopened(by="ada", note="It broke again")))
        await case.happens("refund_requested", {"order_id": "7"})

        every = select(ServiceCase.number).where(ServiceCase.contact_id == case.contact_id)
        assert len(await world.database.read(lambda session: session.exec(every).all())) == 2


async def test_row_15_they_are_asked_a_day_later_and_never_twice_in_a_week(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.told(world, "refund_requested", {"order_id": "7"}, monday())
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(days=1))
        other = await Recovery.of_contact(case, "refund_requested", {"order_id": "8"})
        assert await other.act(Resolved(by="ada")) is None
        await other.go_to(monday(days=9))

        assert "survey Tue 11 10:00:00" in await letters(case)
        assert [each for each in await letters(other) if each.startswith("survey")] == ["survey Tue 18 10:00:00"]


async def test_row_15_who_is_not_satisfied_has_it_opened_again(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(11, days=1))
        await case.happens("survey_answered", {"survey": "case", "score": 2, "case": case.id})

        row = await case.row()
        assert (row.severity, row.rounds, (await case.state()).stage) == ("S2", 2, "open")


async def test_row_16_a_person_calls_a_week_later_and_it_is_noted_whether_they_bought_again(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.accept("ada")
        assert await case.act(Diagnosed(by="ada", cause="late")) is None
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(12, days=7))
        calls = [task for task in await case.tasks() if task.title.startswith("Call")]
        assert [(shown(task.opened_at), shown(task.done_due)) for task in calls] == [
            ("Mon 17 10:00:00", "Tue 18 10:00:00")
        ]
        await case.go_to(monday(days=40))
        await case.happens("purchased", {"order_id": "9"})
        await case.go_to(monday(days=91))

        bought = await case.timeline("case_bought")
        assert [(row.data["days"], row.data["bought"], shown(row.at)) for row in bought] == [
            (30, False, "Wed 09 10:00:00"),
            (90, True, "Sun 08 10:00:00"),
        ]


async def test_row_17_the_third_case_of_a_cause_has_somebody_see_to_it(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        for number in range(3):
            case = await Recovery.open(
                world, CaseOpening("Late", f"order {number}", severity="S3"), monday(number + 10)
            )
            assert await case.act(Diagnosed(by="ada", cause="late")) is None

        (action,) = await world.database.read(lambda session: session.exec(select(CorrectiveAction)).all())
        assert (action.cause, action.owner, shown(action.opened_at)) == ("late", "max", "Mon 10 12:00:00")
        assert (await case.state()).action == action.id


async def test_row_18_marketing_goes_on_when_a_mild_case_is_closed(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        assert await case.act(Resolved(by="ada")) is None
        await case.go_to(monday(9, days=4))
        assert await marketing_waits(case)
        await case.go_to(monday(days=4))

        assert not await marketing_waits(case)
        assert shown((await case.row()).released_at) == "Fri 14 10:00:00"


async def test_row_18_after_a_bad_case_only_who_is_satisfied_gets_marketing_again(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        for score, released in ((5, "Fri 28 10:00:00"), (3, "-"), (None, "-")):
            case = await Recovery.open(world, BROKEN, monday())
            await case.accept((await case.row()).owner or "")
            assert await case.act(Diagnosed(by="ada", cause="late")) is None
            assert await case.act(Resolved(by="ada")) is None
            await case.go_to(monday(11, days=1))
            if score is not None:
                await case.happens("survey_answered", {"survey": "case", "score": score, "case": case.id})
            await case.go_to(monday(days=20))

            assert shown((await case.row()).released_at) == released
            if released == "-":
                assert await notes(case, "release_by_hand") == ["release_by_hand lea Fri 28 10:00:00"]
                assert await case.act(Released(by="lea", note="They are fine")) is None
            assert not await marketing_waits(case)
