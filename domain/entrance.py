"""Who enters a sequence, as marketing ops write it: triggers, the rule of re-entry, the share that is held out.

What an author gets wrong is said here in the author's words, as in `domain/definition.py`.
"""

import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator, model_validator

from domain.anniversaries import DateWords
from domain.patterns import AGAIN, EVENT_FIELD, HOLDOUT, editors, one_of, whole
from domain.program import Again, Trigger
from domain.shares import read_share
from domain.spans import Span


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


class WrittenTrigger(Trigger):
    """A trigger as written: `{event: …}`, `{form: …}`, `{segment: …}`, with what may stand beside it."""

    purpose: ClassVar[str] = "one of 'event', 'form', 'segment' or (to end a run) 'when'"

    @model_validator(mode="before")
    @classmethod
    def _is_one_thing(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("this is not a trigger; write 'form: NAME' or 'event: NAME'")
        named = [key for key in ("event", "form", "segment", "date", "when") if key in value]
        if len(named) != 1:
            raise ValueError(f"a trigger names {cls.purpose}; write one of them")
        if "where" in value and named[0] not in ("event", "form"):
            raise ValueError(_WITHOUT_EVENT[named[0]])
        return value

    @field_validator("within")
    @classmethod
    def _is_a_span(cls, value: str | None) -> str | None:
        return value if value is None else Span.parse(value).words


_WITHOUT_EVENT = {
    "when": "'where' looks at an event and there is none; put it into 'when'",
    "segment": "'where' looks at an event and a segment has none; put it into 'when'",
    "date": "'where' looks at an event and a date has none; put it into 'when'",
}


class StartingTrigger(WrittenTrigger):
    """A trigger that starts a run: something that happens, or a date that comes."""

    model_config = ConfigDict(json_schema_extra=one_of("event", "form", "segment", "date", beside=("where",)))
    purpose: ClassVar[str] = "one of 'event', 'form', 'segment' or 'date'"

    @field_validator("date")
    @classmethod
    def _is_a_date(cls, value: str | None) -> str | None:
        return value if value is None else DateWords.parse(value).words

    @model_validator(mode="after")
    def _happens(self) -> Self:
        if self.when is not None:
            raise ValueError("'when' starts nothing by itself; write 'form' or 'event', and 'when' beside 'on'")
        if self.within is not None:
            raise ValueError("'within' belongs to a goal; delete it here")
        return self


class GoalTrigger(WrittenTrigger):
    """A goal; `within` counts it for so long after the run's end, too."""

    model_config = ConfigDict(json_schema_extra=one_of("event", "form", "segment", "when", beside=("where", "within")))

    @model_validator(mode="after")
    def _is_no_date(self) -> Self:
        _refuse_date(self)
        return self


class ExitTrigger(WrittenTrigger):
    """What ends a run at once without being its goal."""

    model_config = ConfigDict(json_schema_extra=one_of("event", "form", "segment", "when", beside=("where",)))

    @model_validator(mode="after")
    def _is_no_date(self) -> Self:
        if self.within is not None:
            raise ValueError("'within' belongs to a goal; delete it here")
        _refuse_date(self)
        return self


def _refuse_date(trigger: Trigger) -> None:
    if trigger.date is not None:
        raise ValueError("'date' only starts a run; to end one ask the date in 'when', as in 'now > contact.ends_on'")


StartingTriggers = Annotated[
    tuple[StartingTrigger, ...],
    BeforeValidator(_one_or_many, json_schema_input_type=StartingTrigger | list[StartingTrigger]),
]
GoalTriggers = Annotated[
    tuple[GoalTrigger, ...], BeforeValidator(_one_or_many, json_schema_input_type=GoalTrigger | list[GoalTrigger])
]
ExitTriggers = Annotated[
    tuple[ExitTrigger, ...], BeforeValidator(_one_or_many, json_schema_input_type=ExitTrigger | list[ExitTrigger])
]


class Enter(BaseModel):
    """Who enters, and how often."""

    model_config = ConfigDict(extra="ignore")

    on: StartingTriggers = ()
    """Any of these starts it."""
    when: str | None = None
    """A condition on the contact, asked at the door."""
    again: Annotated[str, editors(whole(AGAIN), "after_exit 30 days")] = "never"
    """Whether somebody may enter a second time."""
    per: Annotated[str | None, editors(whole(EVENT_FIELD), "run.event.order_id")] = None
    """The rule of again holds for each value of this field of what started the run."""
    holdout: Annotated[str | None, editors(whole(HOLDOUT), "5%")] = None
    """A share that is not entered, and measured."""
    salt: str | None = None
    """What the holdout is drawn with; sequences with the same salt hold out the same people."""

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

    @field_validator("holdout")
    @classmethod
    def _is_a_share(cls, value: str | None) -> str | None:
        if value is not None:
            read_share(value)
        return value

    @model_validator(mode="after")
    def _draws_with_salt(self) -> Self:
        if self.salt is not None and self.holdout is None:
            raise ValueError("'salt' draws the holdout and there is none; add 'holdout: 5%', or delete 'salt'")
        return self


def read_again(words: str) -> Again:
    """Return the rule of re-entry in these words. Raises ValueError.

    >>> read_again("after_exit 30 days")
    Again(rule='after_exit', after='30 days')
    """
    rule, _, span = words.partition(" ")
    if rule not in ("never", "after_exit", "restart", "always"):
        rules = "never, after_exit, after_exit SPAN, restart or always"
        raise ValueError(f"'{words}' is no rule of re-entry; write {rules}")
    if span and rule != "after_exit":
        raise ValueError(f"'{rule}' takes no span; write '{rule}' alone")
    if span:
        Span.parse(span)
    return Again(rule=rule, after=span or None)
