"""The answers to needs, as far as facts alone can give them.

An activity asks these functions on facts from the records, the simulation on facts from a script; each gets the
outcome that goes back to the run, and the row that goes into the contact's timeline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.consent import QUESTIONS, Proposed, Question, ask
from domain.dues import Due, MissingMoment, is_past, resolve
from domain.facts import Event, Facts
from domain.holds import HELD
from domain.needs import (
    Broken,
    Change,
    Decide,
    Decided,
    Deliver,
    Done,
    Elapsed,
    Happened,
    Later,
    Listen,
    Need,
    Outcome,
    Passed,
    Sent,
    Sleep,
    TimedOut,
)
from domain.policies import MessageClass


@dataclass(frozen=True)
class Asked:
    """Who asks: one visit of a step by one run. `admission` says that it is the step's own `when` that is asked."""

    step: str
    kind: str
    visit: int
    arrived_at: datetime
    since: datetime
    admission: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a timeline, in the vocabulary of `rapport simulate --json`.

    `final` closes the visit, `shown` is False for what only the decision log keeps.
    """

    did: str
    why: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    final: bool = True
    shown: bool = True
    event: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the run is told, and what the timeline."""

    outcome: Outcome
    row: Row | None = None


def answer(need: Need, asked: Asked, facts: Facts) -> Answer:
    """Answer every need but a message, which is more than a question. For who is held nothing begins."""
    try:
        if facts.hold is not None:
            return Answer(Later(facts.hold.until, HELD))
        if isinstance(need, Decide):
            return decide(need, asked, facts)
        if isinstance(need, Sleep):
            return sleep(need, asked, facts)
        if isinstance(need, Listen):
            return listen(need, asked, facts)
        if isinstance(need, Change):
            return change(need, facts)
    except (MissingMoment, ValueError, ArithmeticError) as error:
        return broken(str(error))
    raise TypeError(f"a {need.need} is not answered from facts alone")


def broken(reason: str) -> Answer:
    """This contact's data breaks the step. The reason may name data, so it stands in the row alone."""
    return Answer(Broken("this contact's data breaks the step"), Row("stopped", why=[reason]))


def decide(need: Decide, asked: Asked, facts: Facts) -> Answer:
    """Tell the first true condition, with every value that was read on the way."""
    why: list[str] = []
    read: dict[str, Any] = {}
    for arm, condition in enumerate(need.conditions):
        if condition is None:
            return _took(need, asked, arm, why, read)
        judgement = facts.judge(condition)
        read |= judgement.read
        why.append(judgement.why)
        if judgement.true:
            return _took(need, asked, arm, why, read)
    if asked.admission:
        return Answer(Decided(None), Row("skipped", why=why, more={"read": read}))
    return Answer(Decided(None), Row("took", why=why, more={"arm": "none", "read": read}))


def _took(need: Decide, asked: Asked, arm: int, why: list[str], read: dict[str, Any]) -> Answer:
    if asked.admission:
        return Answer(Decided(arm), Row("took", why=why, more={"read": read}, shown=False))
    return Answer(Decided(arm), Row("took", why=why, more={"arm": need.arms[arm], "read": read}))


def sleep(need: Sleep, asked: Asked, facts: Facts) -> Answer:
    """Tell whether the time has come, on the clock the contact has now."""
    due = _due(facts.due(need.words, asked.arrived_at))
    if need.words.needs_if_past and is_past(need.words, asked.arrived_at, facts.sight()):
        return Answer(Passed(), Row("waited", why=[f"{due.why}: already past"], more={"until": due.at}))
    if facts.now < due.at:
        return Answer(Later(due.at, due.why))
    return Answer(Elapsed(), Row("waited", why=[due.why], more={"until": due.at}))


def _due(due: Due | None) -> Due:
    assert due is not None, "a wait has an end"
    return due


