"""Who enters a sequence, and what ends a run from outside.

Entry asks its questions in the order of sequence-language.md section 6; the first that says no is the reason. Those
that can say *not yet* are in `domain/admission.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.admission import Before, Said, agreement, conflict, drawn_out, overtaken
from domain.consent import barred
from domain.dues import resolve
from domain.events import EVERYTHING, SUPPRESSED
from domain.facts import Event, Facts
from domain.holds import SUSPENDED
from domain.program import Program, Trigger
from domain.readers import by_a_person
from domain.spans import Span
from domain.standing import EMAIL, channel_of

__all__ = [
    "PASSED",
    "Before",
    "End",
    "Entry",
    "converted_late",
    "ended_already",
    "ended_by",
    "holds",
    "may_enter",
    "meant",
    "over_at",
    "per_of",
    "triggers_of",
]

# What the decision log says of a check that found nothing against the entry.
PASSED = {
    "suppressed": "not suppressed",
    "exit": "no exit condition is true",
    "goal": "no goal is reached yet",
    "again": "may enter by 'again'",
    "where": "'where' is true",
    "when": "'when' is true",
    "consent": "consent is there or not needed",
    "paused": "the sequence is not paused",
    "group": "nothing else of its group runs",
    "holdout": "not held out",
}


@dataclass(frozen=True)
class Entry:
    """`enters`, or the check that refused it. `why` is every check asked.

    With `waits_until` the check put it off: it is asked again until then. `replaces` are the runs that end for it.
    """

    enters: bool
    check: str = ""
    why: list[str] = field(default_factory=list)
    per: str | None = None
    waits_until: datetime | None = None
    replaces: tuple[str, ...] = ()


def triggers_of(program: Program, event: Event) -> tuple[Trigger, ...]:
    """Return the triggers of `program` that this event is; `where` is not asked here. Nothing starts a draft."""
    if program.status != "live":
        return ()
    return tuple(trigger for trigger in program.enter if is_of(trigger, event))


def meant(triggers: Sequence[Trigger], event: Event, facts: Facts) -> Trigger:
    """Return the one of these triggers that starts a run: the first whose `where` is true, else the first."""
    return next((trigger for trigger in triggers if holds(trigger, event, facts)), triggers[0])


def may_enter(
    facts: Facts,
    before: Before,
    trigger: Trigger | None = None,
    event: Event | None = None,
    asked_at: datetime | None = None,
) -> Entry:
    """Ask every check in order. `trigger` and `event` are None when a person enrols a contact by hand.

    `asked_at` is when the trigger was received, where this is not the first time it is asked.
    """
    why: list[str] = []
    replaces: list[str] = []
    for name, said in _checks(facts, before, trigger, event, asked_at or facts.now):
        why.append(said.why or PASSED[name])
        if not said.yes:
            return Entry(False, name, why, per_of(facts), waits_until=said.until)
        replaces += said.replaces
    return Entry(True, why=why, per=per_of(facts), replaces=tuple(replaces))


def _checks(
    facts: Facts, before: Before, trigger: Trigger | None, event: Event | None, asked_at: datetime
) -> Iterable[tuple[str, Said]]:
    # Lazy: a check that comes later is not asked once one has said no.
    yield "suppressed", _no(_suppressed(facts))
    already = ended_already(facts)
    yield "exit", _no(already.why if already and already.reason != "converted" else None)
    yield "goal", _no(already.why if already and already.reason == "converted" else None)
    again = _again(facts, before)
    yield "again", again
    if trigger is not None and trigger.where is not None:
        yield "where", overtaken(trigger.where, event, facts, asked_at)
    if facts.program.when is not None and trigger is not None:
        judgement = facts.judge(facts.program.when)
        yield "when", _no(None if judgement.true else judgement.why)
    yield "consent", agreement(facts, asked_at)
    # Asked when all else says yes, and before others make room: so it counts who would have come in.
    yield "paused", _no(SUSPENDED if facts.suspension is not None else None)
    if facts.program.group is not None:
        yield "group", conflict(facts.program, before, again.replaces, facts.now, asked_at)
    if facts.program.holdout:
        yield "holdout", drawn_out(facts)


def _no(why: str | None) -> Said:
    return Said(why is None, why or "")


def _suppressed(facts: Facts) -> str | None:
    standing = facts.standing.on(facts.program.asks_about)
    reason = barred("marketing" if facts.program.marketing else "service", standing)
    return None if reason is None else f"suppressed: {reason}"


@dataclass(frozen=True)
class End:
    """How a run ends, and the condition that says so, with its values."""

    reason: str
    why: str


def over_at(facts: Facts, event: Event) -> End | None:
    """Return how a run ends at once when `event` happens: by itself, or because a condition is true now."""
    reason = ended_by(facts, event)
    return End(reason, f"{event.name} happened") if reason is not None else ended_already(facts)


def ended_already(facts: Facts) -> End | None:
    """Return how a run of this program would end at once: by a goal or an exit whose condition is true.

    It is asked at entry, when the record changes, and before every step. Goals come first, as in `ended_by`.
    """
    for triggers, reason in ((facts.program.goal, "converted"), (facts.program.exit, "exited:condition")):
        for trigger in triggers:
            if trigger.when is not None and facts.holds_true(trigger.when):
                return End(reason, facts.judge(trigger.when).why)
    return None


def _again(facts: Facts, before: Before) -> Said:
    again = facts.program.again
    if facts.program.per is not None and per_of(facts) is None:
        return Said(False, f"{facts.program.per} is missing")
    if again.rule == "never" and before.ever:
        return Said(False, "again: never, and was in it before")
    if again.rule == "restart" and before.open:
        return Said(True, "again: restart, and the run it is in ends", replaces=before.runs)
    if again.rule == "after_exit" and before.open:
        return Said(False, "again: after_exit, and is in it now")
    if again.rule == "after_exit" and again.after and before.last_ended_at is not None:
        due = resolve(Span.parse(again.after), before.last_ended_at, facts.sight())
        if due is not None and facts.now < due.at:
            return Said(False, f"again: after_exit {again.after}, not before {due.at:%Y-%m-%d %H:%M} UTC")
    return Said(True)


def per_of(facts: Facts) -> str | None:
    """Return the value that `per` names, as the records keep it; None without `per`, or if nothing stands there."""
    if facts.program.per is None:
        return None
    value = facts.read(facts.program.per)
    return None if value is None else str(value)[:200]


def ended_by(facts: Facts, event: Event) -> str | None:
    """Return the reason for which `event` ends a run at once, None if it does not.

    Goals come first: who buys and unsubscribes with the same click has bought.
    """
    for trigger in facts.program.goal:
        if is_of(trigger, event) and holds(trigger, event, facts):
            return "converted"
    for trigger in facts.program.exit:
        if trigger.when is None and is_of(trigger, event) and holds(trigger, event, facts):
            return f"exited:{event.name}"
    if event.name == SUPPRESSED and event.data.get("reason") == "objection" and not facts.program.marketing:
        return None
    # Who reports us as spam is not written to any more, by no sequence: the person is suppressed, not an address.
    return "suppressed" if event.name in ("complained", SUPPRESSED) else _unsubscribed(facts.program, event)


def _unsubscribed(program: Program, event: Event) -> str | None:
    if event.name != "unsubscribed" or not program.marketing or program.on_unsubscribe == "stay":
        return None
    if not _writes_only_there(program, channel_of(event.data)):
        return None
    return "unsubscribed" if (event.data.get("topic") or EVERYTHING) in (EVERYTHING, program.topic) else None


def _writes_only_there(program: Program, channel: str) -> bool:
    """Whether all that a program sends goes by this channel. Who wants no texts still reads e-mail: the gate skips
    the texts, and the run goes on."""
    return channel == EMAIL or program.channels <= {channel}


def converted_late(facts: Facts, ended_at: datetime, event: Event | None) -> bool:
    """Whether a goal with `within` is reached now, so long after the run's end: by an event, or by a condition."""
    for trigger in facts.program.goal:
        if trigger.within is None:
            continue
        due = resolve(Span.parse(trigger.within), ended_at, facts.sight())
        if due is None or facts.now > due.at:
            continue
        if trigger.when is not None and facts.judge(trigger.when).true:
            return True
        if event is not None and is_of(trigger, event) and holds(trigger, event, facts):
            return True
    return False


def is_of(trigger: Trigger, event: Event) -> bool:
    """Whether this is the kind of event that the trigger names, and no machine's; `where` is not asked here."""
    if trigger.name is None or trigger.name != event.name or not by_a_person(event.name, event.data):
        return False
    if trigger.segment is not None:
        return event.data.get("segment") == trigger.segment
    return trigger.form is None or event.data.get("form") == trigger.form


def holds(trigger: Trigger, event: Event, facts: Facts) -> bool:
    """Whether the trigger's `where`, if it has one, is true of this event."""
    return trigger.where is None or facts.judge(trigger.where, event).true
