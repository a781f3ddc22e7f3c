"""Who is let in, who waits at the door, who gives way: in the database, each in one transaction with its cause."""

import pytest

from records.session import Database
from tests.records.door import DAY, HOUR, MINUTE, NOW, Door

TRIAL = "enter: {on: {event: trial_started, where: contact.stage == 'trial'}}"
PENDING = "enter: {on: {event: trial_started}}"
NURTURE = "group: nurture\nenter: {again: always}\npriority: %s"


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.consent()
    return opened


# The event that overtakes its attribute -----------------------------------------------------------------------------


def test_an_event_that_overtakes_its_attribute_starts_the_run_when_the_attribute_comes(door: Door) -> None:
    door.publish(trial=TRIAL)
    door.tell("trial_started")
    assert door.waiting() == [("where", NOW + 30 * MINUTE)]

    door.set(NOW + 5 * MINUTE, stage="trial")
    door.come_due(NOW + 5 * MINUTE)

    assert door.decided() == ["trial waits:where", "trial entered"]
    assert door.run().entered_at == NOW, "entry is the instant the trigger was received"
    assert door.waiting() == []


def test_after_half_an_hour_the_attribute_comes_too_late(door: Door) -> None:
    door.publish(trial=TRIAL)
    door.tell("trial_started")

    assert door.come_due(NOW + 29 * MINUTE) == 0
    door.come_due(NOW + 30 * MINUTE)
    door.set(NOW + 31 * MINUTE, stage="trial")
    door.come_due(NOW + DAY)

    assert door.decided() == ["trial waits:where", "trial refused:where"]


def test_a_where_on_the_event_alone_is_answered_at_once(door: Door) -> None:
    door.publish(trial="enter: {on: {event: trial_started, where: event.plan == 'pro'}}")

    door.tell("trial_started", plan="free")

    assert (door.decided(), door.waiting()) == (["trial refused:where"], [])


def test_what_changes_nothing_is_asked_and_waits_on_without_a_new_decision(door: Door) -> None:
    door.publish(trial=TRIAL)
    door.tell("trial_started")

    door.set(NOW + MINUTE, city="Ulm")
    assert door.come_due(NOW + MINUTE) == 1

    assert door.decided() == ["trial waits:where"]
    assert door.waiting() == [("where", NOW + 30 * MINUTE)]


def test_the_trigger_whose_where_is_true_is_the_one_that_starts(door: Door) -> None:
    on = "[{event: trial_started, where: event.plan == 'team'}, {event: trial_started, where: event.plan == 'pro'}]"
    door.publish(trial=f"enter: {{on: {on}}}")

    door.tell("trial_started", plan="pro")

    assert door.decided() == ["trial entered"]


# Consent that waits for its confirmation ----------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [("alpha", "omega"), ("omega", "alpha")])
def test_of_two_sequences_of_a_group_that_one_event_starts_the_more_important_gets_the_contact(
    door: Door, first: str, second: str
) -> None:
    head = "group: nurture\nenter: {on: {event: trial_started}}\npriority: "
    door.publish(NOW, **{first: f"{head} 90", second: f"{head} 10"})

    door.tell("trial_started")

    assert door.runs() == [(first, None)]
    assert door.decided() == [f"{first} entered", f"{second} refused:group"]


def test_a_pending_consent_starts_the_run_at_the_instant_of_its_confirmation(door: Door) -> None:
    door.publish(trial=PENDING)
    door.consent("pending")
    door.tell("trial_started", plan="pro")
    assert door.waiting() == [("consent", NOW + 72 * HOUR)]

    door.tell("consent_confirmed", NOW + 2 * DAY, topic="product-news")
    door.come_due(NOW + 2 * DAY + MINUTE)

    assert door.decided() == ["trial waits:consent", "trial entered"]
    assert (door.run().entered_at, door.run().event) == (NOW + 2 * DAY, {"plan": "pro", "name": "trial_started"})


def test_a_consent_that_nobody_confirms_is_refused_after_three_days(door: Door) -> None:
    door.publish(trial=PENDING)
    door.consent("pending")
    door.tell("trial_started")

    door.come_due(NOW + 72 * HOUR)
    door.tell("consent_confirmed", NOW + 73 * HOUR, topic="product-news")

    assert door.come_due(NOW + 99 * HOUR) == 0
    assert door.decided() == ["trial waits:consent", "trial refused:consent"]
    assert door.why()[-1] == "consent: product-news is pending"


def test_a_confirmation_in_time_that_is_read_late_counts(door: Door) -> None:
    door.publish(trial=PENDING)
    door.consent("pending")
    door.tell("trial_started")
    door.tell("consent_confirmed", NOW + 71 * HOUR, topic="product-news")

    door.come_due(NOW + 80 * HOUR)

    assert door.decided()[-1] == "trial entered"
    assert door.run().entered_at == NOW + 71 * HOUR


def test_who_waited_for_a_sequence_that_was_taken_away_is_refused(door: Door) -> None:
    door.publish(trial=PENDING)
    door.consent("pending")
    door.tell("trial_started")

    door.publish(NOW + HOUR, other=PENDING)
    door.come_due(NOW + 72 * HOUR)

    assert door.decided() == ["trial waits:consent", "trial refused:closed"]


# One sequence of a group at a time ----------------------------------------------------------------------------------


def test_a_group_lets_in_one_at_a_time(door: Door) -> None:
    door.publish(first=NURTURE % 50, second=NURTURE % 50)

    assert [door.enter("first"), door.enter("second")] == ["first entered", "second refused:group"]
    assert door.why()[-1] == "group: nurture, and is in first now"
    door.end("first", NOW + DAY)
    assert door.enter("second", NOW + DAY) == "second entered"


