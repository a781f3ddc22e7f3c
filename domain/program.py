"""A sequence compiled flat: every step with its id and where it goes.

A program is a value. It travels in a run's input and is never changed, so a run never sees a half-edited file; its
version is the hash of what stands in it.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator

import domain.steps
from domain.conditions import changes_with_time
from domain.events import SAYS_WHETHER_TO_WRITE, SEGMENT_ENTERED
from domain.keys import content_hash
from domain.needs import Deliver, Listen, Need
from domain.patterns import DATE, SPAN, editors, whole
from domain.standing import ADDRESS_FIELD, EMAIL
from domain.steps.base import Step

# A kind is one file in domain/steps/; it is known as soon as the file is there.
for _module in iter_modules(domain.steps.__path__):
    import_module(f"domain.steps.{_module.name}")


def kind_of(written: dict[str, Any]) -> str | None:
    """Return the kind of a step as written or compiled, None if it has none or several."""
    found = [key for key in written if key in Step.kinds]
    return found[0] if len(found) == 1 else None


def _read_step(value: Any) -> Step:
    if isinstance(value, Step):
        return value
    kind = kind_of(value)
    if kind is None:
        raise ValueError(f"a step of unknown kind: {', '.join(sorted(value))}")
    return Step.kinds[kind].model_validate(value)


def _write_step(step: Step) -> dict[str, Any]:
    return step.model_dump(mode="json", exclude_defaults=True) | {"id": step.id}


AnyStep = Annotated[Step, PlainValidator(_read_step), PlainSerializer(_write_step)]


class Trigger(BaseModel):
    """Something that starts, converts or ends a run: an event, a form, becoming a member of a segment; to start one
    also a date, to end one a condition. `within` counts a goal for so long after the end, too."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: str | None = None
    """An event, built in or of policies/events.yaml."""
    form: str | None = None
    """A form of policies/forms/."""
    when: str | None = None
    """A condition, asked when the record changes and before every step."""
    where: str | None = None
    """A condition on the event itself, such as event.plan == 'pro'."""
    segment: str | None = None
    """The contact becomes a member of this segment of policies/segments.yaml."""
    date: Annotated[str | None, editors(whole(DATE), "contact.renewal_date - 30 days at 09:00")] = None
    """A date of the contact, or one that comes round every year."""
    within: Annotated[str | None, editors(whole(SPAN), "14 days")] = None
    """For how long after the run's end the goal is counted, too."""

    @property
    def name(self) -> str | None:
        """The event's name in the timeline; None for a condition and for a date."""
        if self.form is not None:
            return "form_submitted"
        return SEGMENT_ENTERED if self.segment is not None else self.event

    def starts_with(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a run that this starts knows as `run.event`: what came along, and the name of what it was.

        >>> Trigger(form="demo-request").starts_with({"plan": "pro"})
        {'plan': 'pro', 'name': 'form_submitted'}
        """
        name = "date" if self.date is not None else self.name
        return {**data, "name": name} if name is not None else dict(data)

    def says(self) -> str:
        """Return the trigger in the author's words.

        >>> Trigger(event="trial_started", where="event.plan != 'free'").says()
        "event trial_started where event.plan != 'free'"
        """
        written = ((name, getattr(self, name)) for name in type(self).model_fields)
        return " ".join(f"{name} {value}" for name, value in written if value is not None)


class Again(BaseModel):
    """The rule of re-entry: `never`, `after_exit` (and how long after), `restart`, or `always`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: str = "never"
    after: str | None = None


class Program(BaseModel):
    """What a sequence does, and the rules around it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sequence: str
    description: str = ""
    phase: str | None = None
    owner: str | None = None
    status: str = "live"
    topic: str | None = None
    marketing: bool = True
    window: str | None = None
    calendar: str | None = None
    time_zone: str | None = None
    priority: int = 50
    group: str | None = None
    on_conflict: str = "refuse"
    on_unsubscribe: str = "end"
    enter: tuple[Trigger, ...] = ()
    when: str | None = None
    again: Again = Again()
    per: str | None = None
    holdout: float = 0.0
    holdout_salt: str | None = None
    goal: tuple[Trigger, ...] = ()
    exit: tuple[Trigger, ...] = ()
    trial: bool = False
    """What is sent is a test for one of us: marked so, and not counted as what contacts get."""
    first: str | None = None
    steps: dict[str, AnyStep] = Field(default_factory=dict)

    def step(self, step_id: str) -> Step:
        """Return the step of this id. Raises KeyError."""
        return self.steps[step_id]

    @cached_property
    def needs(self) -> dict[tuple[str, int], Need | None]:
        """What steps were found to need, by step and rounds gone through: a program never changes."""
        return {}

    def need_of(self, step_id: str, rounds: int) -> Need | None:
        """Return what a step needs when the steps it repeats have been gone through `rounds` times."""
        place = (step_id, rounds)
        if place not in self.needs:
            self.needs[place] = self.steps[step_id].need_in(rounds)
        return self.needs[place]

    @cached_property
    def heard(self) -> frozenset[str]:
        """As `listens_to`, found once."""
        return self.listens_to()

    def listens_to(self) -> frozenset[str]:
        """Return the names of the events that can mean something to a run of this program."""
        names = {trigger.name for trigger in (*self.goal, *self.exit)}
        for step in self.steps.values():
            wanted = step.need()
            names.update(getattr(wanted, "events", ()))
        return frozenset(name for name in names if name)

    @cached_property
    def watches(self) -> bool:
        """Whether anything that happens may make true what a run is to end on, or what a step waits for."""
        waits = any(
            wanted.when is not None or wanted.segment is not None
            for step in self.steps.values()
            if isinstance(wanted := step.need(), Listen)
        )
        return waits or self.ends_by_condition

    @cached_property
    def ends_with_time(self) -> bool:
        """Whether a goal or an exit may become true though nothing happens."""
        return any(each.when is not None and changes_with_time(each.when) for each in (*self.goal, *self.exit))

    def is_concerned_by(self, event: str) -> bool:
        """Whether a run has to look when this happens: a step listens to it, it may end the run, or it changes what
        may be sent."""
        return self.watches or event in self.heard or event in SAYS_WHETHER_TO_WRITE

    def may_be_ended_by(self, event: str) -> bool:
        """Whether a run can end at once when this happens: by itself, or because a condition may be true by now."""
        return self.ends_by_condition or event in self._enders

    @cached_property
    def ends_by_condition(self) -> bool:
        """Whether a goal or an exit is a condition: asked when anything happens, and before every step."""
        return any(trigger.when is not None for trigger in (*self.goal, *self.exit))

    @cached_property
    def _enders(self) -> frozenset[str]:
        named = {trigger.name for trigger in (*self.goal, *self.exit)}
        return SAYS_WHETHER_TO_WRITE | {name for name in named if name}

    @cached_property
    def channels(self) -> frozenset[str]:
        """The channels to a person by which it sends."""
        needs = (step.need() for step in self.steps.values())
        return frozenset(need.channel for need in needs if isinstance(need, Deliver)) & ADDRESS_FIELD.keys()

    @property
    def asks_about(self) -> str:
        """The channel whose consents decide at the door: the only one it sends by, else e-mail."""
        return next(iter(self.channels)) if len(self.channels) == 1 else EMAIL

    @cached_property
    def counts_late(self) -> bool:
        """Whether a goal is counted after the end, too."""
        return any(trigger.within is not None for trigger in self.goal)

    @cached_property
    def remembered(self) -> frozenset[str]:
        """The steps that others count time from: when a run was last at them has to be kept."""
        return frozenset(wanted.since for step in self.steps.values() if isinstance(wanted := step.need(), Listen))

    @cached_property
    def version(self) -> str:
        """The hash of everything in this program: `sha256:` and 64 hex digits."""
        return content_hash(json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy. What was found out about this program is not known of it: it may have changed."""
        copy = super().model_copy(update=update, deep=deep)
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Self:
        """Read a program as it was stored, of whatever age."""
        return cls.model_validate(stored)
