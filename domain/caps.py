"""Frequency caps: how many messages a contact gets in a rolling span, and what becomes of one too many.

Rolling spans are elapsed time, counted to the second across all sequences: 7 days are 168 hours. Over the cap means
later, not lost, unless the step says otherwise.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from domain.patterns import ON_CAP
from domain.spans import Span
from domain.written import Written

# The reason of a message that was not sent for a cap.
OVER_CAP = "over the cap"

WORDS = re.compile(r"(?P<alone>skip|exit)|defer (?P<span>.+?)(?: then (?P<then>skip|exit))?")


class OnCap(Written):
    """What `on_cap` takes: `defer SPAN`, `defer SPAN then skip` or `then exit`, `skip`, `exit`.

    `after` is how long the message waits at most, from the arrival at the step; then `then` decides.

    >>> OnCap.parse("defer 3 days then exit").then
    'exit'
    """

    examples = ("defer 3 days", "defer 3 days then exit", "skip", "exit")
    pattern = ON_CAP

    after: Span | None = None
    then: Literal["skip", "exit"] = "skip"

    @classmethod
    def _read(cls, words: str) -> dict[str, Any]:
        found = WORDS.fullmatch(words)
        if found is None:
            raise ValueError(f"'{words[:60]}' is not known here; write defer SPAN, defer SPAN then exit, skip or exit")
        if found["alone"]:
            return {"then": found["alone"]}
        return {"after": Span.parse(found["span"]), "then": found["then"] or "skip"}

    @property
    def waits(self) -> bool:
        """Whether a message over the cap waits for its turn."""
        return self.after is not None


@dataclass(frozen=True)
class Counted:
    """A message that counts: its class and channel, and when it went to the contact."""

    class_: str
    channel: str
    at: datetime


@dataclass(frozen=True)
class PutOff:
    """Another message of the same contact that was put off: how important, since when it waits, and until when."""

    class_: str
    channel: str
    priority: int
    since: datetime
    due: datetime


# A message that gives way to another is asked again after this long: by then the other has gone, or has not.
GIVES_WAY = timedelta(seconds=30)
# One that was due longer ago has nobody who asks for it any more, and holds up nobody.
FORGOTTEN = timedelta(minutes=10)


def before_it(
    others: Iterable[PutOff], class_: str, channel: str, priority: int, since: datetime, now: datetime
) -> int:
    """Return how many of the messages put off have a better right to a free place: due now, and of higher priority,
    or as high and waiting for longer.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 5, 4, tzinfo=UTC)
    >>> offer = PutOff("marketing", "email", 70, monday, monday)
    >>> [before_it([offer], "marketing", "email", priority, monday, monday) for priority in (50, 70, 90)]
    [1, 0, 0]
    """
    due = (
        each
        for each in others
        if (each.class_, each.channel) == (class_, channel) and now - FORGOTTEN < each.due <= now
    )
    return sum((-each.priority, each.since) < (-priority, since) for each in due)


def count_in(sent: Iterable[Counted], class_: str, channel: str, span: timedelta, now: datetime) -> int:
    """Return how many messages count now in a rolling span."""
    return sum((each.class_, each.channel) == (class_, channel) and each.at > now - span for each in sent)


def free_from(
    sent: Iterable[Counted], class_: str, channel: str, most: int, span: timedelta, now: datetime
) -> datetime:
    """Return from when on one more message is within the cap; `now` if it is now.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 5, 4, tzinfo=UTC)
    >>> free_from([Counted("marketing", "email", monday)], "marketing", "email", 1, timedelta(days=7), monday).day
    11
    """
    at = sorted(each.at for each in sent if (each.class_, each.channel) == (class_, channel) and each.at > now - span)
    return now if len(at) < most else at[-most] + span
