"""The same case, simulated and on Temporal: the same course, at the same instants."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.assignment import Staff
from domain.follow_up_actions import Accept
from domain.policy_files import load_policies
from domain.recovery import Case
from domain.recovery_actions import Answered, AskedCustomer, Contacted, Diagnosed, Reopened, Resolved
from domain.simulated_deeds import Does, Replied
from domain.simulated_recovery import Course, simulate
from domain.tree import Problem
from tests.workflows.care import BROKEN, HOME, monday, opened
from tests.workflows.recoveries import Recovery
from tests.workflows.world import living

pytestmark = pytest.mark.workflow

NOTHING: list[Does] = []
IN_A_DAY = [
    Does(monday(10, 5), Accept(by="ada")),
    Does(monday(10, 30), Contacted(by="ada")),
    Does(monday(14), Diagnosed(by="ada", cause="late")),
    Does(monday(14, 1), Resolved(by="ada", text="Sorry")),
]
WITH_A_QUESTION_AND_OPENED_AGAIN = [
    Does(monday(10, 20), Contacted(by="bob")),
    Does(monday(11), AskedCustomer(by="ada", text="Which board?")),
    Does(monday(12, days=2), Replied()),
    Does(monday(13, days=2), Answered(by="ada")),  # refused: nobody waits any more
    Does(monday(14, days=2), Diagnosed(by="ada", cause="rude")),
    Does(monday(15, days=2), Resolved(by="ada", how="final_answer", text="No")),
    Does(monday(11, days=4), Reopened(by="lea", note="they called")),
    Does(monday(12, days=4), Resolved(by="ada", text="Yes")),
]


def simulated(script: Sequence[Does], until: datetime) -> Course:
    problems: list[Problem] = []
    policies = load_policies({path: text for path, text in HOME.items() if path.startswith("policies/")}, problems)
    assert not problems
    assert policies.recovery is not None
    case = Case(
        id="case",
        number=1001,
        title=BROKEN.title,
        team="care",
        severity="S1",
        clocks=policies.recovery.clocks_of("S1"),
        opened_at=monday(),
    )
    staff = Staff(policies.teams, "care", ZoneInfo("Europe/Berlin"), policies.calendars)
    return simulate(policies.recovery, staff, case, script, until, policies.follow_ups.terms(None))


async def lived(case: Recovery, script: Sequence[Does], until: datetime) -> list[str]:
    """Let the same happen on Temporal; return what was refused."""
    refused: list[str | None] = []
    for does in script:
        await case.go_to(does.at)
        if isinstance(does.what, Accept):
            await case.accept(does.what.by)
        elif isinstance(does.what, Replied):
            await case.happens("replied")
        else:
            what: Any = does.what
            refused.append(await case.act(what))
    await case.go_to(until)
    return [each for each in refused if each is not None]


def at(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


@pytest.mark.parametrize(
    ("script", "days"),
    [(NOTHING, 4), (IN_A_DAY, 65), (WITH_A_QUESTION_AND_OPENED_AGAIN, 12)],
    ids=["nobody does anything", "made good in a day", "a question, and opened again"],
)
async def test_a_case_is_lived_as_simulated(
    env: WorkflowEnvironment, tmp_path: Path, script: list[Does], days: int
) -> None:
    until = monday(days=days)
    course = simulated(script, until)
    async with living(env, tmp_path) as world:
        case = await opened(world)
        refused = await lived(case, script, until)

        def events(prefix: tuple[str, ...]) -> list[str]:
            return sorted(
                f"{at(line.at)} {line.what} {' '.join(line.who)}"
                for line in course.lines
                if line.kind in ("case", "task") and line.what.startswith(prefix)
            )

        of_all = ("case_", "promise_", "task_")
        assert events(of_all) == sorted(
            f"{at(row.at)} {row.name} {row.person or ''}"
            for row in await case.timeline()
            if row.name.startswith(of_all)
        )
        assert [f"{at(each.at)} {each.what}" for each in course.lines if each.kind == "letter"] == [
            f"{at(each.written_at)} {each.letter}" for each in await case.letters()
        ]
        assert sorted(
            f"{at(line.at)} {line.what} {who}"
            for line in course.lines
            if line.kind == "note"
            for who in line.who or ("-",)
        ) == sorted(f"{at(each.at)} {each.about} {each.person or '-'}" for each in await case.notes())
        assert [each.what for each in course.lines if each.kind == "refused"] == refused
        state = await case.state()
        assert course.case.promises == state.promises
        assert course.case.model_dump(exclude={"id", "action", "language"}) == state.model_dump(
            exclude={"id", "action", "language"}
        )
    assert course.now == until > monday() + timedelta(days=1)
