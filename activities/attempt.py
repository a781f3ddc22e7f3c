"""One message of one member: asked, written, claimed, handed over, and its fate recorded.

What happens if the process dies: before the claim, nothing was done. Between claim and `handing_over`, the next attempt
takes the claim over. After `handing_over` nobody can know: once the lease has run out the row is `unknown`, and the
message's class decides whether it is sent again. The fate and the decision are one transaction.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, TypeVar, cast

from sqlmodel import Session

from activities.batches import Batch
from activities.composing import Composing
from activities.last_look import look_again
from activities.linking import Kept
from activities.log import decision, defer, is_closed
from activities.post import Bundle, Post
from activities.way import Way
from activities.writing import Writing, writing
from channels.base import Accepted, Away, ChannelError, Envelope, Refused, SenderFault, Unavailable
from domain.answering import Answer, Asked, Row
from domain.facts import Facts
from domain.keys import ledger_id, send_key
from domain.letters import Plan
from domain.meetings import Meeting
from domain.needs import Later, Left, Outcome, Sent
from records import ledger, links, meetings, waits
from records.ledger import NotOurs, Taken
from records.models import Enrolment, Message
from records.waiting_models import WaitingMessage

Result = TypeVar("Result")

# A claim that somebody else holds is asked about again after this long.
SOON = timedelta(seconds=30)
# A message that must arrive is repeated under the same Message-ID, but not for ever.
MOST_ATTEMPTS = 5


class Attempt:
    """One attempt at one message."""

    def __init__(self, post: Post, batch: Batch, asked: Asked, facts: Facts, contact_id: str, bundle: Bundle) -> None:
        self.post, self.batch, self.asked, self.facts, self.bundle = post, batch, asked, facts, bundle
        self.contact_id = contact_id
        self.writing: Writing = writing(batch.need, asked, facts, bundle.catalogue)
        self.plan: Plan = self.writing.plan
        self.key = send_key(facts.enrolment, asked.step, asked.visit)
        self.id = ledger_id(self.key)
        self.composing = Composing(post, self.writing, facts, bundle, contact_id, self.key)
        self.way = Way(post, self.writing, facts, asked, self.id)
        self.subject: str | None = None
        self.meeting: Meeting | None = None
        self.links: tuple[Kept, ...] = ()

    async def send(self, *, begun: bool = True, busy: frozenset[str] = frozenset()) -> Outcome:
        """Send the message, once, and return its fate, or when to ask again.

        Not `begun` says that no earlier attempt was seen; one that begins meanwhile is met by the claim. `busy` are the
        queues in which others wait: who would wait there, too, is not rendered first.
        """
        earlier = await self._write(self._earlier) if begun else None
        if earlier is not None:
            return earlier
        refusal = self.writing.stopped(self.facts)
        if refusal is None and busy and self.way.is_busy(busy, self.batch.now):
            late = await self._write(self._enter)
            if late is not None:
                return late
        packed = refusal or await self.composing.compose()
        if isinstance(packed, Answer):
            return await self._close(packed)
        self.subject, self.meeting, self.links = packed.subject, packed.meeting, packed.links
        taken = await self._write(self._take)
        return await self._hand_over(taken, packed.envelope) if isinstance(taken, Taken) else taken

    # --- what was before -------------------------------------------------------------------------------------------

    def _earlier(self, session: Session, now: datetime) -> Outcome | None:
        """Return what an earlier attempt left behind; None if nothing keeps this one from going."""
        row = ledger.held(session, self.id)
        if row is None or (row.state == ledger.CLAIMED and (row.not_before is None or row.not_before <= now)):
            return None
        if row.state == ledger.CLAIMED:
            # Not in the server's words: they often name the address, and this goes into a history.
            return Later(row.not_before, "the mail server asked for patience")
        if row.state == ledger.HANDING_OVER:
            if row.lease_until is not None and now < row.lease_until:
                return Later(_full_second(row.lease_until), "being handed over")
            ledger.lose(session, row, "whoever handed it over died before its fate was known", now)
        return self._fate(session, row, now)

    def _fate(self, session: Session, row: Message, now: datetime) -> Outcome | None:
        """Close the visit with the fate of its message; None if the message is to be sent again."""
        if row.state == ledger.UNKNOWN and row.class_ != "marketing" and row.attempts < MOST_ATTEMPTS:
            ledger.repeat(session, row)  # the same Message-ID: a receiver that has it already can tell
            return None
        fate = cast(Literal["accepted", "refused", "unknown", "skipped"], row.state)
        outcome = Sent(fate, row.reason if fate == "skipped" else None)  # what the server said stays in the row
        why = [row.reason] if row.reason and fate != "accepted" else []
        known = {"message": row.id, "clock": str(self.facts.zone)}
        more = known | ({"subject": row.subject} if row.subject else {})
        self._decide(session, self.writing.told(outcome, why, more), now)
        return outcome

    # --- claiming, in one short transaction ------------------------------------------------------------------------

    def _enter(self, session: Session, now: datetime) -> Outcome | None:
        """Re-read what may have changed since it was asked, and take the slots of throttles; None means go."""
        late = self._changed(session, now)
        if late is not None:
            return late
        queued = self.way.enter(session, now)
        if queued is not None:
            self.writing.noted("throttle", "; ".join(queued.row.why) if queued.row else "waits for its turn")
            return self._close_now(session, queued, now)
        self.writing.noted("throttle", "has a slot" if self.way.passed else "no throttle")
        waits.its_turn(session, self.facts.enrolment)
        return None

    def _take(self, session: Session, now: datetime) -> Taken | Outcome:
        """Claim the message, if nothing stands in its way any more."""
        late = self._enter(session, now)
        if late is not None:
            return late
        links.keep(session, self.links, now)  # before anybody can follow one
        try:
            taken = ledger.claim(session, self._row(), str(uuid.uuid4()), now)
        except NotOurs:
            self.way.give_back(session)
            return self._soon(now, "another attempt has it")
        if self.meeting is not None:
            meetings.tell(session, self.id, self.meeting)
        return taken

    def _changed(self, session: Session, now: datetime) -> Outcome | None:
        """Ask again what can have changed: has the run ended, may the contact still be written to."""
        found = look_again(session, self.facts, self.plan, self.contact_id, now, self.post.withdrawn, id=self.id)
        if isinstance(found, str):
            return Left(found)
        if self.writing.recipient(found) != self.writing.recipient(self.facts):
            # What was written is for the address of before; it is written anew.
            return self._soon(now, "the address has changed")
        refusal = self.writing.stopped(found, again=True)
        return None if refusal is None else self._close_now(session, refusal, now)

    def _row(self) -> Message:
        return Message(
            id=self.id,
            send_key=self.key,
            contact_id=self.contact_id,
            enrolment_id=self.facts.enrolment,
            sequence=self.batch.sequence,
            step=self.asked.step,
            visit=self.asked.visit,
            channel=self.plan.need.channel,
            template=self.plan.need.template,
            bundle=self.bundle.hash,
            class_=self.plan.class_,
            topic=self.plan.topic,
            recipient=self.writing.recipient(self.facts),
            subject=self.subject[:1000] if self.subject else None,
            message_id=self.composing.message_id(self.key),
            state=ledger.CLAIMED,
        )

    # --- handing over ----------------------------------------------------------------------------------------------

    async def _hand_over(self, taken: Taken, envelope: Envelope) -> Outcome:
        async def before_body() -> None:
            stopped = await self._write(partial(self._begin, taken))
            if stopped is not None:
                raise _Stopped(stopped)

        try:
            accepted = await self.post.channels[self.plan.need.channel].send(envelope, before_body)
        except _Stopped as stopped:
            return stopped.outcome
        except NotOurs:
            return self._soon(self.post.clock(), "another attempt has it")
        except ChannelError as error:
            return await self._told(self._failed(taken, error))
        return await self._told(self._write(partial(self._accept, taken, accepted)))

    async def _told(self, fate: Awaitable[Outcome]) -> Outcome:
        """Write down a fate. Whoever was so late that another attempt took over leaves the word to that one."""
        try:
            return await fate
        except NotOurs:
            return self._soon(self.post.clock(), "another attempt has it")

    async def _failed(self, taken: Taken, error: ChannelError) -> Outcome:
        if isinstance(error, Refused):
            return await self._write(partial(self._refuse, taken, error))
        if isinstance(error, Away | SenderFault):
            return await self._write(partial(self._stop, taken, error))
        if isinstance(error, Unavailable):
            return await self._write(partial(self._back, taken, str(error), error.retry_after))
        return await self._write(partial(self._lose, taken, str(error)))

    def _begin(self, taken: Taken, session: Session, now: datetime) -> Outcome | None:
        """The last look before the body leaves, in the transaction that says that it leaves."""
        changed = self._changed(session, now)
        if changed is not None:
            self.way.give_back(session)
            return changed
        late = self.way.leave(session, now)
        if late is not None:
            return self._close_now(session, late, now)
        ledger.hand_over(session, taken, now, self.post.settings.lease)
        return None

    def _accept(self, taken: Taken, accepted: Accepted, session: Session, now: datetime) -> Outcome:
        row = ledger.accept(session, taken, accepted.reply, now, accepted.provider_id)
        self.way.answered(session, row.handing_over_at, True, now)
        return self._known(session, row, now)

    def _refuse(self, taken: Taken, error: Refused, session: Session, now: datetime) -> Outcome:
        self.way.answered(session, None, False, now)
        self.way.give_back(session)
        if error.suppress:
            self.writing.bounced(session, self.facts, now)
        return self._known(session, ledger.refuse(session, taken, str(error), now), now)

    def _known(self, session: Session, row: Message, now: datetime) -> Outcome:
        return self._fate(session, row, now) or self._soon(now, "sent again")

    def _lose(self, taken: Taken, reason: str, session: Session, now: datetime) -> Outcome:
        row = ledger.held(session, taken.id)
        if row is None or row.attempt != taken.attempt or row.state != ledger.HANDING_OVER:
            return self._soon(now, "another attempt has it")
        self.way.lost(session, now)
        return self._known(session, ledger.lose(session, row, reason, now), now)

    def _back(self, taken: Taken, reason: str, wait: timedelta, session: Session, now: datetime) -> Outcome:
        """A definite no for now: the message is tried again."""
        row = ledger.held(session, taken.id)
        # The further a message has been tried, the longer it rests: a minute, two, four … at most an hour.
        rest = max(wait, min(wait * 2 ** ((row.attempts if row else 1) - 1), timedelta(hours=1)))
        due = _full_second(now + min(rest, self.post.settings.longest_rest))
        ledger.put_back(session, taken, reason, due)
        self.way.answered(session, None, False, now)
        self.way.give_back(session)
        late = Row("deferred", why=[reason], more={"template": self.writing.template, "until": due}, final=False)
        return self._comes_again(session, Answer(Later(due, "the mail server asked for patience"), late), now)

    def _stop(self, taken: Taken, error: Away | SenderFault, session: Session, now: datetime) -> Outcome:
        """Not about this message: the channel stands still, and the attempt does not count."""
        ledger.put_back(session, taken, str(error), None, counted=False)
        return self._comes_again(session, self.way.fails(session, error, now), now)

    def _comes_again(self, session: Session, late: Answer, now: datetime) -> Outcome:
        run = session.get(Enrolment, self.facts.enrolment)
        if run is None or run.ended_at is not None:
            return self._let_go(session, run, now)
        return self._close_now(session, late, now)

    # --- closing ---------------------------------------------------------------------------------------------------

    def _let_go(self, session: Session, run: Enrolment | None, now: datetime) -> Left:
        """The run ended while its message was on its way, and it was not taken: nobody asks for it again."""
        reason = run.end_reason or "ended" if run else "erased"
        ledger.let_go(session, self.facts.enrolment, f"the run ended: {reason}", now)
        return Left(reason)

    def _soon(self, now: datetime, why: str) -> Later:
        return Later(_full_second(now + min(SOON, self.post.settings.longest_rest)), why)

    async def _write(self, work: Callable[[Session, datetime], Result]) -> Result:
        # Never earlier than the wave asked: on a machine whose clock is behind the server's, a message that is due
        # would be answered `later` with an instant that has come, over and over.
        now = max(self.post.clock(), self.batch.now)
        return await self.post.database.write(lambda session: work(session, now))

    async def _close(self, answer: Answer) -> Outcome:
        def close(session: Session, now: datetime) -> Outcome:
            self.way.give_back(session)
            return self._close_now(session, answer, now)

        return await self._write(close)

    def _close_now(self, session: Session, answer: Answer, now: datetime) -> Outcome:
        """Write down an answer that sends nothing: skipped in the ledger, or postponed in the decision log."""
        if isinstance(answer.outcome, Sent):
            row = ledger.skip(session, self._row(), answer.outcome.reason or "", now)
            if row.state != ledger.SKIPPED:
                return self._soon(now, "another attempt has it")
        self._decide(session, answer, now)
        return answer.outcome

    def _decide(self, session: Session, answer: Answer, now: datetime) -> None:
        enrolment = session.get(Enrolment, self.facts.enrolment)
        if answer.row is None or enrolment is None or is_closed(session, enrolment.id, self.asked):
            return
        told = replace(answer.row, more=self.writing.log | answer.row.more)
        row = decision(enrolment, self.asked, told, answer.outcome, now.replace(microsecond=0))
        if answer.row.final:
            session.add(row)
            session.flush()
            waits.waits_no_more(session, enrolment.id)
        else:
            defer(session, row)
            self._wait(session, answer)

    def _wait(self, session: Session, answer: Answer) -> None:
        """Write down that the message waits, and until when."""
        assert isinstance(answer.outcome, Later), "what is not final is put off"
        row = WaitingMessage(
            enrolment_id=self.facts.enrolment,
            contact_id=self.contact_id,
            step=self.asked.step,
            visit=self.asked.visit,
            channel=self.plan.need.channel,
            class_=self.plan.class_,
            priority=self.facts.program.priority,
            reason=answer.outcome.why[:200],
            since=self.asked.arrived_at,
            due_at=answer.outcome.due,
            queue=self.way.queue,
        )
        waits.wait(session, row)


class _Stopped(Exception):
    """The last look said no, or not yet; nothing was sent."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


def _full_second(at: datetime) -> datetime:
    """Return the next full second: dues are rounded up, so that those who travel together stay together."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
