"""Business calendars as they are written: weekly hours, holidays, and the clock they are read on.

The one thing to know: a part of the day belongs to the date on which it begins, and may run into the next. What is
open when, and time counted on it, is `domain/business_time.py`.
"""

import difflib
import re
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Self
from warnings import catch_warnings
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from domain.zones import zone_named

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CONTACT = "contact"

Minutes = tuple[int, int]  # since 00:00 of the day a part begins on; past 1440 it runs into the next day
Week = tuple[tuple[Minutes, ...], ...]  # Monday first

MIDNIGHT = 24 * 60  # the end of a day, in minutes


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
    end = int(found[3]) * 60 + int(found[4]) if found[3] else MIDNIGHT
    if start == end:
        raise ValueError(f"hours '{text}' end when they begin; write 00:00-24:00 for the whole day")
    return start, end if end > start else end + MIDNIGHT


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

    with catch_warnings(action="ignore"):  # of some countries no year is known beyond the package's last
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
