"""The needs that facts alone can answer: decide, wait, listen, update; and the beginning and end of what runs say.

An answer and its row in the decision log are one transaction, unique per visit. An attempt that dies before the commit
has done nothing; one that dies after it is answered from the row.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlmodel import Session, col, select
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.batches import Answers, Batch, Finished, Look, Seen
from activities.deeds import DOING, at_rest, carry_out, done_elsewhere
from activities.log import already_told, decision, defer, last_words, park
from domain.answering import Answer, Asked, answer, broken
from domain.entry import End, ended_already
from domain.facts import Facts
from domain.holds import HELD
from domain.needs import Begin, Done, Halt, Later, Left, Outcome, TimedOut
from domain.program import Program
from records.facts import Known, read_known
from records.models import Enrolment
from records.published import Published
from records.runs import end
from records.session import Database

# What came in before a deadline is drained within moments; then the question is asked again.
READ_FIRST = timedelta(seconds=2)
NO_ANSWER = Answer(Done())


def nothing_waits(_: Collection[str]) -> datetime | None:
    """The inbox is empty."""
    return None


# Not one member's fault, or told apart below. (A database that is being closed says RuntimeError.)
NOT_THEIRS = (DBAPIError, OSError, RuntimeError, MemoryError, SystemError)
# What the database forbids may be a race; after so many attempts it is this contact's data.
MOST_RACES = 3


class Spoiled(Exception):
    """What follows from one member's answer cannot be written; its companions must not wait for it."""


@contextmanager
def kept_apart(batch: Batch, enrolment: str) -> Iterator[None]:
    """Settle one member. Raises `Spoiled` where trying again would only fail again."""
    try:
        yield
    except NOT_THEIRS:
        raise
    except Exception as error:
        # The error's words may hold the contact's data: they stand in no history and in no log of a worker.
        reason = f"{type(error).__name__} in step {batch.step}"
        activity.logger.error(
            "step %s of %s cannot be written for %s: %s", batch.step, batch.sequence, enrolment, reason
        )
        raise Spoiled(reason) from error


def _parked(session: Session, batch: Batch, reason: str) -> dict[str, Outcome]:
    """Close the visit of the one member of this batch as broken."""
    [(enrolment, asked)] = batch.asked().items()
    return {enrolment: park(session, enrolment, asked, reason, batch.now)}


