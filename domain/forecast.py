"""What a sequence will do to many: messages by day and hour, who is put off and why, how many end where.

Stories are added one by one and forgotten: what is kept is counts, so a forecast of a million people is as small as one
of a thousand.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.caps import OVER_CAP
from domain.story import Story

# Finer than an hour: not every zone is whole hours from UTC.
QUARTER = timedelta(minutes=15)
CAP = "cap: "
VERDICT = re.compile(r"( is (?:true|false)): .*", re.DOTALL)


@dataclass(frozen=True)
class Outline:
    """What a forecast keeps of one story. `sends` are (quarter of an hour since 1970, step).

    `because` says why somebody did not enter, or why a run could not go on.
    """

    refused: str | None
    end: str | None
    waiting: str | None
    lasted: timedelta | None
    sends: tuple[tuple[int, str], ...] = ()
    put_off: frozenset[str] = frozenset()
    not_sent: tuple[str, ...] = ()
    steps: frozenset[str] = frozenset()
    assumed: tuple[str, ...] = ()
    because: str | None = None

    @property
    def capped(self) -> bool:
        """Whether a frequency cap put off a message, or kept it from being sent."""
        return OVER_CAP in self.not_sent or any(each.startswith(CAP) for each in self.put_off)


def outline(story: Story) -> Outline:
    """Return what a forecast keeps of a story."""
    reason = str(story.end["reason"]) if story.end is not None else None
    if reason is not None and reason.startswith("refused:"):
        check = reason.removeprefix("refused:")
        because = _because(story).removeprefix(f"{check}: ")
        return Outline(check, None, None, None, assumed=tuple(story.assumed), because=f"{check}: {because}")
    sends, put_off, not_sent = [], set(), []
    for row in story.timeline:
        if row["did"] == "sent":
            sends.append((int(datetime.fromisoformat(row["at"]).timestamp()) // 900, row["step"]))
        elif row["did"] in ("deferred", "held"):
            put_off.add(_short(row))
        elif row["did"] == "skipped" and "template" in row:
            not_sent.append(_short(row))
    steps = {row["step"] for row in story.timeline} | ({story.stood_at} if story.stood_at else set())
    ended_at = datetime.fromisoformat(story.end["at"]) if story.end is not None else None
    return Outline(
        refused=None,
        end=reason,
        waiting=str(story.waiting["step"]) if story.waiting is not None else None,
        lasted=ended_at - story.facts.entered_at if ended_at is not None else None,
        sends=tuple(sends),
        put_off=frozenset(put_off),
        not_sent=tuple(not_sent),
        steps=frozenset(steps),
        assumed=tuple(story.assumed),
        because=f"failed: {_because(story)}" if reason == "failed" else None,
    )


def _because(story: Story) -> str:
    """Return why a story ended as it did, without the values of this contact."""
    why = str(((story.end or {}).get("why") or [""])[-1])
    return VERDICT.sub(r"\1", why).partition(";")[0].partition(": not before")[0]


def _short(row: Mapping[str, Any]) -> str:
    """Return the reason that decided, without what is this contact's own."""
    why = str(row["why"][-1]) if row["why"] else ""
    words = "expired" if why.startswith("expired") else why.partition(" (")[0]
    return f"held: {words}" if row["did"] == "held" else words


