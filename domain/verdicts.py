"""What the gate is asked, and what it can answer.

A question says yes with the values it used, *no* for ever, or *not yet*; every answer is kept for the decision log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.cases import stands_still
from domain.dues import resolve
from domain.facts import Facts
from domain.holds import Hold, held_due
from domain.needs import Deliver
from domain.policies import MessageClass
from domain.spans import Span

Asked = Sequence[tuple[str, str]]
"""The questions that were asked, in order, each with its answer."""


@dataclass(frozen=True)
class Proposed:
    """A message that wants to go: what it is, to whom, since when it waits."""

    need: Deliver
    class_: MessageClass
    topic: str | None
    asked_at: datetime
    """The contact's arrival at the step."""
    lasts: Span | None = None
    """How long it is of use where the step does not say; None: as long as its class."""
    survey: str | None = None
    """The survey it asks to answer."""


@dataclass(frozen=True)
class Verdict:
    """`go`, `no` (with its reason), or `later` (until when). `asked` is all that was asked, `why` the reason as
    timelines show it. `in_vain` says that what it waits for comes only when it is of no use any more, if at all."""

    answer: str
    reason: str = ""
    until: datetime | None = None
    asked: Asked = ()
    why: str = ""
    in_vain: bool = False


@dataclass(frozen=True)
class No:
    """Never, for this reason. `said` is what the log says beside it: the values that were read."""

    reason: str
    said: str = ""


@dataclass(frozen=True)
class NotYet:
    """Not before this instant, for this reason; without one, nobody knows yet when. `said` is as in `No`."""

    until: datetime | None
    reason: str
    said: str = ""


Answer = str | No | NotYet
Question = Callable[[Proposed, Facts], Answer]


def expiry(proposed: Proposed, facts: Facts) -> datetime:
    """Return the instant from which the message is of no use any more: the step's word, else the policies'.

    The policies' is counted without the time in which a case held it (`outlives_cases`): while one does, as if it were
    released now.
    """
    words = proposed.need.expires or proposed.lasts or facts.policies.expiry(proposed.class_)
    if facts.cases and outlives_cases(proposed, facts):
        holds = [Hold(each.opened_at, each.released_at or facts.now) for each in facts.cases]
        holds = [hold for hold in holds if hold.until != hold.paused_at]
        due = held_due(words, proposed.asked_at, facts.sight(), holds)
    else:
        due = resolve(words, proposed.asked_at, facts.sight())
    assert due is not None, "an expiry has an end"
    return due.at


def outlives_cases(proposed: Proposed, facts: Facts) -> bool:
    """Whether a message is of use as long after a case as it was before it.

    Not if its author said how long it is, nor if it hangs on a day: of a run that a date began, and of a broadcast.
    """
    if proposed.class_ != "marketing" or proposed.need.expires or proposed.lasts:
        return False
    return stands_still(facts.program) and facts.run_event.get("name") != "date"
