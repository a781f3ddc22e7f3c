"""What becomes of a case: it is opened, people and the customer do something about it, it is resolved and closed.

The one thing to know: every move takes the case and returns it anew with what is to be done; whoever commits the one
commits the other with it. A letter has a key, an alarm rings once, a promise is kept once: done twice, nothing happens.
"""

from datetime import datetime
from typing import get_args

from domain.assignment import Staff
from domain.follow_up import Notify, Tell
from domain.follow_up_moves import BY_ITSELF
from domain.holds import Hold
from domain.recovery import Case, How, Look, Moved, Promise, PromiseName, Start, Stop, Waiting, Write, after, then
from domain.recovery_policy import Clocks, Recovery, worse
from domain.remedy_moves import taken_back
from domain.remedy_policy import Severity

CUSTOMER = "customer"
# A survey of a case that says this, of 5, or less: it is not made good.
NOT_MADE_GOOD = 2


def opened(case: Case, now: datetime, *, by: str | None = None, source: str = "", incident: str = "") -> Moved:
    """Promise what its severity asks for, have somebody get it, and tell the customer."""
    promises = _promised(case, ("acknowledge", "contact", "update", "diagnose", "resolve"), now)
    case = case.model_copy(update={"promises": promises})
    told = Tell("case_opened", by, {"severity": case.severity, "incident": incident, "source": source})
    return Moved(case, (told, Start(case.rounds, case.owner), Write("acknowledged", f"acknowledged/{case.rounds}")))


def joined(case: Case, severity: Severity, policy: Recovery, staff: Staff, now: datetime) -> Moved:
    """Note that the customer told of the same again: worse, perhaps, or after we thought it was made good."""
    moved = Moved(
        case.model_copy(update={"joined": case.joined + 1}), (Tell("case_joined", CUSTOMER, {"severity": severity}),)
    )
    if moved.state.waiting is not None:
        moved = then(moved, answered(moved.state, now))
    if not moved.state.is_open:
        return then(moved, reopened(moved.state, policy, CUSTOMER, "the customer told of it again", now))
    moved = then(moved, told_of(moved.state, "joined", now))
    if severity < moved.state.severity:  # S1 is the worst
        moved = then(moved, graded(moved.state, severity, policy, BY_ITSELF, "told of again, and worse", now))
    return moved


def graded(case: Case, to: Severity, policy: Recovery, by: str, why: str, now: datetime) -> Moved:
    """Give it another severity: every clock is counted anew from its start, never from now."""
    if to == case.severity:
        return Moved(case)
    clocks = policy.clocks_of(to)
    promises = tuple(
        each.model_copy(update=_retimed(each, clocks, now)) if each.is_open else each for each in case.promises
    )
    told = Tell("case_severity_changed", by, {"severity": to, "before": case.severity, "why": why})
    case = case.model_copy(update={"severity": to, "clocks": clocks, "promises": promises})
    if case.is_open and clocks.diagnose is not None and case.cause is None and case.promise("diagnose") is None:
        since = max((each.started_at for each in promises if each.name == "resolve"), default=now)
        case = case.model_copy(update={"promises": (*promises, *_promised(case, ("diagnose",), since))})
    return Moved(case, (told, Look("cause")))


def _retimed(promise: Promise, clocks: Clocks, now: datetime) -> dict[str, object]:
    target = getattr(clocks, promise.name)
    return {"target": target} if target is not None else {"dropped_at": max(now, promise.started_at)}


def settled(case: Case, letter: str, accepted: bool, why: str, now: datetime) -> Moved:
    """Note what became of a letter; the acknowledgement keeps its promise. What did not go out a person says."""
    if not accepted:
        told = Tell("case_letter_failed", BY_ITSELF, {"letter": letter, "why": why})
        to = (case.owner,) if case.owner is not None else ()
        note = Notify(to, "letter_failed", f"letter/{letter}", data={"letter": letter.partition("/")[0], "why": [why]})
        return Moved(case, (told, note))
    if letter.partition("/")[0] in ("acknowledged", "reopened"):
        return kept(case, "acknowledge", BY_ITSELF, now)
    return Moved(case)


def kept(case: Case, name: PromiseName, by: str, now: datetime) -> Moved:
    """Note that a promise is kept; nothing happens where none of this name is open."""
    promise = case.promise(name)
    if promise is None:
        return Moved(case)
    done = promise.model_copy(update={"kept_at": max(now, promise.started_at), "by": by})
    promises = tuple(done if each.key == promise.key else each for each in case.promises)
    told = Tell("promise_kept", by, {"promise": name, "time": promise.number})
    return Moved(case.model_copy(update={"promises": promises}), (told,))


def contacted(case: Case, by: str, now: datetime, channel: str = "") -> Moved:
    """A person has spoken with the customer, or written to them: they know that they were heard, too."""
    first = kept(case, "acknowledge", by, now)
    first = then(first, kept(first.state, "contact", by, now))
    told = Moved(first.state, (Tell("case_contacted", by, {"channel": channel}),))
    return then(then(first, told), heard(first.state, by, now))


def heard(case: Case, by: str, now: datetime) -> Moved:
    """The customer has heard from us: the promise of the next update begins anew."""
    first = kept(case, "update", by, now)
    if not first.state.is_open or not first.deeds:
        return first
    return Moved(
        first.state.model_copy(update={"promises": (*first.state.promises, *_promised(first.state, ("update",), now))}),
        first.deeds,
    )


