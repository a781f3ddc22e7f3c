"""The few things a step can ask of the world, and what the world can answer.

Whoever drives a run performs needs and hands outcomes back. Both travel in Temporal's histories, so they hold words and
instants, never a contact's data. Fields are only ever added, with defaults.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from domain.spans import Delay, Expiry, Limit, Span

LAST_SEND = ""
LAST_OF = "*"
# The sender that stands for whoever looks after the contact.
OWNER = "owner"


class Value(BaseModel):
    """Something that travels: unknown fields of a later version are accepted."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Decide(Value):
    """Tell which of these conditions is the first that is true; None among them is always true."""

    need: Literal["decide"] = "decide"
    conditions: tuple[str | None, ...]
    arms: tuple[str, ...] = ()


class Sleep(Value):
    """Wait for a time, counted from the arrival at the step, on the clock the contact has when asked."""

    need: Literal["sleep"] = "sleep"
    words: Delay


class Listen(Value):
    """Wait until one of these happens. What happened after `since` counts, though the step began later.

    `since` is `now` (the arrival at the step), `entry`, a step's id, `LAST_SEND` (the last send, else entry) or
    `LAST_OF`: the last of the sends in `of`, else entry.
    """

    need: Literal["listen"] = "listen"
    events: tuple[str, ...]
    of: tuple[str, ...] = ()
    where: str | None = None
    since: str = LAST_SEND
    since_span: Span | None = None
    up_to: Limit
    form: str | None = None
    when: str | None = None
    segment: str | None = None


class Draw(Value):
    """Draw one of several arms by lot (`domain/lots.py`). `salt` is SEQUENCE/STEP where it is not written."""

    need: Literal["draw"] = "draw"
    arms: tuple[str, ...]
    shares: tuple[int, ...]
    salt: str | None = None


class Deliver(Value):
    """Send one message through the gate and the ledger.

    `thread` is the step whose message this one answers, `on_cap` what to do over a frequency cap.
    """

    need: Literal["deliver"] = "deliver"
    template: str
    channel: str = "email"
    topic: str | None = None
    sender: str | None = None
    window: str | None = None
    expires: Expiry | None = None
    thread: str | None = None
    on_cap: str | None = None


class Notify(Value):
    """Send a message to a team, not to the contact. It passes the ledger, not the gate."""

    need: Literal["notify"] = "notify"
    team: str
    template: str
    channel: str = "staff"
    window: str | None = None


class Open(Value):
    """Open a record that people work on: a task, or a case, which a repeat of the same incident joins.

    With `up_to` the run waits until it is completed, at most so long. `title` may have blanks (`domain/blanks.py`),
    `incident` is a path.
    """

    need: Literal["open"] = "open"
    what: Literal["task", "case"]
    title: str
    team: str | None = None
    owner: str | None = None
    policy: str | None = None
    severity: str | None = None
    incident: str | None = None
    outcomes: tuple[str, ...] = ()
    up_to: Limit | None = None
    window: str | None = None

    @property
    def events(self) -> tuple[str, ...]:
        """The events that can move a run that waits here."""
        return ("task_completed", "task_cancelled") if self.up_to is not None else ()


class Call(Value):
    """Ask another system, by a signed POST; what it answers is `calls.NAME`. The body may have blanks."""

    need: Literal["call"] = "call"
    url: str
    body: dict[str, Any] = Field(default_factory=dict)
    up_to: Span
    save_as: str


class Begin(Value):
    """Let the contact enter another sequence, if its checks allow it. What started this run goes along."""

    need: Literal["begin"] = "begin"
    sequence: str


class Halt(Value):
    """End the contact's runs in another sequence."""

    need: Literal["halt"] = "halt"
    sequence: str


class Change(Value):
    """Change the contact's record. `set` replaces, `copied` too, by what stands at a path; `add` is a number to add."""

    need: Literal["change"] = "change"
    set: dict[str, str] = Field(default_factory=dict)
    copied: dict[str, str] = Field(default_factory=dict)
    add: dict[str, int] = Field(default_factory=dict)
    tags_on: tuple[str, ...] = ()
    tags_off: tuple[str, ...] = ()
    topics_off: tuple[str, ...] = ()


Need = Annotated[
    Decide | Draw | Sleep | Listen | Deliver | Notify | Open | Call | Begin | Halt | Change, Field(discriminator="need")
]


@dataclass(frozen=True)
class Later:
    """Not yet: ask again at `due`."""

    due: datetime | None
    why: str = ""
    outcome: Literal["later"] = "later"


@dataclass(frozen=True)
class Decided:
    """The first true condition's place in the list, None when there was none."""

    arm: int | None
    outcome: Literal["decided"] = "decided"


@dataclass(frozen=True)
class Elapsed:
    """The time waited for has come."""

    outcome: Literal["elapsed"] = "elapsed"


@dataclass(frozen=True)
class Passed:
    """The time to wait for lay in the past when the wait began."""

    outcome: Literal["passed"] = "passed"


@dataclass(frozen=True)
class Happened:
    """An event listened for; `id` is its place in the timeline, `answer` the outcome of a task."""

    event: str
    of: str | None = None
    id: int | None = None
    at: datetime | None = None
    answer: str | None = None
    outcome: Literal["happened"] = "happened"


@dataclass(frozen=True)
class TimedOut:
    """None of the events came in time."""

    outcome: Literal["timed_out"] = "timed_out"


@dataclass(frozen=True)
class Sent:
    """A message's fate is known."""

    fate: Literal["accepted", "refused", "unknown", "skipped"]
    reason: str | None = None
    outcome: Literal["sent"] = "sent"


@dataclass(frozen=True)
class Called:
    """Whether another system answered in time, and with yes; `skipped` says that it was not to be asked."""

    fate: Literal["answered", "failed", "skipped"]
    reason: str | None = None
    outcome: Literal["called"] = "called"


@dataclass(frozen=True)
class Done:
    """It was done."""

    outcome: Literal["done"] = "done"


@dataclass(frozen=True)
class Left:
    """The run's end was written elsewhere: by a goal, an exit, an unsubscribe, a person."""

    reason: str
    outcome: Literal["left"] = "left"


@dataclass(frozen=True)
class Broken:
    """This contact's data breaks the step; the others do not notice."""

    reason: str
    outcome: Literal["broken"] = "broken"


Outcome = Annotated[
    Later | Decided | Elapsed | Passed | Happened | TimedOut | Sent | Called | Done | Left | Broken,
    Field(discriminator="outcome"),
]
