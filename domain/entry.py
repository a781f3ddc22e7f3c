"""Who enters a sequence, and what ends a run from outside.

Entry asks its questions in the order of sequence-language.md section 6; the first that says no is the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.consent import barred
from domain.dues import resolve
from domain.events import EVERYTHING
from domain.facts import Event, Facts
from domain.holds import SUSPENDED
from domain.program import Program, Trigger
from domain.spans import Span

# An event may overtake the attribute its `where` reads; it is asked again for this long (sequence-language.md 6).
WHERE_AGAIN = timedelta(minutes=30)


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
}


@dataclass(frozen=True)
class Before:
    """The runs a contact had in this sequence (and under this `per`): is one open, and when did the last end."""

    ever: bool = False
    open: bool = False
    last_ended_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """`enters`, or the check that refused it. `why` is every check asked."""

    enters: bool
    check: str = ""
    why: list[str] = field(default_factory=list)
    per: str | None = None


def starts(program: Program, event: Event) -> Trigger | None:
    """Return the trigger of `program` that this event is, None if it is none of them; `where` is not asked here.

    Nothing starts a draft.
    """
    if program.status != "live":
        return None
    return next((trigger for trigger in program.enter if _is(trigger, event)), None)


def may_enter(facts: Facts, before: Before, trigger: Trigger | None = None, event: Event | None = None) -> Entry:
    """Ask every check in order. `trigger` and `event` are None when a person enrols a contact by hand."""
    why: list[str] = []
    for name, no in _checks(facts, before, trigger, event):
        if no is not None:
            return Entry(False, name, [*why, no])
        why.append(PASSED[name])
    return Entry(True, why=why, per=per_of(facts))


def _checks(
    facts: Facts, before: Before, trigger: Trigger | None, event: Event | None
) -> Iterable[tuple[str, str | None]]:
    # Lazy: a check that comes later is not asked once one has said no.
    yield "suppressed", _suppressed(facts)
    already = ended_already(facts)
    yield "exit", already.why if already and already.reason != "converted" else None
    yield "goal", already.why if already and already.reason == "converted" else None
    yield "again", _again(facts, before)
    if trigger is not None and trigger.where is not None:
        judgement = facts.judge(trigger.where, event)
        yield "where", None if judgement.true else judgement.why
    if facts.program.when is not None and trigger is not None:
        judgement = facts.judge(facts.program.when)
        yield "when", None if judgement.true else judgement.why
    yield "consent", _consent(facts)
    # Asked when all else says yes, and before others make room: so it counts who would have come in.
    yield "paused", SUSPENDED if facts.suspension is not None else None


def _suppressed(facts: Facts) -> str | None:
    reason = barred("marketing" if facts.program.marketing else "service", facts.standing)
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


def _again(facts: Facts, before: Before) -> str | None:
    again = facts.program.again
    if facts.program.per is not None and per_of(facts) is None:
        return f"{facts.program.per} is missing"
    if again.rule == "never" and before.ever:
        return "again: never, and was in it before"
    if again.rule == "after_exit" and before.open:
        return "again: after_exit, and is in it now"
    if again.rule == "after_exit" and again.after and before.last_ended_at is not None:
        due = resolve(Span.parse(again.after), before.last_ended_at, facts.sight())
        if due is not None and facts.now < due.at:
            return f"again: after_exit {again.after}, not before {due.at:%Y-%m-%d %H:%M} UTC"
    return None


def per_of(facts: Facts) -> str | None:
    """Return the value that `per` names, as the records keep it; None without `per`, or if nothing stands there."""
    if facts.program.per is None:
        return None
    value = facts.read(facts.program.per)
    return None if value is None else str(value)[:200]


def _consent(facts: Facts) -> str | None:
    topic = facts.program.topic
    if not facts.program.marketing or topic is None or facts.topic(topic):
        return None
    said = facts.standing.consents.get(topic, "opted_out by default")
    if said == "opted_in" or {topic, EVERYTHING} & facts.standing.withdrawn:
        said = "withdrawn"
    return f"consent: {topic} is {said}"


def ended_by(facts: Facts, event: Event) -> str | None:
    """Return the reason for which `event` ends a run at once, None if it does not.

    Goals come first: who buys and unsubscribes with the same click has bought.
    """
    for trigger in facts.program.goal:
        if _is(trigger, event) and _true(trigger, event, facts):
            return "converted"
    for trigger in facts.program.exit:
        if trigger.when is None and _is(trigger, event) and _true(trigger, event, facts):
            return f"exited:{event.name}"
    # Who reports us as spam is not written to any more, by no sequence: the person is suppressed, not an address.
    return "suppressed" if event.name == "complained" else _unsubscribed(facts.program, event)


def _unsubscribed(program: Program, event: Event) -> str | None:
    if event.name != "unsubscribed" or not program.marketing or program.on_unsubscribe == "stay":
        return None
    return "unsubscribed" if (event.data.get("topic") or EVERYTHING) in (EVERYTHING, program.topic) else None


def _is(trigger: Trigger, event: Event) -> bool:
    if trigger.name != event.name:
        return False
    return trigger.form is None or event.data.get("form") == trigger.form


def _true(trigger: Trigger, event: Event, facts: Facts) -> bool:
    return trigger.where is None or facts.judge(trigger.where, event).true
