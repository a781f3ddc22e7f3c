"""Business calendars: weekly hours and holidays, and time counted on them.

The one thing to know: a part of the day belongs to the date on which it begins. A holiday closes the parts that
begin on it; the night shift of the evening before still runs to its end.
Parts are turned into instants by the wall clock, so a night shift is an hour shorter or longer when clocks change,
and business hours are the hours that really pass.
"""

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from domain.zones import wall, zone_named

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CONTACT = "contact"
DAYS_TO_SEARCH = 400

Minutes = tuple[int, int]  # since 00:00 of the day a part begins on; past 1440 it runs into the next day
Week = tuple[tuple[Minutes, ...], ...]  # Monday first
Open = tuple[datetime, datetime]  # opening (inclusive) and closing (exclusive), UTC

_DAY = timedelta(days=1)
_NOTHING = timedelta()
_MIDNIGHT = 24 * 60


class NeverCloses(ValueError):
    """The calendar has no closed time within the days searched."""


class NeverOpen(ValueError):
    """Nothing is open for 400 days: the calendar cannot be meant."""


def weekdays_of(key: str) -> tuple[int, ...]:
    """Return the days (Monday is 0) that a key of `hours` names.

    >>> weekdays_of("mon-thu"), weekdays_of("sun"), weekdays_of("fri-mon")
    ((0, 1, 2, 3), (6,), (4, 5, 6, 0))
    """
    first, dash, last = key.strip().lower().partition("-")
    start = _weekday(first, key)
    end = _weekday(last, key) if dash else start
    return tuple(day % 7 for day in range(start, (end if end >= start else end + 7) + 1))


def _weekday(word: str, key: str) -> int:
    for number, name in enumerate(WEEKDAYS):
        if word.strip() in (name, name[:3]):
            return number
    raise ValueError(f"bad day '{key[:60]}'; write one of mon tue wed thu fri sat sun, or a range such as mon-fri")


def part_of_day(text: str) -> Minutes:
    """Return opening and closing of a part in minutes after midnight.

    >>> part_of_day("09:00-12:30"), part_of_day("22:00-06:00"), part_of_day("00:00-24:00")
    ((540, 750), (1320, 1800), (0, 1440))
    """
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9]) ?[-–] ?(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)", text)
    if not found:
        raise ValueError(f"bad hours '{text[:60]}'; write HH:MM-HH:MM, e.g. '09:00-17:30' or '22:00-06:00'")
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4]) if found[3] else _MIDNIGHT
    if start == end:
        raise ValueError(f"hours '{text}' end when they begin; write 00:00-24:00 for the whole day")
    return start, end if end > start else end + _MIDNIGHT


def _checked_days(key: str) -> str:
    weekdays_of(key)
    return key


def _checked_part(text: str) -> str:
    part_of_day(text)
    return text


def _date_written_out(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"bad date '{value[:60]}'; write YYYY-MM-DD, e.g. '2026-12-24'")
    return value


DayKey = Annotated[str, AfterValidator(_checked_days)]
Part = Annotated[str, AfterValidator(_checked_part)]
Day = Annotated[date, BeforeValidator(_date_written_out)]


