"""What each kind of step adds to the history of its wave: events and bytes, for one contact and for many together."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.test_sequence import FILES
from tests.workflows.world import Someone, World, living

pytestmark = pytest.mark.workflow

TIMES, MANY = 3, 40
MOST_BYTES, MOST_BYTES_EACH = 2_000, 100
HEAD = "topic: news\nenter: {again: always}\n"
HOME = FILES | {
    "policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}",
    "templates/staff/told.html": "{% block subject %}Told{% endblock %}{% block html %}<p>Told</p>{% endblock %}",
    "sequences/other.yaml": "topic: news\nsteps: [{wait: 1 day}]",
}
# Each kind, written once, and the events it adds.
KINDS = {
    "send": ("{send: t/hello}", 6),
    "wait": ("{wait: 1 hour}", 8),
    "wait_for": ("{wait_for: purchased, up_to: 1 hour}", 8),
    "branch": ("{branch: [{when: contact.score > 99, steps: [{wait: 1 day}]}]}", 1),
    "split": ("{split: {arms: [{name: a, share: 1}, {name: b, share: 1}]}}", 1),
    "update": ("{update: {score: +1}}", 1),
    "task": ("{task: Call, team: sales, up_to: 1 hour}", 8),
    "task, not waited for": ("{task: Call, team: sales, blocking: false}", 1),
    "case": ("{case: Unhappy}", 1),
    "notify": ("{notify: sales, template: staff/told}", 6),
    "start": ("{start: other}", 1),
    "stop": ("{stop: other}", 1),
    "repeat, two rounds": ("{repeat: {times: 2, until: contact.score > 99, steps: [{update: {score: +1}}]}}", 3),
}


async def size(world: World, name: str, people: int) -> tuple[int, int]:
    """Return the events and bytes of the histories of a wave that so many went through together."""
    start = datetime.now(UTC).replace(microsecond=0)
    crowd = [
        Someone({"email": f"p{n}-{name}-{people}@acme.example", "first_name": "P", "consents": {"news": "opted_in"}})
        for n in range(people)
    ]
    journey = await world.enter(name, crowd, start)
    await journey.live()
    events = [event for history in await journey.histories() for event in history.events]
    return len(events), sum(event.ByteSize() for event in events)


async def added(world: World, kind: int, people: int) -> tuple[float, float]:
    """Return the events and bytes that one more step of this kind adds."""
    few = await size(world, f"k{kind}-1", people)
    more = await size(world, f"k{kind}-{1 + TIMES}", people)
    return (more[0] - few[0]) / TIMES, (more[1] - few[1]) / TIMES


async def test_a_step_costs_a_history_as_much_as_the_table_says(env: WorkflowEnvironment, tmp_path: Path) -> None:
    # docs/performance.md has the table. A step that is answered from the records is one marker beside what comes next.
    files = HOME | {
        f"sequences/k{number}-{times}.yaml": f"{HEAD}steps:\n" + f"  - {step}\n" * times
        for number, (step, _) in enumerate(KINDS.values())
        for times in (1, 1 + TIMES)
    }
    async with living(env, tmp_path) as world:
        await world.publish(files)
        alone = await asyncio.gather(*(added(world, number, 1) for number in range(len(KINDS))))
        together = await added(world, list(KINDS).index("wait"), MANY)

    found = dict(zip(KINDS, alone, strict=True))
    assert {kind: round(events) for kind, (events, _) in found.items()} == {
        kind: events for kind, (_, events) in KINDS.items()
    }
    assert {kind: size for kind, (_, size) in found.items() if size > MOST_BYTES} == {}
    assert together[0] == found["wait"][0]
    assert together[1] / MANY < MOST_BYTES_EACH
