"""Throttles: how many messages leave in a rolling span: of a provider, a mailbox, a sequence, to a domain.

A throttle delays, it never drops. Strict in any span: a slot counts from the moment it is promised (*held*) until a
whole span after the message left (*used*). Whoever gets none is given the instant at which their turn is likely.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.spans import Span

SCOPES = ("provider", "recipient_domain", "mailbox", "sequence")
EACH_OTHER = "*"
# What goes first, whatever the sequence's priority: what somebody waits for, what they need, what we would like to say.
CLASS_ORDER = ("transactional", "service", "marketing")
# Above so many, slots are counted by thousandths of the span, each as if it were used at its end.
MOST_EXACT = 1_000
# Below this a turn is asked for at the start of its second: rounded up, `in: 1 second` would go every other one.
SHORT = timedelta(seconds=5)
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DOMAIN = re.compile(r"\*|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


class WarmUp(BaseModel):
    """A new mailbox or provider begins with few messages and takes twice as many every so many days, up to `most`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    from_: date = Field(alias="from")
    """The first day, on the organisation's clock."""
    start: int = Field(ge=1)
    """How many on the first day, and before it."""
    double_every: Span
    """After this many days the limit is doubled."""

    @field_validator("double_every")
    @classmethod
    def _is_in_days(cls, value: Span) -> Span:
        if value.elapsed() % timedelta(days=1) or not value.elapsed():
            raise ValueError(f"'{value}' is not in whole days; write days or weeks, e.g. '3 days'")
        return value

    def most(self, today: date) -> int:
        """Return how many are allowed on a day.

        >>> warm_up = WarmUp.model_validate({"from": "2026-11-01", "start": 50, "double_every": "3 days"})
        >>> [warm_up.most(date(2026, 11, day)) for day in (1, 3, 4, 7)]
        [50, 50, 100, 200]
        """
        doubled = max((today - self.from_).days, 0) // self.double_every.elapsed().days
        return int(self.start * 2 ** min(doubled, 40))


class Throttle(BaseModel):
    """At most so many messages in any rolling span, from all sequences and workers together."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: Literal["default"] | None = None
    """Everything that leaves through the channel; `default` is its one way out."""
    recipient_domain: str | None = None
    """Messages to addresses of this domain; `*` is each other domain for itself."""
    mailbox: str | None = None
    """Messages from this address of ours."""
    sequence: str | None = None
    """Messages of this sequence."""
    channel: str = "email"
    most: int = Field(ge=1)
    """So many in any span of this length."""
    in_: Span = Field(alias="in")
    """The length of the span: elapsed time, e.g. 1 second, 1 minute, 1 day."""
    warm_up: WarmUp | None = None
    """Begin with fewer, and raise the limit day by day."""

    @field_validator("recipient_domain")
    @classmethod
    def _is_a_domain(cls, value: str | None) -> str | None:
        value = value.lower() if value is not None else None
        if value is not None and not _DOMAIN.fullmatch(value):
            raise ValueError(f"'{value}' is not a domain; write what stands behind the @, e.g. gmail.com, or '*'")
        return value

    @field_validator("mailbox")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError(f"'{value}' is not an address; write hello@your-domain")
        return value.lower() if value is not None else None

    @field_validator("in_")
    @classmethod
    def _has_a_length(cls, value: Span) -> Span:
        if not value.elapsed():
            raise ValueError(f"'{value}' has no length; write e.g. '1 minute'")
        return value

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        said = [name for name in SCOPES if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"a throttle is of one thing; write one of {', '.join(SCOPES)}")
        if self.warm_up is not None and self.warm_up.start > self.most:
            raise ValueError(
                f"warm_up starts with {self.warm_up.start}, more than most ({self.most}); start with fewer"
            )
        return self

    @property
    def scope(self) -> str:
        """What it is of: one of `SCOPES`."""
        return next(name for name in SCOPES if getattr(self, name) is not None)

    @property
    def value(self) -> str:
        """Which one: a domain, an address, a sequence, `default`."""
        return str(getattr(self, self.scope))

    def most_on(self, today: date) -> int:
        """Return how many are allowed on a day, as far as it is warm."""
        return self.most if self.warm_up is None else min(self.most, self.warm_up.most(today))


def said_once(throttles: tuple[Throttle, ...]) -> tuple[Throttle, ...]:
    """Return them as they are. Raises ValueError where two are of the same thing in the same span."""
    seen: set[tuple[object, ...]] = set()
    for each in throttles:
        same = (each.channel, each.scope, each.value, each.in_.elapsed())
        if same in seen:
            raise ValueError(f"two throttles of {each.scope} {each.value} in {each.in_}; delete one of them")
        seen.add(same)
    return throttles


@dataclass(frozen=True)
class Outgoing:
    """What throttles look at of a message. One to staff has a channel alone, so it passes the provider's only."""

    channel: str
    recipient_domain: str | None = None
    mailbox: str | None = None
    sequence: str | None = None


