"""What a case does by itself when something is due: letters, closing, asking, releasing, looking back.

The one thing to know: each rings once. After an outage everything that is overdue rings in order.
"""

from collections.abc import Callable

from domain import remedy_moves
from domain.follow_up import Alarm, Notify, Rang, Tell
from domain.follow_up_moves import BY_ITSELF
from domain.recovery import Case, Ground, Look, Moved, OpenTask, Write, then
from domain.recovery_alarms import alarms
from domain.recovery_moves import closed, released
from domain.spans import Span

# By when a person calls who is asked to, a week after it was made good.
CALL_WITHIN = Span.parse("1 business day")


def rung(case: Case, ground: Ground) -> Moved:
    """Let ring everything that is due by now, in order, each once."""
    moved = Moved(case)
    while True:
        due = [each for each in alarms(moved.state, ground.policy, ground.staff) if each.at <= ground.now]
        if not due:
            return _over(moved, ground)
        moved = then(moved, _rings(moved.state, due[0], ground))


def _over(moved: Moved, ground: Ground) -> Moved:
    state = moved.state
    done = state.closed_at is not None and state.released_at is not None and state.over_at is None
    # What was granted is delivered, whatever became of the case; a person says so where a person does it.
    granted = any(each.state == "approved" for each in state.remedies)
    if not done or granted or alarms(state, ground.policy, ground.staff):
        return moved
    return Moved(state.model_copy(update={"over_at": ground.now}), moved.deeds)


def _rings(case: Case, alarm: Alarm, ground: Ground) -> Moved:
    case = case.model_copy(update={"rang": (*case.rang, Rang(key=alarm.key, at=ground.now))})
    kind = alarm.key.partition("/")[0].partition(":")[0]
    return _RINGS[kind](case, alarm.key, ground)


def _missed(case: Case, key: str, ground: Ground) -> Moved:
    name, _, number = key.rpartition("/")[2].partition(":")
    return Moved(case, (Tell("promise_missed", BY_ITSELF, {"promise": name, "time": int(number)}),))


def _waited(case: Case, key: str, ground: Ground) -> Moved:
    if not key.endswith("/close"):
        return Moved(case, (Write("reminder", key),))
    return closed(case, "no_answer", BY_ITSELF, ground.now, letter="closed_unanswered")


def _asked(case: Case, key: str, ground: Ground) -> Moved:
    """Ask whether they are satisfied; who was asked lately is asked later."""
    last, every = ground.last_survey, ground.policy.ask.at_most_every
    again = None if last is None else last + every.elapsed()
    if again is not None and again > ground.now:
        return Moved(case.model_copy(update={"ask_not_before": again}))
    return Moved(case.model_copy(update={"asked_at": ground.now}), (Write("survey", f"survey/{case.rounds}"),))


def _call(case: Case, key: str, ground: Ground) -> Moved:
    return Moved(case, (OpenTask(key, f"Call, a week after case {case.number} was resolved", CALL_WITHIN),))


def _released(case: Case, key: str, ground: Ground) -> Moved:
    """Let the customer have marketing again, if they are satisfied; else somebody is to decide it."""
    release = ground.policy.release
    if case.severity in release.at_once:
        return released(case, BY_ITSELF, ground.now, "closed")
    if case.score is not None and case.score >= release.score:
        return released(case, BY_ITSELF, ground.now, f"satisfied {case.score} of 5")
    lead = ground.staff.role("lead")
    said = {"score": case.score}
    note = Notify((lead,) if lead else (), "release_by_hand", key, data=said)
    return Moved(case, (note, Tell("case_kept_suspended", BY_ITSELF, said)))


_RINGS: dict[str, Callable[[Case, str, Ground], Moved]] = {
    "missed": _missed,
    "holding": lambda case, key, ground: Moved(case, (Write("holding", key),)),
    "wait": _waited,
    "approval": lambda case, key, ground: remedy_moves.unanswered(case, key.split("/")[1], ground),
    "close": lambda case, key, ground: closed(case, case.how or "resolved", BY_ITSELF, ground.now),
    "ask": _asked,
    "call": _call,
    "bought": lambda case, key, ground: Moved(case, (Look("bought", int(key.rpartition("/")[2])),)),
    "release": _released,
    "action": lambda case, key, ground: Moved(case.model_copy(update={"action_check_at": None}), (Look("action"),)),
}
