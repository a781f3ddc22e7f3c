"""Pauses: what is left of a wait, what goes on all the same, and what waits."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answering import may_go, propose
from domain.calendars import Calendar
from domain.consent import ask
from domain.dues import Sight, resolve
from domain.entry import Before, may_enter
from domain.holds import HELD, SUSPENDED, Hold, held_due
from domain.needs import Deliver, Later, Sent
from domain.simulation import Scripted
from domain.spans import Delay, Limit
from tests.domain.kit import MONDAY, ended, facts, lived, on, program, rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(zone="contact", hours={"mon-fri": ["10:00-18:00"]})
SIGHT = Sight(BERLIN, OFFICE, {"contact.renewal_date": "2026-03-20"}.get)
EMPTY = program("steps: [{wait: 1 day}]")

instants = st.integers(0, 40 * 86_400).map(lambda seconds: MONDAY + timedelta(seconds=seconds))
lengths = st.integers(1, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
pauses = st.builds(lambda at, length: Hold(at, at + length), instants, lengths)
elapsed = st.integers(1, 2_000).map(lambda n: Delay.parse(f"{n} minutes"))
SPANS = ["90 minutes", "36 hours", "2 days", "1 month", "2 days at 09:00", "12 business hours", "3 business days"]
spans = st.sampled_from([*SPANS, "3 business days at 11:00", "P1DT2H"]).map(Delay.parse)
UNTILS = ["until monday at 09:00", "until 18:30", "until contact.renewal_date - 3 days at 09:00", "until 2026-03-05"]
untils = st.sampled_from(UNTILS).map(Delay.parse)


def due(words: Delay | Limit | str, *holds: Hold, since: datetime = MONDAY) -> datetime:
    found = held_due(Delay.parse(words) if isinstance(words, str) else words, since, SIGHT, holds)
    assert found is not None
    return found.at


def plain(words: Delay) -> datetime:
    found = resolve(words, MONDAY, SIGHT)
    assert found is not None
    return found.at


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An hour of March 2026 in Berlin."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


# Laws ----------------------------------------------------------------------------------------------------------------


@given(elapsed, st.data())
def test_a_hold_moves_an_elapsed_wait_by_exactly_its_length(words: Delay, data: st.DataObject) -> None:
    before = plain(words)
    paused_at = data.draw(st.datetimes(MONDAY.replace(tzinfo=None), before.replace(tzinfo=None))).replace(
        tzinfo=UTC, microsecond=0
    )
    length = data.draw(lengths)

    moved = due(words, Hold(paused_at, paused_at + length))

    assert moved - before == (length if paused_at < before else timedelta(0))


@given(spans, st.lists(lengths, max_size=3))
def test_what_is_held_after_the_due_changes_nothing(words: Delay, later: list[timedelta]) -> None:
    before = plain(words)

    assert due(words, *(Hold(before + length, before + 2 * length) for length in later)) == before
    assert due(words, Hold(before, before + DAY)) == before


@given(spans, instants, lengths, lengths)
def test_two_holds_that_touch_are_one(words: Delay, paused_at: datetime, one: timedelta, other: timedelta) -> None:
    middle, end = paused_at + one, paused_at + one + other

    assert due(words, Hold(middle, end), Hold(paused_at, middle)) == due(words, Hold(paused_at, end))


@given(untils, st.lists(pauses, max_size=3))
def test_no_hold_changes_an_until(words: Delay, holds: list[Hold]) -> None:
    assert due(words, *holds) == plain(words)


@given(spans, st.lists(pauses, max_size=4))
def test_no_span_is_shortened_or_ends_inside_a_hold(words: Delay, holds: list[Hold]) -> None:
    found = due(words, *holds)

    assert found >= plain(words)
    assert not any(hold.paused_at < found < (hold.until or found) for hold in holds)


@given(spans, st.lists(pauses, max_size=3))
def test_a_hold_that_ended_before_the_arrival_is_none(words: Delay, holds: list[Hold]) -> None:
    arrival = max((hold.until or MONDAY for hold in holds), default=MONDAY)

    assert due(words, *holds, since=arrival) == due(words, since=arrival)


# What is left --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "paused_at", "until", "wanted"),
    [
        ("36 hours", at(2, 20), at(4, 20), at(5, 22)),
        ("2 days", at(3, 12), at(6, 12), at(7, 10)),
        # Paused while nobody would have noticed: Tuesday at nine it is all the same.
        ("1 day at 09:00", at(2, 22), at(2, 23), at(3, 9)),
        # What has an hour keeps it: the first nine o'clock after the pause.
        ("1 day at 09:00", at(3, 8), at(3, 9, 30), at(4, 9)),
        # One open hour was left on Friday evening, and is left on Monday morning.
        ("40 business hours", at(6, 17), at(8, 17), at(9, 11)),
        ("40 business hours", at(6, 12), at(9, 12), at(9, 18)),
        ("1 business day", at(2, 13), at(5, 13), at(6, 10)),
        ("1 month", at(10, 10), at(12, 10), datetime(2026, 4, 4, 8, tzinfo=UTC)),
    ],
)
def test_what_was_left_when_it_began_is_left_when_it_ends(
    words: str, paused_at: datetime, until: datetime, wanted: datetime
) -> None:
    assert due(words, Hold(paused_at, until)) == wanted


def test_the_time_allowed_for_an_event_stands_still_too_and_for_ever_stays_for_ever() -> None:
    hold = Hold(MONDAY + HOUR, MONDAY + DAY)

    assert due(Limit.parse("3 hours"), hold) == MONDAY + DAY + 2 * HOUR
    assert due(Limit.parse("until contact.renewal_date"), hold) == at(20, 0)
    assert held_due(Limit.parse("forever"), MONDAY, SIGHT, [hold]) is None


def test_the_due_says_that_it_was_held() -> None:
    found = held_due(Delay.parse("4 hours"), MONDAY, SIGHT, [Hold(MONDAY + HOUR, MONDAY + DAY)])

    assert found is not None
    assert found.why == "4 hours, paused until 2026-03-03 09:00 UTC"


# A contact that is held ----------------------------------------------------------------------------------------------

WALK = """
goal: {event: meeting_booked}
exit: {when: contact.stage == 'customer'}
steps:
  - wait: 2 days
  - send: welcome/hello
    window: none
    expires: 1 day
  - wait_for: clicked
    of: hello
    up_to: 3 hours
    then: [{exit: clicked}]
    otherwise: []
  - wait: until 2026-03-20 at 12:00
    if_past: continue
  - update: {score: +1}
