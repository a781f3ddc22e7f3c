"""What becomes of a follow-up by itself: it is given to somebody, it rings, its contact moves, somebody goes away.

The one thing to know: every move takes the follow-up and returns it anew with what is to be done; whoever commits the
one commits the other with it. A move that is made twice finds its alarm rung and does nothing.
"""

from dataclasses import replace
from datetime import datetime

from domain.assignment import NOT_TAKEN, Staff, Wanted, assign, stand_in
from domain.clocks import as_it_opens
from domain.dues import resolve
from domain.follow_up import (
    CANCELLED,
    COMPLETED,
    Duty,
    FollowUp,
    Moved,
    Notify,
    Tell,
    sight_of,
)
from domain.follow_up_policy import Terms
from domain.holds import Hold

BY_ITSELF = "rapport"
REPLIED = "replied"


def opened(state: FollowUp, staff: Staff, now: datetime, to: str | None = None) -> Moved:
    """Give a new follow-up to somebody; one that is `to` somebody by name is theirs, on duty or not, and nobody else's.

    Whoever is meant by name and has left cannot have it: then it is anybody's.
    """
    if to is None or not staff.knows(to):
        return given(state, staff, now, ())
    return given_to(state.model_copy(update={"last": True}), to, now, (f"{to} is asked by name",))


def planned_anew(state: FollowUp, staff: Staff, now: datetime) -> Moved:
    """Look whether whoever has it still can: who has left or is away hands it over, who was not there may be now."""
    if state.ended_at is not None:
        return Moved(state)
    if state.assignee is None and not state.offered:
        lies_with_the_team = state.asked_at is None and state.number > 0 and staff.is_mailbox
        return Moved(state) if lies_with_the_team else given(state, staff, now, ())
    who = state.assignee
    if who is not None and (not staff.knows(who) or staff.away(who, now) is not None):
        return _handed_over(state, staff, now)
    still = tuple(key for key in state.offered if staff.knows(key) and staff.away(key, now) is None)
    if state.offered and not still:
        return given(state, staff, now, ("nobody of those who were asked is there any more",))
    return Moved(state.model_copy(update={"offered": still}))


def contact_did(state: FollowUp, event: str, now: datetime) -> Moved:
    """Do what the terms say of something that the contact did; nothing where they say nothing.

    Who answers is not away any more.
    """
    back = released(state, now) if event == REPLIED else Moved(state)
    state, move = back.state, state.terms.on.get(event)
    if move is None or state.ended_at is not None:
        return back
    if move.do == "tell":
        key = f"contact/{event}/{now:%Y%m%dT%H%M%S}"
        return then(back, Moved(state, (Notify(havers(state), "contact_did", key, data={"event": event}),)))
    how, outcome = (CANCELLED, None) if move.do == "cancel" else (COMPLETED, move.outcome or event)
    return then(back, ended(state, how, outcome, BY_ITSELF, now, why=f"the contact: {event}"))


def held(state: FollowUp, until: datetime | None, now: datetime, why: str) -> Moved:
    """Let its clocks stand still until then (None: nobody knows): the contact is away. The last to say so counts."""
    if state.ended_at is not None or state.is_case:
        return Moved(state)  # a case waits only for what we have asked the customer
    hold, before = Hold(now, until), released(state, now).state
    state = before.model_copy(update={"holds": (*before.holds, hold), "away": hold})
    data = {"until": until.isoformat() if until else None, "why": why}
    return Moved(state, (Tell("task_held", data=data),))


def redone(state: FollowUp, terms: Terms, duties: tuple[Duty, ...], holds: tuple[Hold, ...]) -> Moved:
    """Have it ring by what its case promises now, and stand still when that does: what has rung does not ring again."""
    if state.ended_at is not None:
        return Moved(state)
    return Moved(state.model_copy(update={"terms": terms, "duties": duties, "holds": holds}))


def released(state: FollowUp, now: datetime) -> Moved:
    """Let its clocks go on now, if they stand still because the contact is away: they are back sooner than said."""
    away = state.away
    if state.ended_at is not None or away is None or not away.stands(now):
        return Moved(state)
    over = Hold(away.paused_at, max(away.paused_at, now))
    holds = tuple(over if each == away else each for each in state.holds)
    return Moved(state.model_copy(update={"holds": holds, "away": None}), (Tell("task_released"),))


