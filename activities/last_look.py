"""The last look before a message leaves: what can forbid it, read afresh in the transaction that says it leaves."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from domain.facts import Facts
from domain.letters import Plan
from records import capping
from records.facts import Withdrawn, read_again


def look_again(
    session: Session, facts: Facts, plan: Plan, contact_id: str, now: datetime, withdrawn: Withdrawn
) -> Facts | str:
    """Return the facts with what can have changed since they were read, or how the run ended meanwhile.

    Where there are caps the contact is held until the commit, so that others who send in the same second are counted.
    """
    back = capping.reach(facts.policies, plan.class_, plan.need.channel)
    if back is not None:
        capping.hold(session, contact_id)
    found = read_again(session, facts, now, withdrawn)
    if back is None or isinstance(found, str):
        return found
    sent = capping.counted(session, [contact_id], now - back)
    waits = capping.put_off(session, [contact_id]).get(contact_id, ())
    others = [each for run, each in waits if run != facts.enrolment]
    return replace(found, counted=sent.get(contact_id, ()), put_off=others)
