"""`wait_for`: the first event moves the contact at once; without one, the time allowed does."""

from datetime import datetime, timedelta

import pytest

from domain.needs import LAST_OF, Happened, Listen, Outcome, Sent, TimedOut
from domain.run import advance, departed, entered, need, since
from tests.domain.kit import MONDAY, POLICIES, ended, lived, on, program, rows, said

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

CLICK = """
    steps:
      - send: welcome/hello
      - wait_for: clicked
        of: hello
        up_to: 3 days
        then: [{update: {tags: [+engaged]}}]
        otherwise: [{update: {tags: [+cold]}}]
      - update: {score: +1}
    """


def listening(options: str, before: str = "") -> Listen:
    made = program(f"steps: [{before}{{wait_for: clicked, up_to: 1 day, id: it, {options}}}]")
    wanted = made.step("it").need()
    assert isinstance(wanted, Listen)
    return wanted


# What it needs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "events", "form"),
    [
        ("clicked", ("clicked",), None),
        ("[clicked, replied]", ("clicked", "replied"), None),
        ("{form: demo-request}", ("form_submitted",), "demo-request"),
    ],
)
def test_it_listens_to_what_is_named(written: str, events: tuple[str, ...], form: str | None) -> None:
    made = program(f"steps: [{{wait_for: {written}, up_to: forever}}]")
    wanted = need(made, entered(made, MONDAY))

    assert isinstance(wanted, Listen)
    assert (wanted.events, wanted.form, wanted.up_to.forever) == (events, form, True)
    assert made.listens_to() == set(events)


def test_since_is_the_step_it_asks_of_else_the_last_send_else_entry() -> None:
    sent = "{send: welcome/hello}, "

    assert listening("of: hello", sent).since == LAST_OF
    assert listening("of: hello, since: now", sent).since == "now"
    assert listening("since: entry", sent).since == "entry"
    assert listening("", sent).since == ""
    assert str(listening("since: 2 days").since_span) == "2 days"
    assert str(listening("since: P2D").since_span) == "P2D"


def test_a_step_whose_id_begins_with_a_digit_is_no_span() -> None:
    assert listening("since: 2-tips", "{send: welcome/tips, id: 2-tips}, ").since == "2-tips"


def test_the_instant_from_which_events_count() -> None:
    made = program(
        """
        steps:
          - {send: welcome/hello}
          - {wait: 1 day, id: pause}
          - {send: welcome/tips}
          - {wait_for: clicked, up_to: 1 day, id: last}
          - {wait_for: clicked, up_to: 1 day, id: first, of: hello}
          - {wait_for: clicked, up_to: 1 day, id: paused, since: pause}
          - {wait_for: clicked, up_to: 1 day, id: later, since: now}
          - {wait_for: clicked, up_to: 1 day, id: ever, since: entry}
        """
    )
    run = entered(made, MONDAY)
    found: dict[str, datetime] = {}
    outcomes: list[Outcome] = [Sent("accepted"), TimedOut(), Sent("accepted"), *[TimedOut()] * 5]
    for number, outcome in enumerate(outcomes):
        now = MONDAY + number * HOUR
        run = departed(made, run, now)
        found[run.position or ""] = since(made, run)
        run = advance(made, run, outcome, now + 30 * SECOND)

    assert found["last"] == MONDAY + 2 * HOUR
    assert found["first"] == MONDAY
    assert found["paused"] == MONDAY + HOUR, "when the step was last asked, and so done"
    assert found["later"] == MONDAY + 5 * HOUR + 30 * SECOND, "the arrival"
    assert found["ever"] == MONDAY


def test_the_last_send_counts_though_it_was_not_sent() -> None:
    made = program("steps: [{send: welcome/hello}, {wait_for: replied, up_to: 1 day}]")
    run = departed(made, entered(made, MONDAY), MONDAY + HOUR)
    run = advance(made, run, Sent("skipped", "expired"), MONDAY + 2 * HOUR)

    assert since(made, run) == MONDAY + HOUR


# Where it leads ----------------------------------------------------------------------------------------------------


def test_an_event_takes_then_and_time_takes_otherwise_and_both_come_together() -> None:
    made = program(CLICK)
    run = advance(made, entered(made, MONDAY), Sent("accepted"), MONDAY)

    assert advance(made, run, Happened("clicked"), MONDAY).position == "wait_for-2.1.update-1"
    assert advance(made, run, TimedOut(), MONDAY).position == "wait_for-2.2.update-1"
    assert made.step("wait_for-2.1.update-1").next == made.step("wait_for-2.2.update-1").next == "update-3"


@pytest.mark.parametrize("blocks", ["", ", then: []", ", then: [], otherwise: []"])
def test_without_blocks_both_ways_lead_on(blocks: str) -> None:
    made = program(f"steps: [{{wait_for: clicked, up_to: 1 day{blocks}}}, {{wait: 1 day}}]")
    run = entered(made, MONDAY)

    assert advance(made, run, Happened("clicked"), MONDAY).position == "wait-2"
    assert advance(made, run, TimedOut(), MONDAY).position == "wait-2"


