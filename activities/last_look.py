"""The last look before a message leaves: what can forbid it, read afresh in the transaction that says it leaves."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from domain.duplicates import can_be_same
from domain.facts import Facts
from domain.letters import Plan
from domain.standing import address_on
from records import capping
from records.facts import Withdrawn, read_again
from records.service_cases import open_cases
from records.twice import hold_address, left_alike
from records.waits import waiting_of


def look_again(
    session: Session, facts: Facts, plan: Plan, contact_id: str, now: datetime, withdrawn: Withdrawn, *, id: str = ""
) -> Facts | str:
    """Return the facts with what can have changed since they were read, or how the run ended meanwhile.

    Where there are caps the contact is held until the commit, and the address where the message (`id`) may be the same
    as another: so that others who send in the same second are seen. In this order, whoever asks.
    """
    back = capping.reach(facts.policies, plan.class_, plan.need.channel)
    if back is not None:
        capping.hold(session, contact_id)
    once = plan.team is None and can_be_same(plan.class_, plan.need.channel)
    address = address_on(facts.contact, plan.need.channel)
    if once:
        hold_address(session, plan.need.channel, address)
    found = read_again(session, facts, now, withdrawn)
    if isinstance(found, str):
        return found
    if plan.class_ == "marketing":
        found = replace(found, cases=open_cases(session, [contact_id]).get(contact_id, ()))
    if once:
        found = replace(found, alike=left_alike(session, plan.need.channel, plan.need.template, [address], now, but=id))
    if back is not None:
        sent = capping.counted(session, [contact_id], now - back).get(contact_id, ())
        waits = waiting_of(session, [contact_id]).of_others(contact_id, facts.enrolment)
        found = replace(found, counted=sent, put_off=waits)
    return found
