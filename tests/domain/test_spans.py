"""Spans, waits and moments: read from the author's words, and resolved to an instant."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_time import NeverOpen
from domain.calendars import Calendar
from domain.dues import MissingMoment, Sight, is_past, resolve
from domain.spans import Deadline, Delay, Expiry, Limit, Moment, Span
from domain.zones import ZONE_NAMES, wall

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
OFFICE = Calendar(zone="Europe/Berlin", hours={"mon-fri": ["10:00-18:00"]})

MONDAY = datetime(2026, 5, 4, 21, 0, tzinfo=BERLIN)


def seen(zone: ZoneInfo = BERLIN, **fields: object) -> Sight:
    return Sight(zone, OFFICE, lambda path: fields.get(path.removeprefix("contact.")))


def due(words: Span | Moment | Deadline, since: datetime = MONDAY, sight: Sight | None = None) -> datetime:
    found = resolve(words, since, sight or seen())
    assert found is not None
    return found.at


def berlin(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=BERLIN)  # type: ignore[arg-type,misc]


# Three kinds of span ---------------------------------------------------------------------------------------------


def test_hours_pass_whatever_the_clocks_do() -> None:
    before = berlin(2026, 3, 28, 12)

    assert due(Delay.parse("24 hours"), before) == berlin(2026, 3, 29, 13)


def test_a_day_keeps_the_wall_time_of_the_contact() -> None:
    before = berlin(2026, 3, 28, 12)

    assert due(Delay.parse("1 day"), before) == berlin(2026, 3, 29, 12)
    assert due(Delay.parse("1 day"), before, seen(NEW_YORK)) == berlin(2026, 3, 29, 13), "24 hours in New York"


def test_the_day_is_counted_first_and_then_the_hour_is_set() -> None:
    assert due(Delay.parse("1 day at 09:00")) == berlin(2026, 5, 5, 9)


def test_a_month_from_the_31st_is_the_last_day_of_the_shorter_month() -> None:
    assert due(Delay.parse("1 month"), berlin(2026, 1, 31, 8)) == berlin(2026, 2, 28, 8)
    assert due(Delay.parse("13 months"), berlin(2027, 1, 31, 8)) == berlin(2028, 2, 29, 8)


def test_weeks_are_seven_days() -> None:
    assert due(Delay.parse("2 weeks")) == berlin(2026, 5, 18, 21)


def test_a_compound_span_counts_its_calendar_part_first() -> None:
    spring = berlin(2026, 3, 28, 1, 30)

    assert due(Delay.parse("P1DT1H"), spring) == berlin(2026, 3, 29, 3, 30), "an hour after 01:30"
    assert due(Delay.parse("P1Y2M1W3DT4H5M6S"), berlin(2026, 1, 1)) == berlin(2027, 3, 11, 4, 5, 6)


def test_business_spans_are_counted_on_the_calendars_clock() -> None:
    evening = datetime(2026, 5, 6, 20, 0, tzinfo=BERLIN)

    assert due(Delay.parse("1 business day"), evening, seen(NEW_YORK)) == berlin(2026, 5, 8, 10)
    assert due(Delay.parse("10 business hours"), evening, seen(NEW_YORK)) == berlin(2026, 5, 8, 12)
    assert due(Delay.parse("90 business minutes"), evening, seen(NEW_YORK)) == berlin(2026, 5, 7, 11, 30)
    assert due(Delay.parse("1 business day at 11:00"), evening, seen(NEW_YORK)) == berlin(2026, 5, 7, 11)
    assert due(Delay.parse("1 business day at 07:00"), evening) == berlin(2026, 5, 7, 10)


def test_a_business_span_without_a_calendar_says_what_to_set() -> None:
    with pytest.raises(ValueError, match=r"'2 business days' has no calendar .*; set `calendar:` in the sequence"):
        resolve(Delay.parse("2 business days"), MONDAY, Sight(BERLIN))


def test_a_wall_time_in_the_gap_is_the_first_instant_after_it() -> None:
    assert due(Delay.parse("1 day at 02:30"), berlin(2026, 3, 28, 12)) == berlin(2026, 3, 29, 3)


def test_a_day_that_was_left_out_is_the_start_of_the_next() -> None:
    apia = ZoneInfo("Pacific/Apia")
    before = datetime(2011, 12, 29, 10, tzinfo=apia)

    assert due(Delay.parse("1 day"), before, seen(apia)) == datetime(2011, 12, 31, tzinfo=apia)
    assert due(Delay.parse("until friday at 09:00"), before, seen(apia)) == datetime(2011, 12, 31, tzinfo=apia)


def test_dues_are_rounded_up_to_the_full_second() -> None:
    since = datetime(2026, 5, 4, 12, 0, 0, 1, tzinfo=UTC)

    assert due(Delay.parse("1 hour"), since) == datetime(2026, 5, 4, 13, 0, 1, tzinfo=UTC)
    assert due(Delay.parse("1 hour"), since.replace(microsecond=0)) == datetime(2026, 5, 4, 13, tzinfo=UTC)


def test_a_span_as_time_that_passes() -> None:
    assert Span.parse("7 days").elapsed() == timedelta(hours=168)
    assert Span.parse("P1DT90M").elapsed() == timedelta(hours=25, minutes=30)
    for words in ("1 month", "2 business days", "3 business hours"):
        with pytest.raises(ValueError, match="has no fixed length"):
            Span.parse(words).elapsed()


# Until -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (berlin(2026, 5, 4, 8, 59, 59), berlin(2026, 5, 4, 9)),
        (berlin(2026, 5, 4, 9), berlin(2026, 5, 11, 9)),
        (berlin(2026, 5, 4, 9, 0, 1), berlin(2026, 5, 11, 9)),
        (berlin(2026, 5, 6, 12), berlin(2026, 5, 11, 9)),
    ],
)
def test_until_monday_is_today_before_the_hour_and_else_next_week(since: datetime, expected: datetime) -> None:
    assert due(Delay.parse("until monday at 09:00"), since) == expected


def test_until_one_of_two_weekdays_is_the_nearer() -> None:
    wait = Delay.parse("until Thursday, monday at 09:00")

    assert due(wait, berlin(2026, 5, 4, 12)) == berlin(2026, 5, 7, 9)
    assert due(wait, berlin(2026, 5, 7, 12)) == berlin(2026, 5, 11, 9)


def test_until_an_hour_is_the_next_time_the_contacts_clock_shows_it() -> None:
    wait = Delay.parse("until 09:00")

    assert due(wait, berlin(2026, 5, 4, 8)) == berlin(2026, 5, 4, 9)
    assert due(wait, berlin(2026, 5, 4, 9)) == berlin(2026, 5, 5, 9)
    assert due(wait, berlin(2026, 5, 4, 9), seen(NEW_YORK)) == berlin(2026, 5, 4, 15)


def test_an_hour_that_comes_twice_is_waited_for_once() -> None:
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 02:45 in Berlin, for the first time

    assert due(Delay.parse("until 02:30"), between) == berlin(2026, 10, 26, 2, 30)


@pytest.mark.parametrize(
    ("value", "words", "expected"),
    [
        ("2026-06-01", "contact.day", berlin(2026, 6, 1)),
        (date(2026, 6, 1), "contact.day at 09:00", berlin(2026, 6, 1, 9)),
        ("2026-06-01", "contact.day - 30 days at 09:00", berlin(2026, 5, 2, 9)),
        ("2026-06-01", "contact.day + 1 month", berlin(2026, 7, 1)),
        ("2026-06-01", "contact.day - 36 hours", berlin(2026, 5, 30, 12)),
        ("2026-06-01T15:00:00Z", "contact.day", berlin(2026, 6, 1, 17)),
        ("2026-06-01T15:00:00Z", "contact.day + 1 hour", berlin(2026, 6, 1, 18)),
        ("2026-06-01T23:30:00Z", "contact.day at 09:00", berlin(2026, 6, 2, 9)),
        ("2026-06-01T15:00", "contact.day", berlin(2026, 6, 1, 15)),
        (datetime(2026, 6, 1, 15, tzinfo=UTC), "contact.day - 1 day", berlin(2026, 5, 31, 17)),
        ("2026-06-01", "contact.day - 2 business days", berlin(2026, 5, 28, 10)),
        ("2026-06-01", "contact.day - 2 business days at 11:00", berlin(2026, 5, 28, 11)),
        ("2026-06-01", "contact.day - 4 business hours", berlin(2026, 5, 29, 14)),
        (None, "2026-07-01 at 08:15", berlin(2026, 7, 1, 8, 15)),
    ],
)
def test_moments_are_counted_from_what_the_field_holds(value: object, words: str, expected: datetime) -> None:
    sight = seen(day=value)

    assert due(Moment.parse(words), sight=sight) == expected
    assert due(Delay.parse(f"until {words}"), sight=sight) == expected
    assert due(Limit.parse(f"until {words}"), sight=sight) == expected
    assert due(Expiry.parse(words), sight=sight) == expected


def test_a_moment_can_be_counted_from_the_entry() -> None:
    sight = Sight(BERLIN, OFFICE, {"run.entered_at": berlin(2026, 3, 2, 21)}.get)

    assert due(Moment.parse("run.entered_at + 4 weeks at 09:00"), sight=sight) == berlin(2026, 3, 30, 9)


def test_business_days_before_a_date_are_counted_from_that_date_wherever_the_contact_lives() -> None:
    wait = Delay.parse("until contact.day - 1 business day")

    assert due(wait, sight=seen(NEW_YORK, day="2026-06-05")) == berlin(2026, 6, 4, 10)
    assert due(wait, sight=seen(ZoneInfo("Asia/Tokyo"), day="2026-06-05")) == berlin(2026, 6, 4, 10)


@pytest.mark.parametrize("empty", [None, ""])
def test_a_field_without_a_value_is_named(empty: object) -> None:
    with pytest.raises(MissingMoment, match=r"^contact\.day: there is no value; .*has\(contact.day\)") as missing:
        resolve(Delay.parse("until contact.day"), MONDAY, seen(day=empty))

    assert missing.value.source == "contact.day"


@pytest.mark.parametrize("unfit", ["soon", "01.06.2026", "2026-02-30", 20260601, True, ["2026-06-01"], 1.5])
def test_a_field_that_holds_no_date_is_named_and_its_value_is_not_told(unfit: object) -> None:
    with pytest.raises(MissingMoment, match=r"^contact\.day: the value is no date; write YYYY-MM-DD") as missing:
        resolve(Delay.parse("until contact.day"), MONDAY, seen(day=unfit))

    assert str(unfit) not in str(missing.value)


def test_an_instant_before_the_start_is_past_and_the_very_instant_is_not() -> None:
    wait = Delay.parse("until contact.day at 09:00")
    nine = berlin(2026, 5, 4, 9)

    assert is_past(wait, nine + timedelta(seconds=1), seen(day="2026-05-04"))
    assert not is_past(wait, nine, seen(day="2026-05-04"))
    assert due(wait, nine + timedelta(days=3), seen(day="2026-05-04")) == nine
    assert not is_past(Delay.parse("2 days"), nine, seen())
    assert not is_past(Delay.parse("until monday at 09:00"), nine, seen())


def test_forever_is_never_due() -> None:
    assert resolve(Limit.parse("forever"), MONDAY, seen()) is None


def test_what_lies_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond the year 9999"):
        resolve(Delay.parse("until contact.day + 100 months"), MONDAY, seen(day="9999-06-01"))
    with pytest.raises(ValueError, match="beyond the year 9999"):
        resolve(Delay.parse("until contact.day + 8760 hours"), MONDAY, seen(day="9999-06-01"))


def test_a_calendar_that_never_opens_says_so() -> None:
    shut = [date(2026, 1, 4) + timedelta(weeks=n) for n in range(200)]
    calendar = Calendar.model_validate({"zone": "UTC", "hours": {"sun": ["10:00-12:00"]}, "holidays": {"also": shut}})

    with pytest.raises(NeverOpen):
        resolve(Delay.parse("1 business hour"), MONDAY, Sight(BERLIN, calendar))


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="pass an aware datetime"):
        resolve(Delay.parse("1 hour"), datetime.combine(date(2026, 5, 4), time()), seen())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("2 days at 09:00", "2 days at 09:00 Europe/Berlin"),
        ("3 hours", "3 hours"),
        ("2 business days", "2 business days Europe/Berlin"),
        ("until monday at 09:00", "until monday at 09:00 Europe/Berlin"),
        ("until contact.day at 09:00", "until contact.day (2026-05-01) at 09:00 Europe/Berlin"),
        ("until 2026-05-01", "until 2026-05-01 Europe/Berlin"),
        ("until contact.time + 1 hour", "until contact.time (2026-05-01T10:00:00+00:00) + 1 hour"),
    ],
)
def test_the_reason_repeats_the_words_with_what_was_read_and_whose_clock(words: str, why: str) -> None:
    found = resolve(Delay.parse(words), MONDAY, seen(day="2026-05-01", time="2026-05-01T10:00:00Z"))

    assert found is not None
    assert found.why == why


# Laws ------------------------------------------------------------------------------------------------------------

INSTANTS = st.builds(datetime.combine, st.dates(date(2000, 1, 3), date(2040, 12, 1)), st.times(), st.just(UTC))
ZONES = st.sampled_from(sorted(ZONE_NAMES)).map(ZoneInfo)
HOURS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
WEEKDAY_NAMES = st.sampled_from(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
UNIT_NAMES = st.sampled_from(
    ["second", "minutes", "hours", "days", "week", "months", "business minutes", "business hours", "business days"]
)
SPANS = st.builds("{} {}".format, st.integers(1, 400), UNIT_NAMES)


@given(SPANS, INSTANTS, ZONES)
def test_a_due_is_a_full_second_in_utc_and_after_the_start(words: str, since: datetime, zone: ZoneInfo) -> None:
    found = due(Span.parse(words), since, seen(zone))

    assert found > since
    assert found.microsecond == 0
    assert found.tzinfo is UTC


@given(st.integers(1, 5000), INSTANTS, ZONES)
def test_elapsed_spans_know_no_clocks(minutes: int, since: datetime, zone: ZoneInfo) -> None:
    found = due(Delay.parse(f"{minutes} minutes"), since, seen(zone)) - since

    assert timedelta(0) <= found - timedelta(minutes=minutes) < timedelta(seconds=1)


@given(st.integers(1, 800), HOURS, INSTANTS, ZONES)
def test_a_day_and_hour_is_that_wall_time_whatever_lies_between(
    n: int, hour: time, since: datetime, zone: ZoneInfo
) -> None:
    wait = Delay.parse(f"{n} days at {hour:%H:%M}")

    found = due(wait, since, seen(zone))

    assert found == wall(since.astimezone(zone).date() + timedelta(days=n), hour, zone)
    assert found <= due(wait, since + timedelta(days=3), seen(zone))


@given(HOURS, INSTANTS, ZONES)
def test_the_next_time_the_clock_shows_an_hour_is_the_first_after_now(
    hour: time, since: datetime, zone: ZoneInfo
) -> None:
    found = due(Delay.parse(f"until {hour:%H:%M}"), since, seen(zone))

    today = since.astimezone(zone).date()
    shown = [wall(today + timedelta(days=n), hour, zone) for n in (-1, 0, 1, 2)]
    assert found == min(instant for instant in shown if instant > since)


@given(WEEKDAY_NAMES, HOURS, INSTANTS, ZONES)
def test_a_weekday_is_met_within_the_week_and_on_its_day(
    name: str, hour: time, since: datetime, zone: ZoneInfo
) -> None:
    wait = Delay.parse(f"until {name} at {hour:%H:%M}")

    found = due(wait, since, seen(zone))

    assert since < found <= since + timedelta(days=8, hours=2)
    local = found.astimezone(zone)
    in_gap = local.time() != hour
    assert in_gap or f"{local:%A}".lower() == name
    assert due(wait, found, seen(zone)) > found


@given(st.integers(1, 60), st.integers(1, 60), INSTANTS, ZONES)
def test_splitting_business_hours_changes_nothing(first: int, rest: int, since: datetime, zone: ZoneInfo) -> None:
    since = since.replace(microsecond=0)
    halfway = due(Span.parse(f"{first} business hours"), since, seen(zone))

    in_two = due(Span.parse(f"{rest} business hours"), halfway, seen(zone))

    assert in_two == due(Span.parse(f"{first + rest} business hours"), since, seen(zone))