"""


def paused(after: timedelta, until: timedelta | None = None) -> Scripted:
    return Scripted(MONDAY + after, "pause", until=None if until is None else MONDAY + until)


def resumed(after: timedelta) -> Scripted:
    return on(after, "resume")


def test_a_simulated_hold_keeps_the_rest_of_a_wait_and_no_date_moves() -> None:
    story = lived(WALK, [paused(DAY), resumed(4 * DAY)])

    assert rows(story) == [
        "2026-03-07T09:00 wait-1 waited",
        "2026-03-07T09:00 hello sent",
        "2026-03-07T12:00 wait_for-3 timed_out",
        "2026-03-20T11:00 wait-4 waited",
        "2026-03-20T11:00 update-5 updated",
    ]
    assert story.timeline[0]["why"] == ["2 days Europe/Berlin, paused until 2026-03-06 09:00 UTC"]


def test_a_hold_with_an_end_ends_by_itself_at_that_second() -> None:
    assert rows(lived(WALK, [paused(DAY, 4 * DAY)])) == rows(lived(WALK, [paused(DAY), resumed(4 * DAY)]))


def test_while_held_nothing_begins_not_even_what_has_no_time_in_it() -> None:
    story = lived("steps:\n  - update: {score: +1}\n", [paused(-HOUR)])

    assert (rows(story), story.waiting) == ([], {"step": "update-1", "until": None})
    assert rows(lived("steps:\n  - update: {score: +1}\n", [paused(-HOUR, HOUR)])) == [
        "2026-03-02T10:00 update-1 updated"
    ]


def test_a_message_does_not_expire_while_its_contact_is_held_but_the_pause_does_not_prolong_its_life() -> None:
    late = lived(WALK, [paused(2 * DAY - HOUR), resumed(2 * DAY + 2 * HOUR)])
    sending = "steps:\n  - send: welcome/hello\n    window: none\n    expires: 1 day\n"

    assert rows(late)[:2] == ["2026-03-04T12:00 wait-1 waited", "2026-03-04T12:00 hello sent"]
    assert rows(lived(sending, [paused(-HOUR), resumed(HOUR)])) == [
        "2026-03-02T09:00 hello deferred",
        "2026-03-02T10:00 hello sent",
    ]
    assert rows(lived(sending, [paused(-HOUR), resumed(3 * DAY)]))[-1] == "2026-03-05T09:00 hello skipped"


def test_what_happens_during_a_hold_counts_when_it_ends() -> None:
    story = lived(WALK, [paused(2 * DAY + HOUR), on(3 * DAY, "clicked", "hello"), resumed(5 * DAY)])

    assert rows(story)[-1] == "2026-03-07T09:00 wait_for-3 matched"
    assert ended(story) == "exited:clicked"


@pytest.mark.parametrize(
    ("event", "data", "reason"),
    [
        ("meeting_booked", {}, "converted"),
        ("unsubscribed", {}, "unsubscribed"),
        ("complained", {}, "suppressed"),
        ("set", {"stage": "customer"}, "exited:condition"),
    ],
)
def test_ends_act_at_once_in_the_middle_of_a_hold(event: str, data: dict[str, Any], reason: str) -> None:
    story = lived(WALK, [paused(DAY), on(DAY + HOUR, event, **data)])

    assert story.end is not None
    assert (story.end["reason"], story.end["at"]) == (reason, "2026-03-03T10:00:00Z")


# A sequence that is suspended ----------------------------------------------------------------------------------------


def gated(hours: int, hold: Hold | None, class_: Any = "marketing") -> Any:
    need = Deliver(template="welcome/hello", window="none")
    return may_go(propose(need, class_, "product-news", MONDAY), facts(EMPTY, MONDAY + hours * HOUR, suspended=hold))


def test_a_paused_sequence_sends_nothing_until_it_is_resumed_and_says_why() -> None:
    late = gated(1, Hold(MONDAY, MONDAY + DAY))

    assert late.outcome == Later(MONDAY + DAY, SUSPENDED)
    assert (late.row.did, late.row.why[-1], late.row.final) == ("deferred", "sequence paused", False)
    assert gated(24, Hold(MONDAY, MONDAY + DAY)) is None


def test_its_clock_runs_on_so_messages_expire() -> None:
    endless = Hold(MONDAY)

    assert gated(1, endless).outcome.due == MONDAY + 7 * DAY
    assert gated(7 * 24, endless).outcome == Sent("skipped", "expired")
    assert gated(1, endless, "transactional").outcome == Later(MONDAY + DAY, SUSPENDED)


def test_a_hold_comes_before_every_question_of_the_gate() -> None:
    need = Deliver(template="welcome/hello", window="none")
    about = facts(EMPTY, MONDAY + 9 * DAY, holds=(Hold(MONDAY),), suspended=Hold(MONDAY))
    proposed = propose(need, "marketing", "product-news", MONDAY)

    held = may_go(proposed, about)

    assert held is not None
    assert held.outcome == Later(None, HELD)
    assert ask(proposed, about).reason == "expired"


def test_nobody_enters_a_paused_sequence_and_the_log_counts_who_would_have() -> None:
    refused = may_enter(facts(EMPTY, suspended=Hold(MONDAY)), Before())
    never = may_enter(facts(EMPTY, suspended=Hold(MONDAY)), Before(ever=True))

    assert (refused.enters, refused.check, refused.why[-1]) == (False, "paused", "sequence paused")
    assert never.check == "again"
    assert may_enter(facts(EMPTY, suspended=Hold(MONDAY - DAY, MONDAY)), Before()).enters