def ended(
    state: FollowUp, how: str, outcome: str | None, by: str, now: datetime, *, why: str = "", had: tuple[str, ...] = ()
) -> Moved:
    """End a follow-up. Whoever has it is told, or `had` it until now, unless they did it."""
    # Clocks of several machines have a part in it; none of them may say that it ended before it was opened.
    state = state.model_copy(update={"ended_at": max(now, state.opened_at), "ended": how, "outcome": outcome, "by": by})
    deeds: list[Notify | Tell] = [Tell(f"task_{how}", by, {"outcome": outcome, "why": why})]
    others = tuple(key for key in had or havers(state) if key != by)
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


def given(state: FollowUp, staff: Staff, now: datetime, why: tuple[str, ...]) -> Moved:
    """Give it to the next; where nobody can be asked, the team is told at its own address and it is tried again."""
    wanted = Wanted(state.owner, state.terms.skills, state.language if state.terms.speaks_their_language else None)
    choice = assign(staff, wanted, now, state.tried)
    said = _said_once(why, choice.why, havers(state))
    if choice.offered:
        number = state.number + 1
        update = {"number": number, "assignee": None, "offered": choice.offered, "assigned_at": now, "asked_at": None}
        note = Notify(choice.offered, "offered", f"given/{number}", data={"why": list(said)})
        told = Tell("task_offered", BY_ITSELF, {"to": list(choice.offered), "why": list(said)})
        return Moved(state.model_copy(update=update | {"accepted_at": None}), (told, note))
    if choice.by == "mailbox":
        number = state.number + 1
        update = {"number": number, "assignee": None, "offered": (), "assigned_at": now, "asked_at": None, "last": True}
        update |= {"accepted_at": None}
        note = Notify((), "assigned", f"given/{number}", data={"why": list(said)})
        told = Tell("task_assigned", BY_ITSELF, {"to": staff.team, "why": list(said)})
        return Moved(state.model_copy(update=update), (told, note))
    if choice.person is None:
        key = f"nobody/{now:%Y%m%dT%H%M%S}"
        first = state.asked_at is None
        # Whoever had accepted it does not do it any more: another may accept it, and the ladder gives it to somebody.
        state = state.model_copy(update={"assignee": None, "offered": (), "asked_at": now, "accepted_at": None})
        note = Notify((), "nobody", key, chat=True, data={"why": list(said)})
        # Tried again without a word: the ladder tells whoever can do something about it.
        return Moved(state, (note, Tell("task_unassigned", BY_ITSELF, {"why": list(said)})) if first else ())
    if choice.by in ("on_call", "lead"):
        state = state.model_copy(update={"last": choice.by == "lead"})
        moved = given_to(state, choice.person, now, said)
        return replace(moved, deeds=tuple(_at_once(each) for each in moved.deeds))
    return replace(given_to(state, choice.person, now, said), turns=dict(choice.turns))


def _said_once(why: tuple[str, ...], more: tuple[str, ...], had: tuple[str, ...]) -> tuple[str, ...]:
    """Return why it is given away and to whom it goes, without saying of anybody twice that they cannot."""
    known = {f"{key} {NOT_TAKEN}" for key in had} if why else set()
    more = tuple(each for each in more if each not in known)
    return (*(each for each in why if not any(other.startswith(each) for other in more)), *more)


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
    return given(state, staff, now, (why,))


def havers(state: FollowUp) -> tuple[str, ...]:
    """Return who has it, or was asked."""
    return (state.assignee,) if state.assignee is not None else state.offered


def then(first: Moved, later: Moved) -> Moved:
    """Return both moves as one."""
    return Moved(later.state, (*first.deeds, *later.deeds), first.turns | later.turns)


def snoozed_until(state: FollowUp, staff: Staff, now: datetime) -> datetime:
    """Return until when it may be put off at most."""
    found = as_it_opens(lambda sight: resolve(state.terms.snooze.at_most, now, sight), sight_of(staff))
    assert found is not None, "a span has an end"
    return found.at
