"""Clocks for tests: where they change, and what is open, told by walking minute by minute.

Slow and simple on purpose: what the product computes is compared with what anybody could read off a clock.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.anniversaries import DateWords
from domain.calendars import WEEKDAYS, Calendar, Holidays
from domain.coming import coming
from domain.dues import Sight
from domain.zones import ZONE_NAMES

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)

# Half an hour, two hours, a whole day, at midnight, at one past it, backwards in summer, around Ramadan, far east.
RARE = (
    "Australia/Lord_Howe", "Antarctica/Troll", "Pacific/Apia", "Asia/Gaza", "America/St_Johns", "Europe/Dublin",
    "Africa/Casablanca", "Pacific/Kiritimati", "America/Havana", "Africa/Cairo", "Asia/Kathmandu", "America/Caracas",
    "Asia/Pyongyang", "Pacific/Kwajalein", "America/Asuncion", "Atlantic/Azores", "Asia/Beirut", "Asia/Tehran",
)  # fmt: skip


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """Return the instants from 2000 to 2040 at which clocks in a zone change: looked for each day, then halved."""
    zone = ZoneInfo(name)
    return tuple(
        _halved(before, before + DAY, zone)
        for before in (FIRST + n * DAY for n in range((LAST - FIRST).days))
        if before.astimezone(zone).utcoffset() != (before + DAY).astimezone(zone).utcoffset()
    )


def _halved(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    new = after.astimezone(zone).utcoffset()
    for step in (12 * HOUR, 6 * HOUR, 3 * HOUR, HOUR, 30 * MINUTE, 15 * MINUTE, MINUTE, timedelta(seconds=1)):
        while (before + step).astimezone(zone).utcoffset() != new:
            before += step
    return before + timedelta(seconds=1)


@st.composite
def moments(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """An instant and a zone; of the rare zones every other, and every other instant near a change of clocks."""
    zone = draw(st.sampled_from(RARE) | st.sampled_from(sorted(ZONE_NAMES)))
    near = draw(st.booleans()) and changes(zone)
    if near:
        at = draw(st.sampled_from(near)) + draw(st.timedeltas(-30 * HOUR, 30 * HOUR))
    else:
        at = draw(st.datetimes(datetime(2000, 1, 3), datetime(2040, 12, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    return at, ZoneInfo(zone)


HOURS = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def parts_of_a_day(draw: st.DrawFn) -> list[str]:
    """One to three parts; every other day's last runs over midnight."""
    edges = sorted(draw(st.lists(st.integers(0, 1439), min_size=2, max_size=6, unique=True)))
    parts = [f"{_text(a)}-{_text(b)}" for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) % 2:  # the odd one opens a part that crosses midnight
        parts.append(f"{_text(edges[-1])}-{_text(draw(st.integers(0, edges[-1] - 1)))}")
    return parts


@st.composite
def calendars(draw: st.DrawFn, zone: str | None = None) -> Calendar:
    """A calendar with up to three days that are closed; on a clock of its own, or the contact's."""
    days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True))
    shut = draw(st.lists(st.dates(date(2000, 1, 1), date(2040, 12, 31)), max_size=3))
    return Calendar(
        zone=zone or draw(st.just("contact") | st.sampled_from(sorted(ZONE_NAMES))),
        hours={day: draw(parts_of_a_day()) for day in days},
        holidays=Holidays(also=tuple(shut)) if shut else None,
    )


def shows_open(at: datetime, calendar: Calendar, zone: ZoneInfo) -> bool:
    """Say whether the clock on the wall shows an hour of the calendar."""
    shown = at.astimezone(calendar.clock(zone)).replace(tzinfo=None)
    shut = calendar.holidays.also if calendar.holidays else ()
    for owner in (shown.date(), shown.date() - DAY):
        since_midnight = shown - datetime.combine(owner, time())
        for opens, closes in calendar.week[owner.weekday()]:
            if opens * MINUTE <= since_midnight < closes * MINUTE and owner not in shut:
                return True
    return False


def first_open(now: datetime, calendar: Calendar, zone: ZoneInfo, within: timedelta = 3 * DAY) -> datetime | None:
    """Return the first instant from `now` on that is open, asked at each full minute; None if none comes in time."""
    instants = [now, *minutes(now, now + within)]
    return next((at for at in instants if shows_open(at, calendar, zone)), None)


def minutes(first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the full minutes from `first` to `last`, without `last`."""
    at = first.replace(second=0, microsecond=0)
    at += MINUTE if at < first else timedelta()
    while at < last:
        yield at
        at += MINUTE


def instant_shown(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return when clocks first show an hour on a day, else the first instant after it is jumped over."""
    asked = datetime.combine(day, hour)
    about = asked.replace(tzinfo=UTC)
    offsets = {(about + n * HOUR).astimezone(zone).utcoffset() or timedelta() for n in range(-30, 31)}
    shown = [about - each for each in offsets if (about - each).astimezone(zone).replace(tzinfo=None) == asked]
    if shown:
        return min(shown)
    jumps = [at for at in changes(zone.key) if abs(at - about) < 30 * HOUR]
    return next(at for at in jumps if at.astimezone(zone).replace(tzinfo=None) > asked)


def next_yearly(day: date, at: time, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return when a day or an anniversary of it comes next, at an hour on clocks in a zone."""
    found = coming(DateWords.parse(f"contact.day yearly at {at:%H:%M}"), now, Sight(zone, read=lambda path: day))
    return found.due if found is not None else None
