"""What becomes of a remedy: proposed within what the policy offers, granted by somebody whose limit it is, settled.

The one thing to know: whoever proposes never grants, and silence never does. Who is asked and says nothing has a
deputy, or somebody above; band and caps are asked again at the moment of the yes.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.follow_up import Notify, Tell
from domain.follow_up_moves import BY_ITSELF
from domain.keys import ledger_id
from domain.recovery import Case, Ground, Moved, Write, then
from domain.recovery_actions import Approved, Declined, Delivered, NotDelivered, Proposed, Withdrawn
from domain.remedies import Remedy, RemedyState
from domain.remedy_refusals import not_decided as not_decided
from domain.remedy_refusals import not_done as not_done
from domain.remedy_refusals import not_proposed as not_proposed
from domain.remedy_rules import first_asked, found, holders, judged, next_asked

# So often the highest who could say yes is reminded; then the case's own promises tell of it.
MOST_REMINDERS = 5


def remedy_id(case: str, key: str) -> str:
    """Return the id of the remedy that was proposed under a key: the same at every attempt, 32 hex digits.

    >>> remedy_id("c1", "k1") == remedy_id("c1", "k1"), remedy_id("c2", "k1") == remedy_id("c1", "k1")
    (True, False)
    """
    return ledger_id(f"remedy/{case}/{key}")


def proposed(case: Case, action: Proposed, ground: Ground, key: str) -> Moved:
    """Propose a remedy, once for each `key`: granted at once where nobody has to say yes, else somebody is asked."""
    id = remedy_id(case.id, key)
    if any(each.id == id for each in case.remedies):
        return Moved(case)
    known, offer = ground.policy.remedies.types[action.kind], judged(case, action.kind, action.amount, ground)
    remedy = Remedy(
        id=id,
        kind=action.kind,
        by=known.by,
        label=known.label,
        amount=action.amount,
        currency=ground.policy.remedies.currency,
        proposed_by=action.by,
        proposed_at=ground.now,
        level=offer.level,
        rule=offer.rule,
    )
    said = {"rule": remedy.rule, "note": action.note or None}
    moved = Moved(_with(case, remedy), (_told("proposed", action.by, remedy, said),))
    if offer.level == "agent":
        return then(moved, _granted(moved.state, remedy, None, ground))
    who = first_asked(offer.level, action.by, ground)
    assert who is not None, "whoever asks `not_proposed` first knows that there is somebody"
    return then(moved, _ask(moved.state, remedy, who, ground))


def approved(case: Case, action: Approved, ground: Ground) -> Moved:
    """Grant it: it is delivered next."""
    remedy = found(case, action.remedy)
    assert remedy is not None, "whoever asks `not_decided` first knows that there is one"
    return _granted(case, remedy, action.by, ground)


def declined(case: Case, action: Declined, ground: Ground) -> Moved:
    """Do not grant it: whoever proposed it is told why. An alternative, in the customer's words, is written to them.

    The customer never reads the reason. Without an alternative nothing is written: nobody has promised them anything.
    """
    moved = _decided(case, action.remedy, "refused", action.by, action.note, action.alternative, ground)
    remedy = found(moved.state, action.remedy)
    assert remedy is not None, "it was decided just now"
    why = {"why": action.note, "alternative": action.alternative}
    moved = then(moved, Moved(moved.state, (_note(remedy, "remedy_refused", (remedy.proposed_by,), ground, why),)))
    if not action.alternative:
        return moved
    data = {"remedy": remedy.id, "alternative": action.alternative}
    return then(moved, Moved(moved.state, (Write("refusal", f"refusal/{remedy.id}", data),)))


def withdrawn(case: Case, action: Withdrawn, ground: Ground) -> Moved:
    """Take it back."""
    return _decided(case, action.remedy, "withdrawn", action.by, action.note, None, ground)


def taken_back(case: Case, why: str, now: datetime) -> Moved:
    """Withdraw everything that still waits for a yes: the case is over. What was granted is delivered all the same."""
    moved = Moved(case)
    for each in case.remedies:
        if each.state == "asked":
            update = {"state": "withdrawn", "decided_by": BY_ITSELF, "decided_at": now, "why": why, "approver": None}
            remedy = each.model_copy(update=update)
            told = _told("withdrawn", BY_ITSELF, remedy, {"why": why})
            moved = then(moved, Moved(_with(moved.state, remedy), (told,)))
    return moved


def unanswered(case: Case, id: str, ground: Ground) -> Moved:
    """Ask the next, since whoever was asked has said nothing for too long; who is highest is reminded, never passed."""
    remedy = found(case, id)
    if remedy is None or remedy.state != "asked":
        return Moved(case)
    who = next_asked(ground.staff, remedy.level, remedy.proposed_by, remedy.asked, ground.now)
    if who is not None:
        return _ask(case, remedy, who, ground)
    highest = [holder for _, holder in holders(ground.staff, remedy.level, remedy.proposed_by)]
    last = highest[-1] if highest else remedy.approver
    if last is None or len(remedy.asked) - len(set(remedy.asked)) >= MOST_REMINDERS:
        return Moved(case)
    return _ask(case, remedy, last, ground)


def done_by_hand(case: Case, action: Delivered | NotDelivered, ground: Ground) -> Moved:
    """Note that somebody has delivered a remedy themselves, or cannot."""
    delivered = isinstance(action, Delivered)
    return settled(case, action.remedy, delivered, "" if delivered else action.note or "", ground.now, by=action.by)


def settled(case: Case, id: str, delivered: bool, why: str, now: datetime, by: str = BY_ITSELF) -> Moved:
    """Note that a granted remedy was delivered, and tell the customer; or that it was not, and tell a person.

    Said twice, it is done once.
    """
    remedy = found(case, id)
    if remedy is None or remedy.state != "approved":
        return Moved(case)
    state: RemedyState = "delivered" if delivered else "failed"
    remedy = remedy.model_copy(update={"state": state, "settled_at": now, "why": why or None})
    case, told = _with(case, remedy), _told(state, by, remedy, {"why": why or None})
    if delivered:
        return Moved(case, (told, Write("offer", f"offer/{id}", {"remedy": id})))
    to = (case.owner,) if case.owner is not None else ()
    note = Notify(
        to, "remedy_failed", f"failed/{id}", chat=True, data={**_data(remedy), "label": remedy.label, "why": why}
    )
    return Moved(case, (told, note))


def to_deliver(case: Case) -> tuple[Remedy, ...]:
    """Return what was granted and is still to be delivered by us: not what a person does."""
    return tuple(each for each in case.remedies if each.state == "approved" and each.by != "person")


def _ask(case: Case, remedy: Remedy, who: str, ground: Ground) -> Moved:
    asked = (*remedy.asked, who)
    remedy = remedy.model_copy(update={"approver": who, "asked_at": ground.now, "asked": asked})
    data = {**_data(remedy), "label": remedy.label, "rule": remedy.rule, "by": remedy.proposed_by}
    note = Notify((who,), "approval", f"approval/{remedy.id}/{len(asked)}", chat=True, data=data)
    told = _told("asked", remedy.proposed_by if len(asked) == 1 else BY_ITSELF, remedy, {"to": who})
    return Moved(_with(case, remedy), (told, note))


def _granted(case: Case, remedy: Remedy, by: str | None, ground: Ground) -> Moved:
    update = {"state": "approved", "decided_by": by, "decided_at": ground.now, "approver": None}
    remedy = remedy.model_copy(update=update)
    moved = Moved(_with(case, remedy), (_told("approved", by or BY_ITSELF, remedy, {"level": remedy.level}),))
    if remedy.by == "nothing":  # there is nothing to deliver but our word
        return then(moved, settled(moved.state, remedy.id, True, "", ground.now))
    if remedy.by == "person":
        to = (case.owner,) if case.owner is not None else ()
        return then(moved, Moved(moved.state, (_note(remedy, "remedy_to_do", to, ground),)))
    return moved


def _decided(
    case: Case, id: str, state: RemedyState, by: str, why: str, alternative: str | None, ground: Ground
) -> Moved:
    remedy = found(case, id)
    assert remedy is not None, "whoever asks `not_decided` first knows that there is one"
    update = {"state": state, "decided_by": by, "decided_at": ground.now, "approver": None}
    remedy = remedy.model_copy(update=update | {"why": why or None, "alternative": alternative})
    told = _told(state, by, remedy, {"why": why or None, "alternative": alternative})
    return Moved(_with(case, remedy), (told,))


def _note(
    remedy: Remedy, about: str, to: tuple[str, ...], ground: Ground, said: Mapping[str, object] | None = None
) -> Notify:
    people = tuple(each for each in to if ground.staff.knows(each))
    return Notify(people, about, f"{about}/{remedy.id}", data={**_data(remedy), "label": remedy.label, **(said or {})})


def _data(remedy: Remedy) -> dict[str, object]:
    worth = {"amount": str(remedy.amount), "currency": remedy.currency} if remedy.amount else {}
    return {"remedy": remedy.id, "kind": remedy.kind, **worth}


def _told(what: str, by: str, remedy: Remedy, said: Mapping[str, object]) -> Tell:
    return Tell(f"case_remedy_{what}", by, {**_data(remedy), **said})


def _with(case: Case, remedy: Remedy) -> Case:
    """Return a case with a remedy in its place: the order in which they were proposed stays."""
    if found(case, remedy.id) is None:
        return case.model_copy(update={"remedies": (*case.remedies, remedy)})
    return case.model_copy(
        update={"remedies": tuple(remedy if each.id == remedy.id else each for each in case.remedies)}
    )
