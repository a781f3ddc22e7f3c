"""Cases and marketing: what stands still until a case is released, what goes on, and what is not sent late."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.loader import load
from domain.story import Story
from tests.domain.kit import MONDAY, POLICIES, TEMPLATES, ended, lived, on, program, rows

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FREE = {**POLICIES, "policies/messaging.yaml": POLICIES["policies/messaging.yaml"].replace("quiet:", "#")}
OURS = {
    **POLICIES,
    "policies/recovery.yaml": "team: care\n",
    "policies/teams.yaml": "teams: {care: {email: c@a.example}}\n",
}

WEEKS = """
    steps:
      - send: welcome/hello
      - wait: 90 minutes
      - send: welcome/tips
      - wait: 3 days
      - send: welcome/nudge
      - wait_for: clicked
        of: nudge
        up_to: 36 hours
      - send: welcome/hello
        id: last
"""


def case(since: timedelta, until: timedelta | None, name: str = "c-9") -> list[Any]:
    """Return a case that another system tells of."""
    opened = [on(since, "case_opened", case=name, severity="S2")]
    return opened if until is None else [*opened, on(until, "case_closed", case=name)]


def sent(story: Story) -> list[datetime]:
    return [datetime.fromisoformat(row["at"]) for row in story.timeline if row["did"] == "sent"]


def finals(story: Story) -> list[tuple[str, str, datetime]]:
    return [
        (row["step"], row["did"], datetime.fromisoformat(row["at"]))
        for row in story.timeline
        if row["did"] != "deferred"
    ]


# Laws ----------------------------------------------------------------------------------------------------------------

moments = st.integers(0, 10 * 1440).map(lambda minutes: timedelta(minutes=minutes))
lengths = st.integers(1, 90 * 1440).map(lambda minutes: timedelta(minutes=minutes))


@given(moments, lengths)
def test_no_marketing_lies_in_a_case_none_is_lost_and_what_comes_later_keeps_its_gaps(
    since: timedelta, length: timedelta
) -> None:
    plain = lived(WEEKS, among=FREE)
    story = lived(WEEKS, case(since, since + length), among=FREE)

    assert not any(MONDAY + since < at < MONDAY + since + length for at in sent(story))
    moved = [(step, did, at if at <= MONDAY + since else at + length) for step, did, at in finals(plain)]
    # What was due in the minute in which it was opened may have gone just before.
    assert [each[:2] for each in finals(story)] == [each[:2] for each in moved]
    assert [each[2] for each in finals(story)] == [each[2] for each in moved]
    assert ended(story) == "completed"


@given(st.lists(st.tuples(moments, lengths), min_size=2, max_size=4))
def test_cases_that_overlap_hold_as_long_as_one_of_them_is_not_released(
    cases: list[tuple[timedelta, timedelta]],
) -> None:
    told = [each for number, (since, length) in enumerate(cases) for each in case(since, since + length, f"c-{number}")]
    story = lived(WEEKS, sorted(told, key=lambda each: each.at), among=FREE)

    for since, length in cases:
        assert not any(MONDAY + since < at < MONDAY + since + length for at in sent(story))
    assert [each[:2] for each in finals(story)] == [each[:2] for each in finals(lived(WEEKS, among=FREE))]


# What stands still ---------------------------------------------------------------------------------------------------


def test_a_wait_goes_on_with_what_was_left_of_it_and_says_why_meanwhile() -> None:
    text = "steps: [{wait: 2 hours}, {send: welcome/hello}]"
    story = lived(text, case(HOUR, 9 * DAY))

    assert rows(story) == ["2026-03-11T10:00 wait-1 waited", "2026-03-11T10:00 hello sent"]
    assert story.timeline[0]["why"] == ["2 hours, paused until 2026-03-11 09:00 UTC"]
    assert lived(text, case(HOUR, None)).waiting == {"step": "wait-1", "until": None}


def test_a_message_that_waited_before_is_of_use_as_long_after_the_case() -> None:
    text = "steps: [{wait: 13 hours}, {send: welcome/hello}]"  # at night: it waits until six on their clock
    story = lived(text, case(14 * HOUR, 40 * DAY))

    assert [row["did"] for row in story.timeline] == ["waited", "deferred", "deferred", "sent"]
    assert story.timeline[2]["why"] == ["suspended: case c-9 (S2), until it is released"]
    assert "until" not in story.timeline[2]
    assert sent(story) == [MONDAY + 40 * DAY]


def test_who_enters_meanwhile_gets_what_is_no_marketing_and_stands_still_at_the_rest() -> None:
    text = """
        steps:
          - {update: {score: +1}}
          - send: shop/receipt
          - {task: Call them, team: care, blocking: false}
          - send: welcome/hello
          - wait: 2 days
          - send: welcome/tips
    """
    story = lived(program(text, OURS), case(-DAY, 20 * DAY), among=OURS)

    assert rows(story) == [
        "2026-03-02T09:00 update-1 updated",
        "2026-03-02T09:00 receipt sent",
        "2026-03-02T09:00 task-3 opened",
        "2026-03-02T09:00 hello deferred",
        "2026-03-22T09:00 hello sent",
        "2026-03-24T09:00 wait-5 waited",
        "2026-03-24T09:00 tips sent",
    ]


def test_what_happens_meanwhile_counts_at_once_and_the_time_allowed_for_it_stands_still() -> None:
    text = """
        goal: {event: meeting_booked}
        steps:
          - send: welcome/hello
          - wait_for: clicked
            of: hello
            up_to: 3 hours
            then: [{update: {score: +1}}, {send: welcome/tips}]
            otherwise: [{exit: silent}]
    """
    clicked = lived(text, [*case(HOUR, 9 * DAY), on(5 * DAY, "clicked", "hello")])

    assert rows(clicked)[1:] == [
        "2026-03-07T09:00 wait_for-2 matched",
        "2026-03-07T09:00 wait_for-2.1.update-1 updated",
        "2026-03-07T09:00 tips deferred",
        "2026-03-11T09:00 tips sent",
    ]
    assert rows(lived(text, case(HOUR, 9 * DAY)))[1:] == ["2026-03-11T11:00 wait_for-2 timed_out"]
    assert ended(lived(text, [*case(HOUR, 9 * DAY), on(DAY, "meeting_booked")])) == "converted"


@pytest.mark.parametrize("text", ["steps: [{wait: 2 days}, {send: care/answer}]", "steps: [{wait: 2 days}]"])
def test_a_sequence_without_marketing_does_not_notice(text: str) -> None:
    assert rows(lived(text, case(HOUR, 9 * DAY))) == rows(lived(text))


# What hangs on a day -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("if_past", "then"), [("continue", ["sent", "sent"]), ("skip", ["sent"])])
def test_a_date_that_came_meanwhile_is_past_when_the_case_is_released(if_past: str, then: list[str]) -> None:
    text = f"""
        steps:
          - wait: until contact.renewal_date - 3 days at 09:00
            if_past: {if_past}
          - send: welcome/hello
          - send: welcome/tips
    """
    story = lived(text, case(HOUR, 30 * DAY), renewal_date="2026-03-20")

    assert story.timeline[0]["why"] == [
        "until contact.renewal_date (2026-03-20) - 3 days at 09:00 Europe/Berlin: already past"
    ]
    assert [row["did"] for row in story.timeline[1:]] == then
    late = lived(text, case(HOUR, 9 * DAY), renewal_date="2026-03-20")
    assert rows(late)[0] == "2026-03-17T08:00 wait-1 waited", "released in time, it is on its day"


def test_a_weekday_that_came_meanwhile_is_the_next_one_after_the_case() -> None:
    text = "steps: [{wait: until thursday at 09:00}, {send: welcome/hello}]"

    assert rows(lived(text, case(HOUR, 4 * DAY)))[0] == "2026-03-12T08:00 wait-1 waited"
    assert rows(lived(text, case(HOUR, DAY)))[0] == "2026-03-05T08:00 wait-1 waited"


def test_who_says_how_long_a_message_is_of_use_has_said_it_of_a_case_too() -> None:
    story = lived("steps: [{send: welcome/hello, expires: 1 day}]", case(-HOUR, 9 * DAY))

    assert rows(story)[-1] == "2026-03-03T09:00 hello skipped"
    assert story.timeline[-1]["why"] == [
        "expired at 2026-03-03 09:00 UTC, waiting for: suspended: case c-9 (S2), until it is released"
    ]


def test_what_began_with_a_date_is_not_sent_weeks_after_it() -> None:
    text = "enter: {on: {date: contact.renewal_date}}\nsteps: [{send: welcome/hello}]"
    story = lived(text, case(-HOUR, 9 * DAY), renewal_date="2026-03-02")

    assert rows(story)[-1] == "2026-03-09T09:00 hello skipped"


# A run's own case, and cases of ours ----------------------------------------------------------------------------------

OWN = """
    steps:
      - {case: Broken desk, severity: %s, id: desk}
      - wait: 1 day
      - send: care/answer
      - send: welcome/hello
      - wait: 1 day
