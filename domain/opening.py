"""Tasks and cases: when one is opened, and with what outcome its run goes on."""

from datetime import datetime

from domain.asking import Answer, Asked, Row
from domain.blanks import filled
from domain.consent import waits_for
from domain.facts import Facts
from domain.needs import Done, Happened, Later, Need, Open, Outcome, TimedOut

# What came of a task that nobody completed in time.
TIMED_OUT = "timed_out"


def opens(need: Open, asked: Asked, facts: Facts) -> Answer:
    """Tell that a task or a case is to be opened (`Row.opens`), and later what became of it."""
    opened_at = facts.begun.get((asked.step, asked.visit))
    if opened_at is not None:
        return _worked_on(need, asked, opened_at, facts)
    # A case is no working hours' matter: whoever is wronged on a Saturday is wronged on that Saturday.
    closed = waits_for(need.window, facts) if need.what == "task" else None
    if closed is not None:
        late = Row("deferred", why=[closed.reason], more={"until": closed.until}, final=False)
        return Answer(Later(closed.until, closed.reason), late)
    title = filled(need.title, facts.read)
    named = {"team": need.team, "owner": need.owner, "severity": need.severity, "incident": incident(need, facts)}
    more = {need.what: title} | {key: value for key, value in named.items() if value is not None}
    why = [f"for {need.team or need.owner}"] if need.what == "task" else []
    if need.up_to is None:
        return Answer(Done(), Row("opened", why=why, more=more))
    deadline = facts.due(need.up_to, facts.now)
    words = f"{title}, up to {deadline.why}" if deadline else title
    return Answer(Later(deadline.at if deadline else None, words), Row("opened", why=why, more=more, final=False))


def incident(need: Open, facts: Facts) -> str | None:
    """Return what a case is about, in the words of whoever told of it; None for a task, or if nothing is there."""
    value = facts.read(need.incident) if need.incident is not None else None
    return None if value is None else str(value)[:200]


def _worked_on(need: Open, asked: Asked, opened_at: datetime, facts: Facts) -> Answer:
    if need.up_to is None:
        return Answer(Done())
    deadline = facts.due(need.up_to, opened_at)
    for event in facts.events:
        mine = (event.enrolment, event.step) == (facts.enrolment, asked.step) and event.id not in facts.taken
        in_time = opened_at <= event.at and (deadline is None or event.at <= deadline.at)
        if event.name in need.events and mine and in_time and event.visit in (None, asked.visit):
            word = str(event.data.get("outcome") or event.name.removeprefix("task_"))
            found = Happened(event.name, of=event.step, id=event.id, at=event.at, answer=word)
            more = {"event": event.name, "outcome": word}
            return Answer(found, Row("matched", why=[f"completed: {word}"], more=more, event=event.id))
    if deadline is None or facts.now < deadline.at:
        return Answer(Later(deadline.at if deadline else None, f"up to {deadline.why}" if deadline else ""))
    return Answer(TimedOut(), Row(TIMED_OUT, why=[deadline.why], more={"until": deadline.at}))


def came_of(need: Need, outcome: Outcome) -> str | None:
    """Return what came of a task; None for what is no task, or one that goes on."""
    if isinstance(outcome, Happened):
        return outcome.answer
    return TIMED_OUT if isinstance(outcome, TimedOut) and isinstance(need, Open) else None
