"""Pauses: of one contact in a sequence (a *hold*), or of a whole sequence (a *suspension*).

The one thing to know: in a hold the clock stops, so what is left of a span when it begins is left when it ends; moments
(`until …`) stay where they are. In a suspension the clock runs on, and only messages wait.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.business_time import add_business_hours, business_time_between
from domain.dues import Due, Sight, resolve
from domain.spans import Deadline, Delay, Limit, Moment, Span

HELD = "contact paused"
SUSPENDED = "sequence paused"

PAUSE, RESUME = "pause", "resume"
PACE = frozenset({PAUSE, RESUME})
"""What a script of a simulation calls the beginning and the end of a hold."""

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hold:
    """A pause: from `paused_at` until `until` (exclusive), which is empty while nobody knows when it ends."""

    paused_at: datetime
    until: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Whether it has not ended yet. Whoever knows of it knows that it has begun, whatever clock wrote it down."""
        return self.until is None or now < self.until


def hold_at(holds: Iterable[Hold], now: datetime) -> Hold | None:
    """Return the hold that ends last of those that have not ended; None if there is none.

    >>> from datetime import UTC
    >>> nine, ten, eleven = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10, 11))
    >>> hold_at([Hold(nine, eleven)], ten) == Hold(nine, eleven), hold_at([Hold(nine, ten)], ten)
    (True, None)
    """
    open_ones = [hold for hold in holds if hold.stands(now)]
    endless = next((hold for hold in open_ones if hold.until is None), None)
    return endless or max(open_ones, key=lambda hold: hold.until or hold.paused_at, default=None)


def paced(holds: Iterable[Hold], event: str, at: datetime, until: datetime | None) -> tuple[Hold, ...]:
    """Return the holds after a pause (until then, if that is known) or a resume; a new pause replaces the last one.

    >>> from datetime import UTC
    >>> nine, ten = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10))
    >>> paced(paced((), PAUSE, nine, None), RESUME, ten, None) == (Hold(nine, ten),)
    True
    """
    over = tuple(Hold(hold.paused_at, max(hold.paused_at, at)) if hold.stands(at) else hold for hold in holds)
    return (*over, Hold(at, until)) if event == PAUSE else over


def held_due(words: Span | Moment | Deadline, since: datetime, sight: Sight, holds: Sequence[Hold]) -> Due | None:
    """Return when `words`, counted from `since`, are due for somebody who was held in between; None for `forever`.

    A span goes on after a hold with what was left of it; it never ends inside a hold, and one with an hour
    (`2 days at 09:00`) ends at that hour. What is counted from no span is not touched. Raises as `resolve` does.

    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> nine, ten, noon = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10, 12))
    >>> due = held_due(Delay.parse("4 hours"), nine, Sight(ZoneInfo("UTC")), [Hold(ten, noon)])
    >>> due.at.isoformat(), due.why
    ('2026-03-02T15:00:00+00:00', '4 hours, paused until 2026-03-02 12:00 UTC')
    """
    due = resolve(words, since, sight)
    if isinstance(words, Moment):
        return due
    span = words if isinstance(words, Span) else words.span
    if due is None or span is None:
        return due
    for hold in apart(holds, since):
        if hold.until is None or hold.paused_at >= due.at:
            return due
        since = _moved(span, since, hold.paused_at, hold.until, sight)
        due = _after(words, since, hold.until, sight)
    return due


def apart(holds: Sequence[Hold], since: datetime) -> Iterator[Hold]:
    """Yield what of the holds lies behind `since`: in order, and those that touch or overlap as one."""
    last: Hold | None = None
    for hold in sorted(holds, key=lambda each: each.paused_at):
        if hold.until is not None and hold.until <= max(since, hold.paused_at):
            continue
        if last is None:
            last = Hold(max(hold.paused_at, since), hold.until)
        elif last.until is None or hold.paused_at <= last.until:
            ends = None if last.until is None or hold.until is None else max(last.until, hold.until)
            last = Hold(last.paused_at, ends)
        else:
            yield last
            last = hold
    if last is not None:
        yield last


def _moved(span: Span, since: datetime, paused_at: datetime, until: datetime, sight: Sight) -> datetime:
    """Return from when `span` is counted so that as much of it has passed at `until` as had at `paused_at`."""
    if span.business_time and sight.calendar is not None:
        used = business_time_between(since, paused_at, sight.calendar, sight.zone)
        return add_business_hours(until, -used, sight.calendar, sight.zone)
    return since + (until - paused_at)


def _after(words: Span | Deadline, since: datetime, until: datetime, sight: Sight) -> Due:
    """Resolve `words`; what would end inside the hold ends with it, or at its hour after it."""
    at_hour = isinstance(words, Delay | Limit) and words.at is not None
    due = resolve(words, since, sight)
    while due is not None and at_hour and due.at < until:
        since += _A_DAY
        due = resolve(words, since, sight)
    assert due is not None, "a span has an end"
    return Due(at=max(due.at, until), why=f"{due.why}, paused until {until:%Y-%m-%d %H:%M} UTC")