@dataclass
class Forecast:
    """The counts of many stories."""

    contacts: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    put_off: Counter[str] = field(default_factory=Counter)
    not_sent: Counter[str] = field(default_factory=Counter)
    assumed: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    sent_by: Counter[str] = field(default_factory=Counter)
    sent_at: Counter[int] = field(default_factory=Counter)
    lasted: Counter[timedelta] = field(default_factory=Counter)
    because: Counter[str] = field(default_factory=Counter)
    capped: int = 0

    def add(self, story: Outline, times: int = 1) -> None:
        """Count a story, told by so many contacts alike."""
        self.contacts += times
        self._count(self.assumed, story.assumed, times)
        self._count(self.because, [story.because] if story.because else [], times)
        if story.refused is not None:
            self.refused[story.refused] += times
            return
        self._count(self.ends, [story.end] if story.end else [], times)
        self._count(self.waiting, [story.waiting] if story.waiting else [], times)
        self._count(self.put_off, story.put_off, times)
        self._count(self.not_sent, story.not_sent, times)
        self._count(self.reached, story.steps, times)
        self._count(self.sent_by, (step for _, step in story.sends), times)
        for quarter, _ in story.sends:
            self.sent_at[quarter] += times
        if story.lasted is not None:
            self.lasted[story.lasted - story.lasted % timedelta(minutes=1)] += times
        self.capped += times * story.capped

    def _count(self, counter: Counter[str], names: Iterable[str], times: int) -> None:
        for name in names:
            counter[name] += times

    @property
    def entered(self) -> int:
        """How many entered."""
        return self.contacts - sum(self.refused.values())

    @property
    def messages(self) -> int:
        """How many messages were sent."""
        return sum(self.sent_at.values())

    def median(self) -> timedelta | None:
        """Return how long the run in the middle took, of those that ended."""
        left = (sum(self.lasted.values()) + 1) // 2
        for lasted in sorted(self.lasted):
            left -= self.lasted[lasted]
            if left <= 0:
                return lasted
        return None

    def longest(self) -> timedelta | None:
        """Return how long the longest run took, of those that ended."""
        return max(self.lasted, default=None)

    def per_hour(self, zone: ZoneInfo) -> dict[datetime, int]:
        """Return the messages of each hour on the clock of `zone` in which there are any, in order."""
        found: Counter[datetime] = Counter()
        for quarter, count in sorted(self.sent_at.items()):
            at = (datetime(1970, 1, 1, tzinfo=UTC) + quarter * QUARTER).astimezone(zone)
            found[at.replace(minute=0)] += count
        return dict(found)

    def per_day(self, zone: ZoneInfo) -> dict[str, int]:
        """Return the messages of each day in `zone` in which there are any, in order."""
        found: Counter[str] = Counter()
        for hour, count in self.per_hour(zone).items():
            found[hour.date().isoformat()] += count
        return dict(found)

    def as_json(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return the forecast as `rapport simulate --contacts --json` prints it; days and hours are those of `zone`."""
        hours, days = self.per_hour(zone), self.per_day(zone)
        return {
            "contacts": self.contacts,
            "entered": self.entered,
            "refused": ordered(self.refused),
            "because": ordered(self.because),
            "assumed": ordered(self.assumed),
            "messages": {
                "total": self.messages,
                "per_contact": round(self.messages / self.entered, 2) if self.entered else 0,
                "per_step": ordered(self.sent_by),
                "per_day": [{"day": day, "messages": count} for day, count in days.items()],
                "per_hour": [{"hour": hour.isoformat(), "messages": count} for hour, count in hours.items()],
            },
            "over_a_cap": self.capped,
            "put_off": ordered(self.put_off),
            "not_sent": ordered(self.not_sent),
            "reached": ordered(self.reached),
            "ends": ordered(self.ends),
            "waiting": ordered(self.waiting),
            "days": {"median": in_days(self.median()), "longest": in_days(self.longest())},
        }


def ordered(counts: Counter[str]) -> dict[str, int]:
    """Return counts, the largest first, equal ones by name.

    >>> ordered(Counter({"b": 1, "a": 1, "c": 2}))
    {'c': 2, 'a': 1, 'b': 1}
    """
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def in_days(lasted: timedelta | None) -> float | None:
    """Return a time in days, to one decimal."""
    return None if lasted is None else round(lasted / timedelta(days=1), 1)


def per_hour_of_day(hours: Mapping[datetime, int]) -> Iterator[int]:
    """Yield the messages of each of the 24 hours of a day, whatever the day."""
    found: Counter[int] = Counter()
    for hour, count in hours.items():
        found[hour.hour] += count
    yield from (found[number] for number in range(24))
