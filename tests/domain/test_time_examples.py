"""Worked examples of time, as an author reads them: what is written, when it begins, when it is due.

Instants are wall times of the clock named; the calendar is Monday to Friday, 10:00 to 18:00.
"""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from domain.business_time import add_business_hours, next_closing, next_opening
from domain.calendars import Calendar, Holidays
from domain.dues import Sight, resolve
from domain.spans import Delay
from domain.zones import wall
from tests.domain.clocks import HOUR, next_yearly

RENEWAL = "2026-06-01"  # a Monday


def at(words: str, zone: str = "Europe/Berlin") -> datetime:
    shown = datetime.fromisoformat(words)
    return wall(shown.date(), shown.time(), ZoneInfo(zone))


def waits(words: str, begins: str, zone: str = "Europe/Berlin", calendar: Calendar | None = None) -> datetime:
    office = calendar or Calendar(zone=zone, hours={"mon-fri": ["10:00-18:00"]})
    found = resolve(Delay.parse(words), at(begins, zone), Sight(ZoneInfo(zone), office, lambda path: RENEWAL))
    assert found is not None
    return found.at


@pytest.mark.parametrize(
    ("words", "begins", "due"),
    [
        ("48 hours", "2026-03-27 12:00", "2026-03-29 13:00"),
        ("2 days", "2026-03-27 12:00", "2026-03-29 12:00"),
        ("1 day at 09:00", "2026-05-04 21:00", "2026-05-05 09:00"),
        ("1 day at 02:30", "2026-03-28 12:00", "2026-03-29 03:00"),
        ("P1DT12H", "2026-03-27 20:00", "2026-03-29 09:00"),
        ("1 month", "2026-01-31 08:00", "2026-02-28 08:00"),
        ("1 business day", "2026-05-09 12:00", "2026-05-11 12:00"),
        ("1 business day", "2026-05-06 20:00", "2026-05-08 10:00"),
        ("1 business day at 09:00", "2026-05-06 20:00", "2026-05-07 10:00"),
        ("10 business hours", "2026-05-06 15:00", "2026-05-07 17:00"),
        ("10 business hours", "2026-05-06 20:00", "2026-05-08 12:00"),
        ("until 09:00", "2026-05-04 09:30", "2026-05-05 09:00"),
        ("until monday at 09:00", "2026-05-04 08:59", "2026-05-04 09:00"),
        ("until monday at 09:00", "2026-05-04 09:00", "2026-05-11 09:00"),
        ("until monday, thursday at 09:00", "2026-05-04 12:00", "2026-05-07 09:00"),
        ("until contact.renewal_date", "2026-05-04 12:00", "2026-06-01 00:00"),
        ("until contact.renewal_date - 30 days at 09:00", "2026-04-01 12:00", "2026-05-02 09:00"),
        ("until contact.renewal_date - 2 business days", "2026-05-04 12:00", "2026-05-28 10:00"),
        ("until 2026-12-24 at 15:00", "2026-05-04 12:00", "2026-12-24 15:00"),
    ],
)
def test_what_an_author_writes_is_due_when_its_reader_expects(words: str, begins: str, due: str) -> None:
    assert waits(words, begins) == at(due)


def test_an_hour_that_comes_twice_is_the_first() -> None:
    assert waits("1 day at 02:30", "2026-10-24 12:00").isoformat() == "2026-10-25T00:30:00+00:00"


def test_a_business_day_and_then_ten_business_hours() -> None:
    office = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["10:00-18:00"]})
    thursday = waits("1 business day", "2026-05-06 15:00")

    assert add_business_hours(thursday, 10 * HOUR, office, ZoneInfo("UTC")) == at("2026-05-08 17:00")


def test_an_hour_over_the_weekend() -> None:
    desk = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["09:30-17:00"]})

    assert waits("1 business hour", "2026-05-08 16:30", calendar=desk) == at("2026-05-11 10:00")


def test_a_lunch_break_and_a_holiday_are_not_counted() -> None:
    shifts = Calendar(
        zone="Europe/Berlin",
        hours={"mon-thu": ["09:00-12:30", "13:30-18:00"], "fri": ["09:00-16:00"]},
        holidays=Holidays(country="DE"),
    )

    assert waits("2 business hours", "2026-05-04 11:30", calendar=shifts) == at("2026-05-04 14:30")
    assert waits("2 business hours", "2026-04-30 17:00", calendar=shifts) == at("2026-05-04 10:00")
    assert waits("1 business day", "2026-12-23 12:00", calendar=shifts) == at("2026-12-24 12:00")
    assert waits("2 business days", "2026-12-23 12:00", calendar=shifts) == at("2026-12-28 12:00")


