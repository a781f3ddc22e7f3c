"""The answers to needs, as far as facts alone can give them.

An activity asks these functions on facts from the records, the simulation on facts from a script; each gets the
outcome that goes back to the run, and the row that goes into the contact's timeline.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.asking import Answer, Asked, Row, broken
from domain.cases import suspended_by
from domain.changing import change, changed
from domain.consent import QUESTIONS, Proposed, Question, ask
from domain.dues import Due, MissingMoment, is_past, resolve
from domain.facts import Facts
from domain.holds import HELD, apart
from domain.listening import listen
from domain.lots import drawn, who
from domain.needs import (
    Change,
    Decide,
    Decided,
    Deliver,
    Draw,
    Elapsed,
    Later,
    Listen,
    Need,
    Open,
    Passed,
    Sent,
    Sleep,
)
from domain.opening import opens
from domain.policies import MessageClass
from domain.spans import Delay, Span

__all__ = [
    "FROM_FACTS",
    "Answer",
    "Asked",
    "Row",
    "answer",
    "broken",
    "change",
    "changed",
    "decide",
    "may_go",
    "propose",
    "weighed",
]


FROM_FACTS = (Decide, Draw, Sleep, Listen, Open, Change)
"""The needs that `answer` answers; the others are deeds, and more than a question."""


def answer(need: Need, asked: Asked, facts: Facts) -> Answer:
    """Answer every need of `FROM_FACTS`. For who is held nothing begins."""
    answers: dict[type[Need], Callable[[Any, Asked, Facts], Answer]] = {
        Decide: decide,
        Draw: draw,
        Sleep: sleep,
        Listen: listen,
        Open: opens,
        Change: change,
    }
    if not isinstance(need, FROM_FACTS):
        raise TypeError(f"a {need.need} is not answered from facts alone")
    try:
        if facts.hold is not None:
            return Answer(Later(facts.hold.until, HELD))
        found = answers[type(need)](need, asked, facts)
    except (MissingMoment, ValueError, ArithmeticError) as error:
        return broken(str(error))
    return _by_the_clock(found, facts) if isinstance(need, Sleep | Listen | Open) else found


def _by_the_clock(found: Answer, facts: Facts) -> Answer:
    """Write into the decision log whose clock it was, and on which rung of the ladder that was found."""
    if found.row is None:
        return found
    return replace(found, row=replace(found.row, more=found.row.more | {"clock": str(facts.zone)}))


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


def draw(need: Draw, asked: Asked, facts: Facts) -> Answer:
    """Tell which arm the contact's lot falls on."""
    salt = need.salt or f"{facts.program.sequence}/{asked.step}"
    arm = drawn(salt, who(facts.contact), need.shares)
    percent = round(100 * need.shares[arm] / sum(need.shares), 1)
    why = [f"{need.arms[arm]} has {percent:g}%, drawn by {salt}"]
    return Answer(Decided(arm), Row("took", why=why, more={"arm": need.arms[arm]}))


def sleep(need: Sleep, asked: Asked, facts: Facts) -> Answer:
    """Tell whether the time has come, on the clock the contact has now."""
    due, missed = wait_due(need.words, asked.arrived_at, facts)
    if due is None:
        return Answer(Later(None, suspended_by(facts.held_by)))
    if missed:
        return Answer(Passed(), Row("waited", why=[f"{due.why}: already past"], more={"until": due.at}))
    if facts.now < due.at:
        return Answer(Later(due.at, due.why))
    return Answer(Elapsed(), Row("waited", why=[due.why], more={"until": due.at}))


def wait_due(words: Delay, since: datetime, facts: Facts) -> tuple[Due | None, bool]:
    """Return when a wait is over, and whether its date is missed: past already, or it came while a case held it.

    A weekday or an hour that came meanwhile is the next one after it. None while nobody knows when it goes on.
    """
    if words.needs_if_past and is_past(words, since, facts.sight()):
        return resolve(words, since, facts.sight()), True
    due = facts.due(words, since)
    if due is None or words.span is not None:
        return due, False
    for hold in apart(facts.still, since):
        if due is not None and hold.until is not None and hold.paused_at < due.at < hold.until:
            if words.needs_if_past:
                return due, True
            due = facts.due(words, hold.until)
    return due, False


def propose(
    need: Deliver,
    class_: MessageClass,
    topic: str | None,
    arrived_at: datetime,
    lasts: Span | None = None,
    survey: str | None = None,
) -> Proposed:
    """Return the message a step wants to send."""
    return Proposed(need=need, class_=class_, topic=topic, asked_at=arrived_at, lasts=lasts, survey=survey)


def may_go(proposed: Proposed, facts: Facts, questions: Sequence[Question] = QUESTIONS) -> Answer | None:
    """Ask the gate; None means go. Who is held is not even told that a message has expired: the clock stands still."""
    return weighed(proposed, facts, questions)[0]


def weighed(
    proposed: Proposed, facts: Facts, questions: Sequence[Question] = QUESTIONS
) -> tuple[Answer | None, dict[str, Any]]:
    """Ask the gate, as `may_go`; tell, too, what the decision log keeps of an asking, whatever came of it."""
    log: dict[str, Any] = {"template": proposed.need.template, "clock": str(facts.zone)}
    if facts.policies.version:
        log["policies"] = facts.policies.version
    if facts.hold is not None:
        until = {"until": facts.hold.until} if facts.hold.until else {}
        more = log | {"asked": [["hold", HELD]]} | until
        return Answer(Later(facts.hold.until, HELD), Row("deferred", why=[HELD], more=more, final=False)), more
    try:
        verdict = ask(proposed, facts, questions)
    except (MissingMoment, ValueError, ArithmeticError) as error:
        return broken(str(error)), log
    log["asked"] = [list(each) for each in verdict.asked]
    if verdict.answer == "go":
        return None, log
    if verdict.answer == "no":
        return Answer(Sent("skipped", verdict.reason), Row("skipped", why=[verdict.why], more=log)), log
    until = {"until": verdict.until} if verdict.until is not None else {}
    more = log | until | ({"in_vain": True} if verdict.in_vain else {})
    late = Row("deferred", why=[verdict.why], more=more, final=False)
    return Answer(Later(verdict.until, verdict.reason), late), log