class Holidays(BaseModel):
    """Days closed: those of a country (and region) by the `holidays` package, `also` these, `not` those."""

    model_config = ConfigDict(frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    country: str | None = None
    region: str | None = None
    also: tuple[Day, ...] = ()
    open_on: tuple[Day, ...] = Field(default=(), alias="not")

    @model_validator(mode="after")
    def _can_be_known(self) -> Self:
        if both := sorted({*self.also} & {*self.open_on}):
            raise ValueError(f"{both[0]} stands in `also` and in `not`; keep one")
        if self.region and not self.country:
            raise ValueError(f"region '{self.region}' has no country; add `country:`")
        if self.country:
            _check_place(self.country, self.region)
        return self

    def close(self, day: date) -> bool:
        """Say whether `day`, of any year, is a holiday.

        >>> bavaria = Holidays(country="DE", region="BY")
        >>> bavaria.close(date(2026, 1, 6)), bavaria.close(date(2026, 1, 7))
        (True, False)
        """
        if day in self.also:
            return True
        if day in self.open_on or not self.country:
            return False
        return day in _public_holidays(self.country, self.region, day.year)


def _check_place(country: str, region: str | None) -> None:
    import holidays  # 0.4 s to import: only for those whose calendar names a country

    supported = holidays.list_supported_countries()
    if country not in supported:
        raise ValueError(f"no holidays are known for country '{country}'; write an ISO code such as DE, or use `also`")
    try:
        holidays.country_holidays(country, subdiv=region)
    except NotImplementedError:
        known = ", ".join(supported[country][:20]) or "none"
        raise ValueError(f"country {country} has no region '{region}'; its regions are {known}") from None


@lru_cache(maxsize=1024)
def _public_holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    import holidays

    # A holiday on a weekend may be observed in the year before or after, so its neighbours are asked, too.
    around = holidays.country_holidays(country, subdiv=region, years=(year - 1, year, year + 1))
    return frozenset(day for day in around if day.year == year)


class Calendar(BaseModel):
    """Weekly opening hours on one clock, or on each contact's own (`zone: contact`), less holidays."""

    model_config = ConfigDict(frozen=True)

    zone: str
    hours: dict[DayKey, list[Part]]
    holidays: Holidays | None = None

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        if zone != CONTACT:
            zone_named(zone)
        return zone

    @model_validator(mode="after")
    def _makes_a_week(self) -> Self:
        if not any(self.week):
            raise ValueError('no day has hours; write e.g. {mon-fri: ["09:00-17:00"]}')
        return self

    @cached_property
    def week(self) -> Week:
        """The parts of each day, Monday first, in order."""
        week: list[tuple[Minutes, ...] | None] = [None] * 7
        for key, parts in self.hours.items():
            for day in weekdays_of(key):
                if week[day] is not None:
                    raise ValueError(f"'{key}' gives {WEEKDAYS[day]} a second time; write all its parts in one list")
                week[day] = _in_order(key, parts)
        return tuple(parts or () for parts in week)

    def clock(self, contact: ZoneInfo) -> ZoneInfo:
        """Return the clock this calendar is read on, for a contact who lives in `contact`."""
        return contact if self.zone == CONTACT else ZoneInfo(self.zone)


def _in_order(key: str, texts: list[str]) -> tuple[Minutes, ...]:
    parts = sorted(part_of_day(text) for text in texts)
    for (_, closing), (opening, _) in pairwise(parts):
        if opening < closing:
            raise ValueError(f"the parts of '{key}' overlap; make them one, or end the first earlier")
    return tuple(parts)


class Calendars(BaseModel):
    """policies/calendars.yaml: every calendar by name, and the one that counts where none is named."""

    model_config = ConfigDict(frozen=True)

    default: str | None = None
    calendars: dict[str, Calendar] = {}

    @model_validator(mode="after")
    def _has_its_default(self) -> Self:
        if self.default is not None:
            self.named(self.default)
        return self

    def named(self, name: str | None) -> Calendar | None:
        """Return the calendar `name`, or the default for None (None if there is none); ValueError if unknown."""
        name = name or self.default
        if name is None or name in self.calendars:
            return self.calendars[name] if name else None
        near = difflib.get_close_matches(name, self.calendars, n=1) or sorted(self.calendars)
        remedy = f"did you mean '{near[0]}'?" if near else "write it into policies/calendars.yaml"
        raise ValueError(f"there is no calendar '{name}'; {remedy}")


def is_open(at: datetime, calendar: Calendar, zone: ZoneInfo) -> bool:
    """Say whether the calendar is open at `at`; opening is inclusive, closing exclusive."""
    day = _local(at, calendar.clock(zone)).date()
    # Tomorrow's first part may have begun already where clocks go back across midnight.
    near = (day - _DAY, day, day + _DAY)
    return any(opens <= at < closes for each in near for opens, closes in _open_on(each, calendar, zone))


def next_opening(now: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) from `now` on at which the calendar is open.

    `zone` is the contact's, for a calendar that is read on it. Raises `NeverOpen` after 400 days.
    09:00 stays 09:00 when the clocks change:

    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> daytime = Calendar(zone="contact", hours={"mon-sun": ["09:00-18:00"]})
    >>> night = datetime(2026, 3, 28, 22, 0, tzinfo=berlin)
    >>> next_opening(night, daytime, berlin).astimezone(berlin).isoformat()
    '2026-03-29T09:00:00+02:00'
    """
    opens, _ = next(_open_stretches(now, calendar, zone))
    return opens


def next_closing(now: datetime, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) from `now` on at which the calendar is closed.

    Raises `NeverOpen` if it never opens again, `NeverCloses` if it is open for 400 days on end.

    >>> night = Calendar(zone="contact", hours={"mon-sun": ["22:00-06:00"]})
    >>> next_closing(datetime(2026, 5, 4, 23, 0, tzinfo=UTC), night, ZoneInfo("UTC")).isoformat()
    '2026-05-05T06:00:00+00:00'
    """
    if not is_open(now, calendar, zone):
        return now.astimezone(UTC)
    end = now
    for opens, closes in _open_stretches(now, calendar, zone):
        if opens > end:
            return end
        end = max(end, closes)
        if end - now > _DAY * DAYS_TO_SEARCH:
            raise NeverCloses(f"the calendar is open for {DAYS_TO_SEARCH} days on end; look at its hours")
    return end


def add_business_hours(since: datetime, amount: timedelta, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the earliest instant (UTC) by which `amount` of open time has passed.

    A negative amount looks back: the latest instant from which that much open time is left until `since`.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["09:30-17:00"]})
    >>> friday = datetime(2026, 5, 8, 16, 30, tzinfo=UTC)
    >>> add_business_hours(friday, timedelta(hours=1), office, ZoneInfo("UTC")).isoformat()
    '2026-05-11T10:00:00+00:00'
    """
    if amount == _NOTHING:
        return since.astimezone(UTC)
    backwards = amount < _NOTHING
    left = abs(amount)
    stretches = _open_stretches(since, calendar, zone, backwards=backwards)
    while True:
        opens, closes = next(stretches)
        if closes - opens >= left:
            return closes - left if backwards else opens + left
        left -= closes - opens


def add_business_days(since: datetime, n: int, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return the same wall time on the nth following date that has open time; if closed then, the next opening (UTC).

    Dates and the wall time are those of the calendar's clock. A negative `n` counts back; zero is `next_opening`.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
    >>> add_business_days(datetime(2026, 5, 6, 20, 0, tzinfo=UTC), 1, office, ZoneInfo("UTC")).isoformat()
    '2026-05-08T10:00:00+00:00'
    """
    if n == 0:
        return next_opening(since, calendar, zone)
    local = _local(since, calendar.clock(zone))
    return open_on_business_day(local.date(), n, local.time(), calendar, zone)


