"""Dates that start a run: each occurrence once, never before its hour, and none is lost on the way."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.anniversaries import DateWords
from domain.coming import Coming, coming
from domain.dues import Sight

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"])
LEAD = st.sampled_from(["contact.day at 09:00", "contact.day - 30 days at 09:00", "contact.day + 1 weeks",
                        "contact.day - 36 hours"])  # fmt: skip
DAYS = st.dates(date(2026, 1, 2), date(2027, 12, 30))


def sight(zone: str, day: object) -> Sight:
    return Sight(ZoneInfo(zone), read=lambda path: day)


@given(words=LEAD, zone=ZONES, day=DAYS, steps=st.lists(st.integers(1, 400 * 24), max_size=20))
def test_however_often_it_is_asked_one_date_comes_once(words: str, zone: str, day: date, steps: list[int]) -> None:
    about, fired, now, came = sight(zone, day), set[str](), START, 0
    for hours in [*sorted(steps), 900 * 24]:
        found = coming(DateWords.parse(words), now, about, fired)
        then = START + timedelta(hours=hours)
        if found is not None:
            assert found.due >= now
            if found.due <= then:
                fired.add(found.occurrence)
                came += 1
        now = max(now, then)

    assert came <= 1
    assert coming(DateWords.parse(words), now, about, fired) is None


@given(zone=ZONES, day=st.dates(date(1950, 1, 1), date(2025, 12, 31)))
def test_an_anniversary_comes_in_every_year_once(zone: str, day: date) -> None:
    words, about, now, dues = DateWords.parse("contact.day yearly at 09:00"), sight(zone, day), START, []
    for _ in range(6):
        found = coming(words, now, about)
        assert found is not None
        dues.append(found)
        now = found.due

    years = [datetime.fromisoformat(each.occurrence).year for each in dues]
    assert years == list(range(years[0], years[0] + 6))
    assert {each.due.astimezone(ZoneInfo(zone)).hour for each in dues} == {9}


def test_an_instant_is_counted_from_to_the_second() -> None:
    words = DateWords.parse("contact.starts_at - 1 hours")
    about = sight("Europe/Berlin", "2026-05-01T10:30:15+02:00")

    found = coming(words, START, about)

    assert found is not None
    assert (found.occurrence, found.due) == ("2026-05-01T08:30:15+00:00", datetime(2026, 5, 1, 7, 30, 15, tzinfo=UTC))


def test_what_cannot_be_counted_comes_never() -> None:
    assert coming(DateWords.parse("contact.day - 2 business days"), START, sight("UTC", "2026-05-01")) is None
    assert coming(DateWords.parse("contact.day yearly at 09:00"), START, sight("UTC", "9999-12-31")) is not None
    assert coming(DateWords.parse("contact.day"), START, sight("UTC", True)) is None
    for edge in ("0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"):
        assert coming(DateWords.parse("contact.day yearly at 09:00"), START, sight("UTC", edge)) is None


WEEK_BEFORE = DateWords.parse("contact.day yearly - 7 days at 09:00")


def test_a_week_before_an_anniversary_comes_every_year_and_is_about_the_anniversary() -> None:
    about, now, found = sight("Europe/Berlin", date(2020, 1, 3)), START, list[Coming]()
    for _ in range(3):
        comes = coming(WEEK_BEFORE, now, about, {each.occurrence for each in found})
        assert comes is not None
        found.append(comes)
        now = comes.due

    assert [each.occurrence for each in found] == ["2026-01-03", "2027-01-03", "2028-01-03"]
    assert found[0].due == START, "its week had begun when we came to know of it"
    assert found[1].due == datetime(2026, 12, 27, 8, tzinfo=UTC)


def test_a_month_after_an_anniversary_is_counted_from_the_last_one() -> None:
    words = DateWords.parse("contact.day yearly + 1 months at 09:00")

    found = coming(words, datetime(2026, 1, 10, tzinfo=UTC), sight("UTC", date(2020, 12, 31)))

    assert found is not None
    assert (found.occurrence, found.due) == ("2025-12-31", datetime(2026, 1, 31, 9, tzinfo=UTC))


def test_whoever_moves_to_the_west_on_the_day_itself_has_it_once_and_again_next_year() -> None:
    words, day = DateWords.parse("contact.day yearly at 09:00"), date(1990, 5, 4)
    came = coming(words, datetime(2026, 5, 4, tzinfo=UTC), sight("Asia/Kathmandu", day))
    assert came is not None

    after = coming(words, came.due, sight("America/New_York", day), {came.occurrence})

    assert after is not None
    assert after.due == datetime(2027, 5, 4, 13, tzinfo=UTC)


YEARLY = st.sampled_from(["at 09:00", "- 7 days at 09:00", "- 2 months at 08:30", "+ 3 weeks at 00:00",
                          "- 13 months at 10:00"])  # fmt: skip


@given(rest=YEARLY, zone=ZONES, day=st.dates(date(1990, 1, 1), date(2025, 12, 31)),
       steps=st.lists(st.integers(1, 2000), min_size=1, max_size=30))  # fmt: skip
def test_no_anniversary_is_lost_and_none_comes_twice(rest: str, zone: str, day: date, steps: list[int]) -> None:
    words, about = DateWords.parse(f"contact.day yearly {rest}"), sight(zone, day)
    now, end, fired = START, START + timedelta(days=4 * 365), list[str]()
    waits = iter(steps * 99)
    while now < end:
        found = coming(words, now, about, fired)
        assert found is not None
        assert found.due >= now
        if found.due > (now := now + timedelta(hours=next(waits, 2000))):
            continue
        now = found.due
        fired.append(found.occurrence)

    years = [date.fromisoformat(each).year for each in fired]
    assert years == list(range(years[0], years[0] + len(years))) if years else now >= end
    assert len(years) >= 2
