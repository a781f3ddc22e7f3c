"""Business calendars as they are written: what is read, and what is refused."""

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from domain.calendars import Calendar, Calendars, Holidays, part_of_day, weekdays_of

FILE = {
    "default": "office-hours",
    "calendars": {
        "office-hours": {
            "zone": "Europe/Berlin",
            "hours": {"mon-thu": ["09:00-12:30", "13:30-18:00"], "fri": ["09:00-16:00"]},
            "holidays": {"country": "DE", "region": "BY", "also": ["2026-12-24"], "not": ["2026-01-06"]},
        },
        "daytime": {"zone": "contact", "hours": {"mon-sun": ["08:00-20:00"]}},
        "night": {"zone": "contact", "hours": {"mon-sun": ["22:00-06:00"]}},
    },
}


def test_the_file_of_the_specification_is_read_and_travels() -> None:
    read = Calendars.model_validate(FILE, extra="forbid")

    assert read.named(None) is read.calendars["office-hours"]
    assert read.named("night") is read.calendars["night"]
    assert Calendars.model_validate_json(read.model_dump_json()) == read


def test_a_calendar_that_does_not_exist_is_refused_with_the_nearest() -> None:
    read = Calendars.model_validate(FILE)

    with pytest.raises(ValueError, match="there is no calendar 'ofice-hours'; did you mean 'office-hours'"):
        read.named("ofice-hours")
    with pytest.raises(ValueError, match="there is no calendar 'x'; write it into"):
        Calendars(default="x")
    assert Calendars().named(None) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zone": "Europe/Berln"}, "did you mean 'Europe/Berlin'"),
        ({"hours": {}}, "no day has hours; write"),
        ({"hours": {"mon-fri": []}}, "no day has hours; write"),
        ({"hours": {"weekdays": ["09:00-17:00"]}}, "bad day 'weekdays'; write one of mon tue"),
        ({"hours": {"mon": ["9-17"]}}, "bad hours '9-17'; write HH:MM-HH:MM"),
        ({"hours": {"mon": ["24:00-06:00"]}}, "bad hours"),
        ({"hours": {"mon": ["09:00-09:00"]}}, "end when they begin; write 00:00-24:00"),
        ({"hours": {"mon": ["09:00-13:00", "12:00-18:00"]}}, "the parts of 'mon' overlap"),
        ({"hours": {"mon-fri": ["09:00-17:00"], "fri": ["09:00-16:00"]}}, "'fri' gives friday a second time"),
        ({"holidays": {"country": "ZZ"}}, "no holidays are known for country 'ZZ'"),
        ({"holidays": {"country": "DE", "region": "XX"}}, "no region 'XX'; its regions are BB, BE"),
        ({"holidays": {"region": "BY"}}, "region 'BY' has no country"),
        ({"holidays": {"also": ["24.12.2026"]}}, "bad date '24.12.2026'; write YYYY-MM-DD"),
        ({"holidays": {"also": ["2026-12-24"], "not": ["2026-12-24"]}}, "stands in `also` and in `not`"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_way_out(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Calendar.model_validate({"zone": "UTC", "hours": {"mon": ["09:00-17:00"]}} | change, extra="forbid")


def test_days_may_be_written_long_and_wrap_around_the_week() -> None:
    assert weekdays_of("Friday-Mon") == (4, 5, 6, 0)
    assert part_of_day("22:00-00:00") == (1320, 1440)


def test_holidays_of_a_region_hold_in_any_year() -> None:
    bavaria = Holidays.model_validate({"country": "DE", "region": "BY", "also": ["2026-12-24"], "not": ["2026-01-06"]})

    assert bavaria.close(date(2026, 12, 24))
    assert not bavaria.close(date(2026, 1, 6))
    assert bavaria.close(date(2031, 1, 6))
    assert bavaria.close(date(2040, 12, 25))


def test_a_holiday_observed_in_the_year_before_closes() -> None:
    assert Holidays(country="US").close(date(2021, 12, 31)), "New Year 2022 is a Saturday"


def test_a_year_of_which_little_is_known_stops_nobody_and_can_be_written_out() -> None:
    assert Holidays(country="IN").close(date(2060, 1, 26)), "the package knows the feasts of the moon up to 2035"
    assert not Holidays(country="LK").close(date(2060, 2, 4))
    assert Holidays.model_validate({"country": "LK", "also": ["2060-02-04"]}).close(date(2060, 2, 4))


@pytest.mark.parametrize("year", range(2027, 2041))
def test_easter_monday_moves_and_closes_every_year(year: int) -> None:
    germany = Holidays(country="DE")
    spring = [date(year, 3, 22) + timedelta(days=n) for n in range(38)]

    assert len([day for day in spring if day.weekday() == 0 and germany.close(day)]) == 1
    assert germany.close(date(year, 10, 3))
    assert not germany.close(date(year, 10, 4))