@dataclass(frozen=True)
class Counter:
    """A throttle as it counts for one message. `name` is that of all who share it; `shown` is what people read."""

    name: str
    shown: str
    most: int
    span: timedelta


@dataclass(frozen=True)
class Used:
    """So many slots that were used at this instant, or shortly before."""

    at: datetime
    count: int = 1


def counters(throttles: Sequence[Throttle], message: Outgoing, now: datetime, zone: ZoneInfo) -> list[Counter]:
    """Return what a message has to pass, sorted by name: two who take several never wait for each other in a circle."""
    named = {each.value for each in throttles if each.scope == "recipient_domain" and each.channel == message.channel}
    found = {each.name: each for each in _passed(throttles, message, named, now.astimezone(zone).date())}
    return [found[name] for name in sorted(found)]


def _passed(throttles: Iterable[Throttle], message: Outgoing, named: set[str], today: date) -> Iterator[Counter]:
    for each in throttles:
        which = "default" if each.scope == "provider" else getattr(message, each.scope)
        others = each.value == EACH_OTHER and which is not None and which not in named
        if each.channel != message.channel or not (others or each.value == which):
            continue
        most, span = each.most_on(today), each.in_.elapsed()
        name = f"{each.channel}/{each.scope}/{which}/{span.total_seconds():.0f}"
        who = "all mail" if each.scope == "provider" and each.channel == "email" else str(which)
        yield Counter(name[:300], f"{who}, {most} in {each.in_}", most, span)


def class_rank(class_: str) -> int:
    """Return the place of a class: transactional before service before marketing.

    >>> sorted(["marketing", "transactional", "service"], key=class_rank)
    ['transactional', 'service', 'marketing']
    """
    return CLASS_ORDER.index(class_) if class_ in CLASS_ORDER else len(CLASS_ORDER)


def counted_at(at: datetime, counter: Counter) -> datetime:
    """Return the instant that a slot used now counts from: never before it was used.

    >>> hour = Counter("n", "n", 20, timedelta(hours=1))
    >>> counted_at(datetime(2026, 5, 4, 9, 0, 0, 7, tzinfo=UTC), hour).microsecond
    7
    """
    if counter.most <= MOST_EXACT:
        return at
    part = counter.span / MOST_EXACT
    return _EPOCH + -((_EPOCH - at) // part) * part


def in_use(used: Iterable[Used], counter: Counter, now: datetime) -> int:
    """Return how many slots are used up at this instant."""
    return sum(each.count for each in used if each.at > now - counter.span)


def turn(used: Iterable[Used], held: int, counter: Counter, place: int, now: datetime) -> datetime:
    """Return when the turn of a message is likely, if `place` others go before it: a full second after `now`.

    >>> monday = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    >>> two = Counter("n", "n", 2, timedelta(minutes=1))
    >>> used = [Used(monday), Used(monday + timedelta(seconds=20))]
    >>> [f"{turn(used, 0, two, place, monday + timedelta(seconds=30)):%M:%S}" for place in range(4)]
    ['01:00', '01:20', '02:00', '02:20']
    """
    rounds, left = divmod(place, counter.most)
    counts = sorted((each for each in used if each.at > now - counter.span), key=lambda each: each.at)
    taken = sum(each.count for each in counts) + held
    # Free ones come first (they are promised to others); of those over the limit, which was lowered, none comes back.
    segments = [Used(now - counter.span, max(counter.most - taken, 0)), *counts, Used(now, held)]
    left += max(taken - counter.most, 0)
    for each in segments:
        if left < each.count:
            return asked_at(each.at + counter.span * (1 + rounds), counter.span, now)
        left -= each.count
    return asked_at(now + counter.span * (1 + rounds), counter.span, now)


def asked_at(at: datetime, span: timedelta, now: datetime) -> datetime:
    """Return the full second at which a message asks whose turn is at this instant: always after `now`."""
    cut = at.replace(microsecond=0)
    full = cut if cut == at or span <= SHORT else cut + _SECOND
    return max(full, now.replace(microsecond=0) + _SECOND)
