"""Slots of throttles: which a message needs, how many are free, and when its turn is likely.

Strict in any span: a slot counts from the moment it is promised (*held*) until a whole span after the message left
(*used*). Whoever gets none is given an instant near their turn, so that thousands who wait do not ask each second.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from domain.throttles import ANY_WAY_OUT, EACH_OTHER, Throttle

# What goes first, whatever the sequence's priority: what somebody waits for, what they need, what we would like to say.
CLASS_ORDER = ("transactional", "service", "marketing")
# Above so many, slots are counted by thousandths of the span, each as if it were used at its end.
MOST_EXACT = 1_000
# What people read of a throttle of a whole channel.
ALL = {"email": "all mail", "sms": "all texts", "webhook": "all webhooks"}
# Below this a turn is asked for at the start of its second: rounded up, `in: 1 second` would go every other one.
SHORT = timedelta(seconds=5)
# How far a warm-up is looked ahead, to say when a message's turn is likely.
FORESEEN = timedelta(days=60)
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Outgoing:
    """What throttles look at of a message. One to staff has a channel alone, so it passes the provider's only.

    `provider` is whose server takes it, or which endpoint: the one way out of the channel that it goes by.
    """

    channel: str
    recipient_domain: str | None = None
    mailbox: str | None = None
    sequence: str | None = None
    provider: str = ANY_WAY_OUT


@dataclass(frozen=True)
class Counter:
    """A throttle as it counts for one message. `name` is that of all who share it; `shown` is what people read.

    `later` are the limits of the spans that follow, as far as they rise; `whole_channel` says that every message of the
    channel passes it.
    """

    name: str
    shown: str
    most: int
    span: timedelta
    later: tuple[int, ...] = ()
    whole_channel: bool = False


@dataclass(frozen=True)
class Used:
    """So many slots that were used at this instant, or shortly before."""

    at: datetime
    count: int = 1


def counters(throttles: Sequence[Throttle], message: Outgoing, now: datetime, zone: ZoneInfo) -> list[Counter]:
    """Return what a message has to pass, sorted by name: two who take several never wait for each other in a circle."""
    named = {each.value for each in throttles if each.scope == "recipient_domain" and each.channel == message.channel}
    found = {each.name: each for each in _passed(throttles, message, named, now.astimezone(zone))}
    return [found[name] for name in sorted(found)]


def _passed(throttles: Iterable[Throttle], message: Outgoing, named: set[str], now: datetime) -> Iterator[Counter]:
    for each in throttles:
        which = ANY_WAY_OUT if each.of_all else getattr(message, each.scope)
        others = each.value == EACH_OTHER and which is not None and which not in named
        if each.channel != message.channel or not (others or each.value == which):
            continue
        most, span = each.most_on(now.date()), each.in_.elapsed()
        name = f"{each.channel}/{each.scope}/{which}/{span.total_seconds():.0f}"
        who = ALL.get(each.channel, which) if each.of_all else str(which)
        later, whole = tuple(_rising(each, most, now)), each.scope == "provider"
        yield Counter(name[:300], f"{who}, {most} in {each.in_}", most, span, later, whole)


def _rising(throttle: Throttle, most: int, now: datetime) -> Iterator[int]:
    at = now
    while most < throttle.most and at < now + FORESEEN:
        at += throttle.in_.elapsed()
        most = throttle.most_on(at.date())
        yield most


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


def leaves_room(used: Iterable[Used], held: int, counter: Counter, dues: Sequence[datetime]) -> bool:
    """Whether one more slot may be taken now, and those whose turn comes at these instants still find theirs.

    `dues` are in order.

    >>> monday = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    >>> two = Counter("n", "n", 2, timedelta(minutes=1))
    >>> [leaves_room([Used(monday)], 0, two, [monday + timedelta(seconds=at)]) for at in (30, 60)]
    [False, True]
    """
    counts = sorted((each.at, each.count) for each in used)
    over = [0, *accumulate(count for _, count in counts)]  # so many, once the first ones are over
    instants = [at for at, _ in counts]
    for place, due in enumerate(dues, 1):
        still = over[-1] - over[bisect_right(instants, due - counter.span)]
        if held + still + place >= counter.most:
            return False
    return True


def turn(used: Iterable[Used], held: int, counter: Counter, place: int, now: datetime) -> datetime:
    """Return when the turn of a message is likely, if `place` others go before it: a full second after `now`.

    >>> monday = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    >>> two = Counter("n", "n", 2, timedelta(minutes=1))
    >>> used = [Used(monday), Used(monday + timedelta(seconds=20))]
    >>> [f"{turn(used, 0, two, place, monday + timedelta(seconds=30)):%M:%S}" for place in range(4)]
    ['01:00', '01:20', '02:00', '02:20']
    """
    rounds, left = _round(place, counter)
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


def _round(place: int, counter: Counter) -> tuple[int, int]:
    """Return in which span from now the turn of a place comes, and how many of that span go before it."""
    limits = counter.later or (counter.most,)
    for rounds, limit in enumerate(limits):
        if place < limit:
            return rounds, place
        place -= limit
    more, place = divmod(place, limits[-1])
    return len(limits) + more, place


def asked_at(at: datetime, span: timedelta, now: datetime) -> datetime:
    """Return the full second at which a message asks whose turn is at this instant: always after `now`."""
    cut = at.replace(microsecond=0)
    full = cut if cut == at or span <= SHORT else cut + _SECOND
    return max(full, now.replace(microsecond=0) + _SECOND)
