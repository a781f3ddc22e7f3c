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
