"""The gate's questions about the moment: a pause, a cap, quiet hours, a window. They say *not yet*, rarely *no*."""

from collections.abc import Iterator
from datetime import datetime

from domain.business_time import is_open, next_closing, next_opening
from domain.calendars import CONTACT, Calendar
from domain.caps import GIVES_WAY, OVER_CAP, OnCap, before_it, count_in, free_from
from domain.dues import resolve
from domain.facts import Facts
from domain.holds import SUSPENDED
from domain.policies import Cap
from domain.verdicts import Answer, No, NotYet, Proposed


def not_suspended(proposed: Proposed, facts: Facts) -> Answer:
    """A paused sequence sends nothing: its messages wait until it is resumed."""
    suspension = facts.suspension
    return "the sequence is not paused" if suspension is None else NotYet(suspension.until, SUSPENDED)


def under_cap(proposed: Proposed, facts: Facts) -> Answer:
    """A frequency cap counts what the contact got in a rolling span, whatever sequence it came from.

    A free place goes to the message of highest priority that is due, then to the one that waits longest.
    """
    counts = []
    for cap in facts.policies.messaging.caps:
        if (cap.class_, cap.channel) != (proposed.class_, proposed.need.channel):
            continue
        found = _within(cap, proposed, facts)
        if not isinstance(found, str):
            return found
        counts.append(found)
    return f"under every cap: {', '.join(counts)}" if counts else "under every cap"


def _within(cap: Cap, proposed: Proposed, facts: Facts) -> Answer:
    kind, span = (cap.class_, cap.channel), cap.in_.elapsed()
    count = count_in(facts.counted, *kind, span, facts.now)
    free = free_from(facts.counted, *kind, cap.most, span, facts.now)
    if free > facts.now:
        return _over(proposed, free, f"{cap.most} {cap.class_} messages in {cap.in_}", facts)
    if before_it(facts.put_off, *kind, facts.program.priority, proposed.asked_at, facts.now) >= cap.most - count:
        return _over(proposed, facts.now + GIVES_WAY, f"{cap.most} in {cap.in_}, a more important one first", facts)
    return f"{count} of {cap.most} in {cap.in_}"


def _over(proposed: Proposed, free: datetime, cap: str, facts: Facts) -> Answer:
    on_cap = OnCap.parse(proposed.need.on_cap) if proposed.need.on_cap else None
    if on_cap is None:
        return NotYet(free, f"cap: {cap}")
    if on_cap.after is None:
        return No(OVER_CAP, f"{OVER_CAP}: {cap}")
    due = resolve(on_cap.after, proposed.asked_at, facts.sight())
    assert due is not None, "a span has an end"
    return No(OVER_CAP, f"{OVER_CAP}: {cap}") if facts.now >= due.at else NotYet(min(free, due.at), f"cap: {cap}")


def not_asked_lately(proposed: Proposed, facts: Facts) -> Answer:
    """Nobody is asked by two surveys in a short time, whoever asks."""
    if proposed.survey is None:
        return "asks for no answer"
    every, last = facts.policies.surveys.at_most_every, facts.surveyed
    free = None if last is None else last + every.elapsed()
    if last is None or free is None or free <= facts.now:
        return f"not asked in the last {every}"
    return NotYet(free, f"one survey in {every}", f"one survey in {every}: asked at {last:%Y-%m-%d %H:%M} UTC")


def not_quiet(proposed: Proposed, facts: Facts) -> Answer:
    """Quiet hours hold a message until they are over on the contact's clock."""
    asked = []
    for name, calendar in quiet_hours(proposed, facts):
        if is_open(facts.now, calendar, facts.zone.zone):
            said = f"quiet hours ({name}, {facts.zone})"
            return NotYet(next_closing(facts.now, calendar, facts.zone.zone), f"quiet hours ({name})", said)
        asked.append(name)
    return f"not in quiet hours ({', '.join(asked)}, {facts.zone})" if asked else "no quiet hours"


def quiet_hours(proposed: Proposed, facts: Facts) -> Iterator[tuple[str, Calendar]]:
    """Yield the hours, each with its name, in which a message of this class is not sent on this channel."""
    for quiet in facts.policies.messaging.quiet:
        if quiet.class_ == proposed.class_ and quiet.channel == proposed.need.channel:
            calendar = facts.calendar(quiet.calendar)
            assert calendar is not None, "a calendar of this name is there or refused"
            yield quiet.calendar, calendar


def not_their_pause(proposed: Proposed, facts: Facts) -> Answer:
    """Whoever asked for a pause on their preference page gets no marketing until it is over."""
    until = facts.wishes.paused_for(facts.now) if proposed.class_ == "marketing" else None
    return "they have not asked for a pause" if until is None else NotYet(until, "they asked for a pause")


def not_their_quiet(proposed: Proposed, facts: Facts) -> Answer:
    """The contact's own quiet hours hold all but what they have just asked for."""
    until = None if proposed.class_ == "transactional" else facts.wishes.quiet_until(facts.now, facts.zone.zone)
    if until is None:
        return "not in quiet hours of their own"
    return NotYet(until, f"quiet hours of their own ({facts.wishes.quiet_hours})")


def in_window(proposed: Proposed, facts: Facts) -> Answer:
    """A window holds the contact before the step until it opens."""
    name = proposed.need.window or facts.program.window
    if name is None or name == "none":
        return "no window"
    return not_before(name, facts) or f"inside {name} ({_clock(name, facts)})"


def not_before(window: str | None, facts: Facts) -> NotYet | None:
    """Return when the window of a step (else of its sequence) opens; None if it is open, or there is none."""
    name = window or facts.program.window
    if name is None or name == "none":
        return None
    calendar = facts.calendar(name)
    assert calendar is not None, "a calendar of this name is there or refused"
    opening = next_opening(facts.now, calendar, facts.zone.zone)
    if opening <= facts.now:
        return None
    return NotYet(opening, f"outside {name} ({_clock(name, facts)})")


def _clock(name: str, facts: Facts) -> str:
    """Return whose clock a calendar is read on: its own, or the contact's and how that is known."""
    calendar = facts.calendar(name)
    return str(facts.zone) if calendar is None or calendar.zone == CONTACT else f"{calendar.zone}, its own clock"


def waits_for(window: str | None, facts: Facts) -> NotYet | None:
    """Return what a task or a message to staff waits for: the end of a pause, or a window; None if it may go."""
    suspension = facts.suspension
    return not_before(window, facts) if suspension is None else NotYet(suspension.until, SUSPENDED)
