"""A desk for cases without a worker: what is asked is done in one transaction, as a worker does it."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from domain.recovery_actions import CaseAction
from domain.recovery_door import CaseStands, case_stands
from records.case_rows import case_of
from records.cases import act
from records.models import Contact
from records.published import Published
from records.session import Database
from records.timeline import record_all
from starter.acting import Refused

RECOVERY = """\
team: care
causes: {lost-parcel: The parcel was lost, wrong-item: The wrong thing was sent}
remedies:
  currency: EUR
  types:
    apology: {label: our apology, counts: false}
    refund: {label: your money back, by: person}
    credit: {label: a credit, by: person}
  bands:
    - {offer: [apology, refund, credit], most: 500}
"""
CARE = """\
  care: {label: Care, email: care@acme.example, members: [ada, bob], lead: lea, manager: max}
"""


def acted(session: Session, published: Published, case: str, action: CaseAction, key: str, now: datetime) -> CaseStands:
    """Do what is asked about a case. Raises `Refused`."""
    kept = act(session, published, case, action, key, now)
    assert kept is not None
    if kept.refusal is not None:
        raise Refused(kept.refusal)
    contact = session.get(Contact, kept.row.contact_id)
    assert contact is not None
    record_all(session, published, contact, kept.told, now)
    return case_stands(case_of(kept.row), kept.row.moves, kept.row.next_at)


class DeskOfRecords:
    """The desk of a command line: it does at once what is asked, whoever would have to be connected to."""

    def __init__(self, connect: Any, main: Database, *, task_queue: str = "") -> None:
        self.main, self.published = main, Published()

    async def act_on_case(self, case: str, action: CaseAction, key: str) -> CaseStands:
        now = datetime.now().astimezone().replace(microsecond=0)
        return await self.main.write(lambda session: acted(session, self.published, case, action, key, now))

    async def act(self, follow_up: str, action: Any, key: str) -> None:
        from records.follow_ups import act as act_on_follow_up

        now = datetime.now().astimezone().replace(microsecond=0)

        def work(session: Session) -> None:
            kept = act_on_follow_up(session, self.published, follow_up, action, key, now)
            assert kept is not None
            if kept.refusal is not None:
                raise Refused(kept.refusal)
            contact = session.get(Contact, kept.row.contact_id)
            assert contact is not None
            record_all(session, self.published, contact, kept.told, now)

        await self.main.write(work)
