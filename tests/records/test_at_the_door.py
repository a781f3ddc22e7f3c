"""Who waits at the door: once for one place, and not for ever behind something that is broken."""

from datetime import datetime

import pytest

from records import notices
from records.entry_models import DateEntry, WaitingEntry
from records.falling_due import LONGEST, TOLD_AFTER, DueNow, put_off
from records.session import Database
from tests.records.door import DAY, HOUR, MINUTE, NOW, Door

PENDING = "enter: {on: {event: trial_started}%s}"
TRIAL = "enter: {on: {event: trial_started, where: contact.stage == event.plan}}"


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.consent("pending")
    return opened


def waits(door: Door) -> list[tuple[str, object]]:
    return [(row.asks, row.event.get("plan")) for row in door.rows(WaitingEntry)]


def fails(door: Door, row: WaitingEntry, at: datetime) -> None:
    assert row.id is not None
    due = DueNow("waiting", row.id)
    door.database.write_now(lambda session: put_off(session, due, "KeyError", at))


def test_who_tells_it_three_times_waits_once_and_what_was_told_last_counts(door: Door) -> None:
    door.publish(trial=PENDING % "")
    for hour, plan in enumerate(("free", "team", "pro")):
        door.tell("trial_started", NOW + hour * HOUR, plan=plan)

    assert waits(door) == [("consent", "pro")]
    assert door.waiting() == [("consent", NOW + 74 * HOUR)]
    door.tell("consent_confirmed", NOW + 73 * HOUR, topic="product-news")
    door.come_due(NOW + 73 * HOUR)

    assert door.run().event == {"plan": "pro", "name": "trial_started"}
    waited, gave_way = "trial waits:consent", "trial refused:again"
    assert door.decided() == [waited, waited, gave_way, waited, gave_way, "trial entered"]


def test_two_orders_of_one_contact_wait_beside_each_other(door: Door) -> None:
    door.publish(trial=PENDING % ", per: run.event.order")
    for minute, order in enumerate(("A", "B", "A")):
        door.tell("trial_started", NOW + minute * MINUTE, order=order)

    assert sorted(row.event["order"] for row in door.rows(WaitingEntry)) == ["A", "B"]


def test_where_it_may_be_entered_at_any_time_each_entry_waits_for_itself(door: Door) -> None:
    door.publish(trial=PENDING % ", again: always")
    for hour in range(3):
        door.tell("trial_started", NOW + hour * HOUR)

    assert waits(door) == [("consent", None)] * 3


def test_events_that_differ_are_each_asked_whether_they_are_meant(door: Door) -> None:
    door.consent()
    door.publish(trial=TRIAL)
    for minute, plan in enumerate(("pro", "team", "pro")):
        door.tell("trial_started", NOW + minute * MINUTE, plan=plan)
    assert sorted(waits(door)) == [("where", "pro"), ("where", "team")]

    door.set(NOW + 5 * MINUTE, stage="pro")
    door.come_due(NOW + 5 * MINUTE)

    assert (door.run().event["plan"], len(door.runs())) == ("pro", 1)


def test_of_two_that_come_to_wait_for_one_place_the_later_one_stays(door: Door) -> None:
    door.publish(trial=TRIAL)
    for minute, plan in enumerate(("pro", "team")):
        door.set(NOW, stage=plan if minute else None)
        door.tell("trial_started", NOW + minute * MINUTE, plan=plan)
    assert sorted(waits(door)) == [("consent", "team"), ("where", "pro")]

    door.set(NOW + 5 * MINUTE, stage="pro")
    door.come_due(NOW + 5 * MINUTE)

    assert len(waits(door)) == 1


def test_what_is_broken_is_tried_more_and_more_seldom_and_the_operator_is_told(door: Door) -> None:
    door.publish(trial=PENDING % "")
    door.tell("trial_started")
    [row] = door.rows(WaitingEntry)
    rests, now = [], NOW + 72 * HOUR

    for _ in range(14):
        fails(door, row, now)
        [row] = door.rows(WaitingEntry)
        rests.append(row.due_at - now)
        now = row.due_at
        assert len(door.database.read_now(notices.listed)) == (1 if row.tries >= TOLD_AFTER else 0)

    assert rests[:5] == [each * MINUTE for each in (1, 2, 4, 8, 16)]
    assert rests[-3:] == [LONGEST] * 3
    [told] = door.database.read_now(notices.listed)
    assert (told.kind, told.count) == ("entry fails", 14 - TOLD_AFTER + 1)
    assert told.what.startswith("sequence trial: somebody who is to enter can be neither let in nor refused (KeyError)")


def test_what_was_broken_is_asked_as_of_when_it_came_due(door: Door) -> None:
    door.publish(trial=PENDING % "")
    door.tell("trial_started")
    door.tell("consent_confirmed", NOW + 71 * HOUR, topic="product-news")
    [row] = door.rows(WaitingEntry)
    fails(door, row, NOW + 75 * HOUR)

    door.come_due(NOW + 3 * DAY + 9 * HOUR)

    assert door.decided()[-1] == "trial entered"
    assert door.run().entered_at == NOW + 71 * HOUR


def test_what_has_gone_meanwhile_is_put_off_by_nobody(door: Door) -> None:
    door.database.write_now(lambda session: put_off(session, DueNow("date", 7), "KeyError", NOW))

    assert door.rows(DateEntry) == []
