"""A run on a virtual clock: what the contract draws, and laws over a corpus of sequences."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.domain.kit import MONDAY, ended, lived, on, program, rows

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# The document of contract.md 3 ---------------------------------------------------------------------------------------


def test_the_document_has_the_shape_of_the_contract() -> None:
    text = """
        steps:
          - send: welcome/hello
          - wait: 2 days at 09:00
          - send: welcome/tips
          - branch:
              - {when: contact.score >= 60, steps: [{exit: hot}]}
              - {otherwise: []}
        """
    made = program(text)
    friday = datetime(2026, 3, 27, 9, tzinfo=UTC)

    document = lived(made, at=friday, score=12).as_json()

    assert document == {
        "sequence": "story",
        "version": made.version,
        "entered_at": "2026-03-27T09:00:00Z",
        "time_zone": "Europe/Berlin",
        "time_zone_from": "contact",
        "assumed": ["consent: product-news"],
        "timeline": [
            {"at": "2026-03-27T09:00:00Z", "step": "hello", "kind": "send", "did": "sent",
             "template": "welcome/hello", "subject": "About welcome/hello", "why": []},
            {"at": "2026-03-29T07:00:00Z", "step": "wait-2", "kind": "wait", "did": "waited",
             "until": "2026-03-29T07:00:00Z", "why": ["2 days at 09:00 Europe/Berlin"]},
            {"at": "2026-03-29T07:00:00Z", "step": "tips", "kind": "send", "did": "sent",
             "template": "welcome/tips", "subject": "About welcome/tips", "why": []},
            {"at": "2026-03-29T07:00:00Z", "step": "branch-4", "kind": "branch", "did": "took",
             "arm": "otherwise", "why": ["contact.score >= 60 is false: contact.score is 12"]},
        ],
        "end": {"at": "2026-03-29T07:00:00Z", "reason": "completed"},
    }  # fmt: skip
    json.dumps(document)


def test_a_run_that_waits_at_the_end_of_the_clock_has_no_end_and_says_what_it_waits_for() -> None:
    document = lived("steps: [{send: welcome/hello}, {wait: 30 days}]", until=MONDAY + DAY).as_json()

    assert document["end"] is None
    assert document["waiting"] == {"step": "wait-2", "until": "2026-04-01T08:00:00Z"}
    assert len(document["timeline"]) == 1


def test_without_until_the_clock_stops_after_five_years() -> None:
    assert lived("steps: [{wait: 60 months}]").end is not None
    assert lived("steps: [{wait: 61 months}]").waiting == {"step": "wait-1", "until": "2031-04-02T08:00:00Z"}


def test_what_is_due_at_until_still_happens() -> None:
    assert ended(lived("steps: [{wait: 1 day}]", until=MONDAY + DAY)) == "completed"
    assert ended(lived("steps: [{wait: 1 day}]", until=MONDAY + DAY - timedelta(seconds=1))) is None


@pytest.mark.parametrize(
    ("text", "contact", "check"),
    [
        ("exit: {when: contact.stage == 'lead'}\nsteps: []", {}, "exit"),
        ("goal: {when: contact.stage == 'lead'}\nsteps: []", {}, "goal"),
        ("enter: {on: {event: trial_started, where: \"event.plan == 'pro'\"}}\nsteps: []", {}, "where"),
        ("enter: {on: {event: trial_started}, when: contact.score > 99}\nsteps: []", {}, "when"),
        ("enter: {on: {event: purchased}, per: run.event.order_id}\nsteps: []", {}, "again"),
        ("steps: [{send: welcome/hello}]", {"consents": {"product-news": "opted_out"}}, "consent"),
    ],
)
def test_a_refused_entry_ends_as_refused_by_its_check(text: str, contact: dict[str, Any], check: str) -> None:
    story = lived(text, **contact)

    assert ended(story) == f"refused:{check}"
    assert story.timeline == []


def test_consent_is_assumed_only_where_nothing_is_known_and_is_said() -> None:
    text = "steps: [{send: welcome/hello}]"

    assert lived(text).as_json()["assumed"] == ["consent: product-news"]
    assert lived(text, consents={"product-news": "opted_in"}).as_json()["assumed"] == []


def test_the_event_that_starts_it_can_be_asked_about() -> None:
    text = """
        enter: {on: [{event: trial_started, where: "event.plan == 'pro'"}, {form: demo-request}]}
        steps:
          - {exit: form, when: "has(run.event.form)"}
          - {exit: pro, when: "run.event.plan == 'pro' && did('trial_started', 1)"}
        """

    assert ended(lived(text, run_event={"plan": "pro"})) == "exited:pro"
    assert ended(lived(text, run_event={"plan": "free"})) == "exited:form", (
        "the trigger that fits is the one that is meant"
    )


def test_a_draft_is_simulated_too() -> None:
    assert ended(lived("status: draft\nenter: {on: {event: trial_started}}\nsteps: []")) == "completed"


def test_the_zone_comes_from_the_rung_that_knows_it() -> None:
    text = "time_zone: America/New_York\nsteps: [{wait: until 09:00}]"

    found = [lived(text, without=[*gone]) for gone in ((), ("time_zone",), ("time_zone", "country"))]

    assert [story.facts.zone.name for story in found] == ["Europe/Berlin", "Europe/Berlin", "America/New_York"]
    assert [story.facts.zone.rung for story in found] == ["contact", "country", "sequence"]
    assert found[2].timeline[0]["at"] == "2026-03-02T14:00:00Z"


# Time ----------------------------------------------------------------------------------------------------------------


def test_a_day_keeps_its_hour_when_the_clocks_change_and_a_day_of_hours_does_not() -> None:
    saturday = datetime(2026, 3, 28, 11, tzinfo=UTC)  # 12:00 in Berlin; clocks go forward that night

    assert rows(lived("steps: [{wait: 1 day}]", at=saturday)) == ["2026-03-29T10:00 wait-1 waited"]
    assert rows(lived("steps: [{wait: 24 hours}]", at=saturday)) == ["2026-03-29T11:00 wait-1 waited"]


def test_an_hour_that_does_not_exist_is_the_first_that_does_and_one_that_comes_twice_comes_once() -> None:
    spring, autumn = datetime(2026, 3, 28, 11, tzinfo=UTC), datetime(2026, 10, 24, 11, tzinfo=UTC)
    text = "steps: [{wait: 1 day at 02:30}]"

    assert rows(lived(text, at=spring)) == ["2026-03-29T01:00 wait-1 waited"]
    assert rows(lived(text, at=autumn)) == ["2026-10-25T00:30 wait-1 waited"]


def test_a_window_holds_the_contact_before_the_step_and_pushes_later_ones_back() -> None:
    text = """
        window: office-hours
        steps: [{send: welcome/hello}, {wait: 1 hour}, {send: welcome/tips}]
        """
    evening = datetime(2026, 3, 6, 17, 30, tzinfo=UTC)  # Friday, 18:30 in Berlin

    story = lived(text, at=evening)

    assert rows(story) == [
        "2026-03-06T17:30 hello deferred",
        "2026-03-09T09:00 hello sent",
        "2026-03-09T10:00 wait-2 waited",
        "2026-03-09T10:00 tips sent",
    ]
    assert story.timeline[0]["until"] == "2026-03-09T09:00:00Z"
    assert story.timeline[0]["why"][-1] == "outside office-hours (Europe/Berlin, its own clock)"


def test_a_step_can_have_a_window_of_its_own_or_none() -> None:
    night = datetime(2026, 3, 6, 18, 30, tzinfo=UTC)

    assert rows(lived("window: office-hours\nsteps: [{send: welcome/hello, window: none}]", at=night)) == [
        "2026-03-06T18:30 hello sent"
    ]
    assert rows(lived("window: office-hours\nsteps: [{send: welcome/hello, window: daytime}]", at=night)) == [
        "2026-03-06T18:30 hello sent"
    ]


def test_quiet_hours_hold_marketing_and_nothing_else() -> None:
    midnight = datetime(2026, 3, 6, 23, tzinfo=UTC)

    assert rows(lived("steps: [{send: welcome/hello}]", at=midnight)) == [
        "2026-03-06T23:00 hello deferred",
        "2026-03-07T05:00 hello sent",
    ]
    assert rows(lived("steps: [{send: shop/receipt}]", at=midnight)) == ["2026-03-06T23:00 receipt sent"]


def test_one_row_says_that_a_visit_was_postponed_however_often_it_is_asked() -> None:
    night = datetime(2026, 3, 6, 23, tzinfo=UTC)
    events = [on(timedelta(days=4, hours=15, minutes=number), "set", score=number) for number in range(5)]

    story = lived("steps: [{send: welcome/hello}]", events, at=night)

    assert [row["did"] for row in story.timeline] == ["deferred", "sent"]


def test_a_message_that_waits_too_long_is_skipped_as_expired() -> None:
    evening = datetime(2026, 3, 6, 17, 30, tzinfo=UTC)

    story = lived("window: office-hours\nsteps: [{send: welcome/hello, expires: 1 day}, {wait: 1 hour}]", at=evening)

    assert rows(story)[:2] == ["2026-03-06T17:30 hello deferred", "2026-03-07T17:30 hello skipped"]
    assert story.timeline[1]["why"] == [
        "expired at 2026-03-07 17:30 UTC, waiting for: outside office-hours (Europe/Berlin, its own clock)"
    ]
    assert rows(story)[2] == "2026-03-07T18:30 wait-2 waited"


def test_a_message_that_lacks_a_value_is_held_until_it_is_there() -> None:
    text = "steps: [{send: welcome/about-vip}]"

    story = lived(text, [on(2 * HOUR + timedelta(minutes=20), "set", vip=True)])

    assert rows(story) == ["2026-03-02T09:00 about-vip held", "2026-03-02T11:20 about-vip sent"]
    assert story.timeline[0]["why"] == ["contact.vip is missing"]


def test_a_message_that_never_gets_its_value_expires() -> None:
    story = lived("steps: [{send: welcome/about-vip, expires: 150 minutes}]")

    assert rows(story) == ["2026-03-02T09:00 about-vip held", "2026-03-02T11:30 about-vip skipped"]


def test_an_expiry_that_cannot_be_counted_parks_the_run_as_failed() -> None:
    story = lived("steps: [{send: welcome/hello, expires: contact.renewal_date}]")

    assert ended(story) == "failed"


def test_a_date_moved_earlier_ends_the_wait_at_once_and_one_moved_later_prolongs_it() -> None:
    text = "steps: [{wait: until contact.renewal_date at 12:00, if_past: continue}]"

    assert rows(lived(text, [on(DAY, "set", renewal_date="2026-03-02")], renewal_date="2026-03-20")) == [
        "2026-03-03T09:00 wait-1 waited"
    ]
    assert rows(lived(text, [on(DAY, "set", renewal_date="2026-03-22")], renewal_date="2026-03-20")) == [
        "2026-03-22T11:00 wait-1 waited"
    ]


def test_a_contact_who_moves_is_waited_for_on_the_new_clock() -> None:
    text = "steps: [{wait: 2 days at 09:00}]"

    assert rows(lived(text, [on(DAY, "set", time_zone="America/New_York")])) == ["2026-03-04T14:00 wait-1 waited"]


def test_business_days_before_a_plain_date_are_counted_from_that_date_wherever_the_contact_lives() -> None:
    text = "steps: [{wait: until contact.renewal_date - 1 business day at 11:00, if_past: skip}]"

    for zone in ("Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles"):
        assert rows(lived(text, renewal_date="2026-03-12", time_zone=zone)) == ["2026-03-11T10:00 wait-1 waited"]


# What ends a run -----------------------------------------------------------------------------------------------------

LONG = "goal: {event: meeting_booked}\nexit: [{event: trial_cancelled}, {when: contact.stage == 'customer'}]\n"
LONG += "steps: [{send: welcome/hello}, {wait: 30 days}, {send: welcome/tips}]"


@pytest.mark.parametrize(
    ("event", "data", "reason"),
    [
        ("meeting_booked", {}, "converted"),
        ("trial_cancelled", {}, "exited:trial_cancelled"),
        ("set", {"stage": "customer"}, "exited:condition"),
        ("unsubscribed", {"topic": "product-news"}, "unsubscribed"),
        ("unsubscribed", {"topic": "*"}, "unsubscribed"),
        ("unsubscribed", {}, "unsubscribed"),
        ("complained", {}, "suppressed"),
        ("unsubscribed", {"topic": "service"}, "completed"),
        ("bounced", {"permanent": False}, "completed"),
        ("set", {"stage": "trial"}, "completed"),
        ("purchased", {}, "completed"),
    ],
)
def test_ends_act_at_once_in_the_middle_of_a_wait(event: str, data: dict[str, Any], reason: str) -> None:
    story = lived(LONG, [on(3 * DAY, event, None, **data)])

    assert ended(story) == reason
    assert story.end is not None
    assert (story.end["at"] == "2026-03-05T09:00:00Z") is (reason != "completed")


def test_a_goal_may_be_a_condition() -> None:
    story = lived("goal: {when: contact.score > 50}\nsteps: [{wait: 3 days}]", [on(DAY, "set", score=60)])

    assert ended(story) == "converted"
    assert story.end is not None
    assert story.end["why"] == ["contact.score > 50 is true: contact.score is 60"]


def test_who_stays_after_unsubscribing_walks_on_unwritten() -> None:
    story = lived("on_unsubscribe: stay\n" + LONG, [on(DAY, "unsubscribed", topic="product-news")])

    assert [row["did"] for row in story.timeline] == ["sent", "waited", "skipped"]
    assert ended(story) == "completed"


def test_a_hard_bounce_ends_nothing_and_skips_what_would_go_to_that_address() -> None:
    story = lived(LONG, [on(DAY, "bounced", "hello", permanent=True)])

    assert [row["did"] for row in story.timeline] == ["sent", "waited", "skipped"]
    assert story.timeline[-1]["why"] == ["suppressed: hard_bounce"]


def test_a_confirmed_consent_counts_from_then_on() -> None:
    text = "steps: [{send: welcome/hello, topic: service}, {wait: 2 days}, {send: welcome/tips, topic: service}]"

    story = lived(text, [on(DAY, "consent_confirmed", topic="service")], consents={"service": "opted_out"})

    assert [row["did"] for row in story.timeline] == ["skipped", "waited", "sent"]


def test_what_happened_before_the_entry_is_the_contact_s_past() -> None:
    text = "steps: [{exit: customer, when: \"did('purchased')\"}, {wait: 1 day}]"

    assert ended(lived(text, [on(-DAY, "purchased")])) == "exited:customer"
    assert ended(lived(text, [on(-DAY, "set", score=99)])) == "completed"
    assert ended(lived(LONG, [on(-DAY, "meeting_booked")])) == "completed", "a goal before the entry is none of it"
    assert ended(lived("steps: [{send: welcome/hello}]", [on(-DAY, "complained")])) == "refused:suppressed"


def test_the_letters_are_kept_by_the_row_that_sent_them() -> None:
    story = lived("steps: [{wait: 1 hour}, {send: welcome/hello}]")

    [(row, (planned, written))] = story.letters.items()
    assert story.timeline[row]["step"] == "hello"
    assert (planned.class_, planned.topic, written.subject) == ("marketing", "product-news", "About welcome/hello")
