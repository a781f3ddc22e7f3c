"""What rings while a follow-up is not kept: reminders, hops to the next, the steps of the ladder, each once.

The one thing to know: after an outage everything that is overdue rings in order, but of several reminders of one clock
only the last, lest somebody is reminded three times at once.
"""

from dataclasses import replace
from datetime import datetime

from domain.assignment import Staff
from domain.follow_up import DONE, DUTY, Alarm, FollowUp, Moved, Notify, Rang, Tell, accept_due, alarms, duty_due
from domain.follow_up_moves import BY_ITSELF, given, given_to, havers, planned_anew, then


def rung(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Let ring everything that is due by now, in order, each once."""
    moved = Moved(state)
    while True:
        due = [each for each in alarms(moved.state, staff) if each.at <= now]
        if not due:
            return moved
        later = _rings(moved.state, due[0], _superseded(due[0], due), staff, now)
        moved = then(moved, later)
        staff = _with_turns(staff, later)


def _superseded(alarm: Alarm, due: list[Alarm]) -> bool:
    """Whether a later reminder of the same clock is due, too: after an outage nobody is reminded twice at once."""
    clock, _, _ = alarm.key.rpartition("/")
    same = (each for each in due if each is not alarm and each.key.rpartition("/")[0] == clock)
    return clock.startswith(("accept", DONE, DUTY)) and any(each.at > alarm.at for each in same)


def _rings(state: FollowUp, alarm: Alarm, silently: bool, staff: Staff, now: datetime) -> Moved:
    kind, _, rest = alarm.key.partition("/")
    # Each asking has an instant of its own: of those before nothing has to be known.
    kept = (each for each in state.rang if kind != "ask" or not each.key.startswith("ask/"))
    state = state.model_copy(update={"rang": (*kept, Rang(key=alarm.key, at=now))})
    if silently:
        return Moved(state)
    if kind == "ask":
        return given(state, staff, now, ())
    if kind == "away":
        return planned_anew(state, staff, now)
    if kind.startswith("ladder"):
        return _climbed(state, int(rest.partition("/")[0]), alarm, staff, now)
    percent = int(rest.rpartition("/")[2])
    if kind == "accept" and percent == 100:
        return _hopped(state, staff, now)
    return _reminded(state, alarm, kind, percent, staff)


def _reminded(state: FollowUp, alarm: Alarm, kind: str, percent: int, staff: Staff) -> Moved:
    due = accept_due(state, staff) if kind == "accept" else duty_due(state, kind, staff)
    data = {"clock": kind, "percent": percent, "due": due.isoformat() if due else None}
    deeds: list[Notify | Tell] = []
    told: list[str] = []
    if percent in state.terms.remind:
        deeds.append(Notify(havers(state), "reminder", alarm.key, data=data))
        told += havers(state)
    lead = staff.role("lead")
    if percent == state.terms.warn_lead and lead is not None:
        deeds.append(Notify((lead,), "warning", f"{alarm.key}/lead", data=data | {"of": state.assignee}))
        told.append(lead)
    return Moved(state, (*deeds, Tell("task_reminded", BY_ITSELF, data | {"to": told})))


def _hopped(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Whoever had it did not say that they will: the next has it, at last the lead."""
    had = (state.assignee,) if state.assignee is not None else state.offered
    tried, why = (*state.tried, *had), f"{' and '.join(had)} did not accept it in time"
    state = state.model_copy(update={"tried": tried, "hops": state.hops + 1})
    lead = staff.role("lead")
    moved = given(state, staff, now, (why,))
    if state.hops < state.terms.hops and state.assignee is not None and havers(moved.state):
        pass
    elif lead is not None and lead not in had:
        state = state.model_copy(update={"last": True})
        moved = given_to(state, lead, now, (why, f"{lead} is the lead"))
    else:
        # Nobody is left to ask: whoever has it keeps it, and the ladder tells of it.
        return Moved(state.model_copy(update={"last": True}), (Tell("task_not_accepted", BY_ITSELF, {"why": [why]}),))
    late = Notify(had, "taken_away", f"taken/{state.number}", data={"why": [why]})
    return replace(moved, deeds=(late, *moved.deeds))


def _climbed(state: FollowUp, number: int, alarm: Alarm, staff: Staff, now: datetime) -> Moved:
    """A step of the ladder is reached, or its time to be accepted is over."""
    step = state.terms.ladder[number]
    who = staff.role(step.to) or staff.role("lead")
    if alarm.key.endswith("/take/100"):
        if who is None or who == state.assignee or not staff.knows(who) or staff.away(who, now) is not None:
            return Moved(state)
        why = (f"overdue, and nobody had accepted it {state.terms.reassign_after} after {who} was told",)
        return given_to(state.model_copy(update={"last": True}), who, now, why)
    data = {"percent": step.at, "role": step.to, "to": who, "of": state.assignee}
    _, _, duty = alarm.key.partition("/")[0].partition("-")
    data |= {"clock": duty} if duty else {}
    note = Notify((who,) if who else (), "overdue", alarm.key, chat=True, data=data)
    return Moved(state, (note, Tell("task_escalated", BY_ITSELF, data)))


def _with_turns(staff: Staff, moved: Moved) -> Staff:
    return replace(staff, turns={**staff.turns, **moved.turns})
