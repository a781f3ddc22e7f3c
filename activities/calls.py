"""Other systems asked, for many members at once.

A call that died half-way is made again under the same `webhook-id`: whoever is called can tell, and does it once. What
was answered is written in the transaction of its decision; from then on nobody is asked again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlmodel import Session
from temporalio import activity

from activities.batches import Answers, Batch
from activities.beside import Effects, Member
from activities.log import already_told, decision, is_closed
from channels.base import Refused, Unavailable
from domain.asking import Answer, Asked
from domain.blanks import filled_tree
from domain.deeds import called, kept_from_calling
from domain.facts import Facts
from domain.holds import HELD
from domain.keys import call_id, send_key
from domain.needs import Call, Later, Left, Outcome
from domain.webhooks import enveloped, signed, understood
from records.models import Enrolment
from records.work import keep_answer

FIRST_REST, LONGEST_REST = 1.0, 30.0
UNSIGNED = "there is no secret to sign with; set RAPPORT_CALL_SECRETS"


class Asks(Protocol):
    """The line to other systems (`channels/webhooks.py`)."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, within: float, attempt: int = 0) -> bytes:
        """Return the body of the answer. Raises `Refused` or `Unavailable`."""
        ...


@dataclass
class Calls:
    """The activity that asks other systems. All `secrets` sign, the newest first."""

    effects: Effects
    line: Asks
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @activity.defn(name="call")
    async def call(self, batch: Batch) -> Answers:
        """Ask for every member, and write down what was answered."""
        read, told = await self.effects.database.read(
            lambda session: (self.effects.read(session, batch), already_told(session, batch))
        )

        async def one(member: Member) -> Outcome:
            return told.get(member.facts.enrolment) or await self._one(batch, member.asked, member)

        return await self.effects.each(batch, read, one)

    async def _one(self, batch: Batch, asked: Asked, member: Member) -> Outcome:
        need, facts = batch.need, member.facts
        assert isinstance(need, Call), "only systems are called"
        if facts.hold is not None:
            return Later(facts.hold.until, HELD)
        kept = kept_from_calling(need, facts)
        if kept is not None:
            return await self._written(batch, asked, facts, kept)
        if not self.secrets:
            activity.logger.error("step %s of %s calls another system, and %s", asked.step, batch.sequence, UNSIGNED)
            return await self._written(batch, asked, facts, called(need, None, UNSIGNED))
        words = filled_tree(need.body, facts.read)
        body = enveloped(f"{batch.sequence}.{asked.step}", asked.arrived_at, member.contact_id, words)
        found = await self._asked(need, asked, facts, body)
        return found if isinstance(found, Left | Later) else await self._written(batch, asked, facts, found)

    async def _asked(self, need: Call, asked: Asked, facts: Facts, body: bytes) -> Answer | Left | Later:
        """Ask, and ask again while there is time; a run that ends meanwhile asks no more."""
        id, loop = call_id(send_key(facts.enrolment, asked.step, asked.visit)), asyncio.get_running_loop()
        until, rest, attempt = loop.time() + need.up_to.elapsed().total_seconds(), FIRST_REST, 0
        while True:
            over = await self.effects.database.read(lambda session: _over(session, facts.enrolment))
            if over is not None:
                return over
            try:
                headers = signed(id, self.effects.clock(), body, self.secrets)
                answer = await self.line.post(need.url, headers, body, until - loop.time(), attempt)
                return called(need, understood(answer))
            except Refused as error:
                return called(need, None, str(error))
            except ValueError as error:
                return called(need, None, f"answered what cannot be kept: {error}")
            except Unavailable as error:
                pause = max(rest, error.retry_after.total_seconds())
                if loop.time() + pause >= until:
                    return called(need, None, f"{error}, up to {need.up_to}")
            if activity.is_worker_shutdown():
                return Later(facts.now.replace(microsecond=0), "its turn has not come")
            await asyncio.sleep(pause)
            rest, attempt = min(2 * rest, LONGEST_REST), attempt + 1

    async def _written(self, batch: Batch, asked: Asked, facts: Facts, answer: Answer) -> Outcome:
        """Write down what became of a call, unless another attempt has done so."""

        now = max(self.effects.clock(), batch.now).replace(microsecond=0)

        def write(session: Session) -> Outcome:
            run = session.get(Enrolment, facts.enrolment)
            if run is None:
                return Left("erased")
            if is_closed(session, run.id, asked):
                return already_told(session, batch)[run.id]
            assert answer.row is not None, "a call has a row"
            session.add(decision(run, asked, answer.row, answer.outcome, now))
            said: Mapping[str, Any] | None = answer.row.more.get("answer")
            if said is not None:
                keep_answer(session, run.id, asked, str(answer.row.more["save_as"]), said, now)
            session.flush()
            return answer.outcome

        return await self.effects.database.write(write)


def _over(session: Session, enrolment: str) -> Left | None:
    run = session.get(Enrolment, enrolment)
    if run is None or run.ended_at is not None:
        return Left(run.end_reason or "ended" if run else "erased")
    return None
