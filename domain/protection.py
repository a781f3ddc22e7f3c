"""Self-protection: when complaints or hard bounces are so many that a sequence, or a whole channel, stops by itself.

Of the messages handed over within a span, how many were complained about, or came back for good, so far? A rate counts
only if enough was sent and enough came back: three complaints are an accident. Reaching a threshold is passing it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

HARM = ("complained", "bounced")
_WORDS = {"complained": "complaints", "bounced": "hard bounces"}


@dataclass(frozen=True)
class Limit:
    """Rates, in percent, that warn and that pause, of what was sent in `span`; not before so many sent and harmed."""

    event: str
    span: timedelta
    warn: float
    pause: float
    least_sent: int
    least_harmed: int


_HOUR, _DAY = timedelta(hours=1), timedelta(hours=24)
# messaging.md, section 4; receivers such as Gmail ask for complaints below 0.1 % and never 0.3 %.
LIMITS = (
    Limit("complained", _HOUR, 0.5, 1.0, 200, 5),
    Limit("complained", _DAY, 0.15, 0.3, 1_000, 10),
    Limit("bounced", _HOUR, 5.0, 10.0, 200, 5),
    Limit("bounced", _DAY, 2.5, 5.0, 1_000, 10),
)


@dataclass(frozen=True)
class Alarm:
    """What a figure says must be done, and why."""

    act: Literal["warn", "pause"]
    why: str


def judge(limit: Limit, sent: int, harmed: int) -> Alarm | None:
    """Return what these figures ask for; None if nothing.

    >>> judge(LIMITS[0], 500, 5)
    Alarm(act='pause', why='1% complaints in 1 hour: 5 of 500 messages, at most 1%')
    >>> judge(LIMITS[0], 500, 4) is None
    True
    """
    if sent < limit.least_sent or harmed < limit.least_harmed:
        return None
    # In whole numbers: a rate of just one percent is one percent.
    reached = [each for each in (limit.pause, limit.warn) if harmed * 100_000 >= round(each * 1_000) * sent]
    if not reached:
        return None
    hours = limit.span // _HOUR
    within = "1 hour" if hours == 1 else f"{hours} hours"
    figures = f"{100 * harmed / sent:.3g}% {_WORDS[limit.event]} in {within}: {harmed} of {sent} messages"
    return Alarm("pause" if reached[0] == limit.pause else "warn", f"{figures}, at most {reached[0]:g}%")


def worst(alarms: Sequence[Alarm | None]) -> Alarm | None:
    """Return the alarm that asks for most."""
    found = [each for each in alarms if each is not None]
    return next((each for each in found if each.act == "pause"), found[0] if found else None)
