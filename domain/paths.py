"""The ways through a compiled sequence: what comes after what, and how long that takes.

Only a file is checked with these; a run finds its way by `domain.run`.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from domain.needs import Deliver, Listen, Open, Sleep
from domain.spans import Span
from domain.steps.base import Ends, Rounds, Skips, Step

A_YEAR = timedelta(days=366)


def onward(flat: Mapping[str, Step], step: Step) -> Iterator[str | None]:
    """Yield the ids of every step a contact can come to next from here (None: the sequence is completed)."""
    for where in step.ways():
        if isinstance(where, Skips):
            yield past(flat, step)
        elif not isinstance(where, Ends):
            yield where.to if isinstance(where, Rounds) else where
    if step.when is not None:
        yield step.next


def past(flat: Mapping[str, Step], step: Step) -> str | None:
    """Return where the way leads that leaves out the step behind this one, as a run takes it (`domain/run.py`)."""
    return step.next if step.next is None or _ends_round(flat, step) else flat[step.next].next


def _ends_round(flat: Mapping[str, Step], step: Step) -> bool:
    """Tell whether a step is the last of a round: then there is no next one to leave out."""
    behind = flat[step.next or ""]
    if behind.loop() is None:
        return False
    inside: set[str] = set()
    waiting = [block.first for block in behind.blocks()]
    while waiting:
        name = waiting.pop()
        if name is not None and name not in inside and name != behind.id:
            inside.add(name)
            waiting += [flat[name].next, *(block.first for block in flat[name].blocks())]
    return step.id in inside


def reached(flat: Mapping[str, Step], *first: str | None) -> set[str]:
    """Return the ids of every step a contact can come to from these on."""
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        name = waiting.pop()
        if name is not None and name not in found:
            found.add(name)
            waiting += onward(flat, flat[name])
    return found


def sends_before_a_wait(flat: Mapping[str, Step], start: Step) -> Iterator[Step]:
    """Yield the sends without an expiry that a contact comes to after `start`, before it waits again."""
    seen: set[str] = set()
    waiting = list(onward(flat, start))
    while waiting:
        name = waiting.pop()
        if name is None or name in seen:
            continue
        seen.add(name)
        need = flat[name].need()
        if isinstance(need, Deliver) and need.expires is None:
            yield flat[name]
        if not isinstance(need, Sleep | Listen | Open):
            waiting += onward(flat, flat[name])


def longest(flat: Mapping[str, Step], first: str | None, back_at: str | None = None) -> timedelta:
    """Return how long the longest path may take. A wait until a date and one for ever count as nothing.

    With `back_at`, the time of one round: until the way leads back to the step that repeats it.
    """
    taken: dict[str | None, timedelta] = {None: timedelta(), back_at: timedelta()}
    # From the back: the steps a contact can come to from here are laid before those behind it are asked.
    waiting = [first]
    while waiting:
        name = waiting[-1]
        ahead = [] if name in taken or name is None else [way for way in _ahead(flat, flat[name]) if way not in taken]
        if ahead:
            waiting += ahead
            continue
        waiting.pop()
        if name is not None and name not in taken:
            ways = [taken[way] for way in _ahead(flat, flat[name])]
            taken[name] = _time(flat, flat[name]) + max(ways, default=timedelta())
    return taken[first]


def _ahead(flat: Mapping[str, Step], step: Step) -> list[str | None]:
    """Return what comes after a step; of one that repeats others, what comes when it is done."""
    return list(onward(flat, step)) if step.loop() is None else [step.next]


def _time(flat: Mapping[str, Step], step: Step) -> timedelta:
    loop, need = step.loop(), step.need()
    if loop is not None:
        return longest(flat, loop[0], step.id) * loop[1]
    span = need.words.span if isinstance(need, Sleep) else None
    if isinstance(need, Listen | Open) and need.up_to is not None:
        span = need.up_to.span
    return _length(span) if span is not None else timedelta()


def _length(span: Span) -> timedelta:
    """Return about how long a span lasts; business time is taken as five days of eight hours a week."""
    days = span.months * 30.5 + span.days + span.business_days * 1.4 + span.business_time / timedelta(hours=8) * 1.4
    return timedelta(days=days, seconds=span.seconds)