def test_who_waits_for_a_group_is_asked_everything_again_when_the_other_run_ends(door: Door) -> None:
    door.publish(first=NURTURE % 50, second=NURTURE % 50 + "\non_conflict: wait", third=NURTURE % 50)
    door.enter("first")
    assert door.enter("second", NOW + HOUR) == "second waits:group"

    door.end("first", NOW + 3 * DAY)
    door.come_due(NOW + 3 * DAY + HOUR)

    assert door.decided()[-1] == "second entered"
    assert door.run().entered_at == NOW + 3 * DAY


def test_after_thirty_days_the_group_has_no_place(door: Door) -> None:
    door.publish(first=NURTURE % 50, second=NURTURE % 50 + "\non_conflict: wait")
    door.enter("first")
    door.enter("second")

    door.come_due(NOW + 30 * DAY)

    assert door.decided()[-1] == "second refused:group"


def test_who_suppressed_meanwhile_does_not_enter_when_the_group_has_a_place(door: Door) -> None:
    door.publish(first=NURTURE % 50, second=NURTURE % 50 + "\non_conflict: wait")
    door.enter("first")
    door.enter("second")

    door.tell("complained", NOW + DAY)
    door.come_due(NOW + DAY)

    assert door.decided()[-1] == "second refused:suppressed"
    assert door.runs() == [("first", "suppressed")]


@pytest.mark.parametrize(("priority", "runs"), [(49, [("a", None)]), (50, [("a", "replaced"), ("b", None)])])
def test_preempting_takes_the_place_of_what_is_not_of_higher_priority(
    door: Door, priority: int, runs: list[tuple[str, str | None]]
) -> None:
    door.publish(a=NURTURE % 50, b=NURTURE % priority + "\non_conflict: preempt")
    door.enter("a")

    door.enter("b", NOW + DAY)

    assert door.runs() == runs


# In again -----------------------------------------------------------------------------------------------------------


def test_restart_ends_the_running_one_and_begins_anew(door: Door) -> None:
    door.publish(cart="enter: {on: {event: trial_started}, again: restart}")

    door.tell("trial_started", NOW, plan="a")
    door.tell("trial_started", NOW + HOUR, plan="b")

    assert door.runs() == [("cart", "replaced"), ("cart", None)]
    assert door.run().event == {"plan": "b", "name": "trial_started"}
    door.end("cart", NOW + DAY)
    door.tell("trial_started", NOW + 2 * DAY)
    assert door.runs()[-1] == ("cart", None)


def test_restart_leaves_the_runs_of_other_values_alone(door: Door) -> None:
    door.publish(cart="enter: {on: {event: trial_started}, again: restart, per: run.event.plan}")

    for hour, plan in enumerate(["a", "b", "a"]):
        door.tell("trial_started", NOW + hour * HOUR, plan=plan)

    assert door.runs() == [("cart", "replaced"), ("cart", None), ("cart", None)]


def test_restart_in_a_group_gives_way_to_itself_alone(door: Door) -> None:
    head = "group: nurture\nenter: {on: {event: trial_started}, again: restart}"
    door.publish(cart=head, other=NURTURE % 10)

    door.tell("trial_started", NOW)
    door.tell("trial_started", NOW + HOUR)

    assert door.runs() == [("cart", "replaced"), ("cart", None)]
    assert door.enter("other", NOW + HOUR) == "other refused:group"


# Held out, and goals ------------------------------------------------------------------------------------------------

HELD = "enter: {on: {event: trial_started}, again: always, holdout: 99.9999%%}\n%s"
GOAL = "goal: {event: purchased, within: 14 days, where: 'event.order_id == run.event.order'}"


def test_who_is_held_out_is_written_down_once_and_its_goal_is_measured(door: Door) -> None:
    door.publish(trial=HELD % GOAL)

    door.tell("trial_started", NOW, order="7")
    door.tell("trial_started", NOW + HOUR, order="7")
    door.tell("purchased", NOW + DAY, order_id="8")
    assert door.held_out() == [None]
    door.tell("purchased", NOW + 2 * DAY, order_id="7")
    door.tell("purchased", NOW + 3 * DAY, order_id="7")

    assert door.decided() == ["trial refused:holdout"] * 2
    assert (door.held_out(), door.runs()) == ([NOW + 2 * DAY], [])


def test_a_goal_that_is_a_condition_is_measured_for_who_is_held_out_too(door: Door) -> None:
    door.publish(trial=HELD % "goal: {when: contact.stage == 'customer'}")
    door.tell("trial_started")

    door.set(NOW + DAY, stage="customer")

    assert door.held_out() == [NOW + DAY]


def test_a_goal_reached_so_long_after_the_end_counts_and_no_longer(door: Door) -> None:
    door.publish(trial="enter: {again: always}\ngoal: {event: purchased, within: 14 days}")
    door.enter("trial")
    door.end("trial", NOW + DAY)
    door.enter("trial", NOW + DAY)
    door.end("trial", NOW + 2 * DAY)

    door.tell("purchased", NOW + 15 * DAY + HOUR)

    assert sorted((row.converted_at is not None for row in door.rows(type(door.run()))), key=bool) == [False, True]
    assert door.run().converted_at == NOW + 15 * DAY + HOUR


def test_a_run_that_its_goal_ends_is_converted_then(door: Door) -> None:
    door.publish(trial="enter: {on: {event: trial_started}}\ngoal: {event: purchased}")
    door.tell("trial_started")

    door.tell("purchased", NOW + DAY)

    assert (door.run().end_reason, door.run().converted_at) == ("converted", NOW + DAY)
