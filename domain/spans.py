"""Spans, waits and moments: what an author writes about time.

A value keeps the author's words and means an instant only when it is resolved (`domain/dues.py`), on the facts of that
moment.
"""

from datetime import time, timedelta
from typing import Any

from domain.patterns import DELAY, LIMIT, MOMENT, SPAN, either
from domain.span_grammar import (
    after_until,
    begins_a_moment,
    is_hour,
    lacks_until,
    read_hour,
    read_moment,
    read_span,
    read_weekdays,
    split_hour,
)
from domain.written import Written


class Span(Written):
    """A length of time: `2 days`, `4 business hours`, `P1DT12H` (calendar part first).

    >>> Span.parse("1 business day").business_days
    1
    >>> Span.parse("2 dayz")
    Traceback (most recent call last):
    ValueError: bad span '2 dayz'; write a number and one of seconds, minutes, hours, days, weeks, months, \
business minutes, hours or days, e.g. '2 days'
    """

    examples = ("2 days", "36 hours", "4 business hours", "P1DT12H")
    pattern = SPAN

    months: int = 0
    days: int = 0
    seconds: int = 0
    business_minutes: int = 0
    business_hours: int = 0
    business_days: int = 0

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        return read_span(words)

    @property
    def takes_hour(self) -> bool:
        """Whether `at HH:MM` may follow: only where whole dates are counted."""
        return not self.seconds and not self.business_time

    @property
    def is_business(self) -> bool:
        """Whether it is counted on a calendar."""
        return bool(self.business_time or self.business_days)

    @property
    def business_time(self) -> timedelta:
        """The open time it counts; nothing where it counts dates."""
        return timedelta(hours=self.business_hours, minutes=self.business_minutes)

    def elapsed(self) -> timedelta:
        """Return the span as time that passes (rolling limits: 7 days is 168 hours).

        Raises ValueError for months and business spans, which have no fixed length.
        """
        if self.months or self.is_business:
            raise ValueError(f"'{self}' has no fixed length; write hours, days or weeks")
        return timedelta(days=self.days, seconds=self.seconds)

    def sources(self) -> list[str]:
        """Return the field paths it reads: none."""
        return []


class Moment(Written):
    """An instant counted from a field or a date: `contact.renewal_date - 30 days at 09:00`.

    >>> Moment.parse("contact.renewal_date - 30 days at 09:00").sources()
    ['contact.renewal_date']
    """

    examples = ("contact.renewal_date - 30 days at 09:00", "run.event.due", "2026-05-01 at 09:00")
    pattern = MOMENT

    source: str
    sign: int = 1
    span: Span | None = None
    at: time | None = None

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        source, sign, text, at = read_moment(words)
        span = Span.parse(text) if text else None
        _check_hour(words, span, at)
        return {"source": source, "sign": sign, "span": span, "at": at}

    def sources(self) -> list[str]:
        """Return the field path it reads; none for a date."""
        return [self.source] if "." in self.source else []


class Deadline(Written):
    """A span from now, or a moment: what delays, limits and expiries have in common."""

    span: Span | None = None
    moment: Moment | None = None

    def sources(self) -> list[str]:
        """Return the field paths it reads."""
        return self.moment.sources() if self.moment else []


class Delay(Deadline):
    """What `wait` takes: `2 days at 09:00`, `until MOMENT`, `until monday, thursday at 09:00`, `until 09:00`.

    >>> Delay.parse("until contact.renewal_date at 09:00").needs_if_past
    True
    """

    examples = ("2 days at 09:00", "until contact.renewal_date - 30 days at 09:00", "until monday at 09:00")
    pattern = DELAY

    weekdays: tuple[int, ...] = ()
    at: time | None = None

    @property
    def needs_if_past(self) -> bool:
        """Whether the instant may lie in the past, so that the author must say what happens then."""
        return self.moment is not None

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        if until := after_until(words):
            return _read_until(until)
        if what := lacks_until(words):
            raise ValueError(f"bad wait '{words[:60]}'; put 'until' before {what}: 'until {words[:60]}'")
        head, at = split_hour(words)
        span = Span.parse(head)
        _check_hour(words, span, at)
        return {"span": span, "at": at}


class Limit(Deadline):
    """What `up_to` takes: `3 days`, `3 days at 09:00`, `until MOMENT` or `forever`."""

    examples = ("3 days", "3 days at 09:00", "until contact.renewal_date", "forever")
    pattern = LIMIT

    forever: bool = False
    at: time | None = None

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        if words.lower() == "forever":
            return {"forever": True}
        if until := after_until(words):
            return {"moment": Moment.parse(until)}
        if begins_a_moment(words):
            raise ValueError(f"bad limit '{words[:60]}'; put 'until' before a moment: 'until {words[:60]}'")
        head, at = split_hour(words)
        span = Span.parse(head)
        _check_hour(words, span, at)
        return {"span": span, "at": at}


class Expiry(Deadline):
    """What `expires` takes: `3 days` or a moment such as `contact.renewal_date at 18:00`."""

    examples = ("3 days", "contact.renewal_date at 18:00")
    pattern = either(SPAN, MOMENT)

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        if until := after_until(words):
            raise ValueError(f"bad expiry '{words[:60]}'; leave out 'until': '{until[:60]}'")
        if begins_a_moment(words):
            return {"moment": Moment.parse(words)}
        return {"span": Span.parse(words)}


def _read_until(until: str) -> dict[str, Any]:
    if is_hour(until):
        return {"at": read_hour(until)}
    if found := read_weekdays(until):
        return {"weekdays": found[0], "at": found[1]}
    return {"moment": Moment.parse(until)}


def _check_hour(words: str, span: Span | None, at: time | None) -> None:
    if at is not None and span is not None and not span.takes_hour:
        raise ValueError(
            f"bad time in '{words[:60]}'; 'at' goes only with days, weeks, months and business days: leave it out"
        )
