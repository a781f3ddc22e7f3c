"""The instant that an author's words about time mean, for one contact at one moment.

The one thing to know: the unit decides. Seconds, minutes and hours pass whatever the clocks do; days, weeks and
months keep the wall time on the contact's own clock; business hours and days are counted on a calendar, on its clock.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.business_time import add_business_hours, next_opening, open_on_business_day
from domain.calendars import Calendar
from domain.spans import Deadline, Delay, Limit, Moment, Span
from domain.zones import wall

_A_DAY = timedelta(days=1)


class MissingMoment(ValueError):
    """A field that a moment is counted from holds no date; `source` is its path."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source


@dataclass(frozen=True)
class Sight:
    """What can be seen of one contact when its times are resolved.

    `zone` is its own clock, `calendar` the one business spans are counted on, and `read` gives the value of a
    source path (`contact.renewal_date`): a date, a datetime, their ISO 8601 text, or None.
    """

    zone: ZoneInfo
    calendar: Calendar | None = None
    read: Callable[[str], object | None] = lambda path: None


class Due(BaseModel):
    """An instant (UTC, full seconds), and why it is that one."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    why: str


def resolve(words: Span | Moment | Deadline, since: datetime, sight: Sight) -> Due | None:
    """Return when `words`, counted from `since`, are due, rounded up to the full second; None for `forever`.

    Raises `MissingMoment` if a source holds no date, `NeverOpen` if a calendar never opens, ValueError if a business
    span has no calendar.

    >>> berlin = Sight(ZoneInfo("Europe/Berlin"))
    >>> due = resolve(Delay.parse("1 day at 09:00"), datetime(2026, 5, 4, 19, 0, tzinfo=UTC), berlin)
    >>> due.at.isoformat(), due.why
    ('2026-05-05T07:00:00+00:00', '1 day at 09:00 Europe/Berlin')
    """
    if isinstance(words, Limit) and words.forever:
        return None
    try:
        instant, why = _meaning(words, since, sight)
    except OverflowError:
        raise ValueError(f"'{words}' from {since} is beyond the year 9999; write a shorter span") from None
    return Due(at=_full_second(instant), why=why)


def is_past(words: Moment | Deadline, since: datetime, sight: Sight) -> bool:
    """Say whether `words` are counted from a moment, and it is before `since`: then `if_past` decides.

    The very instant is not past: who enters by a date at 09:00 may wait until that date at 09:00.

    >>> is_past(Delay.parse("until 2026-05-01"), datetime(2026, 5, 2, tzinfo=UTC), Sight(ZoneInfo("UTC")))
    True
    """
    moment = words if isinstance(words, Moment) else words.moment
    return moment is not None and _meaning(moment, since, sight)[0] < since


def _meaning(words: Span | Moment | Deadline, since: datetime, sight: Sight) -> tuple[datetime, str]:
    """Return the exact instant (UTC), and the words with what was read and whose clock was used."""
    if since.tzinfo is None:
        raise ValueError(f"{since} has no time zone; pass an aware datetime")
    since = since.astimezone(UTC)
    moment = words if isinstance(words, Moment) else None if isinstance(words, Span) else words.moment
    span = words if isinstance(words, Span) else words.span
    at = words.at if isinstance(words, Delay | Limit | Moment) else None
    said = words.words
    if moment:
        start, shown = _start_of(moment, sight)
        said = said.replace(moment.source, shown, 1)
        instant, clock = _shifted(start, moment.span, moment.sign, moment.at, sight)
    elif span:
        instant, clock = _shifted(since, span, 1, at, sight)
    else:
        assert isinstance(words, Delay), "only a delay has neither span nor moment"
        assert at is not None
        instant, clock = _next_on_clock(since, words.weekdays, at, sight.zone), sight.zone
    return instant, f"{said} {clock}" if clock else said


def _shifted(
    start: datetime, span: Span | None, sign: int, at: time | None, sight: Sight
) -> tuple[datetime, ZoneInfo | None]:
    """Return the instant `span` from `start`, and the clock it was read on, if any.

    `start` is an instant, or naive: a wall time on the contact's clock.
    """
    if span and span.is_business:
        return _shifted_on_calendar(start, span, sign, at, sight)
    months, days, seconds = (span.months, span.days, span.seconds) if span else (0, 0, 0)
    passing = timedelta(seconds=sign * seconds)
    if start.tzinfo and at is None and not months and not days:
        return start + passing, None
    local = _on_clock(start, sight.zone)
    day = months_from(local.date(), sign * months) + sign * days * _A_DAY
    return wall(day, local.time() if at is None else at, sight.zone) + passing, sight.zone


def _shifted_on_calendar(
    start: datetime, span: Span, sign: int, at: time | None, sight: Sight
) -> tuple[datetime, ZoneInfo]:
    """Count business time on the calendar's clock; days before or after a plain date are counted from that date."""
    if sight.calendar is None:
        raise ValueError(
            f"'{span}' has no calendar to be counted on; set `calendar:` in the sequence or `default:` in "
            "policies/calendars.yaml"
        )
    clock = sight.calendar.clock(sight.zone)
    if span.business_time:
        instant = start if start.tzinfo else wall(start.date(), start.time(), sight.zone)
        return add_business_hours(instant, sign * span.business_time, sight.calendar, sight.zone), clock
    local = _on_clock(start, clock)
    hour = local.time() if at is None else at
    instant = open_on_business_day(local.date(), sign * span.business_days, hour, sight.calendar, sight.zone)
    # Rounded up within the last second before closing it would be the closing, when nothing is open any more.
    return next_opening(_full_second(instant), sight.calendar, sight.zone), clock


def _full_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at


def _on_clock(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None) if at.tzinfo else at


def months_from(day: date, months: int) -> date:
    """Return the same day `months` on (or back), or the last day of a shorter month.

    >>> months_from(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("no such year")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _next_on_clock(since: datetime, weekdays: tuple[int, ...], at: time, zone: ZoneInfo) -> datetime:
    """Return the first instant after `since` at which clocks in `zone` show `at`, on one of `weekdays` if given."""
    day = since.astimezone(zone).date()
    while True:
        if not weekdays or day.weekday() in weekdays:
            instant = wall(day, at, zone)
            if instant > since:
                return instant
        day += _A_DAY


def _start_of(moment: Moment, sight: Sight) -> tuple[datetime, str]:
    """Return where a moment is counted from (naive: a wall time), and its source with the value that was read."""
    if "." not in moment.source:
        return datetime.combine(date.fromisoformat(moment.source), time()), moment.source
    value = sight.read(moment.source)
    if value is None or value == "":
        raise MissingMoment(moment.source, f"there is no value; fill it in, or ask first: when: has({moment.source})")
    found = date_in(value)
    if found is None:
        # The value itself is not repeated: it is the contact's, and errors are read by many.
        raise MissingMoment(moment.source, "the value is no date; write YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS+HH:MM")
    start = found if isinstance(found, datetime) else datetime.combine(found, time())
    return start.astimezone(UTC) if start.tzinfo else start, f"{moment.source} ({found.isoformat()})"


def date_in(value: object) -> date | datetime | None:
    """Return the date or datetime that a kept value is or spells, None if it is neither."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9-]{10}", text) else datetime.fromisoformat(text)
    except ValueError:
        return None
