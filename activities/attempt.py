"""One message of one member: asked, written, claimed, handed over, and its fate recorded.

What happens if the process dies: before the claim, nothing was done. Between claim and `handing_over`, the next attempt
takes the claim over. After `handing_over` nobody can know: once the lease has run out the row is `unknown`, and the
message's class decides whether it is sent again. The fate and the decision are one transaction.
"""

from datetime import datetime

from sqlmodel import Session

from activities.account import Account, full_second
from activities.composing import Composing
from activities.handing_over import HandingOver, Writers
from activities.taking import Taking
from domain import patience
from domain.answering import Answer
from domain.needs import Later, Outcome
from records import ledger
from records.ledger import Taken
from records.models import Message


class Attempt:
    """One attempt at one message."""

    def __init__(self, account: Account, writers: Writers) -> None:
        self.account, self.writers = account, writers
        self.key = self.account.key
        known = (account.facts, account.bundle, account.contact_id, account.key)
        self.composing = Composing(account.post, account.writing, *known)
        self.taking = Taking(self.account)

    async def send(self, *, begun: bool = True, busy: frozenset[str] = frozenset()) -> Outcome:
        """Send the message, once, and return its fate, or when to ask again.

        Not `begun` says that no earlier attempt was seen; one that begins meanwhile is met by the claim. `busy` are the
        queues in which others wait: who would wait there, too, is not rendered first.
        """
        account, taking = self.account, self.taking
        earlier = await account.write(self._earlier) if begun else None
        if earlier is not None:
            return earlier
        refusal = account.writing.stopped(account.facts)
        if refusal is None and busy and account.way.is_busy(busy, account.batch.now):
            late = await account.write(taking.enter)
            if late is not None:
                return late
        packed = refusal or await self.composing.compose()
        if isinstance(packed, Answer):
            return await self._close(packed)
        account.subject, taking.meeting, taking.links = packed.subject, packed.meeting, packed.links
        taken = await self.writers.take(taking, account.now())
        if not isinstance(taken, Taken):
            return taken
        return await HandingOver(account, taking, taken, self.writers).send(packed.envelope)

    def _earlier(self, session: Session, now: datetime) -> Outcome | None:
        """Return what an earlier attempt left behind; None if nothing keeps this one from going."""
        row = ledger.held(session, self.account.id)
        if row is None or (row.state == ledger.CLAIMED and (row.not_before is None or row.not_before <= now)):
            return None
        if row.state == ledger.CLAIMED:
            return self._rests(row)
        if row.state == ledger.HANDING_OVER:
            if row.lease_until is not None and now < row.lease_until:
                return Later(full_second(row.lease_until), "being handed over")
            ledger.lose(session, row, "whoever handed it over died before its fate was known", now)
        return self.account.fate(session, row, now)

    def _rests(self, row: Message) -> Outcome | None:
        """Wait as long as the other side asked for; None once the message is of no use any more, which is said then."""
        expires = self.account.writing.expires(self.account.facts)
        if expires <= self.account.facts.now:
            return None
        due = expires if row.not_before is None else min(row.not_before, expires)
        # Not in the server's words: they often name the address, and this goes into a history.
        return Later(due, patience.asked_by(row.channel))

    async def _close(self, answer: Answer) -> Outcome:
        account = self.account

        def close(session: Session, now: datetime) -> Outcome:
            account.way.give_back(session)
            return account.close(session, answer, now)

        return await account.write(close)
