"""When something of a case is due by itself: a promise broken, a letter, closing, asking, looking back.

The one thing to know: what people are reminded of, and what escalates, is not here but in the case's follow-up.
"""

from collections.abc import Iterator
from datetime import timedelta

from domain.assignment import Staff
from domain.clocks import full_second
from domain.follow_up import Alarm
from domain.recovery import Case, after, due_of
from domain.recovery_policy import Recovery


def alarms(case: Case, policy: Recovery, staff: Staff) -> list[Alarm]:
    """Return what has not rung, in order: what a case does by itself. People's reminders are the follow-up's."""
    if case.over_at is not None:
        return []
    found = (*_while_open(case, policy, staff), *_once_resolved(case, policy, staff), *_long_after(case, policy, staff))
    waiting = (Alarm(full_second(each.at), each.key) for each in found if not case.has_rung(each.key))
    return sorted(waiting, key=lambda each: (each.at, each.key))


def _while_open(case: Case, policy: Recovery, staff: Staff) -> Iterator[Alarm]:
    if not case.is_open:
        return
    for promise in case.promises:
        at = due_of(case, promise, staff) if promise.is_open else None
        if at is not None:
            yield Alarm(at, f"missed/{promise.key}")
    # Eight weeks are the customer's right, whatever they were asked meanwhile: this clock never stands still.
    yield Alarm(after(policy.resolution.holding_letter, case.opened_at, staff), f"holding/{case.rounds}")
    if case.waiting is not None:
        for number, span in enumerate(policy.waiting.remind):
            yield Alarm(after(span, case.waiting.since, staff), f"wait:{case.waiting.number}/remind/{number}")
        yield Alarm(after(policy.waiting.close_after, case.waiting.since, staff), f"wait:{case.waiting.number}/close")
    yield from _unanswered(case, policy, staff)


def _unanswered(case: Case, policy: Recovery, staff: Staff) -> Iterator[Alarm]:
    """Yield when whoever is asked to grant a remedy has said nothing for too long."""
    for remedy in case.remedies:
        if remedy.state == "asked" and remedy.asked_at is not None:
            at = after(policy.remedies.approval.answer_within, remedy.asked_at, staff)
            yield Alarm(at, f"approval/{remedy.id}/{len(remedy.asked)}")


def _once_resolved(case: Case, policy: Recovery, staff: Staff) -> Iterator[Alarm]:
    if case.resolved_at is None:
        return
    if case.closed_at is None:
        yield Alarm(after(policy.resolution.close_after, case.resolved_at, staff), f"close/{case.rounds}")
    if case.asked_at is None:
        at, again = after(policy.ask.after, case.resolved_at, staff), case.ask_not_before
        key = f"ask/{case.rounds}"
        yield Alarm(at, key) if again is None else Alarm(max(at, again), f"{key}/{again:%Y%m%dT%H%M%S}")
    later = policy.afterwards
    if later.call is not None and case.severity in later.call_for:
        yield Alarm(after(later.call, case.resolved_at, staff), f"call/{case.rounds}")
    for days in later.bought:
        yield Alarm(case.resolved_at + timedelta(days=days), f"bought:{case.rounds}/{days}")


def _long_after(case: Case, policy: Recovery, staff: Staff) -> Iterator[Alarm]:
    if case.closed_at is not None and case.released_at is None:
        at_once = case.severity in policy.release.at_once
        at = case.closed_at if at_once else after(policy.release.after, case.closed_at, staff)
        yield Alarm(at, f"release/{case.rounds}")
    if case.action_check_at is not None:
        # One after the other may be looked at: each has an instant of its own.
        yield Alarm(case.action_check_at, f"action/{case.action_check_at:%Y%m%dT%H%M%S}")