def listen(need: Listen, asked: Asked, facts: Facts) -> Answer:
    """Tell what happened first, else whether the time allowed is over."""
    deadline = facts.due(need.up_to, asked.arrived_at)
    since = asked.since
    if need.since_span is not None:
        span = _due(resolve(need.since_span, asked.arrived_at, facts.sight())).at - asked.arrived_at
        since = asked.arrived_at - span
    for event in facts.events:
        in_time = since <= event.at and (deadline is None or event.at <= deadline.at)
        if in_time and event.id not in facts.taken and _matches(need, event, facts):
            more = {"event": event.name} | ({"of": event.step} if event.step else {})
            found = Happened(event.name, of=event.step, id=event.id, at=event.at)
            return Answer(found, Row("matched", why=[f"{event.name} happened"], more=more, event=event.id))
    if deadline is None or facts.now < deadline.at:
        names = " or ".join(need.events)
        why = f"{names}, up to {deadline.why}" if deadline else names
        return Answer(Later(deadline.at if deadline else None, why))
    return Answer(TimedOut(), Row("timed_out", why=[deadline.why], more={"until": deadline.at}))


def _matches(need: Listen, event: Event, facts: Facts) -> bool:
    if event.name not in need.events:
        return False
    if need.of is not None and (event.step != need.of or event.enrolment != facts.enrolment):
        return False
    if need.form is not None and event.data.get("form") != need.form:
        return False
    if event.name in ("opened", "clicked") and event.data.get("by", "human") != "human":
        return False
    return need.where is None or facts.judge(need.where, event).true


def change(need: Change, facts: Facts) -> Answer:
    """Tell what the record will hold."""
    new = changed(need, facts.contact)
    why = [f"{name}: {_shown(facts.contact.get(name))} → {_shown(value)}" for name, value in new.items()]
    why += [f"topic {name}: withdrawn" for name in need.topics_off]
    return Answer(Done(), Row("updated", why=why, more={"set": new} | _listed("withdrawn", need.topics_off)))


def _listed(name: str, values: tuple[str, ...]) -> dict[str, Any]:
    return {name: list(values)} if values else {}


def _shown(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def changed(need: Change, contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that `need` gives a new value, with that value. Raises ValueError where it cannot be done."""
    new: dict[str, Any] = {name: _as_before(name, value, contact.get(name)) for name, value in need.set.items()}
    for name, amount in need.add.items():
        before = contact.get(name) or 0
        if not isinstance(before, int | float) or isinstance(before, bool):
            raise ValueError(f"contact.{name} is {before!r}, no number; correct the record")
        new[name] = before + amount
    if need.tags_on or need.tags_off:
        kept = [tag for tag in contact.get("tags") or [] if tag not in need.tags_off]
        new["tags"] = kept + [tag for tag in need.tags_on if tag not in kept]
    return new


def _as_before(name: str, value: str, before: Any) -> Any:
    """Return a written value as the kind of value the field holds."""
    if isinstance(before, bool):
        return value in ("true", "yes")
    if isinstance(before, int | float) or name == "score":
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            raise ValueError(f"contact.{name} takes a number, not {value!r}; correct the step") from None
    return value


def propose(need: Deliver, class_: MessageClass, topic: str | None, arrived_at: datetime) -> Proposed:
    """Return the message a step wants to send."""
    return Proposed(need=need, class_=class_, topic=topic, asked_at=arrived_at)


def may_go(proposed: Proposed, facts: Facts, questions: Sequence[Question] = QUESTIONS) -> Answer | None:
    """Ask the gate; None means go. Who is held is not even told that a message has expired: the clock stands still."""
    more = {"template": proposed.need.template}
    if facts.hold is not None:
        until = {"until": facts.hold.until} if facts.hold.until else {}
        return Answer(Later(facts.hold.until, HELD), Row("deferred", why=[HELD], more=more | until, final=False))
    try:
        verdict = ask(proposed, facts, questions)
    except (MissingMoment, ValueError, ArithmeticError) as error:
        return broken(str(error))
    if verdict.answer == "go":
        return None
    if verdict.answer == "no":
        return Answer(Sent("skipped", verdict.reason), Row("skipped", why=verdict.why, more=more))
    late = Row("deferred", why=verdict.why, more=more | {"until": verdict.until}, final=False)
    return Answer(Later(verdict.until, verdict.reason), late)
