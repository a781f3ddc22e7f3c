"""A follow-up on the time-skipping server: what rings and when, what people do, what the contact does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from domain.follow_up_actions import Accept, Cancel, Comment, Complete, PutOff, Reassign
from records.follow_up_models import FollowUpWords
from records.follow_up_openings import Opening
from records.follow_ups import hold_all
from records.models import Contact
from records.staffing import is_away, is_back
from records.timeline import Happening, record, record_all
from tests.workflows.promises import Promise
from tests.workflows.test_sequence import FILES
from tests.workflows.world import World, living

pytestmark = pytest.mark.workflow

BERLIN = ZoneInfo("Europe/Berlin")
HOME = FILES | {
    "policies/calendars.yaml": """
default: office
calendars:
  office: {zone: Europe/Berlin, hours: {mon-fri: ["10:00-18:00"]}}
""",
    "policies/teams.yaml": """
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example, deputy: ada}
  lea: {name: Lea, email: lea@acme.example}
  max: {name: Max, email: max@acme.example}
  hal: {name: Hal, email: hal@acme.example}
teams:
  sales: {email: sales@acme.example, members: [ada, bob], lead: lea, manager: max, head: hal}
""",
    "policies/follow-ups.yaml": """
policies:
  slow: {accept_by: 20 business days, done_by: 10 business hours, outcomes: [reached, gone]}
