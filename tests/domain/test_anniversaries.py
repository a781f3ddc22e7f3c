"""Dates that come round every year, on the contact's own clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.zones import ZONE_NAMES, wall
from tests.domain.clocks import next_yearly

BERLIN = ZoneInfo("Europe/Berlin")
NINE = time(9)


def berlin(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=BERLIN)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("day", "now", "due"),
    [
        (date(1990, 5, 4), berlin(2026, 1, 1), berlin(2026, 5, 4, 9)),
        (date(1990, 5, 4), berlin(2026, 5, 4, 8, 59, 59), berlin(2026, 5, 4, 9)),
        (date(1990, 5, 4), berlin(2026, 5, 4, 9), berlin(2027, 5, 4, 9)),
        (date(1990, 5, 4), berlin(2026, 12, 31, 23), berlin(2027, 5, 4, 9)),
        (date(2024, 2, 29), berlin(2026, 1, 1), berlin(2026, 2, 28, 9)),
        (date(2024, 2, 29), berlin(2026, 2, 28, 9), berlin(2027, 2, 28, 9)),
        (date(2024, 2, 29), berlin(2027, 3, 1), berlin(2028, 2, 29, 9)),
        (date(2028, 5, 4), berlin(2026, 1, 1), berlin(2028, 5, 4, 9)),
    ],
)
def test_a_date_comes_round_on_its_day_each_year_and_never_before_itself(
    day: date, now: datetime, due: datetime
) -> None:
    assert next_yearly(day, NINE, now, BERLIN) == due


def test_it_is_the_contacts_own_day() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")

    assert next_yearly(date(1990, 5, 4), time(0), berlin(2026, 5, 3), tokyo) == berlin(2026, 5, 3, 17)


def test_an_hour_that_the_clocks_jump_over_is_the_first_that_exists() -> None:
    assert next_yearly(date(2000, 3, 29), time(2, 30), berlin(2026, 3, 1), BERLIN) == berlin(2026, 3, 29, 3)


def test_an_hour_that_comes_twice_comes_once() -> None:
    first = next_yearly(date(2000, 10, 25), time(2, 30), berlin(2026, 10, 1), BERLIN)

    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert first is not None
    assert next_yearly(date(2000, 10, 25), time(2, 30), first, BERLIN) == berlin(2027, 10, 25, 2, 30)


def test_what_lies_beyond_the_calendar_never_comes() -> None:
    assert next_yearly(date(2000, 1, 1), NINE, datetime(9999, 6, 1, tzinfo=UTC), BERLIN) is None


INSTANTS = st.builds(datetime.combine, st.dates(date(2000, 1, 3), date(2040, 12, 1)), st.times(), st.just(UTC))
ZONES = st.sampled_from(sorted(ZONE_NAMES)).map(ZoneInfo)
HOURS = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(st.dates(date(1900, 1, 1), date(2045, 1, 1)), HOURS, INSTANTS, ZONES)
def test_it_is_the_first_after_now_of_all_its_years(day: date, at: time, now: datetime, zone: ZoneInfo) -> None:
    def in_year(year: int) -> datetime:
        leaps = (day.month, day.day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400))
        return wall(date(year, 2, 28) if leaps else day.replace(year=year), at, zone)

    years = range(day.year, max(day.year, now.year) + 3)
    assert next_yearly(day, at, now, zone) == min(due for due in map(in_year, years) if due > now)


@given(st.dates(date(1900, 1, 1), date(2045, 1, 1)), HOURS, INSTANTS, st.timedeltas(timedelta(), timedelta(900)), ZONES)
def test_asked_later_it_never_comes_earlier(
    day: date, at: time, now: datetime, more: timedelta, zone: ZoneInfo
) -> None:
    first, then = next_yearly(day, at, now, zone), next_yearly(day, at, now + more, zone)
    assert first is not None
    assert then is not None
    assert first <= then
