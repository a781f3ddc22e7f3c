"""The few things a step can ask of the world, and what the world can answer.

Whoever drives a run performs needs and hands outcomes back: `workflows/sequence.py`, where a need is an activity, a
timer or a signal, and `domain/simulation.py`, where it is a virtual clock and a script. Both travel in Temporal's
histories, so they hold words and instants, never a contact's data. Fields are only ever added, with defaults.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from domain.spans import Delay, Expiry, Limit, Span

LAST_SEND = ""


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

    `since` is `now` (the arrival at the step), `entry`, a step's id, or `LAST_SEND`: the last send, else entry.
    """

    need: Literal["listen"] = "listen"
    events: tuple[str, ...]
    of: str | None = None
    where: str | None = None
    since: str = LAST_SEND
    since_span: Span | None = None
    up_to: Limit
    form: str | None = None


class Deliver(Value):
    """Send one message through the gate and the ledger."""

    need: Literal["deliver"] = "deliver"
    template: str
    channel: str = "email"
    topic: str | None = None
    sender: str | None = None
    window: str | None = None
    expires: Expiry | None = None


class Change(Value):
    """Change the contact's record. `set` replaces, `add` is a number to add, tags and topics come and go."""

    need: Literal["change"] = "change"
    set: dict[str, str] = Field(default_factory=dict)
    add: dict[str, int] = Field(default_factory=dict)
    tags_on: tuple[str, ...] = ()
    tags_off: tuple[str, ...] = ()
    topics_off: tuple[str, ...] = ()


Need = Annotated[Decide | Sleep | Listen | Deliver | Change, Field(discriminator="need")]


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
    """An event listened for; `id` is its place in the timeline."""

    event: str
    of: str | None = None
    id: int | None = None
    at: datetime | None = None
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
    Later | Decided | Elapsed | Passed | Happened | TimedOut | Sent | Done | Left | Broken,
    Field(discriminator="outcome"),
]