""",
}
CALL = Opening("Call Ada", team="sales")


def monday(hour: int = 10, minute: int = 0, *, days: int = 0) -> datetime:
    """A Monday to come, on a clock that no change of clocks is near."""
    return datetime(2027, 5, 10, hour, minute, tzinfo=BERLIN).astimezone(UTC) + timedelta(days=days)


def shown(at: datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(BERLIN):%a %H:%M:%S}"


async def opened(world: World, opening: Opening = CALL, at: datetime | None = None) -> Promise:
    await world.publish(HOME)
    return await Promise.open(world, opening, at or monday())


async def told(promise: Promise, *abouts: str) -> list[str]:
    """Return whom was told what and when, as `reminder ada Mon 12:00:00`."""
    found = await promise.notes()
    return [f"{each.about} {each.person or each.team} {shown(each.at)}" for each in found if each.about in abouts]


async def test_who_does_nothing_is_reminded_and_it_goes_from_hand_to_hand_up_the_ladder(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)
        await call.go_to(monday(days=8))

        assert await told(call, "assigned", "reminder", "warning") == [
            "assigned ada Mon 10:00:00",
            "reminder ada Mon 12:00:00",
            "reminder ada Mon 13:00:00",
            "warning lea Mon 13:36:00",
            "assigned bob Mon 14:00:00",
            "reminder bob Mon 16:00:00",
            "reminder bob Mon 17:00:00",
            "warning lea Mon 17:36:00",
            "reminder lea Mon 18:00:00",
            "assigned lea Mon 18:00:00",
            "reminder lea Tue 14:00:00",
            "warning lea Tue 16:24:00",
            "assigned max Wed 18:30:00",
            "assigned hal Thu 18:30:00",
        ]
        assert await told(call, "overdue") == [
            "overdue lea Wed 10:00:00",
            "overdue max Wed 18:00:00",
            "overdue hal Thu 18:00:00",
        ]
        await call.replay()


async def test_the_worked_examples_hold_for_a_promise_and_for_a_wait_alike(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    """Wednesday 15:00 and ten business hours, Monday to Friday from ten to six: Thursday 17:00."""
    async with living(env, tmp_path) as world:
        wednesday = monday(15, days=2)
        call = await opened(world, Opening("Call", team="sales", policy="slow"), wednesday)
        assert shown((await call.row()).done_due) == "Thu 17:00:00"

        await call.go_to(wednesday + timedelta(days=1, hours=3))

        assert await told(call, "overdue") == ["overdue lea Thu 17:00:00"]


async def test_what_is_accepted_in_time_goes_nowhere_and_what_is_completed_rings_no_more(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)
        await call.go_to(monday(11))
        assert await call.act(Accept(by="ada")) is None
        await call.go_to(monday(17))
        assert (await call.state()).assignee == "ada"

        assert await call.act(Complete(by="ada@acme.example", outcome="reached", note="Wants a demo")) is None

        row = await call.row()
        assert (row.ended, row.outcome, row.person, row.note) == ("completed", "reached", "ada", "Wants a demo")
        assert (await call.handle.describe()).status == WorkflowExecutionStatus.COMPLETED
        last = (await call.timeline())[-1]
        assert (last.name, last.person, last.department) == ("task_completed", "ada", "sales")
        assert last.data == {"task": call.id, "outcome": "reached", "why": "", "note": "Wants a demo"}
        await call.replay()


async def test_what_makes_no_sense_is_refused_with_the_reason_and_changes_nothing(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world, Opening("Call", team="sales", policy="slow", outcomes=("reached", "gone")))

        def away(session: Session, _: Contact) -> None:
            is_away(session, "bob", monday(), monday(days=2), by="test", now=monday())

        await call.change(away)
        before = await call.row()

        assert [
            await call.act(Complete(by="ada", outcome="sold")),
            await call.act(Accept(by="zoe")),
            await call.act(Accept(by="bob")),
            await call.act(Reassign(by="ada", to="bob")),
            await call.act(Reassign(by="ada", to="zoe")),
            await call.act(PutOff(by="ada", until=monday(days=30))),
            await call.act(PutOff(by="ada", until=monday(days=-1))),
        ] == [
            "'sold' is no outcome of this task; use one of reached, gone, or 'otherwise'",
            "there is nobody 'zoe' in policies/teams.yaml; use the key or the address of a person",
            "this task is with ada; have it reassigned to bob first",
            "bob is away until 2027-05-12 10:00 Europe/Berlin; choose somebody else",
            "there is nobody 'zoe' in policies/teams.yaml; use the key or the address of a person",
            "a task may be put off by 5 business days; give 2027-05-17 10:00 Europe/Berlin at the latest",
            "2027-05-09 10:00 Europe/Berlin is over; give an instant to come",
        ]
        assert (await call.row()).state == before.state


async def test_it_is_put_off_so_often_and_no_more_and_what_has_ended_has_ended(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)
        for number in (1, 2, 3):
            assert await call.act(PutOff(by="ada", until=monday(10 + number))) is None
        refused = await call.act(PutOff(by="ada", until=monday(15)))
        assert refused == "this task was put off as often as is allowed; do it, or hand it on"

        await call.act(Cancel(by="lea", reason="a duplicate"), key="once")
        # Asked again it is known; another wish finds the door closed, by the workflow or by the records.
        assert (await call.row()).told[-1] == "once"
        found = await Promise.begin(world, call.id, monday())
        assert (await found.row()).ended == "cancelled"


async def test_the_same_wish_told_twice_is_done_once(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)

        assert await call.act(Comment(by="ada", note="Rang, no answer"), key="k") is None
        assert await call.act(Comment(by="ada", note="Rang, no answer"), key="k") is None

        assert [row.name for row in await call.timeline()].count("task_commented") == 1


async def test_who_goes_away_hands_over_at_that_second_and_who_comes_back_gets_none_of_it(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        await opened(world)  # ada's turn
        call = await Promise.open(world, Opening("Call Bob's", team="sales"), monday())
        assert await call.act(Accept(by="bob")) is None

        def away(session: Session, _: Contact) -> None:
            is_away(session, "bob", monday(12, 30), None, by="test", now=monday())

        await call.change(away)
        assert (await call.state()).assignee == "bob"
        await call.go_to(monday(13))
        assert await told(call, "stands_in") == ["stands_in ada Mon 12:30:00"]

        def back(session: Session, _: Contact) -> None:
            is_back(session, "bob", monday(13))

        await call.change(back)
        assert (await call.state()).assignee == "ada"


async def test_while_the_contact_is_away_the_clocks_stand_still_and_an_answer_ends_that(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)

        def leaves(session: Session, contact: Contact) -> None:
            told = hold_all(session, world.published, contact, monday(days=3), "away", monday())
            record_all(session, world.published, contact, told, monday())

        await call.change(leaves)
        assert shown((await call.row()).done_due) == "Mon 10:00:00"
        await call.go_to(monday(days=1))
        assert await told(call, "reminder") == []

        def answers(session: Session, contact: Contact) -> None:
            happening = Happening("answer", "replied", monday(days=1), {"subject": "I am back"})
            record(session, world.published, contact, happening, monday(days=1))

        await call.change(answers)

        assert shown((await call.row()).done_due) == "Thu 10:00:00"
        assert await told(call, "contact_did") == ["contact_did ada Tue 10:00:00"]


async def test_a_booked_meeting_completes_it(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)

        def books(session: Session, contact: Contact) -> None:
            record(session, world.published, contact, Happening("m", "meeting_booked", monday(11)), monday(11))

        await call.change(books)

        row = await call.row()
        assert (row.ended, row.outcome) == ("completed", "meeting_booked")
        assert (await call.handle.describe()).status == WorkflowExecutionStatus.COMPLETED


async def test_who_is_taken_out_of_the_team_hands_over_what_they_have(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)
        assert (await call.state()).assignee == "ada"

        without_her = HOME["policies/teams.yaml"].replace("members: [ada, bob]", "members: [bob]")
        without_her = without_her.replace("  ada: {name: Ada, email: ada@acme.example}\n", "")
        await world.publish(HOME | {"policies/teams.yaml": without_her.replace(", deputy: ada", "")})
        assert (await call.row()).asked_at is not None, "a publication of other people has everything looked at"
        await call.look()

        assert (await call.state()).assignee == "bob"
        told = [row for row in await call.timeline() if row.name == "task_assigned"]
        assert told[-1].data["why"][0] == "ada has left"


async def test_one_that_was_lost_begins_again_and_goes_on_from_its_row(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)
        await call.go_to(monday(12, 30))
        await call.handle.terminate("lost")

        again = await Promise.begin(world, call.id, monday(14, 1))

        found = await told(again, "reminder", "assigned")
        assert found[:3] == ["assigned ada Mon 10:00:00", "reminder ada Mon 12:00:00", "reminder ada Mon 13:00:00"]
        assert (await again.state()).assignee == "bob"


async def test_a_long_story_goes_on_in_a_new_history(restless_env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(restless_env, tmp_path) as world:
        call = await opened(world)
        for number in range(30):
            assert await call.act(Comment(by="ada", note=f"call {number}")) is None

        notes = [row.data["note"] for row in await call.timeline() if row.name == "task_commented"]
        assert notes == [f"call {number}" for number in range(30)]
        described = await world.env.client.get_workflow_handle(call.handle.id).describe()
        assert described.run_id != call.handle.first_execution_run_id


async def test_what_people_write_stands_in_no_history(env: WorkflowEnvironment, tmp_path: Path) -> None:
    async with living(env, tmp_path) as world:
        call = await opened(world)
        assert await call.act(Comment(by="ada", note="Her mother is ill")) is None
        assert await call.act(Reassign(by="ada", to="bob", note="Her dentist's number is 555")) is None
        assert await call.act(Cancel(by="bob", reason="She went to Ms Secret")) is None

        history = (await call.handle.fetch_history()).to_json()

        assert not any(word in history for word in ("mother", "dentist", "Secret"))
        told = [row.data for row in await call.timeline()]
        assert [each["note"] for each in told if "note" in each][:1] == ["Her mother is ill"]
        assert told[-1]["why"] == "She went to Ms Secret"
        left = await world.database.read(lambda session: session.exec(select(FollowUpWords)).all())
        assert left == [], "taken words are gone from their place"
