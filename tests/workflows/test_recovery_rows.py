"""Service recovery, row by row of its policy: what opens a case, what is promised, and what follows, at its instant."""

from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from domain.recovery_actions import (
    AskedCustomer,
    Contacted,
    Graded,
    Updated,
)
from domain.remedy_policy import Severity
from records.case_models import ServiceCase
from records.case_openings import CaseOpening
from tests.workflows.care import (
    BROKEN,
    HOME,
    MILD,
    letters,
    lines,
    marketing_waits,
    monday,
    notes,
    opened,
    shown,
)
from tests.workflows.recoveries import Recovery
from tests.workflows.world import living

pytestmark = pytest.mark.workflow

# --- 0 detect --------------------------------------------------------------------------------------------------------


DETECTED: list[tuple[str, dict[str, object], str, str]] = [
    ("form_submitted", {"form": "complaint", "order": "7"}, "Complaint about 7", "7"),
    ("survey_answered", {"survey": "csat", "score": 2}, "Dissatisfied", "dissatisfied"),
    ("refund_requested", {"order_id": "9"}, "Wants their money back", "9"),
    ("task_escalated", {"task": "t1", "role": "head"}, "We forgot", "t1"),
]


async def test_row_0_what_went_wrong_opens_a_case(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        for event, data, title, incident in DETECTED:
            case = await Recovery.told(world, event, data, monday())

            row = await case.row()
            assert (row.title, row.incident, row.severity) == (title, incident, "S3")
            assert row.owner in ("ada", "bob"), "it has somebody at once"
            assert lines(await case.timeline(), "severity")[0] == "case_opened - Mon 10 10:00:00 S3"


async def test_row_0_what_is_told_again_joins_and_may_be_worse(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.told(world, "form_submitted", {"form": "complaint", "order": "7"}, monday())
        await case.go_to(monday(11))
        await case.happens("refund_requested", {"order_id": "7"})
        await case.go_to(monday(12))
        await case.happens("form_submitted", {"form": "complaint", "order": "7", "severity": "4"})

        every = select(ServiceCase).where(ServiceCase.contact_id == case.contact_id)
        rows = await world.database.read(lambda session: session.exec(every).all())
        assert [(row.joined, row.severity) for row in rows] == [(2, "S2")]
        assert [line for line in lines(await case.timeline(), "severity", "before") if "promise" not in line] == [
            "case_opened - Mon 10 10:00:00 S3",
            "case_joined customer Mon 10 11:00:00 S3",
            "case_joined customer Mon 10 12:00:00 S2",
            "case_severity_changed rapport Mon 10 12:00:00 S2 S3",
        ]
        assert await notes(case, "case_moved") == ["case_moved ada Mon 10 11:00:00", "case_moved ada Mon 10 12:00:00"]


# --- 1 to 7: promised, owned, kept or broken -------------------------------------------------------------------------


async def test_row_1_rules_say_how_bad_it_is_and_marketing_waits_at_once(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.told(world, "refund_requested", {"order_id": "9"}, monday(), {"tier": "gold"})

        assert (await case.row()).severity == "S1"
        assert await marketing_waits(case)


PROMISED: list[tuple[Severity, str, str, str]] = [
    ("S1", "Mon 10 10:15:00", "Mon 10 11:00:00", "Mon 10 14:00:00"),
    ("S2", "Mon 10 11:00:00", "Mon 10 14:00:00", "Tue 11 10:00:00"),
    ("S3", "Mon 10 14:00:00", "Tue 11 10:00:00", "Thu 13 10:00:00"),
    ("S4", "Tue 11 10:00:00", "Wed 12 10:00:00", "Thu 13 10:00:00"),
]


async def test_row_2_the_customer_has_a_number_and_each_severity_its_promises(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        for severity, acknowledge, contact, update in PROMISED:
            case = await Recovery.open(world, CaseOpening("It broke", "order 7", severity=severity), monday())

            dues = {each.name: shown(each.due_at) for each in await case.promises()}
            assert (dues["acknowledge"], dues["contact"], dues["update"]) == (acknowledge, contact, update)
            kept = next(each for each in await case.promises() if each.name == "acknowledge")
            assert (shown(kept.kept_at), kept.by) == ("Mon 10 10:00:00", "rapport")
            number = str((await case.row()).number)
            assert any(number in mail.subject for mail in world.mail.mailbox.list())


async def test_row_2_a_letter_that_cannot_go_out_is_told_to_whoever_has_the_case(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        case = await Recovery.open(world, BROKEN, monday(), {"email": "nobody at home"})
        await case.go_to(monday(10, 20))

        assert await notes(case, "letter_failed") == ["letter_failed ada Mon 10 10:00:00"]
        assert "promise_missed rapport Mon 10 10:15:00 acknowledge" in lines(await case.timeline(), "promise")


async def test_rows_3_to_6_nobody_does_anything(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.go_to(monday(12, 30))

        assert await notes(case, "assigned", "taken_away") == [
            "assigned ada Mon 10 10:00:00",
            "assigned bob Mon 10 10:10:00",
            "taken_away ada Mon 10 10:10:00",
            "assigned lea Mon 10 10:20:00",
            "taken_away bob Mon 10 10:20:00",
            "assigned max Mon 10 12:00:00",
            "assigned hal Mon 10 12:30:00",
        ]
        contact = [each for each in await notes(case, "reminder", "warning") if "contact" in each]
        assert contact == [
            "reminder lea Mon 10 10:30:00 duty-contact:1 50",
            "reminder lea Mon 10 10:45:00 duty-contact:1 75",
            "warning lea Mon 10 10:54:00 duty-contact:1 90",
        ]
        assert [each for each in await notes(case, "overdue") if "contact" in each] == [
            "overdue lea Mon 10 11:00:00 duty-contact:1 100",
            "overdue max Mon 10 11:30:00 duty-contact:1 150",
            "overdue hal Mon 10 12:00:00 duty-contact:1 200",
        ]
        assert "promise_missed rapport Mon 10 11:00:00 contact" in lines(await case.timeline(), "promise")


async def test_another_severity_counts_from_the_opening_and_repeats_no_step_of_the_ladder(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        await case.accept("ada")
        await case.go_to(monday(11, 30))
        assert await case.act(Graded(by="lea", severity="S1", note="The press called")) is None

        assert {each.name: shown(each.due_at) for each in await case.promises() if each.kept_at is None} == {
            "contact": "Mon 10 11:00:00",
            "update": "Mon 10 14:00:00",
            "diagnose": "Tue 11 10:00:00",
            "resolve": "Thu 13 10:00:00",
        }
        # Half past eleven is half of its hour too late: both steps that were passed are told, each once.
        overdue = ["overdue lea Mon 10 11:30:00 duty-contact:1 100", "overdue max Mon 10 11:30:00 duty-contact:1 150"]
        assert await notes(case, "overdue") == overdue
        await case.go_to(monday(11, 40))
        assert await case.act(Graded(by="lea", severity="S3", note="It did not")) is None
        assert await case.act(Graded(by="lea", severity="S1", note="It did")) is None
        await case.go_to(monday(11, 50))
        assert await notes(case, "overdue") == overdue


async def test_row_7_whoever_hears_from_us_is_promised_the_next_word(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.accept("ada")
        await case.go_to(monday(10, 30))
        assert await case.act(Contacted(by="ada")) is None
        await case.go_to(monday(14))
        assert await case.act(Updated(by="ada", text="We have found it.")) is None
        await case.go_to(monday(18, 30))

        updates = [each for each in await case.promises() if each.name == "update"]
        assert [f"{shown(each.due_at)} {shown(each.kept_at)} {shown(each.missed_at)}" for each in updates] == [
            "Mon 10 14:00:00 Mon 10 10:30:00 -",
            "Mon 10 14:30:00 Mon 10 14:00:00 -",
            "Mon 10 18:00:00 - Mon 10 18:00:00",
        ]
        assert await letters(case) == ["acknowledged Mon 10 10:00:00", "update Mon 10 14:00:00"]


# --- 8 waiting for the customer --------------------------------------------------------------------------------------


async def test_row_8_the_clocks_stand_still_while_we_wait_for_the_customer(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.accept("ada")
        await case.go_to(monday(10, 20))
        assert await case.act(AskedCustomer(by="ada", text="Which one is it?")) is None
        await case.go_to(monday(days=1))
        await case.happens("replied")
        await case.go_to(monday(10, 30, days=1))

        dues = {each.name: each for each in await case.promises()}
        # Twenty minutes of the hour had passed.
        assert shown(dues["contact"].due_at) == "Tue 11 10:40:00"
        assert shown(dues["contact"].plain_due_at) == "Mon 10 11:00:00"
        assert await letters(case) == ["acknowledged Mon 10 10:00:00", "question Mon 10 10:20:00"]
        assert "case_answered customer Tue 11 10:00:00" in lines(await case.timeline())
        assert await notes(case, "case_moved") == ["case_moved ada Tue 11 10:00:00"]


async def test_row_8_who_never_answers_is_reminded_twice_and_told_that_it_is_closed(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world, MILD)
        await case.accept("ada")
        await case.go_to(monday(11))
        assert await case.act(AskedCustomer(by="ada", text="Which one is it?")) is None
        await case.go_to(monday(days=16))

        assert await letters(case) == [
            "acknowledged Mon 10 10:00:00",
            "question Mon 10 11:00:00",
            "reminder Tue 11 11:00:00",
            "reminder Sat 15 11:00:00",
            "closed_unanswered Mon 24 11:00:00",
        ]
        assert (await case.row()).outcome == "no_answer"
        assert (await case.state()).stage == "closed"


@pytest.mark.parametrize(("event", "kept"), [("call_logged", "ada"), ("mail_logged", None)])
async def test_row_4_a_call_that_one_of_us_logs_is_contact_and_a_mail_that_says_it_is_ours_is_not(
    env: WorkflowEnvironment, tmp_path: Path, event: str, kept: str | None
) -> None:
    async with living(env, tmp_path) as world:
        case = await opened(world)
        await case.happens(event, {"person": "ada", "text": "We spoke"}, person="ada", direction="out")

        contact = next(each for each in await case.promises() if each.name == "contact")
        assert contact.by == kept
