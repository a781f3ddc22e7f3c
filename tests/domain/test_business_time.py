"""What is open by a business calendar, and time counted on it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_time import (
    NeverOpen,
    add_business_days,
    add_business_hours,
    business_day,
    business_time_between,
    is_open,
    next_opening,
)
from domain.calendars import Calendar, Holidays
from tests.domain.clocks import calendars, moments

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")

OFFICE = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
NIGHT = Calendar(zone="contact", hours={"mon-sun": ["22:00-06:00"]})


def at(day: str, hour: str, zone: ZoneInfo = UTC_ZONE) -> datetime:
    """An hour of the week of Monday, 4 May 2026 (or the next: `mon2`)."""
    number = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon2", "tue2"].index(day)
    return datetime.combine(date(2026, 5, 4 + number), time.fromisoformat(hour), tzinfo=zone)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


# The worked examples of the specification ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "amount", "due"),
    [(at("wed", "15:00"), 10, at("thu", "17:00")), (at("wed", "20:00"), 10, at("fri", "12:00"))],
)
def test_business_hours_of_the_worked_examples(since: datetime, amount: int, due: datetime) -> None:
    assert add_business_hours(since, hours(amount), OFFICE, BERLIN) == due


def test_a_business_day_and_then_hours() -> None:
    next_day = add_business_days(at("wed", "15:00"), 1, OFFICE, BERLIN)

    assert add_business_hours(next_day, hours(10), OFFICE, BERLIN) == at("fri", "17:00")


def test_an_hour_that_spans_the_weekend() -> None:
    calendar = Calendar(zone="UTC", hours={"mon-fri": ["09:30-17:00"]})

    assert add_business_hours(at("fri", "16:30"), hours(1), calendar, BERLIN) == at("mon2", "10:00")


@pytest.mark.parametrize(
    ("since", "due"), [(at("sat", "12:00"), at("mon2", "12:00")), (at("wed", "20:00"), at("fri", "10:00"))]
)
def test_business_days_of_the_worked_examples(since: datetime, due: datetime) -> None:
    assert add_business_days(since, 1, OFFICE, BERLIN) == due


# Opening ---------------------------------------------------------------------------------------------------------


def test_opening_is_inclusive_and_closing_exclusive() -> None:
    assert is_open(at("mon", "10:00"), OFFICE, BERLIN)
    assert not is_open(at("mon", "18:00"), OFFICE, BERLIN)
    assert is_open(at("mon", "17:59:59.999999"), OFFICE, BERLIN)
    assert next_opening(at("mon", "18:00"), OFFICE, BERLIN) == at("tue", "10:00")


def test_the_exact_closing_is_the_earliest_instant_that_all_hours_have_passed() -> None:
    assert add_business_hours(at("mon", "10:00"), hours(8), OFFICE, BERLIN) == at("mon", "18:00")


def test_a_night_runs_into_the_next_day() -> None:
    assert is_open(at("mon", "23:00", BERLIN), NIGHT, BERLIN)
    assert is_open(at("mon", "05:59", BERLIN), NIGHT, BERLIN)
    assert not is_open(at("mon", "06:00", BERLIN), NIGHT, BERLIN)
    assert next_opening(at("mon", "12:00", BERLIN), NIGHT, BERLIN) == at("mon", "22:00", BERLIN)


def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    spring = datetime(2026, 3, 28, 12, tzinfo=BERLIN), datetime(2026, 3, 29, 12, tzinfo=BERLIN)
    autumn = datetime(2026, 10, 24, 12, tzinfo=BERLIN), datetime(2026, 10, 25, 12, tzinfo=BERLIN)

    assert business_time_between(*spring, NIGHT, BERLIN) == hours(7)
    assert business_time_between(*autumn, NIGHT, BERLIN) == hours(9)


def test_nine_stays_nine_when_the_clocks_change() -> None:
    daytime = Calendar(zone="contact", hours={"mon-sun": ["09:00-18:00"]})
    night = datetime(2026, 3, 28, 22, 0, tzinfo=BERLIN)

    assert next_opening(night, daytime, BERLIN) == datetime(2026, 3, 29, 9, 0, tzinfo=BERLIN)


def test_a_part_that_comes_twice_is_open_both_times_and_not_in_between() -> None:
    early = Calendar(zone="contact", hours={"mon-sun": ["02:15-02:30"]})
    begin, end = datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)

    assert business_time_between(begin, end, early, BERLIN) == hours(0.5)
    assert next_opening(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), early, BERLIN) == datetime(
        2026, 10, 25, 1, 15, tzinfo=UTC
    )


def test_a_part_that_the_clocks_jump_over_is_not_open_that_day() -> None:
    early = Calendar(zone="contact", hours={"mon-sun": ["02:00-03:00"]})
    night = datetime(2026, 3, 29, 0, 0, tzinfo=BERLIN)

    assert next_opening(night, early, BERLIN) == datetime(2026, 3, 30, 2, 0, tzinfo=BERLIN)


def test_a_calendar_of_the_contact_is_read_on_its_clock_and_another_on_its_own() -> None:
    assert next_opening(at("mon", "12:00"), NIGHT, NEW_YORK) == at("mon", "22:00", NEW_YORK)
    assert next_opening(at("mon", "03:00"), OFFICE, NEW_YORK) == at("mon", "10:00")


def test_several_parts_a_day_leave_the_lunch_break_out() -> None:
    calendar = Calendar(zone="UTC", hours={"mon-thu": ["13:30-18:00", "09:00-12:30"], "fri": ["09:00-16:00"]})

    assert next_opening(at("mon", "12:30"), calendar, BERLIN) == at("mon", "13:30")
    assert business_time_between(at("mon", "00:00"), at("mon2", "00:00"), calendar, BERLIN) == hours(4 * 8 + 7)


def test_a_part_may_end_at_twenty_four_hours_and_days_that_touch_are_one() -> None:
    always = Calendar(zone="UTC", hours={"mon-sun": ["00:00-24:00"]})

    assert is_open(at("mon", "23:59:59.999999"), always, BERLIN)
    assert business_time_between(at("mon", "00:00"), at("tue2", "00:00"), always, BERLIN) == timedelta(days=8)


def test_hours_that_two_days_cover_count_once() -> None:
    calendar = Calendar(zone="UTC", hours={"mon": ["20:00-08:00"], "tue": ["06:00-10:00"]})

    assert business_time_between(at("mon", "00:00"), at("wed", "00:00"), calendar, BERLIN) == hours(14)


# Holidays --------------------------------------------------------------------------------------------------------


def test_a_holiday_closes_what_begins_on_it_and_the_night_before_runs_out() -> None:
    calendar = Calendar(zone="UTC", hours={"mon-sun": ["22:00-06:00"]}, holidays=Holidays(also=(date(2026, 5, 5),)))

    assert is_open(at("tue", "05:00"), calendar, BERLIN)
    assert next_opening(at("tue", "06:00"), calendar, BERLIN) == at("wed", "22:00")


def test_business_days_pass_over_holidays() -> None:
    office = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["10:00-18:00"]}, holidays=Holidays(country="DE"))
    before_may_day = datetime(2026, 4, 30, 12, 0, tzinfo=BERLIN)

    assert add_business_days(before_may_day, 1, office, NEW_YORK) == at("mon", "12:00", BERLIN)


# Backwards, zero and never ---------------------------------------------------------------------------------------


def test_time_can_be_counted_back_from_a_deadline() -> None:
    assert add_business_hours(at("mon2", "12:00"), hours(-4), OFFICE, BERLIN) == at("fri", "16:00")
    assert add_business_hours(at("mon2", "12:00"), hours(-2), OFFICE, BERLIN) == at("mon2", "10:00")
    assert add_business_days(at("mon2", "12:00"), -1, OFFICE, BERLIN) == at("fri", "12:00")
    assert business_time_between(at("tue", "00:00"), at("mon", "00:00"), OFFICE, BERLIN) == hours(-8)


def test_no_business_days_are_the_next_opening_and_no_hours_are_now() -> None:
    assert add_business_days(at("sat", "12:00"), 0, OFFICE, BERLIN) == at("mon2", "10:00")
    assert add_business_hours(at("sat", "12:00"), hours(0), OFFICE, BERLIN) == at("sat", "12:00")


def test_a_day_that_only_a_night_runs_into_has_open_time() -> None:
    nights = Calendar(zone="UTC", hours={"mon-thu": ["22:00-06:00"]})

    assert business_day(date(2026, 5, 7), 1, nights, BERLIN) == date(2026, 5, 8)
    assert add_business_days(at("thu", "23:00"), 1, nights, BERLIN) == at("mon2", "22:00")


def test_a_calendar_that_never_opens_says_so() -> None:
    sundays = tuple(date(2026, 1, 4) + timedelta(weeks=n) for n in range(120))
    calendar = Calendar(zone="UTC", hours={"sun": ["10:00-12:00"]}, holidays=Holidays(also=sundays))

    with pytest.raises(NeverOpen, match="no open time in 400 days; look at"):
        next_opening(at("mon", "12:00"), calendar, BERLIN)
    with pytest.raises(NeverOpen, match="look at the hours and holidays"):
        business_day(date(2026, 5, 4), 1, calendar, BERLIN)
    assert not is_open(at("sun", "11:00"), calendar, BERLIN)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="pass an aware datetime"):
        is_open(datetime(2026, 5, 4, 12), OFFICE, BERLIN)  # noqa: DTZ001


# Laws; those that compare with the clock on the wall are in test_time_laws.py -------------------------------------

AMOUNTS = st.timedeltas(timedelta(), timedelta(hours=60))
Moment = tuple[datetime, ZoneInfo]


@given(moments(), calendars())
def test_nothing_opens_before_the_next_opening(moment: Moment, calendar: Calendar) -> None:
    now, zone = moment

    opening = next_opening(now, calendar, zone)

    assert is_open(opening, calendar, zone)
    assert business_time_between(now, opening, calendar, zone) == timedelta()


@given(moments(), AMOUNTS, calendars())
def test_a_later_start_never_opens_or_ends_earlier(moment: Moment, more: timedelta, calendar: Calendar) -> None:
    now, zone = moment
    hour = timedelta(hours=1)

    assert next_opening(now, calendar, zone) <= next_opening(now + more, calendar, zone)
    assert add_business_hours(now, hour, calendar, zone) <= add_business_hours(now + more, hour, calendar, zone)


@given(moments(), AMOUNTS, calendars())
def test_business_time_added_is_business_time_measured(moment: Moment, amount: timedelta, calendar: Calendar) -> None:
    since, zone = moment

    due = add_business_hours(since, amount, calendar, zone)
    begun = add_business_hours(since, -amount, calendar, zone)

    assert due >= since + amount
    assert business_time_between(since, due, calendar, zone) == amount
    assert business_time_between(begun, since, calendar, zone) == amount


@given(moments(), AMOUNTS, AMOUNTS, calendars())
def test_splitting_a_span_of_business_hours_changes_nothing(
    moment: Moment, first: timedelta, rest: timedelta, calendar: Calendar
) -> None:
    since, zone = moment

    in_two = add_business_hours(add_business_hours(since, first, calendar, zone), rest, calendar, zone)

    assert in_two == add_business_hours(since, first + rest, calendar, zone)


@given(moments(), st.integers(1, 30), calendars())
def test_business_days_end_open_and_later(moment: Moment, n: int, calendar: Calendar) -> None:
    since, zone = moment

    due = add_business_days(since, n, calendar, zone)

    assert due > since
    assert is_open(due, calendar, zone)
    assert due >= add_business_days(since, n - 1, calendar, zone)
    day = since.astimezone(calendar.clock(zone)).date()
    there = business_day(day, n, calendar, zone)
    assert business_day(business_day(day, 1, calendar, zone), n - 1, calendar, zone) == there
