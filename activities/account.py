"""The account of one message: what ledger, decision log and waiting list are told of it, whatever becomes of it.

Nothing is decided here. Whoever writes a fate writes the decision that follows from it in the same transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from sqlmodel import Session

from activities.batches import Batch
from activities.log import Run, close_visits, defer, open_visits, written
from activities.post import Bundle, Post
from activities.way import Way
from activities.writing import writing
from domain.answering import Answer, Asked, Row
from domain.consent import EXPIRED
from domain.facts import Facts
from domain.keys import ledger_id, message_id, send_key
from domain.letters import Plan
from domain.needs import Later, Left, Outcome, Sent
from domain.patience import is_repeated
from records import ledger, notices, throttling, waits
from records.models import Decision, Enrolment, Message
from records.waiting_models import WaitingMessage

Result = TypeVar("Result")

# How a value that a template shows and the contact lacks is told of.
IS_MISSING = " is missing; "
# A claim that somebody else holds is asked about again after this long.
SOON = timedelta(seconds=30)


class Account:
    """What is known and written down of one message. `subject` is None until it is written."""

    def __init__(self, post: Post, batch: Batch, asked: Asked, facts: Facts, contact_id: str, bundle: Bundle) -> None:
        self.post, self.batch, self.asked, self.facts, self.bundle = post, batch, asked, facts, bundle
        self.contact_id = contact_id
        self.writing = writing(batch.need, asked, facts, bundle.catalogue)
        self.plan: Plan = self.writing.plan
        self.key = send_key(facts.enrolment, asked.step, asked.visit)
        self.id = ledger_id(self.key)
        self.way = Way(post, self.writing, facts, asked, self.id)
        self.subject: str | None = None

    def now(self) -> datetime:
        """Return the instant at which something is asked for."""
        # Never earlier than the wave asked: on a machine whose clock is behind the server's, a message that is due
        # would be answered `later` with an instant that has come, over and over.
        return max(self.post.clock(), self.batch.now)

    async def write(self, work: Callable[[Session, datetime], Result]) -> Result:
        """Run `work` in a transaction, at the instant it is asked for."""
        now = self.now()
        return await self.post.database.write(lambda session: work(session, now))

    def row(self) -> dict[str, Any]:
        """Return the values of a row of which the ledger knows nothing yet, by column."""
        return {
            "id": self.id,
            "send_key": self.key,
            "contact_id": self.contact_id,
            "enrolment_id": self.facts.enrolment,
            "sequence": self.batch.sequence,
            "step": self.asked.step,
            "visit": self.asked.visit,
            "channel": self.plan.need.channel,
            "template": self.plan.need.template,
            "bundle": self.bundle.hash,
            "class": self.plan.class_,
            "topic": self.plan.topic,
            "survey": None if self.facts.program.trial else self.plan.survey,
            "recipient": self.writing.recipient(self.facts),
            "subject": self.subject[:1000] if self.subject else None,
            "message_id": message_id(self.key, self.post.settings.secret, self.post.settings.message_host),
            "state": ledger.CLAIMED,
        }

    def fate(self, session: Session, row: Message, now: datetime) -> Outcome | None:
        """Close the visit with the fate of its message; None if the message is to be sent again."""
        if row.state == ledger.UNKNOWN and is_repeated(row.channel, row.class_, row.repeats):
            ledger.repeat(session, row)  # the same id: a receiver that has it already can tell
            return None
        return self._ends(session, row, now)

    def told(self, outcome: Sent, why: list[str], subject: str | None) -> Answer:
        """Return the answer of a message whose fate is known."""
        known = {"message": self.id, "clock": str(self.facts.zone)}
        return self.writing.told(outcome, why, known | ({"subject": subject} if subject else {}))

    def close(self, session: Session, answer: Answer, now: datetime) -> Outcome:
        """Write down an answer that sends nothing: skipped in the ledger, or postponed in the decision log."""
        if isinstance(answer.outcome, Sent):
            values = self.row()
            row = ledger.skip(session, Message(class_=values.pop("class"), **values), answer.outcome.reason or "", now)
            if row.state == ledger.UNKNOWN:
                return self._ends(session, row, now)  # it left once, and nobody knows: that is its fate
            if row.state != ledger.SKIPPED:
                return self.theirs(now)
            if self.plan.team is not None and answer.outcome.reason == EXPIRED:
                self._tell_that_nobody_was_told(session, now)
        log(session, [(self, answer)], now)
        return answer.outcome

    def _tell_that_nobody_was_told(self, session: Session, now: datetime) -> None:
        what = f"a message to team '{self.plan.team}' waited until it was of no use any more ({self.facts.waited_for})"
        whose = f"run {self.facts.enrolment} of {self.batch.sequence} went on without it"
        notices.note(session, f"staff/{self.plan.team}/expired", "team not told", f"{what}; {whose}", now)

    def comes_again(self, session: Session, late: Answer, now: datetime) -> Outcome:
        """Write down that a message on its way was not taken and asks again, unless its run has ended meanwhile."""
        run = session.get(Enrolment, self.facts.enrolment)
        if run is None or run.ended_at is not None:
            return self._let_go(session, run, now)
        return self.close(session, late, now)

    def put_off(self, session: Session, later: Later, why: str, now: datetime) -> Outcome:
        """Write down that a message asks again, and why."""
        more = {"template": self.writing.template, "until": later.due}
        return self.comes_again(session, Answer(later, Row("deferred", why=[why], more=more, final=False)), now)

    def theirs(self, now: datetime) -> Later:
        """Return the answer of an attempt that leaves the word to another one."""
        return self.soon(now, "another attempt has it")

    def soon(self, now: datetime, why: str) -> Later:
        """Return when a message that meets something passing asks again."""
        return Later(full_second(now + min(SOON, self.post.settings.longest_rest)), why)

    def _let_go(self, session: Session, run: Enrolment | None, now: datetime) -> Left:
        """The run ended while its message was on its way, and it was not taken: nobody asks for it again."""
        reason = run.end_reason or "ended" if run else "erased"
        ledger.let_go(session, self.facts.enrolment, f"the run ended: {reason}", now)
        return Left(reason)

    def _ends(self, session: Session, row: Message, now: datetime) -> Outcome:
        """Close the visit with what the ledger says of its message."""
        fate = cast(Literal["accepted", "refused", "unknown", "skipped"], row.state)
        outcome = Sent(fate, row.reason if fate == "skipped" else None)  # what the server said stays in the row
        why = [row.reason] if row.reason and fate != "accepted" else []
        log(session, [(self, self.told(outcome, why, row.subject))], now)
        return outcome

    def written(self, run: Run, row: Row, outcome: Outcome, now: datetime) -> dict[str, Any]:
        """Return the values of the row of the decision log for an answer, by column."""
        told = replace(row, more=self.writing.log | row.more)
        return written(run, self.asked, told, outcome, now.replace(microsecond=0))

    def tell_it_is_held(self, session: Session, answer: Answer, now: datetime) -> None:
        """Tell the owner, once for each message and reason; no value of the contact stands in it."""
        assert answer.row is not None, "who is held has a row"
        assert isinstance(answer.outcome, Later), "what is held asks again"
        waited = session.get(WaitingMessage, self.facts.enrolment)
        if waited is not None and (waited.step, waited.reason) == (self.asked.step, answer.outcome.why[:200]):
            return
        program = self.facts.program
        where = f"{program.sequence}, step {self.asked.step}"
        # What is missing is said in the template's words; what else a template breaks on may hold a value.
        reason = next((str(why) for why in answer.row.why if IS_MISSING in str(why)), "its template cannot be written")
        what = f"{where}: a message is held: {reason}; see `rapport message list --held --sequence {program.sequence}`"
        notices.note(session, f"held/{where}"[:300], "message held", what, now, owner=program.owner)

    def wait(self, session: Session, answer: Answer) -> None:
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
            passes=throttling.lines_of(self.way.passed) if self.way.queue is not None else None,
        )
        waits.wait(session, row)


def log(session: Session, answers: Sequence[tuple[Account, Answer]], now: datetime) -> None:
    """Write down answers in the decision log, each unless the end of its visit is there; who waits, and who no more."""
    visits = {account.facts.enrolment: account.asked for account, _ in answers}
    runs, ends = open_visits(session, visits), {}
    for account, answer in answers:
        run = runs.get(account.facts.enrolment)
        if answer.row is None or run is None:
            continue
        row = account.written(run, answer.row, answer.outcome, now)
        if answer.row.final:
            ends[run.id] = row
        else:
            defer(session, Decision(**row))
            if answer.row.did == "held":
                account.tell_it_is_held(session, answer, now)
            account.wait(session, answer)
    if ends:
        close_visits(session, list(ends.values()))
        waits.waits_no_more(session, list(ends))


def full_second(at: datetime) -> datetime:
    """Return the next full second: dues are rounded up, so that those who travel together stay together."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
