"""Laws of time over every zone, near every change of clocks: what is computed is what a clock on the wall shows."""

import random
from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import business_time
from domain.business_time import (
    NeverCloses,
    add_business_days,
    add_business_hours,
    business_day,
    business_time_between,
    is_open,
    next_closing,
    next_opening,
)
from domain.calendars import Calendar
from domain.dues import Sight, resolve
from domain.spans import Delay, Span
from domain.zones import ZONE_NAMES, wall
from tests.domain.clocks import (
    DAY,
    FIRST,
    HOUR,
    HOURS,
    MINUTE,
    RARE,
    calendars,
    changes,
    first_open,
    instant_shown,
    minutes,
    moments,
    shows_open,
)

Moments = tuple[datetime, ZoneInfo]

SECOND = timedelta(seconds=1)

NIGHT = Calendar(zone="contact", hours={"mon-sun": ["22:00-06:00"]})
WHOLE = Calendar(zone="contact", hours={"mon-sun": ["00:00-24:00"]})
SHIFTS = Calendar(zone="contact", hours={"mon-sun": ["00:10-00:50", "01:15-01:45", "02:10-02:50", "23:15-00:05"]})
SPANS = st.sampled_from(
    ["1 second", "90 minutes", "25 hours", "1 day", "3 days", "2 weeks", "1 month", "13 months", "1 business hour",
     "30 business hours", "1 business day", "7 business days", "P1DT1H", "1 day at 00:00", "1 day at 02:30",
     "2 business days at 01:30", "until 00:00", "until 02:30", "until monday, sunday at 00:30"]
)  # fmt: skip


def due(words: str, since: datetime, zone: ZoneInfo, calendar: Calendar | None = None) -> datetime:
    found = resolve(Delay.parse(words), since, Sight(zone, calendar))
    assert found is not None
    return found.at


# Wall times ------------------------------------------------------------------------------------------------------


@given(moments(), HOURS)
def test_a_wall_time_is_the_first_instant_that_shows_it_else_the_first_after_the_jump(
    moment: Moments, hour: time
) -> None:
    at, zone = moment
    day = at.astimezone(zone).date()

    assert wall(day, hour, zone) == instant_shown(day, hour, zone)


@given(moments(), HOURS)
def test_until_an_hour_is_the_first_such_instant_after_now_and_an_hour_that_comes_twice_counts_once(
    moment: Moments, hour: time
) -> None:
    at, zone = moment
    today = at.astimezone(zone).date()
    coming = [instant_shown(today + n * DAY, hour, zone) for n in range(-1, 4)]

    assert due(f"until {hour:%H:%M}", at, zone) == min(each for each in coming if each > at)


# What is open ----------------------------------------------------------------------------------------------------


@given(moments(), calendars())
def test_open_is_what_the_clock_on_the_wall_says(moment: Moments, calendar: Calendar) -> None:
    at, zone = moment

    for n in range(-5, 6):
        assert is_open(at + n * 17 * MINUTE, calendar, zone) == shows_open(at + n * 17 * MINUTE, calendar, zone)


@given(moments(), calendars("contact"))
def test_the_next_opening_is_the_first_open_minute_of_the_wall(moment: Moments, calendar: Calendar) -> None:
    now, zone = moment
    found, expected = next_opening(now, calendar, zone), first_open(now, calendar, zone)

    assert found == expected if expected else found >= now + 3 * DAY
    assert shows_open(found, calendar, zone), "never outside"
    assert found >= now, "never earlier than asked"
    assert next_opening(found, calendar, zone) == found, "asked again, it is the same"
    assert is_open(now, calendar, zone) == (found == now)


@given(moments(), calendars("contact"))
def test_the_next_closing_is_the_first_closed_minute_of_the_wall(moment: Moments, calendar: Calendar) -> None:
    now, zone = moment
    found = next_closing(now, calendar, zone)
    closed = (at for at in (now, *minutes(now, now + 3 * DAY)) if not shows_open(at, calendar, zone))

    assert found == next(closed, found)
    assert found >= now
    assert not is_open(found, calendar, zone)


@given(moments())
def test_what_is_open_round_the_clock_never_closes_and_counts_every_hour(moment: Moments) -> None:
    now, zone = moment

    assert next_opening(now, WHOLE, zone) == now
    assert business_time_between(now, now + 7 * DAY, WHOLE, zone) == 7 * DAY
    assert add_business_hours(now, 100 * HOUR, WHOLE, zone) == now + 100 * HOUR
    with pytest.raises(NeverCloses):
        next_closing(now, WHOLE, zone)


# Business time ---------------------------------------------------------------------------------------------------


@given(moments(), calendars(), st.integers(0, 4000))
def test_open_time_between_two_instants_is_their_open_minutes(moment: Moments, calendar: Calendar, n: int) -> None:
    at, zone = moment
    begin = at.replace(second=0, microsecond=0)
    end = begin + n * MINUTE

    counted = sum(shows_open(each, calendar, zone) for each in minutes(begin, end))
    assert business_time_between(begin, end, calendar, zone) == counted * MINUTE


@given(moments(), calendars(), st.timedeltas(timedelta(microseconds=1), timedelta(hours=60)), st.floats(0, 1))
def test_business_hours_end_at_the_earliest_instant_and_may_be_split_anywhere(
    moment: Moments, calendar: Calendar, amount: timedelta, share: float
) -> None:
    since, zone = moment
    found = add_business_hours(since, amount, calendar, zone)
    part = amount * share

    assert business_time_between(since, found, calendar, zone) == amount
    assert shows_open(found - timedelta(microseconds=1), calendar, zone), "a moment earlier something was missing"
    assert add_business_hours(add_business_hours(since, part, calendar, zone), amount - part, calendar, zone) == found


