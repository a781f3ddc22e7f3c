"""A contact's own wishes: their quiet hours on their own clock, and a pause they asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.consent import AGAIN, QUESTIONS, Proposed, Verdict, ask
from domain.facts import Standing
from domain.needs import Deliver
from domain.own_wishes import Wishes, hours_from
from domain.policies import MessageClass
from tests.domain.kit import ADA, MONDAY, facts, program

SEQUENCE = program("steps: []")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def asked(class_: MessageClass, wishes: Wishes, now: datetime = NOON, zone: str = "Europe/London") -> Verdict:
    known = facts(
        SEQUENCE, now, standing=Standing(consents={"product-news": "opted_in"}), contact={**ADA, "time_zone": zone}
    )
    need = Deliver(template="welcome/hello", window="none")
    return ask(Proposed(need, class_, "product-news", MONDAY), replace(known, wishes=wishes))


@pytest.mark.parametrize(("class_", "answer"), [("marketing", "later"), ("service", "later"), ("transactional", "go")])
def test_own_quiet_hours_hold_all_but_what_was_just_asked_for(class_: MessageClass, answer: str) -> None:
    verdict = asked(class_, Wishes(quiet_hours="11:00-13:30"))

    assert verdict.answer == answer
    if answer == "later":
        assert (verdict.until, verdict.reason) == (
            NOON + timedelta(hours=1.5),
            "quiet hours of their own (11:00-13:30)",
        )


def test_they_are_read_on_the_contact_s_own_clock() -> None:
    assert asked("marketing", Wishes(quiet_hours="11:00-12:30"), zone="Europe/Berlin").answer == "go"
    assert asked("marketing", Wishes(quiet_hours="12:30-13:30"), zone="Europe/Berlin").answer == "later"


@pytest.mark.parametrize(("class_", "answer"), [("marketing", "later"), ("service", "go"), ("transactional", "go")])
def test_a_pause_holds_marketing_until_it_is_over(class_: MessageClass, answer: str) -> None:
    verdict = asked(class_, Wishes(paused_until=NOON + timedelta(days=2)))

    assert verdict.answer == answer
    if answer == "later":
        assert (verdict.until, verdict.reason) == (NOON + timedelta(days=2), "they asked for a pause")


def test_a_pause_that_is_over_holds_nothing() -> None:
    assert asked("marketing", Wishes(paused_until=NOON)).answer == "go"


def test_a_message_does_not_outlive_its_use_in_a_long_pause() -> None:
    verdict = asked("marketing", Wishes(paused_until=NOON + timedelta(weeks=8)))

    assert verdict.until == MONDAY + timedelta(days=7)


def test_a_pause_and_hours_of_their_own_are_looked_at_again_before_the_message_leaves() -> None:
    wishes = {"not_their_pause", "not_their_quiet"}

    assert wishes <= {question.__name__ for question in AGAIN}
    assert wishes <= {question.__name__ for question in QUESTIONS}


TIMES = st.tuples(st.integers(0, 23), st.sampled_from([0, 30])).map(lambda at: f"{at[0]:02}:{at[1]:02}")
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]).map(ZoneInfo)


@given(TIMES, TIMES, INSTANTS, ZONES)
def test_quiet_hours_end_and_are_over_when_they_say(begin: str, end: str, now: datetime, zone: ZoneInfo) -> None:
    wishes = Wishes(quiet_hours=hours_from(begin, end))
    until = wishes.quiet_until(now, zone)

    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert wishes.quiet_until(until, zone) is None
