"""Remedies that were granted, delivered: a code, points, or a system of the company's that is told to pay.

The one thing to know: every step is written down, so this may be begun anew at any place, by anybody: it goes on where
the rows stand. It never waits: where another system does not answer, it says when it is to be asked again.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from temporalio import activity

from activities.intake import DatabaseAway
from channels.base import Away, ChannelError, Gone, Refused, SenderFault, Unavailable
from channels.instructions import Instructs, NobodyIsTold
from domain.delivery import ALPHABET, CODE_LENGTH, Ahead, Step, grouped, not_now, was_done, was_refused
from domain.needs import Value
from domain.stops import unaddressed
from records.published import Published
from records.remedy_delivery import Telling, advance, answers, came_of
from records.session import Database, Work

Result = TypeVar("Result")

AT_ONCE = timedelta(0)
# A system that says no to taking back what it does not know, or has taken back already, has it not.
NOT_THERE = frozenset({"404", "409", "410"})
# They were asked too often, and have done nothing.
TOO_MANY = "429"


class Delivering(Value):
    """A remedy that was granted, at an instant of its case's workflow."""

    case: str
    remedy: str
    now: datetime


class Fate(Value):
    """What became of it; where `again_at` is set nothing has yet, and it is to be asked again then."""

    delivered: bool
    why: str = ""
    again_at: datetime | None = None


def drawn() -> str:
    """Return a code that nobody can guess: 80 bits.

    >>> len(drawn()), drawn() == drawn()
    (19, False)
    """
    return grouped("".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)))


@dataclass
class Remedies:
    """The activity that delivers remedies. `instructions` is how systems of the company's are told."""

    main: Database
    published: Published = field(default_factory=Published)
    instructions: Instructs = field(default_factory=NobodyIsTold)
    draw: Callable[[], str] = drawn

    @activity.defn(name="deliver_remedy")
    async def deliver(self, delivering: Delivering) -> Fate:
        """Deliver a remedy as far as that is possible now, or undo what was begun of it."""
        case, remedy, now = delivering.case, delivering.remedy, delivering.now.replace(microsecond=0)
        while True:
            found = await self._write(partial(self._advance, delivering, now))
            if isinstance(found, Ahead):
                return _fate(found)
            step = await self._told(found, remedy, now)
            await self._write(partial(_keep, telling=found, case=case, remedy=remedy, step=step, now=now))

    def _advance(self, delivering: Delivering, now: datetime, session: Session) -> Telling | Ahead:
        return advance(session, self.published, delivering.case, delivering.remedy, self.draw, now)

    async def _told(self, telling: Telling, remedy: str, now: datetime) -> Step:
        """Tell another system; return the step as its answer leaves it."""
        step, counted = telling.step, partial(self._counted, telling.endpoint, now)
        try:
            said = await self.instructions.tell(telling.endpoint, telling.url, telling.id, telling.body)
        except (Refused, Gone) as error:
            await counted(None)
            if telling.undoes and error.code in NOT_THERE:
                return was_done(step)
            return was_refused(step, unaddressed(str(error)), telling.was_doubtful)
        except ChannelError as error:
            why = unaddressed(str(error))
            if not isinstance(error, SenderFault):
                await counted(why)
            return not_now(step, why, telling.was_doubtful or _may_be_done(error), _patience(error), remedy, now)
        await counted(None)
        return was_done(step) if telling.undoes else was_done(step).model_copy(update={"why": said})

    async def _counted(self, endpoint: str, now: datetime, refusal: str | None) -> None:
        def work(session: Session) -> None:
            known = self.published.policies(session).messaging.webhooks.get(endpoint)
            answers(session, endpoint, known, refusal, now)

        await self._write(work)

    async def _write(self, work: Work[Result]) -> Result:
        try:
            return await self.main.write(work)
        except DBAPIError as error:
            # Without a text of the database's: that would repeat the row.
            raise DatabaseAway(f"database: {type(error).__name__}; the delivery goes on when it can") from None


def _keep(session: Session, telling: Telling, case: str, remedy: str, step: Step, now: datetime) -> None:
    came_of(session, telling, case, remedy, step, now)


def _patience(error: ChannelError) -> timedelta:
    """Return how long the other side asks us to wait; who was not reached has asked for nothing."""
    if isinstance(error, Unavailable) and not isinstance(error, Away):
        return error.retry_after
    return AT_ONCE


def _may_be_done(error: ChannelError) -> bool:
    """Whether an attempt that failed may have been seen: not if they were not reached, or were not ready for it."""
    return not isinstance(error, Away | SenderFault) and error.code != TOO_MANY


def _fate(found: Ahead) -> Fate:
    if found.what == "wait":
        return Fate(delivered=False, why=found.step.why if found.step is not None else "", again_at=found.at)
    return Fate(delivered=found.what == "delivered", why=found.why)
