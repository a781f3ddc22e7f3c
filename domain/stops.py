"""A channel that stands still: why, how long until a message tries it again, and whose turn is when it comes back.

Two sorts come back by themselves: *away* (nobody answers) after seconds that grow to minutes, *fault* (we are refused,
whoever the message is to) after a quarter of an hour that grows to hours. One message, the *probe*, tries; its
acceptance opens the channel. The others take a person: *person* (`rapport channel stop`), *protection*, and *disabled*
(an endpoint of another system that wants no more, or has failed for days). Of webhooks each endpoint is a channel of
its own, `webhook/NAME`, and `webhook` is all of them; of chats each team's is, `chat/TEAM`, and `chat` is all.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from domain.throttles import ANY_WAY_OUT, Throttle

Kind = Literal["away", "fault", "person", "protection", "disabled"]
CHANNELS = ("email", "staff", "sms", "webhook", "chat")
BY_ITSELF = frozenset({"away", "fault"})

# Nobody answers: most outages are a restart. We refuse nobody meanwhile, so trying costs one connection.
AWAY, LONGEST_AWAY = timedelta(seconds=5), timedelta(minutes=5)
# We are refused: somebody has to correct something first, and each try makes our reputation worse.
FAULT, LONGEST_FAULT = timedelta(minutes=15), timedelta(hours=4)
# An outage that has lasted so long is worth a word to the operator.
WORTH_TELLING = timedelta(minutes=5)
# So many a second go for a while when a channel is back, where no throttle of the provider says another rate.
COMING_BACK, FOR_A_WHILE = 20, timedelta(minutes=10)
_SECOND = timedelta(seconds=1)
_ADDRESS = re.compile(r"[^\s<>(\[\"',;]+@[^\s<>)\]\"',;:]+")


def rest(kind: Kind, tries: int) -> timedelta:
    """Return how long to wait after so many tries that failed.

    >>> [str(rest("fault", tries)) for tries in (0, 1, 9)], [str(rest("away", tries)) for tries in (0, 1, 9)]
    (['0:15:00', '0:30:00', '4:00:00'], ['0:00:05', '0:00:10', '0:05:00'])
    """
    first, longest = (FAULT, LONGEST_FAULT) if kind == "fault" else (AWAY, LONGEST_AWAY)
    doubled: int = 2 ** min(tries, 10)
    return min(first * doubled, longest)


def rate(throttles: Sequence[Throttle], channel: str, provider: str = ANY_WAY_OUT) -> float:
    """Return how many a second may go when a channel is back: what the throttle of its provider allows."""
    of_it = [each for each in throttles if each.is_of_the_way(channel, provider)]
    return min((each.most / each.in_.elapsed().total_seconds() for each in of_it), default=float(COMING_BACK))


def coming_back(
    throttles: Sequence[Throttle],
    channel: str,
    resumed_at: datetime | None,
    now: datetime,
    provider: str = ANY_WAY_OUT,
) -> list[Throttle]:
    """Return the throttle of a channel that is back: what waited goes in its order, not in a burst.

    There is none where the provider has one, nor when it was back long ago.
    """
    has_one = any(each.is_of_the_way(channel, provider) for each in throttles)
    if resumed_at is None or now - resumed_at >= FOR_A_WHILE or has_one:
        return []
    return [
        Throttle.model_validate({"provider": ANY_WAY_OUT, "channel": channel, "most": COMING_BACK, "in": "1 second"})
    ]


def comes_back(until: datetime, place: int, a_second: float, now: datetime) -> datetime:
    """Return when a message asks again, if `place` others go before it: the first of all at `until`, as the probe.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    >>> [f"{comes_back(noon, place, 20, noon):%M:%S}" for place in (0, 1, 20, 40, 100)]
    ['00:01', '00:02', '00:03', '00:04', '00:07']
    """
    at = max(until, now.replace(microsecond=0) + _SECOND)
    if place > 0:
        at += _SECOND + _SECOND * ((place - 1) / a_second)
    return at if not at.microsecond else at.replace(microsecond=0) + _SECOND


def unaddressed(words: str) -> str:
    """Return what a server said without the addresses in it: it is shown where other people are spoken of.

    >>> unaddressed("550 5.7.1 <ann@customer.example>: rejected")
    '550 5.7.1 <an address>: rejected'
    """
    return _ADDRESS.sub("an address", words)
