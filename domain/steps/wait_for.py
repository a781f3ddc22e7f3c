"""`wait_for`: until something happens, or long enough."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from domain.needs import LAST_OF, LAST_SEND, Happened, Listen, Outcome
from domain.spans import Limit, Span
from domain.steps.base import Block, Destination, Refers, Step, of_time


class FormEvent(BaseModel):
    """A form that is handed in."""

    model_config = ConfigDict(extra="ignore")

    form: str
    """A form of policies/forms/."""


class SegmentJoined(BaseModel):
    """A contact that is, or becomes, a member of a segment."""

    model_config = ConfigDict(extra="ignore")

    segment: str
    """A segment of policies/segments.yaml."""


class ConditionMet(BaseModel):
    """A condition that is, or becomes, true."""

    model_config = ConfigDict(extra="ignore")

    when: str
    """The condition."""


Thing = FormEvent | SegmentJoined | ConditionMet
THINGS: dict[str, type[Thing]] = {"form": FormEvent, "segment": SegmentJoined, "when": ConditionMet}
# A span is told from a step's id by its blank (`2 days`) or its P (`P2D`): ids have neither.
SPAN = re.compile(r"\d+ .*|P[0-9T].*|\d+\s*(second|minute|hour|day|week|month)s?")
SHAPES = "an event's name, a list of names, {form: NAME}, {segment: NAME} or {when: EXPRESSION}"


def _names(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, Thing):
        return value
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        named = [key for key in THINGS if isinstance(value.get(key), str)]
        if len(named) != 1 or (len(value) > 1 and info.context is not None):
            raise ValueError(f"'wait_for' takes {SHAPES}; write one of them")
        return THINGS[named[0]].model_validate({named[0]: value[named[0]]})
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"'wait_for' takes {SHAPES}; write one of them")
    if not value:
        raise ValueError("'wait_for' waits for nothing; write an event's name")
    return list(value)


def _one_or_several(value: Any) -> Any:
    if value == [] or value is None:
        raise ValueError("'of' has no value; write a step's id, or several in a list")
    return value if isinstance(value, list | tuple) else [value]


def _as_span(since: str | None) -> Span | None:
    return Span.parse(since) if since is not None and SPAN.fullmatch(since) else None


class WaitFor(Step):
    """The first of these events moves the contact at once; without one, the time allowed does."""

    kind: ClassVar[str] = "wait_for"

    wait_for: Annotated[list[str] | Thing, BeforeValidator(_names, json_schema_input_type=str | list[str] | Thing)]
    """An event's name, a list of names, {form: NAME}, {segment: NAME} or {when: CONDITION}."""
    of: Annotated[list[str], BeforeValidator(_one_or_several, json_schema_input_type=str | list[str])] = Field(
        default_factory=list
    )
    """The send whose message it must belong to, or a list of them."""
    where: str | None = None
    """A condition on the event, such as event.amount > 50."""
    since: str | None = None
    """From when on it counts: now, entry, a step's id, or a span back."""
    up_to: Limit
    """How long at most: a span, until a moment, or forever."""
    then: Block = Field(default_factory=Block)
    """Steps for when it happened."""
    otherwise: Block = Field(default_factory=Block)
    """Steps for when it did not happen in time."""

    @field_validator("since")
    @classmethod
    def _since_when(cls, value: str | None) -> str | None:
        _as_span(value)
        return value

    @model_validator(mode="after")
    def _looks_at_events(self) -> Self:
        if isinstance(self.wait_for, SegmentJoined | ConditionMet):
            written = [key for key in ("of", "where", "since") if getattr(self, key)]
            if written:
                raise ValueError(f"'{written[0]}' looks at an event, and this waits for none; delete it")
        return self

    def need(self) -> Listen:
        form = self.wait_for.form if isinstance(self.wait_for, FormEvent) else None
        span = _as_span(self.since)
        since = "now" if span else self.since or (LAST_OF if self.of else LAST_SEND)
        return Listen(
            events=tuple(self.events()),
            of=tuple(self.of),
            where=self.where,
            since=since,
            since_span=span,
            up_to=self.up_to,
            form=form,
            when=self.wait_for.when if isinstance(self.wait_for, ConditionMet) else None,
            segment=self.wait_for.segment if isinstance(self.wait_for, SegmentJoined) else None,
        )

    def go(self, outcome: Outcome | None) -> Destination:
        return self.then.first if isinstance(outcome, Happened) else self.otherwise.first

    def events(self) -> list[str]:
        """Return the names listened for."""
        if isinstance(self.wait_for, list):
            return list(self.wait_for)
        return ["form_submitted"] if isinstance(self.wait_for, FormEvent) else []

    def ways(self) -> Iterator[Destination]:
        # What stands behind it is reached through its blocks, which lead there unless they end the run.
        yield from (self.then.first, self.otherwise.first)

    def says(self) -> str:
        wanted = self._wanted()
        of = f" of {' or '.join(self.of)}" if self.of else ""
        where = f" where {self.where}" if self.where is not None else ""
        return f"wait for {wanted}{of}{where}, {self._how_long()}"

    def _how_long(self) -> str:
        return str(self.up_to) if self.up_to.forever or self.up_to.moment is not None else f"up to {self.up_to}"

    def _wanted(self) -> str:
        match self.wait_for:
            case FormEvent(form=name):
                return f"form {name}"
            case SegmentJoined(segment=name):
                return f"segment {name}"
            case ConditionMet(when=condition):
                return condition
            case names:
                return " or ".join(names)

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "it happens", self.then.first
        yield "it does not", self.otherwise.first

    def refers(self) -> Iterator[Refers]:
        if isinstance(self.wait_for, FormEvent):
            yield Refers("wait_for.form", "form", self.wait_for.form)
        if isinstance(self.wait_for, SegmentJoined):
            yield Refers("wait_for.segment", "segment", self.wait_for.segment)
        for place, name in enumerate(self.events()):
            yield Refers(f"wait_for.{place}", "event", name)
            if self.of:
                yield Refers(f"wait_for.{place}", "event of a message", name)
        for place, step in enumerate(self.of):
            yield Refers("of" if len(self.of) == 1 else f"of.{place}", "send", step)
        yield from self._refers_since()
        yield from of_time("up_to", self.up_to)

    def _refers_since(self) -> Iterator[Refers]:
        span = _as_span(self.since)
        if span is not None:
            yield from of_time("since", span)
        elif self.since not in (None, "now", "entry"):
            yield Refers("since", "step", str(self.since))

    def conditions(self) -> Iterator[tuple[str, str, bool]]:
        yield from super().conditions()
        if isinstance(self.wait_for, ConditionMet):
            yield "wait_for.when", self.wait_for.when, False
        if self.where is not None:
            yield "where", self.where, True
