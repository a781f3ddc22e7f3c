"""What may be given now, how much of it, who has to say yes, and who may: judged on the policy of this moment.

The one thing to know: whoever proposed never grants, nor does whoever stands in for them; and no level that is missing
lowers the one that is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parseaddr

from domain.assignment import Staff
from domain.definition import nearest
from domain.recovery import Case, Ground, after
from domain.remedies import COUNTED, LEVELS, Given, Level, Remedy, plain, shown
from domain.remedy_policy import Band, Cap, Remedied, Remedies


@dataclass(frozen=True)
class Judged:
    """What is to be said of an offer: why it may not be made, or who has to say yes; and the rule in words."""

    why_not: str | None = None
    level: Level = "agent"
    rule: str = ""


def band_of(case: Case, policy: Remedies) -> Band | None:
    """Return what may be offered in a case: the first band of its severity and its customer's tier."""
    fits = (each for each in policy.bands if case.severity in each.severity)
    return next((each for each in fits if not each.tier or case.tier in each.tier), None)


def judged(case: Case, kind: str, amount: Decimal, ground: Ground, *, itself: Remedy | None = None) -> Judged:
    """Judge an offer by the policy of now; `itself` is the remedy where it was proposed already."""
    policy = ground.policy.remedies
    band, known = band_of(case, policy), policy.types.get(kind)
    why_not = _not_offered(case, kind, band, policy)
    if why_not is not None or band is None or known is None:
        return Judged(why_not)
    given = tuple(each for each in given_of(case, ground) if itself is None or each.id != itself.id)
    why_not = _not_so_much(case, kind, known, amount, band, policy) or _over_a_cap(amount, given, band, ground)
    if why_not is not None:
        return Judged(why_not)
    again = bool(amount) and itself is None and _lately(given, ground)
    level = policy.approval.level_for(amount)
    if again and level != "head":
        level = LEVELS[LEVELS.index(level) + 1]
    if itself is not None:
        level = max(level, itself.level, key=LEVELS.index)
    return Judged(None, level, _rule(case, known, level, band, given, ground, again=again))


def given_of(case: Case, ground: Ground) -> tuple[Given, ...]:
    """Return the money a customer was given or is about to be, in this case and in all others."""
    mine = (
        Given(id=each.id, case=case.id, kind=each.kind, amount=each.amount, at=each.proposed_at)
        for each in case.remedies
        if each.state in COUNTED and each.amount
    )
    return (*(each for each in ground.spent.given if each.case != case.id), *mine)


def most_now(case: Case, ground: Ground) -> Decimal:
    """Return how much one more remedy of a case could be worth now: what its band and every cap leave."""
    band = band_of(case, ground.policy.remedies)
    return Decimal(0) if band is None else _left(band, given_of(case, ground), ground)


def _not_offered(case: Case, kind: str, band: Band | None, policy: Remedies) -> str | None:
    if kind not in policy.types:
        known = ", ".join(policy.types) or "none"
        return f"'{kind}' is no remedy of policies/recovery.yaml{nearest(kind, set(policy.types))}; there are {known}"
    if band is None:
        return f"policies/recovery.yaml has no band for {_whom(case)}, so nothing may be offered; write one in `bands`"
    if kind not in band.offer:
        offered = ", ".join(band.offer) or "nothing"
        return f"'{kind}' may not be offered for {_whom(case)}; policies/recovery.yaml offers {offered}"
    return None


def _not_so_much(case: Case, kind: str, known: Remedied, amount: Decimal, band: Band, policy: Remedies) -> str | None:
    most = shown(band.most, policy.currency)
    if not known.counts and amount:
        return f"'{kind}' is no money; leave the amount out"
    if known.counts and not amount:
        return f"'{kind}' is worth something; say how much, up to {most}"
    if amount > band.most:
        return f"for {_whom(case)} a remedy is worth up to {most}; propose at most that{_instead(band, policy)}"
    return None


def _over_a_cap(amount: Decimal, given: tuple[Given, ...], band: Band, ground: Ground) -> str | None:
    if not amount:
        return None
    policy = ground.policy.remedies
    for cap in policy.caps:
        counted = tuple(_within(cap, given, ground))
        if cap.times is not None and len(counted) >= cap.times:
            free = _instead(band, policy) or "; the next once one of them is longer ago"
            return f"the customer had {len(counted)} of {cap.times} remedies in {cap.in_}{free}"
        spent = sum((each.amount for each in counted), Decimal(0))
        if cap.most is not None and spent + amount > cap.most:
            left = _left(band, given, ground)
            could = f"; propose at most {shown(left, policy.currency)}" if left else ""
            had = f"{shown(spent, policy.currency)} of {shown(cap.most, policy.currency)} in {cap.in_}"
            return f"the customer had {had}{could}{_instead(band, policy)}"
    return None


def _left(band: Band, given: tuple[Given, ...], ground: Ground) -> Decimal:
    left = band.most
    for cap in ground.policy.remedies.caps:
        counted = tuple(_within(cap, given, ground))
        if cap.times is not None and len(counted) >= cap.times:
            return Decimal(0)
        if cap.most is not None:
            left = min(left, cap.most - sum((each.amount for each in counted), Decimal(0)))
    return max(left, Decimal(0))


def _within(cap: Cap, given: tuple[Given, ...], ground: Ground) -> Iterator[Given]:
    """Yield what counts under a cap: its span, begun with the remedy, is not over."""
    return (each for each in given if after(cap.in_, each.at, ground.staff) > ground.now)