def open_on_business_day(day: date, n: int, hour: time, calendar: Calendar, zone: ZoneInfo) -> datetime:
    """Return `hour` on the nth date with open time after (before, if negative) `day`, or the next opening (UTC)."""
    there = wall(business_day(day, n, calendar, zone), hour, calendar.clock(zone))
    return next_opening(there, calendar, zone)


def business_day(day: date, n: int, calendar: Calendar, zone: ZoneInfo) -> date:
    """Return the nth date after `day` (before it, if negative) that has open time.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
    >>> str(business_day(date(2026, 5, 9), 1, office, ZoneInfo("UTC")))
    '2026-05-11'
    """
    step = _DAY if n > 0 else -_DAY
    for _ in range(abs(n)):
        day = _nearest_business_day(day, step, calendar, zone)
    return day


def _nearest_business_day(day: date, step: timedelta, calendar: Calendar, zone: ZoneInfo) -> date:
    for _ in range(DAYS_TO_SEARCH):
        day += step
        if _has_open_time(day, calendar.week, calendar.holidays, calendar.clock(zone)):
            return day
    raise NeverOpen(f"no day near {day} has open time; look at the hours and holidays of the calendar")


def business_time_between(a: datetime, b: datetime, calendar: Calendar, zone: ZoneInfo) -> timedelta:
    """Return the open time from `a` to `b`; negative if `b` comes first.

    >>> office = Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]})
    >>> friday, monday = datetime(2026, 5, 8, 17, 0, tzinfo=UTC), datetime(2026, 5, 11, 12, 0, tzinfo=UTC)
    >>> str(business_time_between(friday, monday, office, ZoneInfo("UTC")))
    '3:00:00'
    """
    if b < a:
        return -business_time_between(b, a, calendar, zone)
    clock = calendar.clock(zone)
    day, last = _local(a, clock).date() - _DAY, _local(b, clock).date() + _DAY
    total = _NOTHING
    while day <= last:
        for opens, closes in _open_on(day, calendar, zone):
            total += max(min(closes, b) - max(opens, a), _NOTHING)
        day += _DAY
    return total


