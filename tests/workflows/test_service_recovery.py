"""Service recovery on the time-skipping server: long cases, each with its whole timeline and its instants."""

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from domain.recovery_actions import Contacted, Diagnosed, Released, Resolved
from tests.workflows.care import lines, monday, opened, shown
from tests.workflows.world import living

pytestmark = pytest.mark.workflow


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
