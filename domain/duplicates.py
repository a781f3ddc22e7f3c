"""The same message twice: one address, one template, one day goes once, however many records or triggers ask.

What counts as the same hangs on the class. An advertisement is the same whoever asks for it; a service message is if
what started the two runs says the same (one complaint told twice); a transactional one never is: two orders on one day
are two receipts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.policies import MessageClass
from domain.standing import WEBHOOK

# No day is longer, on any clock: one on which the clocks go back has 25 hours.
REACHES_BACK = timedelta(hours=26)


@dataclass(frozen=True)
class Alike:
    """A message that left, or wants to: to which address, by which run, and what started that run (`occasion`)."""

    channel: str
    address: str
    template: str
    at: datetime
    enrolment: str = ""
    occasion: Mapping[str, Any] = field(default_factory=dict)


def can_be_same(class_: MessageClass, channel: str) -> bool:
    """Whether a message of this class can be the same as another; what a system is told it knows by its id."""
    return class_ != "transactional" and channel != WEBHOOK


def sent_today(wanted: Alike, class_: MessageClass, left: Sequence[Alike], zone: ZoneInfo) -> datetime | None:
    """Return when the same message left on the day it is on this clock when this one wants to; None if none did.

    >>> from datetime import UTC
    >>> nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> wanted = Alike("email", "ada@joinery.example", "order/late", nine, "e1", {"order": 7})
    >>> another = Alike("email", "ada@joinery.example", "order/late", nine, "e2", {"order": 8})
    >>> [sent_today(wanted, each, [another], ZoneInfo("UTC")) is not None for each in ("marketing", "service")]
    [True, False]
    """
    today = wanted.at.astimezone(zone).date()
    what = (wanted.channel, wanted.address, wanted.template)
    for each in left:
        same = (each.channel, each.address, each.template) == what and each.at.astimezone(zone).date() == today
        if same and (class_ == "marketing" or _told_twice(wanted, each)):
            return each.at
    return None


def _told_twice(wanted: Alike, other: Alike) -> bool:
    """Whether two runs began by the same. What one run says twice, its author wrote twice."""
    return wanted.enrolment != other.enrolment and dict(wanted.occasion) == dict(other.occasion)