def _open_stretches(at: datetime, calendar: Calendar, zone: ZoneInfo, *, backwards: bool = False) -> Iterator[Open]:
    """Yield what is open from `at` on (or until `at`, latest first), without end; `NeverOpen` after 400 empty days."""
    at = at.astimezone(UTC)
    step = -_DAY if backwards else _DAY
    day = _local(at, calendar.clock(zone)).date() - step
    empty = 0
    while empty <= DAYS_TO_SEARCH:
        empty += 1
        for opens, closes in _open_on(day, calendar, zone)[:: -1 if backwards else 1]:
            start, end = (opens, min(closes, at)) if backwards else (max(opens, at), closes)
            if start < end:
                empty = 0
                yield start, end
        day += step
    raise NeverOpen(f"the calendar has no open time in {DAYS_TO_SEARCH} days; look at its hours and holidays")


def _local(at: datetime, clock: ZoneInfo) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone; pass an aware datetime")
    return at.astimezone(clock).replace(tzinfo=None)


def _open_on(day: date, calendar: Calendar, zone: ZoneInfo) -> tuple[Open, ...]:
    return _pieces(day, calendar.week, calendar.holidays, calendar.clock(zone))


@lru_cache(maxsize=32768)
def _pieces(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> tuple[Open, ...]:
    """Return what is open by the parts that begin on `day`, less what the day before covers already.

    So the pieces of all days are disjoint and in order, whichever way they are walked.
    """
    covered = max((closes for _, closes in _parts(day - _DAY, week, holidays, clock)), default=None)
    pieces = _parts(day, week, holidays, clock)
    if covered is not None:
        pieces = tuple((max(opens, covered), closes) for opens, closes in pieces)
    return tuple((opens, closes) for opens, closes in pieces if opens < closes)


@lru_cache(maxsize=32768)
def _parts(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> tuple[Open, ...]:
    parts = week[day.weekday()]
    if not parts or (holidays is not None and holidays.close(day)):
        return ()
    return tuple((_instant(day, opens, clock), _instant(day, closes, clock)) for opens, closes in parts)


def _instant(day: date, minute: int, clock: ZoneInfo) -> datetime:
    days, minute = divmod(minute, _MIDNIGHT)
    return wall(day + timedelta(days=days), time(minute // 60, minute % 60), clock)


@lru_cache(maxsize=32768)
def _has_open_time(day: date, week: Week, holidays: Holidays | None, clock: ZoneInfo) -> bool:
    begins, ends = wall(day, time(), clock), wall(day + _DAY, time(), clock)
    return any(
        opens < ends and closes > begins
        for each in (day - _DAY, day)
        for opens, closes in _pieces(each, week, holidays, clock)
    )
