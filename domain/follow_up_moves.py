"""What becomes of a follow-up by itself: it is given to somebody, it rings, its contact moves, somebody goes away.

The one thing to know: every move takes the follow-up and returns it anew with what is to be done; whoever commits the
one commits the other with it. A move that is made twice finds its alarm rung and does nothing.
"""

from dataclasses import replace
from datetime import datetime

from domain.assignment import Staff, Wanted, assign, stand_in
from domain.dues import resolve
from domain.follow_up import (
    CANCELLED,
    COMPLETED,
    Alarm,
    FollowUp,
    Moved,
    Notify,
    Rang,
    Tell,
    accept_due,
    alarms,
    done_due,
    sight_of,
)
from domain.holds import Hold

BY_ITSELF = "rapport"


def opened(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Give a new follow-up to somebody."""
    return _given(state, staff, now, ("opened",))


def rung(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Let ring everything that is due by now, in order, each once."""
    moved = Moved(state)
    while True:
        due = [each for each in alarms(moved.state, staff) if each.at <= now]
        if not due:
            return moved
        later = _rings(moved.state, due[0], _superseded(due[0], due), staff, now)
        moved = _then(moved, later)
        staff = _with_turns(staff, later)


def planned_anew(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Look whether whoever has it still can: who has left or is away hands it over, who was not there may be now."""
    if state.ended_at is not None:
        return Moved(state)
    if state.assignee is None and not state.offered:
        return _given(state, staff, now, ())
    who = state.assignee
    if who is not None and (not staff.knows(who) or staff.away(who, now) is not None):
        return _handed_over(state, staff, now)
    still = tuple(key for key in state.offered if staff.knows(key) and staff.away(key, now) is None)
    if state.offered and not still:
        return _given(state, staff, now, ("nobody of those who were asked is there any more",))
    return Moved(state.model_copy(update={"offered": still}))


def contact_did(state: FollowUp, event: str, now: datetime) -> Moved:
    """Do what the terms say of something that the contact did; nothing where they say nothing."""
    move = state.terms.on.get(event)
    if move is None or state.ended_at is not None:
        return Moved(state)
    if move.do == "tell":
        key = f"contact/{event}/{now:%Y%m%dT%H%M%S}"
        return Moved(state, (Notify(_havers(state), "contact_did", key, data={"event": event}),))
    if move.do == "cancel":
        return ended(state, CANCELLED, None, BY_ITSELF, now, why=f"the contact: {event}")
    return ended(state, COMPLETED, move.outcome or event, BY_ITSELF, now, why=f"the contact: {event}")


def held(state: FollowUp, until: datetime | None, now: datetime, why: str) -> Moved:
    """Let its clocks stand still until then (None: nobody knows): the contact is away."""
    if state.ended_at is not None:
        return Moved(state)
    kept = tuple(each for each in state.holds if not (each.paused_at <= now and each.until is None))
    state = state.model_copy(update={"holds": (*kept, Hold(now, until))})
    data = {"until": until.isoformat() if until else None, "why": why}
    return Moved(state, (Tell("task_held", data=data),))


def ended(state: FollowUp, how: str, outcome: str | None, by: str, now: datetime, *, why: str = "") -> Moved:
    """End a follow-up. Whoever has it is told, unless they did it."""
    state = state.model_copy(update={"ended_at": now, "ended": how, "outcome": outcome, "by": by})
    deeds: list[Notify | Tell] = [Tell(f"task_{how}", by, {"outcome": outcome, "why": why})]
    others = tuple(key for key in _havers(state) if key != by)
    if others:
        deeds.append(Notify(others, how, "ended", data={"by": by, "outcome": outcome, "why": why}))
    return Moved(state, tuple(deeds))


def given_to(
    state: FollowUp, who: str, now: datetime, why: tuple[str, ...], *, about: str = "assigned", by: str = BY_ITSELF
) -> Moved:
    """Give it to somebody: the clock of accepting is reset."""
    number = state.number + 1
    update = {"number": number, "assignee": who, "offered": (), "assigned_at": now, "accepted_at": None}
    told = Tell("task_assigned", by, {"to": who, "why": list(why)})
    note = Notify((who,), about, f"given/{number}", chat=state.last, data={"why": list(why)})
    return Moved(state.model_copy(update=update | {"asked_at": None}), (told, note))


# --- giving ------------------------------------------------------------------------------------------------------


def _given(state: FollowUp, staff: Staff, now: datetime, why: tuple[str, ...]) -> Moved:
    """Give it to the next; to nobody, the team is told at its own address and it is tried again."""
    wanted = Wanted(state.owner, state.terms.skills, state.language if state.terms.speaks_their_language else None)
    choice = assign(staff, wanted, now, state.tried)
    said = (*why, *choice.why)
    if choice.offered:
        number = state.number + 1
        update = {"number": number, "assignee": None, "offered": choice.offered, "assigned_at": now, "asked_at": None}
        note = Notify(choice.offered, "offered", f"given/{number}", data={"why": list(said)})
        told = Tell("task_offered", BY_ITSELF, {"to": list(choice.offered), "why": list(said)})
        return Moved(state.model_copy(update=update | {"accepted_at": None}), (told, note))
    if choice.person is None:
        key = f"nobody/{now:%Y%m%dT%H%M%S}"
        first = state.asked_at is None
        state = state.model_copy(update={"assignee": None, "offered": (), "asked_at": now})
        note = Notify((), "nobody", key, chat=True, data={"why": list(said)})
        return Moved(state, (note, Tell("task_unassigned", BY_ITSELF, {"why": list(said)})) if first else ())
    if choice.by in ("on_call", "lead"):
        state = state.model_copy(update={"last": choice.by == "lead"})
        moved = given_to(state, choice.person, now, said)
        return replace(moved, deeds=tuple(_at_once(each) for each in moved.deeds))
    return replace(given_to(state, choice.person, now, said), turns=dict(choice.turns))


def _at_once(deed: Notify | Tell) -> Notify | Tell:
    return replace(deed, chat=True) if isinstance(deed, Notify) else deed


def _handed_over(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Whoever has it is away, or has left: their deputy has it, else the next."""
    who = state.assignee or ""
    away = staff.away(who, now)
    why = f"{who} has left" if not staff.knows(who) else f"{who} is away"
    deputy = stand_in(staff, who, now)
    if away is not None and deputy is not None:
        return given_to(state, deputy, now, (why, f"{deputy} stands in"), about="stands_in")
    return _given(state, staff, now, (why,))


# --- ringing -----------------------------------------------------------------------------------------------------


def _superseded(alarm: Alarm, due: list[Alarm]) -> bool:
    """Whether a later reminder of the same clock is due, too: after an outage nobody is reminded twice at once."""
    clock, _, _ = alarm.key.rpartition("/")
    same = (each for each in due if each is not alarm and each.key.rpartition("/")[0] == clock)
    return clock.startswith(("accept", "done")) and any(each.at > alarm.at for each in same)


def _rings(state: FollowUp, alarm: Alarm, silently: bool, staff: Staff, now: datetime) -> Moved:
    state = state.model_copy(update={"rang": (*state.rang, Rang(key=alarm.key, at=now))})
    kind, _, rest = alarm.key.partition("/")
    if silently:
        return Moved(state)
    if kind == "ask":
        return _given(state, staff, now, ())
    if kind == "away":
        return planned_anew(state, staff, now)
    if kind == "ladder":
        return _climbed(state, int(rest.partition("/")[0]), alarm, staff, now)
    percent = int(rest.rpartition("/")[2])
    if kind == "accept" and percent == 100:
        return _hopped(state, staff, now)
    return _reminded(state, alarm, kind, percent, staff)


def _reminded(state: FollowUp, alarm: Alarm, kind: str, percent: int, staff: Staff) -> Moved:
    due = accept_due(state, staff) if kind == "accept" else done_due(state, staff)
    data = {"clock": kind, "percent": percent, "due": due.isoformat() if due else None}
    deeds: list[Notify | Tell] = []
    if percent in state.terms.remind:
        deeds.append(Notify(_havers(state), "reminder", alarm.key, data=data))
    lead = staff.role("lead")
    if percent == state.terms.warn_lead and lead is not None:
        deeds.append(Notify((lead,), "warning", f"{alarm.key}/lead", data=data | {"of": state.assignee}))
    return Moved(state, (*deeds, Tell("task_reminded", BY_ITSELF, data)))


def _hopped(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Whoever had it did not say that they will: the next has it, at last the lead."""
    had = (state.assignee,) if state.assignee is not None else state.offered
    tried, why = (*state.tried, *had), f"{' and '.join(had)} did not accept it in time"
    state = state.model_copy(update={"tried": tried, "hops": state.hops + 1})
    lead = staff.role("lead")
    moved = _given(state, staff, now, (why,))
    if state.hops < state.terms.hops and state.assignee is not None and _havers(moved.state):
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
    note = Notify((who,) if who else (), "overdue", alarm.key, chat=True, data=data)
    return Moved(state, (note, Tell("task_escalated", BY_ITSELF, data)))


def _havers(state: FollowUp) -> tuple[str, ...]:
    return (state.assignee,) if state.assignee is not None else state.offered


def _then(first: Moved, later: Moved) -> Moved:
    return Moved(later.state, (*first.deeds, *later.deeds), first.turns | later.turns)


def _with_turns(staff: Staff, moved: Moved) -> Staff:
    return replace(staff, turns={**staff.turns, **moved.turns})


def snoozed_until(state: FollowUp, staff: Staff, now: datetime) -> datetime:
    """Return until when it may be put off at most."""
    found = resolve(state.terms.snooze.at_most, now, sight_of(staff))
    assert found is not None, "a span has an end"
    return found.at
