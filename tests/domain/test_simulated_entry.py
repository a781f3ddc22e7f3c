"""At the door of a simulated sequence it is as at the real one: some wait, some are let in later, some never."""

from datetime import timedelta
from typing import Any

from tests.domain.kit import MONDAY, POLICIES, ended, lived, on, program, rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEGMENTS = {**POLICIES, "policies/segments.yaml": "segments: {hot: {when: contact.score >= 50}}"}
TRIAL = "enter: {on: {event: trial_started%s}}\nsteps: [{send: shop/receipt}, {wait: 1 day}]"
PENDING: dict[str, Any] = {"consents": {"product-news": "pending"}}
NEWS = "enter: {on: {event: trial_started}}\nsteps: [{send: welcome/hello}]"


def test_a_pending_consent_begins_at_its_confirmation() -> None:
    confirmed = on(2 * DAY, "consent_confirmed", topic="product-news")

    story = lived(NEWS, [confirmed], **PENDING)

    assert story.as_json()["entered_at"] == "2026-03-04T09:00:00Z"
    assert rows(story)[0] == "2026-03-04T09:00 hello sent"


def test_a_consent_that_is_not_confirmed_in_three_days_is_refused() -> None:
    confirmed = on(73 * HOUR, "consent_confirmed", topic="product-news")

    story = lived(NEWS, [confirmed], **PENDING)

    assert story.end is not None
    assert (story.end["reason"], story.end["at"]) == ("refused:consent", "2026-03-05T09:00:00Z")


def test_a_simulation_that_ends_before_the_confirmation_says_where_it_waits() -> None:
    story = lived(NEWS, until=MONDAY + DAY, **PENDING)

    assert (story.end, story.waiting) == (None, {"step": "entry", "until": "2026-03-05T09:00:00Z"})


def test_an_event_that_overtakes_its_attribute_counts_from_its_receipt() -> None:
    trial = TRIAL % ", where: \"contact.stage == 'trial'\""

    story = lived(trial, [on(timedelta(minutes=10), "set", stage="trial")])

    assert story.as_json()["entered_at"] == "2026-03-02T09:00:00Z"
    assert rows(story)[0] == "2026-03-02T09:10 receipt sent"
    assert ended(lived(trial, [on(timedelta(minutes=31), "set", stage="trial")])) == "refused:where"


def test_who_is_held_out_is_told_so() -> None:
    story = lived("enter: {holdout: 99.9999%}\ngoal: {event: purchased}\nsteps: [{send: welcome/hello}]")

    assert ended(story) == "refused:holdout"


def test_a_date_and_a_segment_start_a_run_with_what_started_it() -> None:
    dated = lived(
        "enter: {on: {date: contact.renewal_date - 3 days}, again: always}\nsteps: []", renewal_date="2026-03-05"
    )
    asked = "steps: [{exit: seen, when: run.event.segment == 'hot'}]"
    hot = program(f"enter: {{on: {{segment: hot}}}}\n{asked}", SEGMENTS)

    assert dated.facts.run_event == {"date": "2026-03-05", "name": "date"}
    assert ended(lived(hot, among=SEGMENTS)) == "exited:seen"


def test_of_several_triggers_a_run_knows_which_one_it_was() -> None:
    two = """
enter: {on: [{event: trial_started}, {form: demo-request}, {event: purchased}]}
steps:
  - branch:
      - {when: run.event.name == 'form_submitted', steps: [{exit: form}]}
      - {when: run.event.name == 'purchased', steps: [{exit: purchase}]}
      - otherwise: [{exit: trial}]
"""

    assert ended(lived(two)) == "exited:trial"
    assert ended(lived(two, run_event={"form": "demo-request"})) == "exited:form"
    assert ended(lived(two, run_event={"name": "purchased"})) == "exited:purchase"


def test_a_date_that_comes_round_is_about_its_anniversary_though_it_comes_before() -> None:
    soon = "enter: {on: {date: contact.renewal_date yearly - 7 days at 09:00}, again: always}\nsteps: []"

    assert lived(soon, renewal_date="2020-03-09").facts.run_event["date"] == "2026-03-09"


def test_becoming_a_member_ends_a_run_whose_exit_it_is() -> None:
    made = program("exit: {segment: hot}\nsteps: [{wait: 9 days}, {exit: waited}]", SEGMENTS)

    assert ended(lived(made, [on(DAY, "set", score=60)], among=SEGMENTS)) == "exited:segment_entered"
    assert ended(lived(made, [on(DAY, "set", score=40)], among=SEGMENTS)) == "exited:waited"
    assert ended(lived(made, score=90, among=SEGMENTS)) == "exited:waited", "a member already"
    updates = program("exit: {segment: hot}\nsteps: [{update: {score: +50}}, {exit: went-on}]", SEGMENTS)
    assert ended(lived(updates, among=SEGMENTS)) == "exited:segment_entered"
