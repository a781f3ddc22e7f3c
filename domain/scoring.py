"""What a contact's score is at an instant, of which terms, and which bars it has reached.

The one law: points fade by half each half-life, continuously, so that it does not matter when, or how often, anybody
looks. Everything that happened is kept as one number a term and the instant it is meant for.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from domain.conditions import is_true
from domain.facts import Facts
from domain.readers import by_a_person
from domain.scoring_policy import EngagementTerm, Scoring, Threshold

# Sums of fractions are only nearly what they are on paper: what differs less is the same.
_NEARLY = 6
_LOOKS = 256
_FOR_EVER = timedelta(days=36525)


class Happened(Protocol):
    """An event, as far as scoring reads it."""

    @property
    def name(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def data(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Sum:
    """What one engagement term has come to: `points` at the instant `at`, that of the newest of `times` events."""

    points: float = 0.0
    at: datetime | None = None
    times: int = 0


def left(points: float, after: timedelta, half: timedelta) -> float:
    """Return what is left of points after some time; nothing fades before its time.

    >>> left(20, timedelta(days=28), timedelta(days=14)), left(20, timedelta(days=-1), timedelta(days=14))
    (5.0, 20.0)
    """
    return float(points * 0.5 ** (max(after, timedelta()) / half))


def worth(term: EngagementTerm, of: Sum, now: datetime) -> float:
    """Return what is left of a term's points at an instant."""
    return left(of.points, now - of.at, term.half) if of.at is not None else 0.0


def added(term: EngagementTerm, of: Sum, at: datetime) -> Sum:
    """Return the sum after one more event; one that is told late has faded already by the instant of the newest."""
    newest = at if of.at is None else max(at, of.at)
    points = worth(term, of, newest) + left(term.points, newest - at, term.half)
    if term.most is not None:
        points = max(-float(term.most), min(float(term.most), points))
    return Sum(points, newest, of.times + 1)


def counts(term: EngagementTerm, event: Happened) -> bool:
    """Whether an event gives the points of a term."""
    if term.event != event.name or not by_a_person(event.name, event.data):
        return False
    return term.when is None or is_true(term.when, {"event": {**event.data, "name": event.name, "at": event.at}}, {})


def told(scoring: Scoring, sums: Sequence[Sum], events: Iterable[Happened]) -> tuple[Sum, ...]:
    """Return the sums of all engagement terms, in their order, after these events were told in theirs."""
    now = list(sums) or [Sum()] * len(scoring.engagement)
    for event in events:
        for place, term in enumerate(scoring.engagement):
            if counts(term, event):
                now[place] = added(term, now[place], event.at)
    return tuple(now)


@dataclass(frozen=True)
class Term:
    """One line of a score: what it is for, and how many points."""

    side: str
    label: str
    points: float

    def says(self) -> str:
        return f"{self.label}: {shown(self.points)}"


@dataclass(frozen=True)
class Scored:
    """A score at an instant. `fit` and `engagement` are exact; `total` is what contact.score has."""

    fit: float = 0.0
    engagement: float = 0.0
    terms: tuple[Term, ...] = ()

    @property
    def total(self) -> int:
        """Both sides together, a half rounded up."""
        return rounded(self.fit + self.engagement)

    def told_of(self, threshold: str) -> dict[str, Any]:
        """Return what the event that a threshold was reached has to say."""
        sides = {"fit": round(self.fit, 1), "engagement": round(self.engagement, 1)}
        why = [term.says() for term in self.terms]
        return {"threshold": threshold, "score": self.total, **sides, "why": why}

    def says(self) -> str:
        """Return the whole score in one line, side by side."""
        return " · ".join(filter(None, (self._side("fit", self.fit), self._side("engagement", self.engagement))))

    def _side(self, side: str, points: float) -> str:
        terms = [term for term in self.terms if term.side == side]
        lines = [terms[0].label] if len(terms) == 1 else [term.says() for term in terms]
        return f"{side}: {shown(points)}" + (f" ({'; '.join(lines)})" if lines else "")


