"""What somebody can do about a case by a link in a mail: the forms of its page, and who gets which.

The one thing to know: a form that is shown may still be refused, since what depends on what is chosen is asked when it
is done; one that is not shown is not done by a link either.
"""

from collections.abc import Iterator

from domain.recovery import Case, Ground
from domain.recovery_actions import (
    Answered,
    Approved,
    AskedCustomer,
    CaseAction,
    Closed,
    Declined,
    Delivered,
    Released,
    Reopened,
    Withdrawn,
)
from domain.recovery_doing import refused
from domain.remedies import Remedy
from domain.remedy_rules import band_of

COMMENT = "comment"
# Of these each is about one remedy.
OF_A_REMEDY = ("approve", "decline", "withdraw", "delivered", "not_delivered")
CASE_VERBS = (
    *("approve", "decline", "contacted", "update", "ask", "answered", "diagnose", "severity", "propose", "withdraw"),
    *("delivered", "not_delivered", "resolve", "reopen", "close", "release", COMMENT),
)
# What moves money: from one page it is done once, whatever was filled in, and however often it is sent.
ONCE = ("propose", *OF_A_REMEDY)


def case_offers(case: Case, by: str, ground: Ground, *, mine: bool) -> tuple[str, ...]:
    """Return what somebody can do about a case now, of `CASE_VERBS`; `mine` is whether it is theirs to work on.

    Whoever is asked to grant a remedy can do that, and comment, whoever has the case.
    """
    found = {COMMENT, *(verb for verb in OF_A_REMEDY if remedies_for(case, verb, by, ground, mine=mine))}
    if mine:
        found |= set(_while_it_goes(case, by, ground))
    return tuple(verb for verb in CASE_VERBS if verb in found)


def remedies_for(case: Case, verb: str, by: str, ground: Ground, *, mine: bool) -> tuple[Remedy, ...]:
    """Return the remedies of a case that somebody can approve, decline, withdraw or note as delivered."""
    return tuple(each for each in case.remedies if _can(case, each, verb, by, ground, mine=mine))


def _can(case: Case, remedy: Remedy, verb: str, by: str, ground: Ground, *, mine: bool) -> bool:
    if verb in ("approve", "decline"):
        # What may not be granted any more can be declined all the same.
        probe = Approved(by=by, remedy=remedy.id) if verb == "approve" else Declined(by=by, remedy=remedy.id, note="?")
        return by in (remedy.approver, *remedy.asked) and _may(case, probe, ground)
    if verb == "withdraw":
        return (mine or by == remedy.proposed_by) and _may(case, Withdrawn(by=by, remedy=remedy.id), ground)
    return mine and remedy.by == "person" and _may(case, Delivered(by=by, remedy=remedy.id), ground)


def _while_it_goes(case: Case, by: str, ground: Ground) -> Iterator[str]:
    if case.is_open:
        yield from ("contacted", "update", "resolve")
        if band_of(case, ground.policy.remedies) is not None:
            yield "propose"
    if ground.policy.causes:
        yield "diagnose"
    if case.closed_at is None:
        yield "severity"
    probes: dict[str, CaseAction] = {
        "ask": AskedCustomer(by=by, text="?"),
        "answered": Answered(by=by),
        "reopen": Reopened(by=by, note="?"),
        "close": Closed(by=by, outcome="?"),
        "release": Released(by=by, note="?"),
    }
    yield from (verb for verb, probe in probes.items() if _may(case, probe, ground))


def _may(case: Case, action: CaseAction, ground: Ground) -> bool:
    return refused(case, action, ground) is None
