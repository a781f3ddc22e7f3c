"""Take: what may have changed is asked again, slots are taken, and the message is claimed, in one short transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from activities.account import Account
from activities.last_look import look_again
from activities.linking import Kept
from domain.meetings import Meeting
from domain.needs import Left, Outcome
from records import ledger, links, meetings, waits
from records.ledger import NotOurs, Taken


class Taking:
    """Takes one message on its way. `meeting` and `links` are what has to be remembered before it leaves."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.meeting: Meeting | None = None
        self.links: Sequence[Kept] = ()

    def enter(self, session: Session, now: datetime) -> Outcome | None:
        """Re-read what may have changed since it was asked, and take the slots of throttles; None means go."""
        late = self.changed(session, now)
        if late is not None:
            return late
        writing, way = self.account.writing, self.account.way
        queued = way.enter(session, now)
        if queued is not None:
            writing.noted("throttle", "; ".join(queued.row.why) if queued.row else "waits for its turn")
            return self.account.close(session, queued, now)
        writing.noted("throttle", "has a slot" if way.passed else "no throttle")
        waits.its_turn(session, self.account.facts.enrolment)
        return None

    def take(self, session: Session, now: datetime) -> Taken | Outcome:
        """Claim the message, if nothing stands in its way any more."""
        late = self.enter(session, now)
        if late is not None:
            return late
        links.keep(session, self.links, now)  # before anybody can follow one
        try:
            taken = ledger.claim(session, self.account.row(), str(uuid.uuid4()), now)
        except NotOurs:
            self.account.way.give_back(session)
            return self.account.theirs(now)
        if self.meeting is not None:
            meetings.tell(session, self.account.id, self.meeting)
        return taken

    def begin(self, taken: Taken, session: Session, now: datetime) -> Outcome | None:
        """The last look before the body leaves, in the transaction that says that it leaves; None means go."""
        way = self.account.way
        changed = self.changed(session, now)
        if changed is not None:
            way.give_back(session)
            ledger.uncount(session, taken)
            return changed
        late = way.leave(session, now)
        if late is not None:
            ledger.uncount(session, taken)
            return self.account.close(session, late, now)
        ledger.hand_over(session, taken, now, self.account.post.settings.lease)
        return None

    def changed(self, session: Session, now: datetime) -> Outcome | None:
        """Ask again what can have changed: has the run ended, may the contact still be written to."""
        account, writing, facts = self.account, self.account.writing, self.account.facts
        withdrawn = account.post.withdrawn
        found = look_again(session, facts, account.plan, account.contact_id, now, withdrawn, id=account.id)
        if isinstance(found, str):
            return Left(found)
        if writing.recipient(found) != writing.recipient(facts):
            # What was written is for the address of before; it is written anew.
            return account.put_off(
                session, account.soon(now, "the address has changed"), "the address has changed", now
            )
        refusal = writing.stopped(found, again=True)
        return None if refusal is None else account.close(session, refusal, now)