def score(scoring: Scoring, facts: Facts, sums: Sequence[Sum]) -> Scored:
    """Return the score at `facts.now` of a contact of whom the events came to these sums.

    Terms that give nothing are left out, and of engagement those of which less than a twentieth of a point is left.
    """
    fit = [Term("fit", term.said, term.points) for term in scoring.fit if facts.holds_true(term.when)]
    pairs = [(term, of, worth(term, of, facts.now)) for term, of in zip(scoring.engagement, sums, strict=False)]
    did = [Term("engagement", _told(term, of, facts.now), points) for term, of, points in pairs if shown(points) != "0"]
    return Scored(
        fit=float(sum(term.points for term in fit)),
        engagement=math.fsum(points for _, _, points in pairs),
        terms=(*fit, *did),
    )


def rounded(points: float) -> int:
    """Return points as a whole number, a half rounded up: the same number everywhere a score is compared or shown.

    >>> rounded(59.5), rounded(59.49), rounded(-0.5)
    (60, 59, 0)
    """
    return math.floor(round(points, _NEARLY) + 0.5)


def shown(points: float) -> str:
    """Return points as people read them, to a tenth.

    >>> shown(12.64), shown(20.0), shown(-0.01)
    ('12.6', '20', '0')
    """
    text = f"{points:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _told(term: EngagementTerm, of: Sum, now: datetime) -> str:
    if of.at is None:
        return term.said
    if of.times == 1:
        return f"{term.said} once, {ago(now - of.at)}"
    return f"{term.said} {of.times} times, newest {ago(now - of.at)}"


def ago(passed: timedelta) -> str:
    """Return how long ago something was, in the largest unit that fits.

    >>> ago(timedelta(days=2, hours=5)), ago(timedelta(minutes=1)), ago(timedelta(seconds=20))
    ('2 days ago', '1 minute ago', 'just now')
    """
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if number := passed // length if passed > timedelta() else 0:
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


# Bars.


def meets(bar: Threshold, scored: Scored) -> bool:
    """Whether a score is at or above a bar, on each side that the bar names."""
    sides = ((bar.fit, scored.fit), (bar.engagement, scored.engagement))
    return scored.total >= bar.score and all(wanted is None or rounded(points) >= wanted for wanted, points in sides)


def still_reached(
    scoring: Scoring, reached: Mapping[str, datetime], scored: Scored, now: datetime
) -> dict[str, datetime]:
    """Return which of the bars that were reached, each since when, cannot be reached again yet."""
    bars = {name: scoring.thresholds[name] for name in reached if name in scoring.thresholds}
    return {
        name: reached[name]
        for name, bar in bars.items()
        if scored.total >= bar.lower and (bar.again_after is None or now < reached[name] + bar.again_after.elapsed())
    }


def newly_reached(scoring: Scoring, reached: Iterable[str], scored: Scored) -> list[str]:
    """Return the bars that this score meets and that were not reached before, the lowest first."""
    met = ((bar.score, name) for name, bar in scoring.thresholds.items() if meets(bar, scored))
    return [name for _, name in sorted(met) if name not in set(reached)]


def falls_below(scoring: Scoring, fit: float, sums: Sequence[Sum], bar: int, now: datetime) -> datetime | None:
    """Return the first full second at which the score will be below `bar` if nothing happens any more.

    None where who they are alone keeps it there, or where that is a hundred years away.
    """
    pairs = list(zip(scoring.engagement, sums, strict=False))

    def below(at: datetime) -> bool:
        return rounded(fit + math.fsum(worth(term, of, at) for term, of in pairs)) < bar

    if below(now):
        return now
    # Points that were taken off fade, too, so the way down need not be steady: it is looked at piece by piece.
    longest = max((term.half for term, of in pairs if of.points), default=timedelta())
    step = max(longest * 40 / _LOOKS, timedelta(seconds=1))
    looked = (now + step * number for number in range(1, _LOOKS + 1) if step * number < _FOR_EVER)
    later = next((at for at in looked if below(at)), None)
    return _first(below, later - step, later) if later is not None else None


def _first(below: Callable[[datetime], bool], high: datetime, low: datetime) -> datetime:
    """Return the first full second that is below, between an instant that is not and one that is."""
    above, under = math.floor(high.timestamp()), math.ceil(low.timestamp())
    while under - above > 1:
        middle = (above + under) // 2
        above, under = (above, middle) if below(datetime.fromtimestamp(middle, UTC)) else (middle, under)
    return datetime.fromtimestamp(under, UTC)
