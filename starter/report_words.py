"""Figures in words that a marketing person understands; used by the terminal and the page."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.comparison import Comparison
from domain.statistics import Interval, Share, interval_of
from records.reports.figures import Arm, SequenceFigures, StepFigures

DAY, HOUR, MINUTE = 86_400, 3_600, 60
NO_HOLDOUT = (
    "Nobody is held out so far, so nobody can say what would have happened without it; "
    "'holdout: 5%' under 'enter' holds some out."
)
FAILED = {
    "refused": "refused by the other side",
    "unknown": "fate unknown",
    "broken": "stopped by the contact's data",
    "failed": "no good answer",
}
SKIPPED = {"when": "its 'when' was not true"}


def number(count: int) -> str:
    """Return a count as people write it.

    >>> number(12345)
    '12,345'
    """
    return f"{count:,}"


def people(count: int) -> str:
    """Return so many people.

    >>> people(1), people(2000)
    ('1 person', '2,000 people')
    """
    return "1 person" if count == 1 else f"{number(count)} people"


def percent(rate: float | None, sign: str = "") -> str:
    """Return a share from 0 to 1 in percent; small ones with a digit more. `sign` "+" shows a plus, too.

    >>> percent(0.1234), percent(0.00123), percent(0.021, "+"), percent(None)
    ('12.3 %', '0.12 %', '+2.1 %', '–')
    """
    if rate is None:
        return "–"
    digits = 2 if 0 < abs(rate) < 0.01 else 1
    return f"{100 * rate:{sign}.{digits}f} %"


def between(interval: Interval, sign: str = "") -> str:
    """Return an interval of shares.

    >>> between(Interval(0.1, 0.125))
    '10.0 to 12.5 %'
    """
    return f"{percent(interval.low, sign).removesuffix(' %')} to {percent(interval.high, sign)}"


def points(value: float, sign: str = "+") -> str:
    """Return a difference of shares in percentage points.

    >>> points(0.021), points(-0.004)
    ('+2.1 points', '-0.40 points')
    """
    return percent(value, sign).removesuffix("%") + "points"


def lasting(seconds: float | None) -> str:
    """Return a length of time in its two largest units.

    >>> lasting(471_240), lasting(7_200), lasting(59)
    ('5 days 10 hours', '2 hours', 'less than a minute')
    """
    if seconds is None:
        return "–"
    parts: list[tuple[int, str]] = []
    rest = int(seconds)
    for unit, size in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append((count, unit))
    told = [f"{number(count)} {unit}{'' if count == 1 else 's'}" for count, unit in parts[:2] if count]
    return " ".join(told) or "less than a minute"


def listed(counts: Mapping[str, int], most: int = 100) -> str:
    """Return counts by reason, largest first.

    >>> listed({"again": 7, "consent": 30})
    'consent 30, again 7'
    """
    in_order = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    told = [f"{reason} {number(count)}" for reason, count in in_order[:most]]
    return ", ".join(told + ["…"] * (len(in_order) > most))


def entries(figures: SequenceFigures) -> Iterator[str]:
    """Yield who entered and who did not, a sentence each."""
    held_out = figures.comparison.held_out.people if figures.comparison else 0
    inside = f"{number(figures.inside)} {_verb(figures.inside, 'is')} inside now"
    yield f"{people(figures.entered)} entered{_period(figures)}; {inside}."
    if figures.refused:
        yield f"{_times(sum(figures.refused.values()))} somebody was not let in: {listed(figures.refused)}."
    if figures.waiting_to_enter:
        waiting = sum(figures.waiting_to_enter.values())
        yield f"{people(waiting)} {_verb(waiting, 'waits')} to be let in: {listed(figures.waiting_to_enter)}."
    if held_out:
        yield f"{people(held_out)} {'was' if held_out == 1 else 'were'} held out, to compare with."


def _times(count: int) -> str:
    return "Once" if count == 1 else f"{number(count)} times"


def _verb(count: int, of_one: str) -> str:
    return of_one if count == 1 else {"is": "are", "waits": "wait"}[of_one]


def _period(figures: SequenceFigures) -> str:
    since, until = figures.period.since, figures.period.until
    after = f" from {day(since)}" if since else ""
    before = f" before {day(until)}" if until else ""
    version = " in this version" if figures.period.version else ""
    return after + before + version


def day(at: datetime | None) -> str:
    """Return a day, on the clock the instant has."""
    return f"{at:%d %b %Y}" if at else "–"


def goal(figures: SequenceFigures) -> str:
    """Return how many reached the goal, and how fast."""
    if figures.comparison is None:
        return "It has no goal; write one under 'goal', and this report says how many reach it."
    share = figures.goal
    if not share.count:
        return "Nobody has reached the goal so far."
    sure = f"{percent(share.rate)}, give or take: {between(interval_of(share))}"
    how_fast = f"half of them within {lasting(figures.median_seconds)}"
    return f"{people(share.count)} of {number(share.of)} reached the goal so far ({sure}), {how_fast}."


def verdict(comparison: Comparison) -> Iterator[str]:
    """Yield what can be said of what the sequence adds: first in a few words, then why."""
    kind = comparison.verdict
    if kind == "nobody held out":
        yield "Can't tell what it adds."
        yield NO_HOLDOUT
    elif kind == "too early":
        yield "Can't tell yet: it is too early."
        yield from _too_early(comparison)
    else:
        yield {"adds": "It works.", "harms": "It does harm.", "cannot tell": "Can't tell yet."}[kind]
        yield from _compared(comparison)


def _too_early(comparison: Comparison) -> Iterator[str]:
    span = lasting(comparison.within.total_seconds())
    yield (
        f"A person is counted when the {span} after their entry are over, so that everybody had the same time. "
        f"So far that is {number(comparison.entered.share.of)} of {number(comparison.entered.people)} who entered, "
        f"and {number(comparison.held_out.share.of)} of {number(comparison.held_out.people)} held out."
    )
    if comparison.begins_at is not None:
        yield f"First figures can be had on {day(comparison.begins_at + timedelta(days=1))}."


def _compared(comparison: Comparison) -> Iterator[str]:
    interval, lift, smallest = comparison.interval, comparison.lift, comparison.smallest
    assert interval is not None, "it was looked at before"
    assert lift is not None, "it was looked at before"
    span = lasting(comparison.within.total_seconds())
    yield (
        f"Within {span}, {_of(comparison.entered.share)} who entered reached the goal, "
        f"and {_of(comparison.held_out.share)} held out."
    )
    apart = f"The sequence makes a difference of {points(lift)}; the true one lies between"
    limits = f"{points(interval.low).removesuffix(' points')} and {points(interval.high)} (95 % sure)"
    if comparison.verdict == "cannot tell":
        yield f"{apart} {limits}, so it may be nothing at all."
    else:
        low, high = sorted((abs(interval.low), abs(interval.high)))
        more = "because of it" if comparison.verdict == "adds" else "less because of it"
        yield f"{apart} {limits}: of 1,000 who enter, {1000 * low:.0f} to {1000 * high:.0f} {more}."
    if smallest is not None:
        shown = f"a lift of {points(smallest, '')} or more, in 8 of 10 cases"
        yield f"So many people show {shown}; a smaller one stays hidden."
    else:
        yield "So few people could not even show the largest lift there can be."


def _of(share: Share) -> str:
    return f"{percent(share.rate)} ({number(share.count)} of {number(share.of)})"


def arm_words(arm: Arm, first: Arm | None, interval: Interval | None) -> str:
    """Return how many took an arm and converted; where arms were drawn by lot, also how it does against the first."""
    told = f"{number(arm.took)} took it, {number(arm.converted)} reached the goal ({percent(arm.share.rate)})"
    if first is None or interval is None:
        return told
    sure = "no difference to be seen yet" if 0 in interval else "a true difference"
    return f"{told}; against {first.title}: {between(interval, '+')}, {sure}"


def left_words(left: Mapping[str, int]) -> str:
    """Return how many left at a step, by how they ended.

    >>> left_words({"exited:no-answer": 4, "converted": 9})
    'converted 9, no-answer 4'
    """
    return listed({reason.removeprefix("exited:"): count for reason, count in left.items()})


def skipped_words(step: StepFigures) -> str:
    """Return how many visits of a step did nothing, by reason."""
    return f"skipped: {listed({SKIPPED.get(reason, reason): count for reason, count in step.skipped.items()}, 6)}"


def failed_words(step: StepFigures) -> str:
    """Return what did not work at a step, in one line."""
    return f"failed: {listed({FAILED.get(reason, reason): count for reason, count in step.failed.items()})}"
