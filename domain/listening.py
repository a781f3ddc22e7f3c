"""Waiting for something to happen: an event, a form, a condition that becomes true."""

from datetime import timedelta

from domain.asking import Answer, Asked, Row
from domain.conditions import changes_with_time
from domain.dues import Due, resolve
from domain.facts import Event, Facts
from domain.needs import Happened, Later, Listen, TimedOut
from domain.readers import by_a_person
from domain.spans import Span

# A condition that time alone can make true is asked again after this long.
WATCHED_AGAIN = timedelta(hours=1)


def listen(need: Listen, asked: Asked, facts: Facts) -> Answer:
    """Tell what happened first, else whether the time allowed is over."""
    deadline = facts.due(need.up_to, asked.arrived_at)
    condition = f"in_segment('{need.segment}')" if need.segment is not None else need.when
    if condition is not None:
        return watch(condition, deadline, asked, facts)
    since = asked.since
    if need.since_span is not None:
        span = _length(need.since_span, asked, facts)
        since = asked.arrived_at - span
    for event in facts.told:
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


def watch(condition: str, deadline: Due | None, asked: Asked, facts: Facts) -> Answer:
    """Tell whether a condition is true, else when to ask again: what time alone changes is seen within the hour.

    Whatever happens to the contact, and every change of the record, has it asked at once.
    """
    judgement = _in_time(facts, deadline).judge(condition)
    if judgement.true:
        return Answer(Happened("condition"), Row("matched", why=[judgement.why], more={"read": judgement.read}))
    if deadline is not None and facts.now >= deadline.at:
        return Answer(TimedOut(), Row("timed_out", why=[deadline.why], more={"until": deadline.at}))
    dues = [deadline.at] if deadline is not None else []
    if changes_with_time(condition):
        # On a grid from the arrival, so that whoever asks a little late does not drift.
        rounds = (facts.now - asked.arrived_at) // WATCHED_AGAIN + 1
        dues.append(asked.arrived_at + rounds * WATCHED_AGAIN)
    return Answer(Later(min(dues, default=None), f"{condition}, up to {deadline.why}" if deadline else condition))


def _in_time(facts: Facts, deadline: Due | None) -> Facts:
    """Return the facts of the deadline once it has come: a worker that was away takes nothing from anybody."""
    if deadline is None or facts.now < deadline.at:
        return facts
    return facts.but(now=deadline.at, events=[event for event in facts.events if event.at <= deadline.at])


def _matches(need: Listen, event: Event, facts: Facts) -> bool:
    if event.name not in need.events:
        return False
    if need.of and (event.step not in need.of or event.enrolment != facts.enrolment):
        return False
    if need.form is not None and event.data.get("form") != need.form:
        return False
    if not by_a_person(event.name, event.data):
        return False
    return need.where is None or facts.judge(need.where, event).true


def _length(span: Span, asked: Asked, facts: Facts) -> timedelta:
    due = resolve(span, asked.arrived_at, facts.sight())
    assert due is not None, "a span has an end"
    return due.at - asked.arrived_at
