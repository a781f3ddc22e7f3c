"""The last look before messages leave: what can forbid them, read afresh in the transaction that says they leave."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from domain.duplicates import can_be_same
from domain.facts import Facts
from domain.letters import Plan
from domain.standing import address_on
from records import capping
from records.facts import Withdrawn, read_all_again
from records.surveys import asked_last
from records.twice import hold_addresses, left_alike
from records.waits import waiting_of


@dataclass(frozen=True, eq=False)
class Look:
    """A message about to leave: its `id`, the facts as they were read before, and what is meant to be sent to whom."""

    id: str
    facts: Facts
    plan: Plan
    contact_id: str

    @property
    def address(self) -> str:
        """Where it goes, as suppressions know it."""
        return address_on(self.facts.contact, self.plan.need.channel)

    @property
    def sort(self) -> tuple[str, str, str, bool]:
        """What messages have in common that are asked about together."""
        return self.plan.class_, self.plan.need.channel, self.plan.need.template, self.plan.team is None


def in_turns(looks: Sequence[Look]) -> Iterator[list[Look]]:
    """Put messages into turns that can be asked about together.

    No two of a turn go to one contact or address: the second has to see that the first has left.
    """
    waiting = list(looks)
    while waiting:
        turn: list[Look] = []
        taken: set[str] = set()
        for each in waiting:
            whose = {f"contact {each.contact_id}"} | ({f"address {each.address}"} if each.address else set())
            if (not turn or each.sort == turn[0].sort) and taken.isdisjoint(whose):
                turn.append(each)
                taken |= whose
        yield turn
        waiting = [each for each in waiting if each not in turn]


def look_again(session: Session, turn: Sequence[Look], now: datetime, withdrawn: Withdrawn) -> dict[str, Facts | str]:
    """Return, by message, the facts with what can have changed since they were read, or how the run ended meanwhile.

    The messages are of one turn. Where there are caps, or a survey is asked, the contacts are held until the commit,
    and the addresses where a message may be the same as another: so that others who send in the same second are seen.
    In this order, whoever asks.
    """
    facts, plan = turn[0].facts, turn[0].plan
    back = capping.reach(facts.policies, plan.class_, plan.need.channel)
    asks = plan.survey is not None
    if back is not None or asks:
        capping.hold(session, [each.contact_id for each in turn])
    once = plan.team is None and can_be_same(plan.class_, plan.need.channel)
    if once:
        hold_addresses(session, plan.need.channel, [each.address for each in turn])
    again = read_all_again(session, [each.facts for each in turn], now, withdrawn)
    found = {each.id: again[each.facts.enrolment] for each in turn}
    living = [each for each in turn if not isinstance(found[each.id], str)]
    more: dict[str, dict[str, Any]] = {each.id: {} for each in living}
    if once:
        _add_alike(session, living, more, now)
    if asks:
        _add_surveyed(session, living, more)
    if back is not None:
        _add_counted(session, living, more, now - back)
    return {id: facts if isinstance(facts, str) else replace(facts, **more[id]) for id, facts in found.items()}


def _add_alike(session: Session, living: Sequence[Look], more: dict[str, dict[str, Any]], now: datetime) -> None:
    if not living:
        return
    need, ids, by_address = living[0].plan.need, [each.id for each in living], defaultdict(list)
    for alike in left_alike(session, need.channel, need.template, [each.address for each in living], now, but=ids):
        by_address[alike.address].append(alike)
    for each in living:
        more[each.id]["alike"] = by_address[each.address]


def _add_surveyed(session: Session, living: Sequence[Look], more: dict[str, dict[str, Any]]) -> None:
    asked = asked_last(session, [each.contact_id for each in living], but=[each.id for each in living])
    for each in living:
        more[each.id]["surveyed"] = asked.get(each.contact_id)


def _add_counted(session: Session, living: Sequence[Look], more: dict[str, dict[str, Any]], since: datetime) -> None:
    contacts = [each.contact_id for each in living]
    counted, waits = capping.counted(session, contacts, since), waiting_of(session, contacts)
    for each in living:
        more[each.id]["counted"] = counted.get(each.contact_id, ())
        more[each.id]["put_off"] = waits.of_others(each.contact_id, each.facts.enrolment)
