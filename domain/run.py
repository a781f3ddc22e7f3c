"""One contact in one program: where it stands, what it waits for, and how it moves.

`advance` is pure. Both drivers, Temporal's workflow and the simulation, call it and nothing else, so what is
simulated is what happens.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.needs import LAST_OF, LAST_SEND, Broken, Decide, Decided, Deliver, Later, Left, Listen, Need, Outcome
from domain.program import Program
from domain.steps.base import Destination, Ends, Rounds, Skips, Step

# A sequence walks on through steps that need nothing; more than this at once is a circle.
MOST_MOVES = 1000


class Waiting(BaseModel):
    """Until when, and in whose words why. `due` is empty for a wait without an end."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    due: datetime | None = None
    why: str = ""


class Run(BaseModel):
    """A small value that travels: ids, positions, instants; nothing about the contact.

    `position` is a step's id, None once `ended` says how it ended. `marks` holds when each send was asked for (and each
    step that a `since` names): what happens from then on is an answer to it. `rounds` is how often each `repeat` that
    the run is inside of has begun, the innermost last. `admitted` says that the step's own `when` was asked and is
    true.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    position: str | None
    entered_at: datetime
    arrived_at: datetime
    visits: dict[str, int] = Field(default_factory=dict)
    marks: dict[str, datetime] = Field(default_factory=dict)
    last_send: str | None = None
    rounds: dict[str, int] = Field(default_factory=dict)
    admitted: bool = False
    waiting: Waiting | None = None
    ended: str | None = None

    @property
    def visit(self) -> int:
        """Which visit of its step this is, from 1."""
        return self.visits.get(self.position or "", 0)

    @property
    def round(self) -> int | None:
        """Which round of the innermost `repeat` this is, from 1; None outside of any."""
        return next(reversed(self.rounds.values()), None)


def entered(program: Program, at: datetime) -> Run:
    """Return the run of a contact that entered `program` at this instant and stands at its first step."""
    run = Run(position=None, entered_at=at, arrived_at=at)
    return _settle(program, _arrive(run, program.first, at), at)


def need(program: Program, run: Run) -> Need | None:
    """Return what the run needs of the world next; None when it has ended."""
    if run.position is None:
        return None
    if asks_admission(program, run):
        return Decide(conditions=(program.step(run.position).when,))
    return program.need_of(run.position, run.rounds.get(run.position, 0))


def asks_admission(program: Program, run: Run) -> bool:
    """Whether what the run needs next is its step's own `when`."""
    if run.position is None or run.admitted or run.position in run.rounds:
        return False  # a repeat is asked once, before its first round
    return program.step(run.position).when is not None


def since(program: Program, run: Run) -> datetime:
    """Return from when on an event counts for the step the run stands at.

    That is the arrival at the step, unless it listens for something: an answer to a send counts from the moment that
    send was asked for, though it came before the run began to listen.
    """
    wanted = need(program, run)
    if not isinstance(wanted, Listen) or wanted.since == "now":
        return run.arrived_at
    if wanted.since == LAST_SEND:
        return run.marks.get(run.last_send or "", run.entered_at)
    if wanted.since == LAST_OF:
        return max((run.marks[step] for step in wanted.of if step in run.marks), default=run.entered_at)
    return run.marks.get(wanted.since, run.entered_at)


def departed(program: Program, run: Run, now: datetime) -> Run:
    """Note that the run's need is asked now: for a send, this is the moment from which answers to it count.

    So it is for every step that a `since` names; asked last before the run moves on, it is when the step was done.
    """
    if run.position is None or asks_admission(program, run):
        return run
    if not isinstance(need(program, run), Deliver) and run.position not in program.remembered:
        return run
    return run.model_copy(update={"marks": run.marks | {run.position: now}})


def advance(program: Program, run: Run, outcome: Outcome, now: datetime) -> Run:
    """Return the run after `outcome`, which reached it at `now`.

    An outcome of an ended run changes nothing. `Later` keeps the run where it is; everything else moves it on, through
    every step that needs nothing. Raises ValueError for `Broken`, which moves nobody: the driver parks the run.
    """
    if run.position is None:
        return run
    if isinstance(outcome, Later):
        return run.model_copy(update={"waiting": Waiting(due=outcome.due, why=outcome.why)})
    if isinstance(outcome, Broken):
        raise ValueError(f"step {run.position}: {outcome.reason}; park the run as failed")
    if isinstance(outcome, Left):
        return _end(run, outcome.reason)
    return _settle(program, _move(program, run, outcome, now), now)


def _move(program: Program, run: Run, outcome: Outcome, now: datetime) -> Run:
    step = program.step(run.position or "")
    if asks_admission(program, run):
        if isinstance(outcome, Decided) and outcome.arm is not None:
            return run.model_copy(update={"admitted": True, "waiting": None})
        return _arrive(run, step.next, now)
    if isinstance(program.need_of(step.id, 0), Deliver):
        run = run.model_copy(update={"last_send": step.id})
    return _follow(program, run, step, step.go_in(outcome, run.rounds.get(step.id, 0)), now)


def _follow(program: Program, run: Run, step: Step, where: Destination, now: datetime) -> Run:
    if isinstance(where, Ends):
        return _end(run, where.reason)
    if isinstance(where, Rounds):
        rounds = {each: number for each, number in run.rounds.items() if each != step.id}
        run = run.model_copy(update={"rounds": rounds | ({step.id: where.rounds} if where.rounds else {})})
        where = where.to
    if isinstance(where, Skips):
        # At the end of a round there is no next step to leave out: the way leads back to the repeat.
        inside = step.next is None or step.next in run.rounds
        where = step.next if inside else program.step(step.next or "").next
    return _arrive(run, where, now)


def _settle(program: Program, run: Run, now: datetime) -> Run:
    for _ in range(MOST_MOVES):
        if run.position is None or need(program, run) is not None:
            return run
        step = program.step(run.position)
        run = _follow(program, run, step, step.go_in(None, run.rounds.get(step.id, 0)), now)
    raise ValueError(f"step {run.position} leads back to itself; nothing on the way waits")


def _arrive(run: Run, where: str | None, now: datetime) -> Run:
    if where is None:
        return _end(run, "completed")
    visits = run.visits | {where: run.visits.get(where, 0) + 1}
    return run.model_copy(
        update={"position": where, "arrived_at": now, "visits": visits, "admitted": False, "waiting": None}
    )


def _end(run: Run, reason: str) -> Run:
    return run.model_copy(update={"position": None, "ended": reason, "waiting": None})
