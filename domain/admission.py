"""The checks at the door that can say *not yet*, or let somebody in at another's expense.

An event may overtake the attribute its `where` reads, a consent may wait for its confirmation, a run of the same group
for the other's end (sequence-language.md section 6). What waits is asked again, everything from the beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.conditions import FUNCTIONS, functions_used, paths
from domain.events import EVERYTHING
from domain.facts import Event, Facts
from domain.lots import PLACES, place, who
from domain.program import Program
from domain.standing import EMAIL

# How long after the trigger each check is asked again.
WAITS = {"where": timedelta(minutes=30), "consent": timedelta(hours=72), "group": timedelta(days=30)}


@dataclass(frozen=True)
class Rival:
    """An open run of another sequence of the same group."""

    enrolment: str
    sequence: str
    priority: int


@dataclass(frozen=True)
class Before:
    """The runs a contact had in this sequence (and under this `per`): is one open, and when did the last end.

    `runs` are the open ones, `rivals` the open runs of the same group.
    """

    ever: bool = False
    open: bool = False
    last_ended_at: datetime | None = None
    runs: tuple[str, ...] = ()
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True)
class Said:
    """What a check said. A *no* with `until` is *not yet*; a *yes* may end other runs, `replaces`."""

    yes: bool
    why: str = ""
    until: datetime | None = None
    replaces: tuple[str, ...] = ()


def not_yet(check: str, why: str, now: datetime, asked_at: datetime) -> Said:
    """Return *not yet* as long as this check is asked again, *no* after that."""
    until = asked_at + WAITS[check]
    return Said(False, why, until if now < until else None)


def overtaken(where: str, event: Event | None, facts: Facts, asked_at: datetime) -> Said:
    """Ask a trigger's `where`; what hangs on the event alone will never be otherwise, the rest may be on its way."""
    judgement = facts.judge(where, event)
    if judgement.true:
        return Said(True)
    if hangs_on_event_alone(where):
        return Said(False, judgement.why)
    return not_yet("where", judgement.why, facts.now, asked_at)


def hangs_on_event_alone(where: str) -> bool:
    """Whether a condition reads nothing but the event, so that asking it again tells the same.

    >>> hangs_on_event_alone("event.plan != 'free'"), hangs_on_event_alone("event.plan == contact.plan")
    (True, False)
    """
    return all(path.startswith("event.") for path in paths(where)) and not FUNCTIONS.keys() & set(functions_used(where))


def agreement(facts: Facts, asked_at: datetime) -> Said:
    """Ask for consent to the sequence's topic, by text where it sends nothing but texts. One that waits for its
    confirmation is *not yet*."""
    topic, channel = facts.program.topic, facts.program.asks_about
    if not facts.program.marketing or topic is None or facts.topic(topic, channel):
        return Said(True)
    standing = facts.standing.on(channel)
    said = standing.consents.get(topic, "opted_out by default")
    if said == "opted_in" or {topic, EVERYTHING} & standing.withdrawn:
        said = "withdrawn"
    why = f"consent: {topic}{'' if channel == EMAIL else f' for {channel}'} is {said}"
    return not_yet("consent", why, facts.now, asked_at) if said == "pending" else Said(False, why)


def conflict(program: Program, before: Before, ending: Sequence[str], now: datetime, asked_at: datetime) -> Said:
    """Ask whether another sequence of the group is running, and who gives way. `ending` are runs that end anyway."""
    rivals = [rival for rival in before.rivals if rival.enrolment not in ending]
    if not rivals:
        return Said(True)
    names = ", ".join(sorted({rival.sequence for rival in rivals}))
    why = f"group: {program.group}, and is in {names} now"
    if program.on_conflict == "wait":
        return not_yet("group", why, now, asked_at)
    if program.on_conflict == "refuse":
        return Said(False, why)
    if any(rival.priority > program.priority for rival in rivals):
        return Said(False, f"{why}, of higher priority")
    why = f"group: {program.group}, and takes the place of {names}"
    return Said(True, why, replaces=tuple(rival.enrolment for rival in rivals))


def drawn_out(facts: Facts) -> Said:
    """Ask whether this contact is held out, to be compared with: drawn by a hash, the same for ever."""
    salt = facts.program.holdout_salt or facts.program.sequence
    if place(salt, who(facts.contact)) >= facts.program.holdout * PLACES:
        return Said(True)
    return Said(False, f"holdout: drawn among {facts.program.holdout * 100:g}%")
