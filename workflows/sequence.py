"""Carries contacts that entered together through one sequence: a *wave* of 1 to 250.

One loop, always in this order: land, wake, move on, depart, wait. Signals and finished activities leave a mark and set
one flag; only the loop changes runs. No step kind is named here, and no contact's data passes through: a run is ids,
positions and instants, and what is true is read from the records by the activity that follows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.options import CALLING, CALLING_HEARTBEAT, PATIENT, RECORDING, SENDING, SENDING_HEARTBEAT

with workflow.unsafe.imports_passed_through():
    from activities.batches import Alike, Answers, Batch, Finished, Look, Seen
    from activities.calls import Calls
    from activities.messages import Messages
    from activities.steps import Steps
    from domain.needs import Broken, Call, Deliver, Later, Left, Need, Notify, Outcome
    from domain.run import Run, advance, asks_admission, departed, entered, need, since
    from domain.wave import Member, Wave

# What reaches out of our own records takes as long as others take, and has an activity of its own.
OUTSIDE: dict[type[Need], tuple[Callable[..., Awaitable[Answers]], timedelta, timedelta]] = {
    Deliver: (Messages.send, SENDING, SENDING_HEARTBEAT),
    Notify: (Messages.send, SENDING, SENDING_HEARTBEAT),
    Call: (Calls.call, CALLING, CALLING_HEARTBEAT),
}

# Continue as new at this many events, well before the server suggests it (house.md section 3).
MOST_EVENTS = 2_000


@workflow.defn(name="Sequence")
class SequenceWorkflow:
    """A wave on its way."""

    @workflow.init
    def __init__(self, wave: Wave) -> None:
        self.wave = wave
        self.program = wave.program
        self.runs: dict[str, Run] = {member.enrolment: self._run(member) for member in wave.members}
        self.flying: dict[str, None] = {}
        self.missed: dict[str, bool] = {}
        self.flights: dict[int, asyncio.Task[None]] = {}
        self.landed: list[tuple[Batch, dict[str, Outcome]]] = []
        self.seen: list[Seen] = []
        self.finished: list[Finished] = []
        self.stirred_up_to = wave.stirred_up_to
        self.called = wave.called
        self.looking = False
        self.stirred = True
        self.count = 0
        self.timer: tuple[datetime, asyncio.Task[None]] | None = None
        self.problem: BaseException | None = None

    def _run(self, member: Member) -> Run:
        return member.run or entered(self.program, member.entered_at)

    @workflow.run
    async def run(self, wave: Wave) -> int:
        """Carry everybody to their end; return how many were carried in this run of the workflow."""
        carried = len(self.runs)
        while True:
            self.stirred = False
            self.land()
            if not self.is_overdue():
                self.look()
                self.depart(self.ready())
            if not self.runs and not self.flights:
                return carried
            if not self.flights and self.is_long():
                self.go_on_as_new()
            self.set_timer()
            await workflow.wait_condition(lambda: self.stirred)
            if self.problem is not None:
                raise self.problem

    @workflow.signal(name="look")
    def on_look(self) -> None:
        """Something happened to somebody in this wave; what it was stands in the records."""
        self.called = self.stirred = True

    # --- land -------------------------------------------------------------------------------------

    def land(self) -> None:
        """Give outcomes to the runs that asked, if they still stand where they asked."""
        now = self.now()
        landed, self.landed = self.landed, []
        for batch, outcomes in landed:
            visits = {each: alike.visit for alike in batch.members for each in alike.enrolments}
            for enrolment, outcome in outcomes.items():
                self.flying.pop(enrolment, None)
                run = self.runs.get(enrolment)
                if isinstance(outcome, Left):
                    self.runs.pop(enrolment, None)  # its end is written already
                elif run is not None and (run.position, run.visit) == (batch.step, visits[enrolment]):
                    self.runs[enrolment] = self.moved(enrolment, run, outcome, now)
        self.land_looks()
        finished, self.finished = self.finished, []
        for each in finished:
            for enrolment in [name for names in each.reasons.values() for name in names]:
                self.flying.pop(enrolment, None)
                self.runs.pop(enrolment, None)

    def land_looks(self) -> None:
        """Let go of who has ended elsewhere, and ask again for whom something happened."""
        seen, self.seen = self.seen, []
        for each in seen:
            self.looking = False
            self.stirred_up_to = max(self.stirred_up_to, each.last)
            for enrolment in each.ended:
                self.runs.pop(enrolment, None)
            for enrolment in each.stirred:
                run = self.runs.get(enrolment)
                if enrolment in self.flying:
                    self.missed[enrolment] = True  # what is under way may have been asked before it happened
                elif run is not None and run.waiting is not None:
                    self.runs[enrolment] = run.model_copy(update={"waiting": None})

    def moved(self, enrolment: str, run: Run, outcome: Outcome, now: datetime) -> Run:
        """Move one member; one that cannot be moved is parked, and its companions do not notice."""
        asked_too_early = self.missed.pop(enrolment, False)
        if isinstance(outcome, Later) and asked_too_early:
            return run.model_copy(update={"waiting": None})
        try:
            if not isinstance(outcome, Broken):
                return advance(self.program, run, outcome, now)
        except Exception:
            workflow.logger.exception("a member of %s cannot be moved from %s", self.wave.sequence, run.position)
        return run.model_copy(update={"position": None, "waiting": None, "ended": "failed"})

    # --- wake and move on -------------------------------------------------------------------------

    def look(self) -> None:
        """Answer a call: look who has ended, and for whom something happened. One look at a time."""
        if self.called and not self.looking and self.runs:
            self.called, self.looking = False, True
            self.fly(self.do_look(Look(enrolments=tuple(self.runs), after=self.stirred_up_to)))

    def ready(self) -> list[str]:
        """Return the members that can go: not in flight, and due."""
        now = self.now()
        return [
            enrolment
            for enrolment, run in self.runs.items()
            if enrolment not in self.flying
            and (run.waiting is None or (run.waiting.due is not None and run.waiting.due <= now))
        ]

    # --- depart -----------------------------------------------------------------------------------

    def depart(self, ready: list[str]) -> None:
        """Ask the world what these members need: one activity for all that stand at the same step."""
        together: dict[tuple[str, bool], list[str]] = {}
        ends: dict[str, list[str]] = {}
        now = self.now()
        for enrolment in ready:
            run = self.runs[enrolment] = departed(self.program, self.runs[enrolment], now)
            self.flying[enrolment] = None
            if run.position is None:
                ends.setdefault(run.ended or "completed", []).append(enrolment)
            else:
                together.setdefault((run.position, asks_admission(self.program, run)), []).append(enrolment)
        if ends:
            reasons = {reason: tuple(names) for reason, names in ends.items()}
            self.fly(self.do_finish(Finished(reasons=reasons, now=now)))
        for members in together.values():
            self.fly(self.do_ask(self.batch(members, now)))

    def batch(self, members: list[str], now: datetime) -> Batch:
        """Say what these members need, once; those who arrived together stand together."""
        first = self.runs[members[0]]
        position = first.position or ""
        alike: dict[tuple[int, datetime, datetime, int | None], list[str]] = {}
        for enrolment in members:
            run = self.runs[enrolment]
            same = (run.visit, run.arrived_at, since(self.program, run), run.round)
            alike.setdefault(same, []).append(enrolment)
        wanted = need(self.program, first)
        assert wanted is not None, "a run that stands at a step needs something"
        return Batch(
            sequence=self.wave.sequence,
            version=self.wave.version,
            step=position,
            kind=self.program.step(position).kind,
            need=wanted,
            admission=asks_admission(self.program, first),
            now=now,
            members=tuple(
                Alike(visit=visit, arrived_at=arrived, since=from_, round=number, enrolments=tuple(names))
                for (visit, arrived, from_, number), names in alike.items()
            ),
        )

    def fly(self, flight: Coroutine[Any, Any, None]) -> None:
        """Start something that lands by itself."""
        self.count += 1
        number = self.count
        self.flights[number] = asyncio.create_task(self.flight(number, flight))

    async def flight(self, number: int, flight: Coroutine[Any, Any, None]) -> None:
        """Carry a flight to its end. What goes wrong in a task is silent; it is kept, and raised from the loop."""
        try:
            await flight
        except Exception as error:
            self.problem = error
        finally:
            del self.flights[number]
            self.stirred = True

    async def do_ask(self, batch: Batch) -> None:
        """Perform one need. A batch that cannot be had as a whole is halved until who spoils it sits alone."""
        members = [enrolment for alike in batch.members for enrolment in alike.enrolments]
        try:
            answers = await self.ask(batch)
        except ActivityError as error:
            if len(members) == 1:
                self.landed.append((batch, {members[0]: Broken(f"{error.cause or error}"[:200])}))
                return
            half = len(members) // 2
            for part in (members[:half], members[half:]):
                self.fly(self.do_ask(part_of(batch, part)))
            return
        self.landed.append((batch, answers.by_enrolment(members)))

    async def ask(self, batch: Batch) -> Answers:
        """Reach outside by an activity of its own; everything else is read and recorded beside this task."""
        if type(batch.need) in OUTSIDE:
            effect, timeout, heartbeat = OUTSIDE[type(batch.need)]
            return await workflow.execute_activity_method(
                effect,
                batch,
                start_to_close_timeout=timeout,
                heartbeat_timeout=heartbeat,
                retry_policy=PATIENT,
                summary=batch.step,
            )
        return await workflow.execute_local_activity_method(
            Steps.settle, batch, start_to_close_timeout=RECORDING, retry_policy=PATIENT, summary=batch.step
        )

    async def do_look(self, look: Look) -> None:
        """Read who has ended, and for whom something happened."""
        seen = await workflow.execute_local_activity_method(
            Steps.look, look, start_to_close_timeout=RECORDING, retry_policy=PATIENT, summary="look"
        )
        self.seen.append(seen)

    async def do_finish(self, finished: Finished) -> None:
        """Write the ends that runs came to here."""
        await workflow.execute_local_activity_method(
            Steps.finish, finished, start_to_close_timeout=RECORDING, retry_policy=PATIENT, summary="finish"
        )
        self.finished.append(finished)

    # --- wait -------------------------------------------------------------------------------------

    def set_timer(self) -> None:
        """Keep one timer, for the earliest due. Replacing it costs one event, letting it ring for nothing four."""
        dues = [
            run.waiting.due
            for enrolment, run in self.runs.items()
            if enrolment not in self.flying and run.waiting is not None and run.waiting.due is not None
        ]
        if self.is_overdue():
            dues = []  # the next to land stirs the loop
        earliest = min(dues, default=None)
        # Shown in Temporal's UI, and free: a search attribute for the due would cost an event at every wait.
        workflow.set_current_details(f"{len(self.runs)} contacts, next due {earliest or 'never'}")
        if self.timer is not None and self.timer[0] != earliest:
            self.timer[1].cancel()
            self.timer = None
        if earliest is not None and self.timer is None:
            self.timer = (earliest, asyncio.create_task(self.ring(earliest)))

    async def ring(self, due: datetime) -> None:
        """Sleep until `due`, then stir the loop."""
        wait = due - workflow.now()
        await workflow.sleep(max(wait, timedelta(milliseconds=1)))
        self.timer = None
        self.stirred = True

    def is_long(self) -> bool:
        """Whether the history should begin anew: it has grown, or there is a newer worker to move to."""
        info = workflow.info()
        return (
            info.is_continue_as_new_suggested()
            or info.get_current_history_length() >= MOST_EVENTS
            or info.is_target_worker_deployment_version_changed()
        )

    def is_overdue(self) -> bool:
        """Whether a history has grown so far that nothing new departs until what is under way has landed."""
        return workflow.info().get_current_history_length() >= 3 * MOST_EVENTS

    def go_on_as_new(self) -> None:
        """Carry the living into a fresh history, with nothing in flight."""
        members = tuple(Member(enrolment=each, entered_at=run.entered_at, run=run) for each, run in self.runs.items())
        workflow.continue_as_new(
            self.wave.model_copy(
                update={"members": members, "stirred_up_to": self.stirred_up_to, "called": self.called}
            )
        )

    def now(self) -> datetime:
        """The instant of this activation, in full seconds: the same for all companions."""
        return workflow.now().replace(microsecond=0)


def part_of(batch: Batch, members: list[str]) -> Batch:
    """Return the batch of some of its members."""
    wanted = dict.fromkeys(members)
    parts = (
        alike.model_copy(update={"enrolments": tuple(each for each in alike.enrolments if each in wanted)})
        for alike in batch.members
    )
    return batch.model_copy(update={"members": tuple(part for part in parts if part.enrolments)})
