"""A sequence as marketing ops write it, apart from its steps: who may enter, what ends it, whose rules it follows.

What an author gets wrong is said here in the author's words; `phrase` turns a validation error into
"what is wrong; what to do".
"""

import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import ErrorDetails

from domain.program import Again, Trigger
from domain.spans import Span
from domain.zones import is_zone

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def nearest(word: str, known: "set[str] | frozenset[str] | list[str]") -> str:
    """Return `; did you mean 'x'?`, or a list of what there is when nothing is near.

    >>> nearest("sned", {"send", "wait"})
    "; did you mean 'send'?"
    """
    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if found:
        return f"; did you mean '{found[0]}'?"
    return f"; there is {', '.join(sorted(known)[:12])}" if known else "; none is declared"


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


class WrittenTrigger(Trigger):
    """A trigger as written: `{event: …}`, `{form: …}`, with an optional `where`; to end a run also `{when: …}`."""

    @model_validator(mode="before")
    @classmethod
    def _is_one_thing(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("this is not a trigger; write 'form: NAME' or 'event: NAME'")
        named = [key for key in ("event", "form", "when") if key in value]
        if len(named) != 1:
            raise ValueError("a trigger names one of 'event', 'form' or (to end a run) 'when'; write one of them")
        if "when" in value and "where" in value:
            raise ValueError("'where' looks at an event and there is none; put it into 'when'")
        return value


Triggers = Annotated[tuple[WrittenTrigger, ...], BeforeValidator(_one_or_many)]


class Enter(BaseModel):
    """Who enters, and how often."""

    model_config = ConfigDict(extra="ignore")

    on: Triggers = ()
    when: str | None = None
    again: str = "never"
    per: str | None = None

    @field_validator("on")
    @classmethod
    def _starts_on_something_that_happens(cls, value: Triggers) -> Triggers:
        if any(trigger.when is not None for trigger in value):
            raise ValueError("'when' does not start anything by itself; write 'form' or 'event', and 'when' beside 'on'")
        return value

    @field_validator("again")
    @classmethod
    def _is_a_rule(cls, value: str) -> str:
        read_again(value)
        return value

    @field_validator("per")
    @classmethod
    def _is_a_path(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"run\.event\.\w+", value):
            raise ValueError(f"'per' names a field of what started the run, not '{value}'; write run.event.FIELD")
        return value


def read_again(words: str) -> Again:
    """Return the rule of re-entry in these words. Raises ValueError.

    >>> read_again("after_exit 30 days")
    Again(rule='after_exit', after='30 days')
    """
    rule, _, span = words.partition(" ")
    if rule not in ("never", "after_exit", "always"):
        raise ValueError(f"'{words}' is no rule of re-entry; write never, after_exit, after_exit SPAN or always")
    if span and rule != "after_exit":
        raise ValueError(f"'{rule}' takes no span; write '{rule}' alone")
    if span:
        Span.parse(span)
    return Again(rule=rule, after=span or None)


class Header(BaseModel):
    """Everything of a sequence but its steps."""

    model_config = ConfigDict(extra="ignore")

    description: str = ""
    phase: Literal["acquisition", "interaction", "retention"] | None = None
    owner: str | None = None
    status: Literal["live", "draft"] = "live"
    topic: str | None = None
    window: str | None = None
    calendar: str | None = None
    time_zone: str | None = None
    priority: int = Field(default=50, ge=0, le=100)
    on_unsubscribe: Literal["end", "stay"] = "end"
    enter: Enter = Field(default_factory=Enter)
    goal: Triggers = ()
    exit: Triggers = ()

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if value is not None and not is_zone(value):
            raise ValueError(f"'{value}' is not a time zone; write an IANA name such as Europe/Berlin")
        return value

    @field_validator("goal")
    @classmethod
    def _is_an_event(cls, value: Triggers) -> Triggers:
        if any(trigger.when is not None for trigger in value):
            raise ValueError("a goal is something that happens; write 'event' or 'form', or move 'when' to 'exit'")
        return value

    @model_validator(mode="after")
    def _goal_is_not_exit(self) -> Self:
        both = {t.name for t in self.goal if not t.where} & {t.name for t in self.exit if t.name and not t.where}
        if both:
            raise ValueError(f"'{both.pop()}' is both goal and exit; keep one of them")
        return self


def phrase(error: ErrorDetails, known: frozenset[str]) -> str:
    """Return a validation error as "what is wrong; what to do"; `known` are the keys that stand beside it."""
    key = str(error["loc"][-1]) if error["loc"] else "this"
    kind = error["type"]
    if kind == "value_error":
        return str(error["ctx"]["error"]) if "ctx" in error else error["msg"]
    if kind == "extra_forbidden":
        return f"there is no key '{key}' here{nearest(key, known)}"
    if kind == "missing":
        return f"'{key}' is missing; add it"
    if error["input"] is None:
        return f"'{key}' has no value; write one or delete the line"
    if kind == "literal_error":
        return f"'{key}' cannot be '{error['input']}'; it is {error['ctx']['expected']}"
    if kind in ("string_type", "list_type", "tuple_type", "dict_type", "model_type", "model_attributes_type"):
        wanted = {"str": "text", "lis": "a list", "tup": "a list"}.get(kind[:3], "keys with values")
        return f"'{key}' should be {wanted}; see docs/sequences.md"
    return f"'{key}': {error['msg'][:1].lower()}{error['msg'][1:]}; see docs/sequences.md"
