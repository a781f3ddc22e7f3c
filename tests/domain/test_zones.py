"""Whose clock, and what a wall time means there."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.zones import ZONE_NAMES, is_zone, wall, zone_named, zone_of, zone_of_country, zone_of_phone

APIA = ZoneInfo("Pacific/Apia")
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))
ZONES = st.sampled_from(sorted(ZONE_NAMES)).map(ZoneInfo)


def test_a_wall_time_that_is_jumped_over_becomes_the_first_that_exists() -> None:
    assert wall(date(2026, 3, 29), time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_wall_time_that_comes_twice_is_the_first_of_the_two() -> None:
    assert wall(date(2026, 10, 25), time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_that_a_country_left_out_becomes_the_start_of_the_next() -> None:
    assert wall(date(2011, 12, 30), time(9, 0), APIA) == wall(date(2011, 12, 31), time(0, 0), APIA)
    assert wall(date(2011, 12, 31), time(0, 0), APIA) == datetime(2011, 12, 30, 10, 0, tzinfo=UTC)


def test_a_midnight_that_does_not_exist_becomes_one_o_clock() -> None:
    beirut = ZoneInfo("Asia/Beirut")

    assert wall(date(2026, 3, 29), time(0, 0), beirut).astimezone(beirut).time() == time(1, 0)


@given(DAYS, st.times(), ZONES)
@example(date(2011, 12, 30), time(12, 34, 56, 789), APIA)
@example(date(2010, 10, 3), time(2, 15), ZoneInfo("Australia/Lord_Howe"))
def test_a_wall_time_is_shown_or_lies_in_the_gap_that_ends_there(day: date, hour: time, zone: ZoneInfo) -> None:
    instant = wall(day, hour, zone)
    asked = datetime.combine(day, hour)
    shown = instant.astimezone(zone)

    assert shown.fold == 0
    if shown.replace(tzinfo=None) != asked:
        before = (instant - timedelta(microseconds=1)).astimezone(zone)
        assert before.replace(tzinfo=None) < asked < shown.replace(tzinfo=None)


@given(st.builds(datetime.combine, DAYS, st.times()), st.timedeltas(timedelta(), timedelta(days=2)), ZONES)
def test_a_later_wall_time_is_never_an_earlier_instant(first: datetime, more: timedelta, zone: ZoneInfo) -> None:
    later = first + more

    assert wall(first.date(), first.time(), zone) <= wall(later.date(), later.time(), zone)


def test_the_contacts_own_zone_comes_first() -> None:
    found = zone_of({"time_zone": "Asia/Tokyo", "country": "AT", "phone": "+12125550123"}, "UTC", "Europe/London")

    assert (found.name, found.zone, found.rung, found.note) == ("Asia/Tokyo", ZoneInfo("Asia/Tokyo"), "contact", None)


@pytest.mark.parametrize("wrong", ["europe/berlin", "Berlin", "CEST", "GMT+25", "../etc/passwd", "Europe/Berlin\0"])
def test_an_invalid_zone_is_missing_and_noted(wrong: str) -> None:
    found = zone_of({"time_zone": wrong}, None, "Europe/London")

    assert (found.name, found.rung) == ("Europe/London", "organisation")
    assert found.note is not None
    assert "not an IANA zone" in found.note


@pytest.mark.parametrize("empty", [None, "", "  ", 7])
def test_no_zone_at_all_is_no_note(empty: object) -> None:
    assert zone_of({"time_zone": empty}, None, "Europe/London").note is None


def test_the_country_counts_if_it_has_one_zone() -> None:
    assert zone_of({"country": "at"}, "UTC", "UTC").rung == "country"
    assert zone_of_country("AT") == "Europe/Vienna"
    assert zone_of_country("US") is None
    assert zone_of_country("ZZ") is None


def test_zones_whose_clocks_never_differ_are_one() -> None:
    assert zone_of_country("DE") == "Europe/Berlin", "Büsingen has its own name, and Berlin's time"
    assert zone_of_country("ES") is None, "the Canary Islands are an hour behind"
    assert zone_of_country("AU") is None


def test_the_phone_number_counts_if_it_belongs_to_one_zone() -> None:
    found = zone_of({"country": "US", "phone": "+1 (212) 555-0123"}, "UTC", "UTC")

    assert (found.name, found.rung) == ("America/New_York", "phone")
    assert zone_of_phone("0151 12345678", "DE") == "Europe/Berlin"
    assert zone_of_phone("+447911123456") == "Europe/London", "listed under Guernsey first"
    assert zone_of_phone("+61412345678") is None, "an Australian mobile may be anywhere"


@pytest.mark.parametrize("number", ["", "garbage", "+", "+999999", "+80012345678", "0151 12345678", "1" * 400])
def test_a_number_that_tells_nothing_is_passed_over(number: str) -> None:
    assert zone_of({"phone": number}, None, "UTC").rung == "organisation"


def test_the_sequences_zone_comes_before_the_organisations() -> None:
    assert zone_of({}, "Europe/Berlin", "UTC").rung == "sequence"
    assert zone_of({}, None, "UTC").rung == "organisation"


def test_a_zone_in_a_file_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="'Europe/Viena' is not a time zone; did you mean 'Europe/Vienna'"):
        zone_of({}, "Europe/Viena", "UTC")
    with pytest.raises(ValueError, match="write an IANA name such as Europe/Berlin"):
        zone_named("!!!")


def test_every_name_of_the_database_can_be_used() -> None:
    assert all(is_zone(name) and ZoneInfo(name).key == name for name in ZONE_NAMES)
    assert len(ZONE_NAMES) > 400