def waits(case: Case, by: str, now: datetime, question: str = "") -> Moved:
    """Wait for the customer's answer: the clocks stand still from now on."""
    first, number = heard(case, by, now), case.waited + 1
    state = first.state.model_copy(
        update={
            "holds": (*case.holds, Hold(now)),
            "waiting": Waiting(number=number, since=now),
            "waited": number,
        }
    )
    deeds = (Tell("case_waiting", by, {}), Write("question", f"question/{number}", {"text": question}))
    return then(first, Moved(state, deeds))


def answered(case: Case, now: datetime, by: str = CUSTOMER) -> Moved:
    """The customer has answered: the clocks go on with what was left of them."""
    if case.waiting is None:
        return Moved(case)
    holds = tuple(Hold(each.paused_at, max(each.paused_at, now)) if each.until is None else each for each in case.holds)
    state = case.model_copy(update={"holds": holds, "waiting": None})
    return then(Moved(state, (Tell("case_answered", by, {}),)), told_of(state, "answered", now))


def diagnosed(case: Case, cause: str, by: str, now: datetime) -> Moved:
    """Write down the cause."""
    first = kept(case, "diagnose", by, now)
    told = Tell("case_diagnosed", by, {"cause": cause, "before": case.cause})
    return then(first, Moved(first.state.model_copy(update={"cause": cause}), (told, Look("cause"))))


def resolved(case: Case, how: How, by: str, now: datetime, text: str = "") -> Moved:
    """It is made good, or the customer has our last word: nothing is open any more."""
    moved = Moved(case)
    for name in ("acknowledge", "contact", "update", "resolve"):
        moved = then(moved, kept(moved.state, name, by, now))
    update = {"resolved_at": now, "how": how, "holds": _ended_holds(case, now), "waiting": None}
    state = _dropped(moved.state, now).model_copy(update=update)
    letter = Write("resolved" if how == "accepted" else "final_answer", f"resolved/{case.rounds}", {"text": text})
    return then(moved, Moved(state, (Tell("case_resolved", by, {"how": how}), Stop("resolved", by), letter)))


def closed(case: Case, outcome: str, by: str, now: datetime, *, letter: str | None = "closed") -> Moved:
    """Close it; whatever was still promised is dropped, and what waits for a yes is taken back."""
    was_open, back = case.is_open, taken_back(case, "the case was closed", now)
    case = back.state
    update = {"closed_at": now, "outcome": outcome, "holds": _ended_holds(case, now), "waiting": None}
    state = _dropped(case, now).model_copy(update=update)
    told = Tell("case_closed", by, {"severity": case.severity, "outcome": outcome})
    deeds = (told, *((Stop(outcome, by),) if was_open else ()))
    letters = (Write(letter, f"closed/{case.rounds}"),) if letter is not None else ()
    return Moved(state, (*back.deeds, *deeds, *letters))


def reopened(case: Case, policy: Recovery, by: str, why: str, now: datetime) -> Moved:
    """Open it again, one severity higher, with new promises: it was not made good, which is the second failure."""
    severity = worse(case.severity)
    update = {
        "severity": severity,
        "clocks": policy.clocks_of(severity),
        "rounds": case.rounds + 1,
        "resolved_at": None,
        "how": None,
        "closed_at": None,
        "outcome": None,
        "asked_at": None,
        "ask_not_before": None,
        "score": None,
        "released_at": None,
        "over_at": None,
    }
    again = case.model_copy(update=update)
    promises = _promised(again, ("acknowledge", "contact", "update", "diagnose", "resolve"), now)
    again = again.model_copy(update={"promises": (*again.promises, *promises)})
    told = Tell("case_reopened", by, {"severity": severity, "before": case.severity, "why": why})
    return Moved(again, (told, Start(again.rounds, case.owner), Write("reopened", f"reopened/{again.rounds}")))


def can_reopen(case: Case, policy: Recovery, staff: Staff, now: datetime) -> bool:
    """Whether it is resolved or closed, not too long ago."""
    since = case.resolved_at or case.closed_at
    return since is not None and now <= after(policy.resolution.reopen_within, since, staff)


def scored(case: Case, score: int, policy: Recovery, staff: Staff, now: datetime) -> Moved:
    """Note how satisfied the customer is, of 5; who says that it is not made good opens it again."""
    state = case.model_copy(update={"score": score})
    if score > NOT_MADE_GOOD or not can_reopen(state, policy, staff, now):
        return Moved(state)
    return reopened(state, policy, CUSTOMER, f"satisfied {score} of 5", now)


def released(case: Case, by: str, now: datetime, why: str) -> Moved:
    """The customer gets marketing again."""
    return Moved(case.model_copy(update={"released_at": now}), (Tell("case_released", by, {"why": why}),))


def told_of(case: Case, about: str, now: datetime) -> Moved:
    """Tell whoever has the case what the customer did."""
    to = (case.owner,) if case.owner is not None else ()
    return Moved(case, (Notify(to, "case_moved", f"{about}/{now:%Y%m%dT%H%M%S}", data={"event": about}),))


def _promised(case: Case, names: tuple[PromiseName, ...], since: datetime) -> tuple[Promise, ...]:
    """Return new promises of these names; those that its severity does not make are left out."""
    found = []
    for name in get_args(PromiseName):
        target = getattr(case.clocks, name) if name in names else None
        if target is not None:
            number = 1 + sum(each.name == name for each in case.promises)
            found.append(Promise(name=name, number=number, target=target, started_at=since))
    return tuple(found)


def _dropped(case: Case, now: datetime) -> Case:
    promises = tuple(
        each.model_copy(update={"dropped_at": max(now, each.started_at)}) if each.is_open else each
        for each in case.promises
    )
    return case.model_copy(update={"promises": promises})


def _ended_holds(case: Case, now: datetime) -> tuple[Hold, ...]:
    return tuple(Hold(each.paused_at, max(each.paused_at, now)) if each.until is None else each for each in case.holds)
