"""What is learned from cases: when a cause has somebody see to it that it goes away, and whether that has helped.

The one thing to know: a case counts by when it was opened, whenever its cause was found; and of each cause one
corrective action is open, which further cases join.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.assignment import Staff
from domain.recovery_policy import Learn
from domain.remedy_policy import Severity
from domain.spans import Span

# Whoever sees to it may say that it is gone, that it costs more than it is worth, or that the cause is another one.
OUTCOMES = ("fixed", "not_worth_it", "another_cause")
# What opens the follow-up of a corrective action begins so: nobody's contact has a part in it.
OPENER = "cause/"
# So many cases are named where it is said why; more are counted.
MOST_NAMED = 12
ROLES = ("manager", "head", "lead")


@dataclass(frozen=True)
class Sighted:
    """One case of a cause: its number, and when it was opened."""

    number: int | None
    opened_at: datetime


@dataclass(frozen=True)
class Checked:
    """How many cases of a cause came in a span before somebody was asked to see to it, and in as long a one after."""

    before: int
    after: int

    @property
    def is_better(self) -> bool:
        """Whether the cause has become rarer, or is gone.

        >>> Checked(4, 3).is_better, Checked(4, 5).is_better, Checked(0, 0).is_better
        (True, False, True)
        """
        return self.after < self.before or self.after == 0


def crowd(
    mine: Sighted, others: Sequence[Sighted], end_of: Callable[[datetime], datetime], at_least: int
) -> tuple[Sighted, ...]:
    """Return the most cases that one span holds, `mine` among them, in order; empty if they are fewer than `at_least`.

    `end_of` says when a span that begins then is over. A span begins with a case: no other holds more.

    >>> from datetime import timedelta, UTC
    >>> days = [Sighted(number, datetime(2026, 5, number, tzinfo=UTC)) for number in (1, 5, 9, 20)]
    >>> found = crowd(days[2], [days[0], days[1], days[3]], lambda since: since + timedelta(days=8), 3)
    >>> [each.number for each in found]
    [1, 5, 9]
    """
    every = sorted((mine, *others), key=_in_order)
    spans = (
        tuple(each for each in every if first.opened_at <= each.opened_at <= end_of(first.opened_at))
        for first in every
        if first.opened_at <= mine.opened_at <= end_of(first.opened_at)
    )
    found = max(spans, key=len, default=())
    return found if len(found) >= at_least else ()


def _in_order(case: Sighted) -> tuple[datetime, int]:
    return case.opened_at, case.number or 0


def why_of_a_crowd(cause: str, cases: Sequence[Sighted], span: Span) -> str:
    """Return why somebody is to see to a cause: so many cases in so long a span.

    >>> at = datetime(2026, 5, 4)
    >>> why_of_a_crowd("late-delivery", [Sighted(1012, at), Sighted(1019, at)], Span.parse("30 days"))
    "2 cases of 'late-delivery' in 30 days: 1012, 1019"
    """
    named = ", ".join(str(each.number) for each in cases[:MOST_NAMED] if each.number is not None)
    more = f" and {len(cases) - MOST_NAMED} more" if len(cases) > MOST_NAMED else ""
    what = "1 case" if len(cases) == 1 else f"{len(cases)} cases"
    return f"{what} of '{cause}' in {span}: {named}{more}"


def why_of_one(cause: str, number: int | None, severity: Severity) -> str:
    """Return why somebody is to see to a cause: one case was so bad that it is enough.

    >>> why_of_one("data-lost", 1012, "S1")
    "one case of 'data-lost' is enough at S1: 1012"
    """
    return f"one case of '{cause}' is enough at {severity}: {number}"


def what_was_found(cause: str, found: Checked, span: Span) -> str:
    """Return in words what became of a cause.

    >>> what_was_found("late-delivery", Checked(4, 5), Span.parse("60 days"))
    "'late-delivery' came 4 times in the 60 days before and 5 times in the 60 days after"
    """
    return f"'{cause}' came {_times(found.before)} in the {span} before and {_times(found.after)} in the {span} after"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def whose(learn: Learn, staff: Staff) -> str | None:
    """Return who sees to a cause: whom the policy names, else the team's manager, head or lead; None if nobody is."""
    named = None if learn.owner is None else staff.policy.key_of(learn.owner)
    if named is not None and staff.knows(named):
        return named
    return next((key for role in ROLES if (key := staff.role(role)) is not None), None)


def title_of(label: str, why: str) -> str:
    """Return what is asked of whoever sees to a cause.

    >>> title_of("late delivery", "2 cases of 'late-delivery' in 30 days: 1012, 1019")
    "See to it that 'late delivery' goes away: 2 cases of 'late-delivery' in 30 days: 1012, 1019"
    """
    return f"See to it that '{label}' goes away: {why}"
