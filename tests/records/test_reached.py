"""When a contact first reached the goal, whatever had become of the run: what is compared with those held out."""

import pytest

from records.session import Database
from tests.records.door import DAY, NOW, Door

WITHIN = "goal: {event: purchased, within: 14 days}"


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.consent()
    return opened


@pytest.mark.parametrize(
    # So small a share holds nobody out: contacts have random ids.
    ("head", "days", "converted", "reached"),
    [
        ("enter: {holdout: 0.0001%}", 10, True, True),
        ("enter: {holdout: 0.0001%}", 40, False, True),
        ("enter: {again: never}", 10, True, True),
        ("enter: {again: never}", 40, False, True),
    ],
)
def test_a_goal_is_noted_however_long_after_the_end(
    door: Door, head: str, days: int, converted: bool, reached: bool
) -> None:
    door.publish(trial=f"{head}\n{WITHIN}")
    door.enter("trial")
    door.end("trial", NOW + DAY)

    at = NOW + days * DAY
    door.tell("purchased", at)
    door.tell("purchased", at + DAY)

    run = door.run()
    assert run.converted_at == (at if converted else None)
    assert run.reached_at == (at if reached else None)


def test_a_goal_without_within_is_noted_only_where_somebody_is_held_out(door: Door) -> None:
    goal = "goal: {event: purchased}"
    door.publish(watched=f"enter: {{holdout: 0.0001%}}\n{goal}", alone=goal)
    for name in ("watched", "alone"):
        door.enter(name)
        door.end(name, NOW + DAY)

    door.tell("purchased", NOW + 3 * DAY)

    runs = {run.sequence: run for run in door.rows(type(door.run()))}
    assert (runs["watched"].reached_at, runs["watched"].converted_at) == (NOW + 3 * DAY, None)
    assert (runs["alone"].reached_at, runs["alone"].converted_at) == (None, None)


def test_a_run_that_its_goal_ends_has_reached_it_then(door: Door) -> None:
    door.publish(trial="enter: {on: {event: trial_started}}\ngoal: {event: purchased}")
    door.tell("trial_started")

    door.tell("purchased", NOW + DAY)

    assert door.run().reached_at == door.run().converted_at == NOW + DAY


def test_who_began_again_has_reached_it_from_the_first_entry_too(door: Door) -> None:
    door.publish(
        trial="enter: {on: {event: trial_started}, again: restart, holdout: 0.0001%}\ngoal: {event: purchased}"
    )
    door.tell("trial_started")
    door.tell("trial_started", NOW + DAY)

    door.tell("purchased", NOW + 2 * DAY)

    runs = door.rows(type(door.run()))
    assert sorted(run.end_reason for run in runs) == ["converted", "replaced"]
    assert {run.reached_at for run in runs} == {NOW + 2 * DAY}
