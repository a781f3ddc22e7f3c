"""The door of a simulated sequence: what starts the run, and how long a contact waits to be let in.

The questions are those of `domain/entry.py`; what they put off is asked again at what the script has next.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from domain.admission import Before
from domain.anniversaries import DateWords
from domain.cases import is_held, suspended_by
from domain.coming import coming
from domain.dues import date_in
from domain.entry import Entry, holds, may_enter
from domain.events import SEGMENT_ENTERED
from domain.facts import Event, Facts
from domain.program import Program, Trigger
from domain.script import Scripted

# Where a contact stands that waits to be let in.
DOOR = "entry"
# Nobody knows when a case is released.
NEVER = datetime.max.replace(tzinfo=UTC)


class Waits(Protocol):
    """A simulated world, as far as somebody at the door needs it."""

    @property
    def facts(self) -> Facts: ...

    def pass_to(self, due: datetime) -> bool:
        """Go to this instant, or to what the script has before it; False where the simulation ends before that."""
        ...


def let_in(world: Waits, trigger: Trigger | None, event: Event | None) -> tuple[Entry, datetime]:
    """Ask at the door until there is an answer, or the simulation is over; return it with the instant of entry."""
    while event is not None and is_held(event, world.facts.policies.recovery, world.facts.cases):
        if not world.pass_to(NEVER):
            return Entry(False, "case", [suspended_by(world.facts.held_by)], waits_until=NEVER), world.facts.now
    asked_at, entered_at = world.facts.now, world.facts.now
    while True:
        entry = may_enter(world.facts, Before(), trigger, event, asked_at)
        if entry.waits_until is None or not world.pass_to(entry.waits_until):
            return entry, entered_at
        # An attribute that comes late changes nothing about the entry; a confirmation is its moment.
        entered_at = asked_at if entry.check == "where" else world.facts.now


def starting_trigger(program: Program, facts: Facts) -> Trigger | None:
    """Return the trigger the script means: the first that its data names and whose `where` is true, else the first.

    `name` names an event, `form`, `segment` and `date` what they are called.
    """
    event = Event(id=0, name="", at=facts.now, data=facts.run_event)
    meant = [each for each in program.enter if _is_named(each, facts.run_event)] or list(program.enter)
    return next((each for each in meant if holds(each, event, facts)), meant[0] if meant else None)


def _is_named(trigger: Trigger, data: Mapping[str, Any]) -> bool:
    named = {"form": trigger.form, "segment": trigger.segment, "date": trigger.date, "name": trigger.event}
    return any(key in data and value is not None and data[key] in (value, "", None) for key, value in named.items())


def data_of(trigger: Trigger, facts: Facts) -> dict[str, Any]:
    """Return what comes along with this trigger; what the script says comes first."""
    known: dict[str, Any] = {}
    if trigger.form is not None:
        known["form"] = trigger.form
    if trigger.segment is not None:
        known["segment"] = trigger.segment
    if trigger.date is not None:
        known["date"] = _occurrence(DateWords.parse(trigger.date), facts)
    return known | dict(facts.run_event)


def _occurrence(words: DateWords, facts: Facts) -> str | None:
    if words.yearly:
        # A simulation begins at the instant at which the date lets in.
        found = coming(words, facts.now - timedelta(seconds=1), facts.sight()) if words.moment.span else None
        return found.occurrence if found is not None else facts.now.astimezone(facts.zone.zone).date().isoformat()
    day = date_in(facts.read(words.source)) if "." in words.source else date_in(words.source)
    return day.isoformat() if day is not None else None


def watched(program: Program) -> frozenset[str]:
    """Return the segments that end a run of this program when the contact becomes a member."""
    return frozenset(each.segment for each in (*program.goal, *program.exit) if each.segment is not None)


def joined(segments: frozenset[str], before: frozenset[str], facts: Facts) -> tuple[frozenset[str], list[Scripted]]:
    """Return which of these segments the contact is in now, and what happens because it was not before."""
    now_in = frozenset(name for name in segments if facts.in_segment(name))
    fresh = sorted(now_in - before)
    return now_in, [Scripted(at=facts.now, event=SEGMENT_ENTERED, data={"segment": name}) for name in fresh]
