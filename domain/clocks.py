"""Clocks of promises: when a target is reached, and when a share of it has passed.

The one thing to know: a clock that *pauses* remembers what had passed when it goes on; one that is *reset* counts from
zero. A pause is a `Hold`; a reset is another clock. Both are counted as sequences count their spans
(`domain/holds.py`), so a follow-up that is due in `10 business hours` is due when a `wait: 10 business hours` is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from domain.away import WEEKDAYS
from domain.business_time import NeverOpen, add_business_hours, business_time_between
from domain.dues import Sight, resolve
from domain.holds import Hold, apart, held_due
from domain.spans import Span

WHOLE = 100  # percent of a target

Found = TypeVar("Found")


class Clock(BaseModel):
    """A promise to be kept within `target`, counted from `started_at` on; it stands still in its `holds`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    target: Span
    started_at: datetime
    holds: tuple[Hold, ...] = ()


def due(clock: Clock, sight: Sight) -> datetime | None:
    """Return when the target is reached (UTC, a full second); None while nobody knows when a pause before it ends.

    Raises `NeverOpen` if the calendar never opens, ValueError if a business span has no calendar.

    >>> from zoneinfo import ZoneInfo
    >>> nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> clock = Clock(target="4 hours", started_at=nine, holds=(Hold(nine.replace(hour=10), nine.replace(hour=12)),))
    >>> due(clock, Sight(ZoneInfo("UTC"))).isoformat()
    '2026-03-02T15:00:00+00:00'
    """
    found = held_due(clock.target, clock.started_at, sight, clock.holds)
    assert found is not None, "a span has an end"
    return None if _stands_before(clock, found.at) else found.at


def reached(clock: Clock, percent: int, sight: Sight) -> datetime | None:
    """Return when so many percent of the target have passed (UTC, a full second); None as `due` does.

    What is over a hundred is counted from the due on: half a target more than that is 150.

    >>> from domain.calendars import Calendar
    >>> from zoneinfo import ZoneInfo
    >>> office = Sight(ZoneInfo("UTC"), Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]}))
    >>> clock = Clock(target="1 business day", started_at=datetime(2026, 5, 6, 15, tzinfo=UTC))
    >>> [reached(clock, percent, office).strftime("%a %H:%M") for percent in (50, 100, 150)]
    ['Thu 11:00', 'Thu 15:00', 'Fri 11:00']
    """
    at = due(clock, sight) if percent >= WHOLE else clock.started_at.astimezone(UTC)
    if at is None or percent == WHOLE:
        return at
    plain = resolve(clock.target, clock.started_at, sight)
    assert plain is not None, "a span has an end"
    measure = _measure(clock, sight)
    share = (percent - WHOLE if percent > WHOLE else percent) / WHOLE
    return _walked(at, measure.between(clock.started_at, plain.at) * share, clock.holds, measure)


def as_it_opens(ask: Callable[[Sight], Found], sight: Sight) -> Found:
    """Return what is found on a calendar; on Monday to Friday if it never opens, lest everything waits for its mending.

    >>> from domain.calendars import Calendar, Holidays
    >>> from zoneinfo import ZoneInfo
    >>> monday = datetime(2026, 5, 4, tzinfo=UTC)
    >>> closed = Holidays(also=[(monday + timedelta(day)).date() for day in range(600)])
    >>> sight = Sight(ZoneInfo("UTC"), Calendar(zone="UTC", hours={"mon-fri": ["10:00-18:00"]}, holidays=closed))
    >>> clock = Clock(target="8 business hours", started_at=monday)
    >>> as_it_opens(lambda seen: due(clock, seen), sight).isoformat()
    '2026-05-04T08:00:00+00:00'
    """
    try:
        return ask(sight)
    except NeverOpen:
        return ask(replace(sight, calendar=WEEKDAYS))


@dataclass(frozen=True)
class _Measure:
    """How time is counted: as it passes, or on a calendar."""

    between: Callable[[datetime, datetime], timedelta]
    plus: Callable[[datetime, timedelta], datetime]


def _measure(clock: Clock, sight: Sight) -> _Measure:
    calendar = sight.calendar
    if not clock.target.is_business or calendar is None:
        return _Measure(between=lambda a, b: b - a, plus=lambda at, amount: at + amount)
    return _Measure(
        between=lambda a, b: business_time_between(a, b, calendar, sight.zone),
        plus=lambda at, amount: add_business_hours(at, amount, calendar, sight.zone),
    )


def _walked(since: datetime, left: timedelta, holds: tuple[Hold, ...], measure: _Measure) -> datetime | None:
    """Return when `left` has passed since then, pauses left out."""
    for hold in apart(holds, since):
        at = measure.plus(since, left)
        if at <= hold.paused_at:
            return full_second(at)
        if hold.until is None:
            return None
        left -= measure.between(since, hold.paused_at)
        since = hold.until
    return full_second(measure.plus(since, left))


def _stands_before(clock: Clock, at: datetime) -> bool:
    """Whether the clock stands still, nobody knows until when, before that instant."""
    return any(hold.until is None and hold.paused_at < at for hold in clock.holds)


def full_second(at: datetime) -> datetime:
    """Return the first full second from then on."""
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at