@given(moments(), calendars("contact"), st.integers(1, 2))
def test_business_days_are_the_dates_on_which_a_minute_is_open(moment: Moments, calendar: Calendar, n: int) -> None:
    since, zone = moment
    local = since.astimezone(zone)
    around = minutes(since, since + 4 * DAY)
    dates = {each.astimezone(zone).date() for each in around if shows_open(each, calendar, zone)}
    after = sorted(day for day in dates if day > local.date())[:n]
    if len(after) < n:
        return  # further than was walked

    assert business_day(local.date(), n, calendar, zone) == after[-1]
    there = instant_shown(after[-1], local.time(), zone)
    found = add_business_days(since, n, calendar, zone)
    assert found == (first_open(there, calendar, zone) or found)
    assert shows_open(found, calendar, zone)


# Every wait ------------------------------------------------------------------------------------------------------


@given(SPANS, moments(), calendars())
def test_a_due_is_a_full_second_after_the_start(words: str, moment: Moments, calendar: Calendar) -> None:
    since, zone = moment
    found = due(words, since, zone, calendar)

    assert found.microsecond == 0
    assert found > since


@given(SPANS, moments(), st.timedeltas(timedelta(), 3 * DAY), calendars())
def test_who_starts_later_is_never_due_earlier(
    words: str, moment: Moments, more: timedelta, calendar: Calendar
) -> None:
    since, zone = moment
    if any((since + more).astimezone(clock).fold for clock in (zone, calendar.clock(zone))):
        return  # a day keeps the wall time: who starts when a clock shows it a second time is due with the first

    assert due(words, since, zone, calendar) <= due(words, since + more, zone, calendar)


@given(SPANS, st.lists(moments(), min_size=2, max_size=5), calendars(), st.randoms(use_true_random=False))
def test_answers_do_not_hang_on_what_was_asked_before(
    words: str, asked: list[Moments], calendar: Calendar, luck: random.Random
) -> None:
    first = {moment: due(words, *moment, calendar) for moment in asked}
    for cached in (business_time._open_within, business_time._has_open_time):
        cached.cache_clear()
    luck.shuffle(asked)

    assert {moment: due(words, *moment, calendar) for moment in asked} == first


@given(moments(), st.integers(1, 10_000))
def test_two_elapsed_spans_are_their_sum(moment: Moments, n: int) -> None:
    since, zone = moment
    since = since.replace(microsecond=0)

    assert due(f"{n} minutes", due("1 hour", since, zone), zone) == since + HOUR + n * MINUTE
    assert resolve(Span.parse(f"PT{n}M"), since, Sight(zone)) is not None


# Every zone, every change of its clocks --------------------------------------------------------------------------


def check_change(name: str, change: datetime) -> None:
    """Compare with the wall in the hours around one change of clocks, at each seventeenth minute."""
    zone = ZoneInfo(name)
    for at in (change + n * 17 * MINUTE for n in range(-12, 13)):
        shown = at.astimezone(zone)
        assert wall(shown.date(), shown.time(), zone) == instant_shown(shown.date(), shown.time(), zone)
        for calendar in (NIGHT, SHIFTS):
            assert is_open(at, calendar, zone) == shows_open(at, calendar, zone)
    for calendar in (NIGHT, SHIFTS):
        now = change - 3 * HOUR
        counted = sum(shows_open(each, calendar, zone) for each in minutes(now, now + 6 * HOUR))
        assert business_time_between(now, now + 6 * HOUR, calendar, zone) == counted * MINUTE
        assert next_opening(now, calendar, zone) == first_open(now, calendar, zone)


def check_jump(name: str, change: datetime) -> None:
    """Look at one change from the side of its wall times: what is jumped over, and what comes twice."""
    zone = ZoneInfo(name)
    expected, shown = ((change - SECOND).astimezone(zone) + SECOND, change.astimezone(zone))
    jump = shown.replace(tzinfo=None) - expected.replace(tzinfo=None)
    middle = expected.replace(tzinfo=None) + jump / 2
    found = wall(middle.date(), middle.time(), zone)
    if jump > timedelta():
        assert found == change, "what is jumped over is the first instant that exists"
        return
    assert found == change + jump / 2, "what comes twice is the first of the two"
    assert due(f"until {middle:%H:%M}", found, zone) > change - jump, "and once"


@pytest.mark.parametrize("check", [check_change, check_jump])
@pytest.mark.parametrize("name", RARE)
def test_rare_zones_at_some_of_their_changes(name: str, check: Callable[[str, datetime], None]) -> None:
    for change in changes(name)[::12]:
        check(name, change)


def clock_of(name: str) -> tuple[object, ...]:
    """Return when clocks change and to what: zones that are alike in this are one clock under two names."""
    zone = ZoneInfo(name)
    return tuple((at, at.astimezone(zone).utcoffset()) for at in (FIRST, *changes(name)))


@pytest.mark.large
@pytest.mark.timeout(1800)
def test_every_zone_at_every_change_of_its_clocks() -> None:
    clocks = {clock_of(name): name for name in sorted(ZONE_NAMES, reverse=True)}
    assert len(ZONE_NAMES) > len(clocks) > 150

    for name in clocks.values():
        for change in changes(name):
            check_jump(name, change)
            check_change(name, change)