"""


def test_a_sequence_goes_on_after_the_case_it_opened_itself_but_for_marketing() -> None:
    story = lived(OWN % "S2", [on(30 * DAY, "case_closed", "desk", outcome="refunded")])

    assert [(row["step"], row["did"]) for row in story.timeline] == [
        ("desk", "opened"), ("wait-2", "waited"), ("answer", "sent"), ("hello", "deferred"), ("hello", "sent"),
        ("wait-5", "waited"),
    ]  # fmt: skip
    assert finals(story)[2][2] == MONDAY + DAY
    assert finals(story)[-1][2] == MONDAY + 31 * DAY


def test_of_ours_the_mild_are_released_on_close_and_the_others_later() -> None:
    closed, released = on(3 * DAY, "case_closed", "desk"), on(20 * DAY, "case_released", "desk")

    assert sent(lived(OWN % "S3", [closed], among=OURS))[-1] == MONDAY + 3 * DAY
    assert sent(lived(OWN % "S2", [closed, released], among=OURS))[-1] == MONDAY + 20 * DAY
    assert lived(OWN % "S2", [closed], among=OURS).waiting == {"step": "hello", "until": None}


def test_what_the_records_tell_of_a_case_of_ours_is_simulated_as_it_was() -> None:
    text = "steps: [{wait: 2 days}, {send: welcome/hello}]"
    told = [
        on(DAY, "case_opened", case="c-9", number=1027, severity="S1"),
        on(5 * DAY, "case_closed", case="c-9", severity="S1"),
    ]

    assert lived(text, told, among=OURS).waiting == {"step": "wait-1", "until": None}
    assert sent(lived(text, [*told, on(30 * DAY, "case_released", case="c-9")], among=OURS)) == [MONDAY + 31 * DAY]


def test_a_case_that_is_opened_again_after_its_release_is_another_stretch() -> None:
    text = "steps: [{wait: 10 days}, {send: welcome/hello}]"
    told = [*case(DAY, 3 * DAY), on(5 * DAY, "case_reopened", case="c-9"), on(8 * DAY, "case_released", case="c-9")]

    assert rows(lived(text, told)) == ["2026-03-17T09:00 wait-1 waited", "2026-03-17T09:00 hello sent"]


def test_only_marketing_stands_still() -> None:
    assert program("steps: [{send: welcome/hello}]").marketing
    assert not program("steps: [{send: shop/receipt}]").marketing


# Events that wait -----------------------------------------------------------------------------------------------------

HOLDING = {
    **OURS,
    "policies/recovery.yaml": "team: care\nhold_events: [trial_cancelled]\n",
}


def test_an_event_that_a_case_holds_moves_nobody_until_the_case_is_released() -> None:
    waits = "steps: [{wait_for: trial_cancelled, up_to: 30 days, then: [{exit: gone}], otherwise: []}]"
    ends = "exit: {event: trial_cancelled}\nsteps: [{wait: 30 days}]"
    told = [*case(HOUR, 9 * DAY), on(DAY, "trial_cancelled")]

    assert rows(lived(waits, told, among=HOLDING)) == ["2026-03-11T09:00 wait_for-1 matched"]
    story = lived(ends, told, among=HOLDING)
    assert story.end == {
        "at": "2026-03-11T09:00:00Z",
        "reason": "exited:trial_cancelled",
        "why": ["trial_cancelled happened"],
    }
    assert ended(lived(ends, told[:1] + told[2:], among=HOLDING)) == "completed"
    assert lived(ends, told).end["at"] == "2026-03-03T09:00:00Z"  # type: ignore[index]


def test_who_would_enter_by_such_an_event_enters_when_the_case_is_released() -> None:
    text = "enter: {on: {event: trial_cancelled}}\nsteps: [{send: care/answer}]"

    assert rows(lived(text, case(-HOUR, 9 * DAY), among=HOLDING)) == ["2026-03-11T09:00 answer sent"]
    waits = lived(text, case(-HOUR, None), among=HOLDING)
    assert (rows(waits), waits.waiting) == ([], {"step": "entry", "until": None})


@pytest.mark.parametrize("event", ["unsubscribed", "complained", "case_closed"])
def test_what_has_to_count_at_once_cannot_be_held(event: str) -> None:
    files = {**OURS, "policies/recovery.yaml": f"team: care\nhold_events: [{event}]\n"}

    assert [str(each) for each in load(files, TEMPLATES).problems] == [
        f"policies/recovery.yaml:2: '{event}' counts at once, case or not; take it out"
    ]