def _lately(given: tuple[Given, ...], ground: Ground) -> bool:
    within = ground.policy.remedies.approval.again_within
    return any(after(within, each.at, ground.staff) > ground.now for each in given)


def _instead(band: Band, policy: Remedies) -> str:
    """Say which remedies of a band are no money, and so are under no limit."""
    free = [kind for kind in band.offer if kind in policy.types and not policy.types[kind].counts]
    return f", or {' or '.join(free)}" if free else ""


def _whom(case: Case) -> str:
    return f"{case.severity} {case.tier}" if case.tier else str(case.severity)


def _rule(
    case: Case, known: Remedied, level: Level, band: Band, given: tuple[Given, ...], ground: Ground, *, again: bool
) -> str:
    policy = ground.policy.remedies
    if not known.counts:
        return f"band {_whom(case)}: no money, nobody has to say yes"
    said = [f"band {_whom(case)}: up to {shown(band.most, policy.currency)}", _grants(level, policy)]
    if again:
        said.append(f"a second within {policy.approval.again_within} goes one level up")
    for cap in policy.caps:
        counted = tuple(_within(cap, given, ground))
        if cap.most is not None:
            spent = sum((each.amount for each in counted), Decimal(0))
            said.append(f"{plain(spent)} of {shown(cap.most, policy.currency)} in {cap.in_} used")
        if cap.times is not None:
            said.append(f"{len(counted)} of {cap.times} in {cap.in_} used")
    return "; ".join(said)


def _grants(level: Level, policy: Remedies) -> str:
    limits = {"agent": policy.approval.agent, "lead": policy.approval.lead, "manager": policy.approval.manager}
    if level == "head":
        return f"head grants what is above {shown(policy.approval.manager, policy.currency)}"
    up_to = shown(limits[level], policy.currency)
    return f"up to {up_to} nobody has to say yes" if level == "agent" else f"{level} grants up to {up_to}"


def same_person(staff: Staff, one: str, other: str) -> bool:
    """Whether two names of policies/teams.yaml are one person: the same key, or the same address."""
    addresses = {parseaddr(staff.policy.people[each].email)[1].lower() for each in (one, other) if staff.knows(each)}
    return one == other or (staff.knows(one) and staff.knows(other) and len(addresses) == 1)


def holders(staff: Staff, level: Level, proposed_by: str) -> Iterator[tuple[Level, str]]:
    """Yield who has a level, or one above, the lowest first: without whoever proposed, and whoever has left."""
    for each in LEVELS[max(LEVELS.index(level), 1) :]:
        holder = staff.role(each)
        if holder is not None and not same_person(staff, holder, proposed_by):
            yield each, holder


def next_asked(staff: Staff, level: Level, proposed_by: str, asked: tuple[str, ...], now: datetime) -> str | None:
    """Return who is asked next for a yes, None if everybody was: by level, whoever has it, then their deputy."""
    wanted = (each for each in _in_order(staff, level, proposed_by, now))
    return next((each for each in wanted if each not in asked and not same_person(staff, each, proposed_by)), None)


def _in_order(staff: Staff, level: Level, proposed_by: str, now: datetime) -> Iterator[str]:
    nobody_there = []
    for _, holder in holders(staff, level, proposed_by):
        deputy = deputy_of(staff, holder, now)
        if staff.away(holder, now) is None:
            yield holder
        elif deputy is None:
            nobody_there.append(holder)
        if deputy is not None:
            yield deputy
    yield from nobody_there


def deputy_of(staff: Staff, holder: str, now: datetime) -> str | None:
    """Return who may say yes in somebody's place: the deputy of this absence, else theirs, if they are there.

    Never a deputy's deputy: nobody has named them for so much money. Whoever stands above is asked instead.
    """
    absence, known = staff.away(holder, now), staff.policy.people.get(holder)
    deputy = (absence.deputy if absence is not None else None) or (known.deputy if known is not None else None)
    return deputy if deputy is not None and staff.knows(deputy) and staff.away(deputy, now) is None else None


def may_decide(staff: Staff, remedy: Remedy, level: Level, who: str, now: datetime) -> bool:
    """Whether somebody may say yes or no to a remedy of this level.

    Whoever has the level or one above; their deputy while they are away, or once asked because they did not answer.
    Never whoever proposed it, and nobody without a name.
    """
    if not staff.knows(who) or same_person(staff, who, remedy.proposed_by):
        return False
    for _, holder in holders(staff, level, remedy.proposed_by):
        if who == holder:
            return True
        stands_in = who == deputy_of(staff, holder, now)
        if stands_in and (who in remedy.asked or staff.away(holder, now) is not None):
            return True
    return False


def deciders(staff: Staff, remedy: Remedy, level: Level, now: datetime) -> str:
    """Say who may decide a remedy, in words."""
    found = [f"{holder} ({name})" for name, holder in holders(staff, level, remedy.proposed_by)]
    return " or ".join(found) or "nobody so far: name a person of that level in policies/teams.yaml"


def first_asked(level: Level, proposed_by: str, ground: Ground) -> str | None:
    """Return who is asked first for a yes of this level; None if nobody beside whoever proposes could give it."""
    return next_asked(ground.staff, level, proposed_by, (), ground.now)


def found(case: Case, id: str) -> Remedy | None:
    """Return a remedy of a case by its id; None if it has none of it."""
    return next((each for each in case.remedies if each.id == id), None)
