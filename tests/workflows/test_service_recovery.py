"""Service recovery on the time-skipping server: one scenario for each row of the policy's table, with its instants."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.case_letters import TEMPLATES_OF_LETTERS
from domain.recovery_actions import Contacted, Diagnosed, Released, Resolved
from records.case_openings import CaseOpening
from records.models import Interaction
from tests.workflows.recoveries import Recovery
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
  care: {email: care@acme.example, department: service, members: [ada, bob], lead: lea, manager: max, head: hal}
""",
    "policies/recovery.yaml": """
team: care
causes: {late: Delivered late, rude: We were unfriendly}
""",
}
A_LETTER = """---
class: service
---
{% block subject %}Case {{ run.event.number }}{% endblock %}
{% block html %}<p>About your case</p>{% endblock %}
"""
HOME |= {f"templates/email/{each}.html": A_LETTER for each in TEMPLATES_OF_LETTERS}
BROKEN = CaseOpening("It broke", "order 7", severity="S1")


def monday(hour: int = 10, minute: int = 0, *, days: int = 0) -> datetime:
    """A Monday to come, on a clock that no change of clocks is near."""
    return datetime(2027, 5, 10, hour, minute, tzinfo=BERLIN).astimezone(UTC) + timedelta(days=days)


def of_case(row: Interaction) -> bool:
    return row.name.startswith(("case_", "promise_"))


def shown(at: datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(BERLIN):%a %d %H:%M:%S}"


async def opened(world: World, opening: CaseOpening = BROKEN, at: datetime | None = None) -> Recovery:
    await world.publish(HOME)
    return await Recovery.open(world, opening, at or monday())


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

        assert [f"{row.name} {row.person or '-'} {shown(row.at)}" for row in await case.timeline() if of_case(row)] == [
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