# What counts -------------------------------------------------------------------------------------------------------


def test_a_click_ends_the_wait_two_days_early() -> None:
    story = lived(CLICK, [on(DAY, "clicked", "hello")])

    assert rows(story) == [
        "2026-03-02T09:00 hello sent",
        "2026-03-03T09:00 wait_for-2 matched",
        "2026-03-03T09:00 wait_for-2.1.update-1 updated",
        "2026-03-03T09:00 update-3 updated",
    ]


@pytest.mark.parametrize(
    ("after", "did"),
    [(3 * DAY - SECOND, "matched"), (3 * DAY, "matched"), (3 * DAY + SECOND, "timed_out")],
    ids=["a second before", "at the deadline", "a second later"],
)
def test_the_deadline_belongs_to_the_time_allowed(after: timedelta, did: str) -> None:
    story = lived(CLICK, [on(after, "clicked", "hello")])

    assert story.timeline[1]["did"] == did
    assert story.timeline[1]["at"] <= "2026-03-05T09:00:00Z"


def test_without_an_event_it_takes_otherwise_at_the_deadline() -> None:
    [_, row, *_] = lived(CLICK).timeline

    assert (row["did"], row["at"], row["until"]) == ("timed_out", "2026-03-05T09:00:00Z", "2026-03-05T09:00:00Z")


def test_an_event_after_the_send_and_before_the_wait_counts() -> None:
    text = "steps: [{send: welcome/hello}, {wait: 2 days}, {wait_for: clicked, of: hello, up_to: 1 day}]"

    story = lived(text, [on(DAY, "clicked", "hello")])

    assert rows(story)[-1] == "2026-03-04T09:00 wait_for-3 matched", "at once when the wait begins"


def test_with_since_now_it_does_not() -> None:
    text = "steps: [{send: welcome/hello}, {wait: 2 days}, {wait_for: clicked, of: hello, up_to: 1 day, since: now}]"

    assert lived(text, [on(DAY, "clicked", "hello")]).timeline[-1]["did"] == "timed_out"


@pytest.mark.parametrize(("span", "did"), [("3 hours", "timed_out"), ("1 day", "matched"), ("2 days", "matched")])
def test_with_a_span_what_happened_that_long_before_counts(span: str, did: str) -> None:
    text = f"steps: [{{wait: 2 days}}, {{wait_for: purchased, up_to: 1 hour, since: {span}}}]"

    assert lived(text, [on(DAY, "purchased")]).timeline[-1]["did"] == did


def test_one_event_moves_a_run_once() -> None:
    text = """
        steps:
          - send: welcome/hello
          - {wait_for: clicked, of: hello, up_to: 1 day}
          - {wait_for: clicked, of: hello, up_to: 1 day}
        """

    once = lived(text, [on(HOUR, "clicked", "hello")])
    twice = lived(text, [on(HOUR, "clicked", "hello"), on(2 * HOUR, "clicked", "hello")])

    assert [row["did"] for row in once.timeline] == ["sent", "matched", "timed_out"]
    assert [row["did"] for row in twice.timeline] == ["sent", "matched", "matched"]


def test_what_started_the_run_has_moved_it_already() -> None:
    text = """
        enter: {on: {form: demo-request}}
        steps: [{wait_for: {form: demo-request}, up_to: 1 day, since: entry}]
        """

    assert lived(text).timeline[-1]["did"] == "timed_out"
    assert lived(text, [on(HOUR, "form_submitted", form="demo-request")]).timeline[-1]["did"] == "matched"
    assert lived(text, [on(HOUR, "form_submitted", form="other")]).timeline[-1]["did"] == "timed_out"


def test_the_first_in_the_order_of_receipt_counts() -> None:
    text = "steps: [{send: welcome/hello}, {wait: 1 day}, {wait_for: [replied, clicked], of: hello, up_to: 1 day}]"

    story = lived(text, [on(2 * HOUR, "replied", "hello"), on(HOUR, "clicked", "hello")])

    assert story.timeline[-1]["event"] == "clicked"


def test_an_answer_to_another_message_does_not_count() -> None:
    text = """
        steps: [{send: welcome/tips}, {send: welcome/hello}, {wait_for: clicked, of: hello, up_to: 1 day}]
        """

    assert lived(text, [on(HOUR, "clicked", "tips")]).timeline[-1]["did"] == "timed_out"
    assert lived(text, [on(HOUR, "clicked", "hello")]).timeline[-1]["did"] == "matched"
    assert lived(text, [on(HOUR, "clicked")]).timeline[-1]["did"] == "timed_out"


def test_an_answer_to_a_message_that_was_not_sent_does_not_count() -> None:
    text = "steps: [{send: welcome/hello, topic: service}, {wait_for: clicked, of: hello, up_to: 1 day}]"

    story = lived(text, [on(HOUR, "clicked", "hello")], consents={"service": "opted_out"})

    assert [row["did"] for row in story.timeline] == ["skipped", "timed_out"]