def test_a_window_over_midnight_and_its_two_edges() -> None:
    night, berlin = Calendar(zone="contact", hours={"mon-sun": ["22:00-06:00"]}), ZoneInfo("Europe/Berlin")

    assert next_opening(at("2026-05-04 12:00"), night, berlin) == at("2026-05-04 22:00")
    assert next_opening(at("2026-05-05 05:59"), night, berlin) == at("2026-05-05 05:59")
    assert next_opening(at("2026-05-05 06:00"), night, berlin) == at("2026-05-05 22:00")
    assert next_closing(at("2026-05-04 22:00"), night, berlin) == at("2026-05-05 06:00")


def test_a_holiday_closes_the_night_that_begins_on_it_and_not_the_one_that_ends_on_it() -> None:
    zone = ZoneInfo("Europe/Berlin")
    night = Calendar(zone="contact", hours={"mon-sun": ["22:00-06:00"]}, holidays=Holidays(country="DE"))

    assert next_opening(at("2026-12-25 05:00"), night, zone) == at("2026-12-25 05:00"), "begun on the 24th"
    assert next_opening(at("2026-12-25 06:00"), night, zone) == at("2026-12-27 22:00"), "25th and 26th are closed"


def test_a_birthday_on_29_february_is_kept_on_the_28th() -> None:
    day, zone = datetime(2000, 2, 29).date(), ZoneInfo("Europe/Berlin")  # noqa: DTZ001

    assert next_yearly(day, time(9), at("2026-01-01 00:00"), zone) == at("2026-02-28 09:00")
    assert next_yearly(day, time(9), at("2028-01-01 00:00"), zone) == at("2028-02-29 09:00")


@pytest.mark.parametrize(
    ("zone", "words", "begins", "due"),
    [
        ("Australia/Lord_Howe", "1 day at 02:10", "2026-10-03 12:00", "2026-10-03T15:30:00"),  # half an hour, 02:30
        ("Australia/Lord_Howe", "1 day at 01:45", "2026-04-04 12:00", "2026-04-04T14:45:00"),  # twice: the first
        ("Australia/Lord_Howe", "1 day", "2026-10-03 12:00", "2026-10-04T01:00:00"),  # 23.5 hours
        ("Pacific/Apia", "1 day at 09:00", "2011-12-29 10:00", "2011-12-30T10:00:00"),  # no 30 December: the 31st
        ("Pacific/Apia", "2 days at 09:00", "2011-12-29 10:00", "2011-12-30T19:00:00"),
        ("Antarctica/Troll", "1 day at 02:00", "2026-03-28 12:00", "2026-03-29T01:00:00"),  # two hours, to 03:00
        ("Africa/Casablanca", "1 day at 02:30", "2026-03-21 12:00", "2026-03-22T02:00:00"),  # Ramadan is over
        ("Africa/Casablanca", "1 day at 02:30", "2026-02-14 12:00", "2026-02-15T01:30:00"),  # Ramadan begins: twice
        ("Europe/Dublin", "1 day at 01:30", "2026-03-28 12:00", "2026-03-29T01:00:00"),  # winter is the saving time
        ("Europe/Dublin", "1 day at 01:30", "2026-10-24 12:00", "2026-10-25T00:30:00"),
        ("Pacific/Kiritimati", "1 day at 09:00", "2026-05-04 21:00", "2026-05-04T19:00:00"),  # fourteen hours ahead
        ("America/St_Johns", "1 day at 23:30", "2006-10-27 12:00", "2006-10-29T02:00:00"),  # 00:01 back to 23:01
        ("America/St_Johns", "until 00:00", "2006-10-28 12:00", "2006-10-29T02:30:00"),  # shown once, then 23:01
        ("America/St_Johns", "1 day at 00:30", "2006-04-01 12:00", "2006-04-02T03:31:00"),  # 00:01 to 01:01
        ("Asia/Gaza", "1 day", "2011-03-31 00:30", "2011-03-31T22:01:00"),  # April begins at 01:01
        ("Asia/Beirut", "until sunday at 00:00", "2026-03-27 12:00", "2026-03-28T22:00:00"),  # no midnight: 01:00
        ("America/Havana", "1 day at 00:30", "2026-10-31 12:00", "2026-11-01T04:30:00"),  # midnight twice: the first
        ("Asia/Pyongyang", "1 day at 00:00", "2015-08-14 12:00", "2015-08-14T15:30:00"),  # once: 24:00 went to 23:30
        ("Asia/Kathmandu", "1 day at 09:00", "2026-05-04 21:00", "2026-05-05T03:15:00"),
    ],
)
def test_clocks_that_few_know(zone: str, words: str, begins: str, due: str) -> None:
    assert waits(words, begins, zone).isoformat() == f"{due}+00:00"
