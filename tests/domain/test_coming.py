"""Dates that start a run: each occurrence once, never before its hour, and none is lost on the way."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.anniversaries import DateWords
from domain.coming import coming
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