@pytest.mark.parametrize("name", ["clicked", "opened"])
def test_what_a_machine_did_does_not_count(name: str) -> None:
    text = f"steps: [{{send: welcome/hello}}, {{wait_for: {name}, of: hello, up_to: 1 day}}]"

    assert lived(text, [on(HOUR, name, "hello", by="machine")]).timeline[-1]["did"] == "timed_out"
    assert lived(text, [on(HOUR, name, "hello", by="human")]).timeline[-1]["did"] == "matched"


def test_where_looks_at_the_event_and_what_it_took_can_be_asked_afterwards() -> None:
    text = """
        steps:
          - wait_for: purchased
            where: event.amount > 50
            up_to: 3 days
          - branch: [{when: matched.amount > 70 && matched.event == 'purchased', steps: [{exit: big}]}]
        """

    story = lived(text, [on(HOUR, "purchased", amount=20), on(2 * HOUR, "purchased", amount=80)])

    assert rows(story)[0] == "2026-03-02T11:00 wait_for-1 matched"
    assert ended(story) == "exited:big"


def test_forever_waits_on() -> None:
    story = lived("steps: [{wait_for: clicked, up_to: forever}]")

    assert story.end is None
    assert story.waiting == {"step": "wait_for-1", "until": None}


def test_a_limit_that_is_past_is_over_at_once() -> None:
    story = lived("steps: [{wait_for: clicked, up_to: until contact.renewal_date}]", renewal_date="2026-01-01")

    assert rows(story) == ["2026-03-02T09:00 wait_for-1 timed_out"]


# Several sends, an hour, a condition, a segment ----------------------------------------------------------------------


def test_an_answer_to_any_of_several_sends_counts_from_the_last_of_them() -> None:
    text = """
        steps:
          - split:
              arms:
                - {name: story, share: 1, steps: [{send: welcome/hello, id: story, window: none}]}
                - {name: number, share: 1, steps: [{send: welcome/tips, id: number, window: none}]}
          - wait_for: clicked
            of: [story, number]
            up_to: 3 days
            then: [{exit: keen}]
        """
    other = {"story": "number", "number": "story"}
    for number in range(8):
        [sent, *_] = [row["step"] for row in lived(text, id=f"c{number}").timeline if row["did"] == "sent"]

        assert ended(lived(text, [on(HOUR, "clicked", of=sent)], id=f"c{number}")) == "exited:keen"
        assert ended(lived(text, [on(HOUR, "clicked", of=other[sent])], id=f"c{number}")) == "completed"


def test_the_time_allowed_may_end_at_an_hour() -> None:
    story = lived("steps: [{wait_for: purchased, up_to: 2 days at 09:00}]")

    assert story.timeline[0]["until"] == "2026-03-04T08:00:00Z"


def test_a_condition_that_becomes_true_ends_the_wait_at_once() -> None:
    text = "steps: [{wait_for: {when: contact.stage == 'customer'}, up_to: 9 days, then: [{exit: bought}]}]"

    story = lived(text, [on(DAY, "set", stage="customer")])

    assert rows(story) == ["2026-03-03T09:00 wait_for-1 matched"]
    assert ended(story) == "exited:bought"


def test_one_that_is_true_already_does_not_wait_at_all() -> None:
    story = lived("steps: [{wait_for: {when: contact.score > 5}, up_to: 9 days}]", score=10)

    assert rows(story) == ["2026-03-02T09:00 wait_for-1 matched"]


def test_one_that_time_makes_true_is_seen_within_the_hour() -> None:
    text = "steps: [{wait_for: {when: now > timestamp('2026-03-03T11:30:00Z')}, up_to: 9 days}]"

    assert rows(lived(text)) == ["2026-03-03T12:00 wait_for-1 matched"]


def test_a_condition_looks_at_no_event_so_nothing_is_said_about_one() -> None:
    [found] = said("topic: product-news\nsteps:\n  - {wait_for: {when: contact.score > 5}, of: hello, up_to: 9 days}\n")

    assert found.startswith("3: 'of' looks at an event, and this waits for none; delete it")


def test_members_of_a_segment_are_waited_for() -> None:
    files = POLICIES | {"policies/segments.yaml": "segments: {keen: {when: contact.score >= 60}}"}
    text = "steps: [{wait_for: {segment: keen}, up_to: 9 days, then: [{exit: keen}]}]"
    made = program(text, files)

    assert ended(lived(made, [on(DAY, "set", score=70)], among=files)) == "exited:keen"
    assert ended(lived(made, among=files)) == "completed"
    assert said("topic: product-news\nsteps: [{wait_for: {segment: kene}, up_to: 1 day}]", files)[0].startswith(
        "2: segment 'kene' is not in policies/segments.yaml; did you mean 'keen'?"
    )