@dataclass
class Steps:
    """The activities of a wave that touch only the records."""

    database: Database
    published: Published
    oldest_waiting: Callable[[Collection[str]], datetime | None] = nothing_waits

    @activity.defn(name="settle")
    async def settle(self, batch: Batch) -> Answers:
        """Answer one need of every member, and write down what was decided."""
        try:
            return await self._settle_all(batch)
        except (DataError, IntegrityError, Spoiled) as error:
            if isinstance(error, IntegrityError) and activity.info().attempt < MOST_RACES:
                raise
            reason = str(error) if isinstance(error, Spoiled) else "the records refuse what follows from this step"
            asked = batch.asked()
            if len(asked) > 1:
                # Tried again it would fail again, and hold everybody: the wave halves the batch until one sits alone.
                raise ApplicationError(reason, non_retryable=True) from None
            return Answers.of(await self.database.write(lambda session: _parked(session, batch, reason)))

    async def _settle_all(self, batch: Batch) -> Answers:
        if not isinstance(batch.need, DOING):
            answers, is_quiet = await self.database.read(lambda session: self._settle(session, batch, write=False))
            if is_quiet:
                return answers
        # Somebody moves: answered again where it is written, so that what is written is what was true then.
        answers, _ = await self.database.write(lambda session: self._settle(session, batch, write=True))
        return answers

    @activity.defn(name="look")
    async def look(self, look: Look) -> Seen:
        """Tell a woken wave who has ended, and for whom something happened since its last look."""
        return await self.database.read(lambda session: seen(session, look))

    @activity.defn(name="finish")
    async def finish(self, finished: Finished) -> None:
        """Write the ends that runs came to by themselves."""
        await self.database.write(lambda session: self._finish(session, finished))

    def _settle(self, session: Session, batch: Batch, *, write: bool) -> tuple[Answers, bool]:
        """Answer for every member; tell, too, whether nothing has to be written."""
        asked = batch.asked()
        program = self.published.program(session, batch.version)
        known = read_known(session, list(asked))
        told = already_told(session, batch)
        found: dict[str, Answer] = {}
        for enrolment, asks in asked.items():
            if enrolment in told:
                found[enrolment] = Answer(told[enrolment])
            else:
                with kept_apart(batch, enrolment):
                    found[enrolment] = self._one(session, batch, program, known, enrolment, asks, write)
                    session.flush()  # what cannot be written is this member's, not the next one's
        outcomes = {enrolment: answer.outcome for enrolment, answer in found.items()}
        return Answers.of(outcomes), all(at_rest(answer) for answer in found.values())

    def _one(
        self,
        session: Session,
        batch: Batch,
        program: Program,
        known: Known,
        enrolment: str,
        asks: Asked,
        write: bool,
    ) -> Answer:
        row = known.enrolments.get(enrolment)
        if row is None or row.ended_at is not None:
            return Answer(Left(row.end_reason or "ended" if row else "erased"))
        facts = known.facts(enrolment, program, self.published.policies(session), batch.now, asks.round)
        over, found = _answered(batch, asks, facts)
        if over is not None:
            if write:
                end(session, program, row, over.reason, batch.now, [over.why])
            return Answer(Left(over.reason))
        if isinstance(found.outcome, TimedOut) and self._came_in_before(found, row.contact_id):
            return Answer(Later(batch.now + READ_FIRST, "what came in before is read first"))
        if write and isinstance(batch.need, Begin | Halt) and facts.hold is None:
            found = done_elsewhere(session, self.published, batch.need, row, facts) or found
        if write and found.row is not None:
            self._write(session, batch, row, asks, found, facts)
        return found

    def _came_in_before(self, found: Answer, contact: str) -> bool:
        """Whether something that was received in time still waits in the inbox: it may be what was waited for."""
        oldest = self.oldest_waiting([contact])
        deadline = found.row.more["until"] if found.row is not None else None
        return oldest is not None and deadline is not None and oldest <= deadline

    def _write(self, session: Session, batch: Batch, row: Enrolment, asks: Asked, found: Answer, facts: Facts) -> None:
        assert found.row is not None, "only an answer with a row is written"
        said = decision(row, asks, found.row, found.outcome, facts.now)
        if found.row.final:
            session.add(said)
            session.flush()
        else:
            defer(session, said)
        carry_out(session, self.published, batch.need, row, asks, found, facts.now)

    def _finish(self, session: Session, finished: Finished) -> None:
        for reason, enrolments in finished.reasons.items():
            for row in session.exec(select(Enrolment).where(col(Enrolment.id).in_(enrolments))).all():
                program = self.published.program(session, row.version)
                why = last_words(session, row.id) if reason == "failed" else []
                if end(session, program, row, reason, finished.now, why) and reason == "failed":
                    activity.logger.error(
                        "a run of %s failed and is parked; see 'rapport contact show %s'", row.sequence, row.contact_id
                    )


def _answered(batch: Batch, asks: Asked, facts: Facts) -> tuple[End | None, Answer]:
    """Return how the run ends before this step, if it does, and else the answer to its need."""
    try:
        over = ended_already(facts)
        if over is not None or isinstance(batch.need, Begin | Halt):
            return over, Answer(Later(facts.hold.until, HELD)) if facts.hold is not None else NO_ANSWER
        return None, answer(batch.need, asks, facts)
    except Exception as error:  # one contact's data must never stop its companions
        # The error's words may hold the contact's data: they stand in the decision log, not in the worker's.
        reason = type(error).__name__
        activity.logger.error("step %s of %s breaks for %s: %s", batch.step, batch.sequence, facts.enrolment, reason)
        return None, broken(f"{reason} in step {batch.step}: {error}")


def seen(session: Session, look: Look) -> Seen:
    """Return what a woken wave has to know."""
    rows = session.exec(select(Enrolment).where(col(Enrolment.id).in_(look.enrolments))).all()
    present = {row.id for row in rows}
    ended = {row.id: row.end_reason or "ended" for row in rows if row.ended_at is not None}
    ended |= {enrolment: "erased" for enrolment in look.enrolments if enrolment not in present}
    stirred = tuple(row.id for row in rows if row.id not in ended and row.stirred > look.after)
    return Seen(ended=ended, stirred=stirred, last=max([look.after, *(row.stirred for row in rows)]))
