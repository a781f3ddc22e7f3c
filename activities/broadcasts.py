"""What a broadcast does next: takes its audience down, lets it in by chunks, decides a comparison, comes to its end.

Each deed is a transaction that reads the row, does one thing and notes it there, so it may be begun anew at any place.
What is paused or not due yet is told to the workflow, which sleeps; nothing here waits.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from activities.clock import Clock
from activities.intake import DatabaseAway
from domain.broadcast import OVER
from domain.keys import INTAKE_WORKFLOW
from domain.needs import Value
from domain.spans import Span
from domain.winner import By, decide
from records.audience import page_of, take_down
from records.broadcast_figures import arms_of
from records.broadcast_models import Broadcast
from records.broadcasts import held, hold_up
from records.holding import resume
from records.letting_in import anybody_waits, due, is_crowded, is_held_up, leave_out, let_in, open_runs_of
from records.published import Published
from records.session import Database

Result = TypeVar("Result")

# One activity begins nothing new after this long; the workflow asks for more.
MOST_SECONDS = 20.0
# While so many messages are under way, the next chunk waits.
CROWDED = timedelta(seconds=2)
# Whether the last messages have their fate is looked at after a tenth of the time they have taken so far.
SOONEST, LATEST = timedelta(seconds=2), timedelta(minutes=5)


class Going(Value):
    """A broadcast, at an instant of its workflow."""

    broadcast: str
    now: datetime


class Stands(Value):
    """Where it stands: `over`, or to be asked again at `due`; without one when somebody calls, or after a while."""

    over: bool = False
    due: datetime | None = None


# There is more to do at once.
MORE = Stands()


@dataclass
class Broadcasts:
    """The activity of a broadcast."""

    main: Database
    published: Published
    clock: Clock
    client: Client | None = None

    @activity.defn(name="go_on_broadcasting")
    async def go_on(self, going: Going) -> Stands:
        """Do what there is to do, for up to 20 seconds; return when to be asked again."""
        until = time.monotonic() + MOST_SECONDS
        try:
            while (stands := await self._do_next(going)) is MORE and time.monotonic() < until:
                activity.heartbeat()
        except DBAPIError as error:
            # Without a text of the database's: that would repeat the row.
            raise DatabaseAway(f"database: {type(error).__name__}; the broadcast goes on when it can") from None
        return stands if stands is not MORE else Stands(due=self._now(going))

    def _now(self, going: Going) -> datetime:
        # Never earlier than the workflow asked: a clock that is behind would be told "not yet" over and over.
        return max(self.clock(), going.now)

    async def _do_next(self, going: Going) -> Stands:
        now = self._now(going)
        row = await self.main.read(lambda session: session.get(Broadcast, going.broadcast))
        if row is None or row.state in OVER:
            return Stands(over=True)
        if row.state == "snapshotting" and not await self._is_held_up(row, now):
            return await self._take_page(row)
        stands, anybody_began = await self.main.write(lambda session: self._step(session, going.broadcast, now))
        if anybody_began:
            await self._wake_intake()
        return stands

    async def _is_held_up(self, row: Broadcast, now: datetime) -> bool:
        return (await self.main.read(lambda session: is_held_up(session, row, now)))[0]

    async def _take_page(self, row: Broadcast) -> Stands:
        assert row.taken_at is not None, "it is taken down at an instant"
        at, after = row.taken_at, row.reached
        page = await self.main.read(lambda session: page_of(session, self.published, row.segment, after, at))
        await self.main.write(lambda session: take_down(session, row.id, after, page))
        return MORE

    def _step(self, session: Session, id: str, now: datetime) -> tuple[Stands, bool]:
        """Do one thing in one transaction; return where it stands, and whether waves have to be started or woken."""
        row = held(session, id)
        if row is None or row.state in OVER:
            return Stands(over=True), False
        if row.state == "stopping":
            return self._stop(session, row, now)
        paused, until = is_held_up(session, row, now)
        if paused:
            return Stands(due=until), False
        steps: dict[str, Callable[[Session, Broadcast, datetime], tuple[Stands, bool]]] = {
            "scheduled": self._begin,
            "sending": self._let_in,
            "comparing": self._compare,
            "finishing": self._finish,
        }
        return steps[row.state](session, row, now) if row.state in steps else (MORE, False)

    def _begin(self, session: Session, row: Broadcast, now: datetime) -> tuple[Stands, bool]:
        if row.begins_at is not None and now < row.begins_at:
            return Stands(due=row.begins_at), False
        if row.segment not in self.published.policies(session).segments.segments:
            reason = f"segment '{row.segment}' is not published any more; put it back, publish, and resume"
            hold_up(session, row, now, until=None, by="rapport", reason=reason)
            return Stands(), False
        row.state, row.taken_at = "snapshotting", now
        session.add(row)
        return MORE, False

    def _let_in(self, session: Session, row: Broadcast, now: datetime) -> tuple[Stands, bool]:
        next_at = due(row)
        if next_at is not None and now < next_at:
            return Stands(due=next_at), False
        if is_crowded(session, self.published, row, now):
            return Stands(due=now + CROWDED), True
        if let_in(session, self.published, row, now):
            return MORE, True
        if row.share is not None and row.winner is None:
            row.state, row.decide_at = "comparing", now + Span.parse(row.decide_after or "4 hours").elapsed()
        else:
            row.state, row.sent_out_at = "finishing", now
        session.add(row)
        return MORE, False

    def _compare(self, session: Session, row: Broadcast, now: datetime) -> tuple[Stands, bool]:
        if row.decide_at is not None and now < row.decide_at:
            return Stands(due=row.decide_at), False
        by: By = "conversions" if row.winner_by == "conversions" else "clicks"
        verdict = decide(*arms_of(session, row, by), by)
        row.winner, row.verdict, row.state = verdict.winner, verdict.model_dump(mode="json"), "sending"
        session.add(row)
        return MORE, False

    def _finish(self, session: Session, row: Broadcast, now: datetime) -> tuple[Stands, bool]:
        if anybody_waits(session, row):  # put back by hand: nobody is forgotten
            row.state = "sending"
            session.add(row)
            return MORE, False
        if open_runs_of(session, row):
            waited = now - (row.sent_out_at or now)
            return Stands(due=now + min(LATEST, max(SOONEST, waited / 10))), False
        row.state, row.ended_at = "done", now
        session.add(row)
        return Stands(over=True), False

    def _stop(self, session: Session, row: Broadcast, now: datetime) -> tuple[Stands, bool]:
        if leave_out(session, self.published, row, now):
            return MORE, True
        row.state, row.ended_at = "stopped", now
        session.add(row)
        resume(session, row.sequence, None, now)  # nobody is inside any more
        return Stands(over=True), True

    async def _wake_intake(self) -> None:
        """Have waves started at once; whoever misses this is found by the workers' sweep."""
        if self.client is None:
            return
        with contextlib.suppress(RPCError):
            await self.client.start_workflow(
                "Intake", id=INTAKE_WORKFLOW, task_queue=activity.info().task_queue, start_signal="look"
            )
