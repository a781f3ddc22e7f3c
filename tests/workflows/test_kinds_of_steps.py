"""Every kind of step on the time-skipping server, and whether it was lived as simulated."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select
from temporalio.testing import WorkflowEnvironment

from records.case_models import ServiceCase
from records.follow_up_models import FollowUp
from records.models import Enrolment, Interaction
from tests.workflows.parity import Simulator
from tests.workflows.test_sequence import ANN, BOB, EVE, FILES
from tests.workflows.world import Someone, World, living

pytestmark = pytest.mark.workflow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

HOME = FILES | {
    "policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}",
    "policies/segments.yaml": "segments: {keen: {when: contact.score >= 20}}",
    "sequences/work.yaml": """
topic: news
enter: {again: always}
steps:
  - split:
      arms:
        - {name: long, share: 1, steps: [{send: t/hello}]}
        - {name: short, share: 1, steps: [{send: t/bye}]}
  - repeat:
      times: 3
      until: contact.score >= 20
      steps:
        - task: Call {{ contact.first_name }}
          team: sales
          up_to: 2 days
          outcomes:
            reached: [{update: {score: +20}}]
        - wait: 1 day
  - wait_for: {segment: keen}
    up_to: 5 days
    then:
      - case: Somebody is keen
        severity: S3
  - wait_for: {when: "contact.stage == 'customer'"}
    up_to: 20 days
    then: [{stop: other}, {start: other}]
""",
    "sequences/other.yaml": """
topic: news
enter: {again: always}
steps: [{wait: 200 days}]
""",
}


async def test_work_is_asked_for_waited_for_and_gone_on_with(env: WorkflowEnvironment, tmp_path: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    people = [
        Someone(ANN | {"id": "c-ann"}, [(HOUR, "task_completed", "repeat-2.1.task-1", {"outcome": "reached"})]),
        Someone(BOB | {"id": "c-bob"}, [(4 * DAY, "task_completed", "repeat-2.1.task-1", {"outcome": "no_answer"})]),
        Someone(
            EVE | {"id": "c-eve"},
            [(13 * DAY, "set", None, {"score": 30}), (20 * DAY, "set", None, {"stage": "customer"})],
        ),
    ]
    async with living(env, tmp_path) as world:
        await world.publish(HOME)
        journey = await world.enter("work", people, start)

        await journey.live()

        simulator = Simulator(HOME)
        told = await journey.timelines()
        found = [
            simulator.told_apart("work", each, start, happened) for each, happened in zip(people, told, strict=True)
        ]
        assert found == [[], [], []]
        assert [row["did"] for row in told[0]["timeline"]][1:4] == ["sent", "opened", "matched"]
        await _look_at_the_work(world)


async def _look_at_the_work(world: World) -> None:
    tasks = await world.database.read(lambda session: list(session.exec(select(FollowUp)).all()))
    cases = await world.database.read(lambda session: list(session.exec(select(ServiceCase)).all()))
    timeline = await world.database.read(lambda session: list(session.exec(select(Interaction)).all()))
    runs = await world.database.read(lambda session: list(session.exec(select(Enrolment)).all()))

    of_bob = [(task.visit, task.outcome) for task in tasks if task.contact_id == "c-bob"]
    assert [(task.title, task.outcome) for task in tasks if task.contact_id == "c-ann"] == [("Call Ann", "reached")]
    assert sorted(of_bob) == [(1, None), (2, "no_answer"), (3, None)]
    assert sorted((case.contact_id, case.severity) for case in cases) == [("c-ann", "S3"), ("c-eve", "S3")]
    assert sorted(row.contact_id for row in timeline if row.name == "case_opened") == ["c-ann", "c-eve"]
    assert [(run.contact_id, run.state) for run in runs if run.sequence == "other"] == [("c-eve", "starting")]


ROUNDS = """
topic: news
steps:
  - repeat:
      times: 2
      steps:
        - send: t/hello
        - repeat:
            times: 2
            until: clicked('hello')
            steps:
              - wait_for: clicked
                of: hello
                up_to: 1 day
                then: [{update: {score: +10}}]
          when: run.round == 1 || contact.score > 0
        - update: {topics: [-news]}
          when: contact.score > 0
        - wait: 1 hour
  - branch:
      - {when: sent('hello'), steps: [{update: {tags: [+heard]}}]}
  - {task: Call, team: sales, up_to: 1 day}
  - {task: Write, team: sales, up_to: 1 day}
  - branch:
      - {when: outcome == 'booked', steps: [{exit: booked}]}
      - {when: outcome == 'timed_out', steps: [{exit: late}]}
"""


async def test_rounds_inside_of_rounds_and_outcomes_are_lived_as_simulated(
    env: WorkflowEnvironment, tmp_path: Path
) -> None:
    files = HOME | {"sequences/rounds.yaml": ROUNDS}
    start = datetime.now(UTC).replace(microsecond=0)
    people = [
        Someone(ANN, [(HOUR, "clicked", "hello", {}), (2 * HOUR, "clicked", "hello", {})]),
        Someone(BOB, [(4 * DAY + 4 * HOUR, "task_completed", "task-3", {"outcome": "booked"})]),
        Someone(EVE, [(30 * HOUR, "clicked", "hello", {})]),
    ]
    async with living(env, tmp_path) as world:
        await world.publish(files)
        journey = await world.enter("rounds", people, start)

        await journey.live()

        simulator = Simulator(files)
        told = await journey.timelines()
        found = [
            simulator.told_apart("rounds", each, start, happened) for each, happened in zip(people, told, strict=True)
        ]
        assert found == [[], [], []]
        assert {each["end"]["reason"] for each in told} == {"exited:late"}
