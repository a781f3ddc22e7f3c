"""A sequence as marketing ops write it, apart from its steps: what ends it, whose rules it follows.

Who enters it is said in `domain/entrance.py`.
What an author gets wrong is said here in the author's words; `phrase` turns a validation error into
"what is wrong; what to do".
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import ErrorDetails

from domain.answers import read_address
from domain.entrance import Enter, ExitTriggers, GoalTriggers
from domain.patterns import NAME as A_NAME
from domain.patterns import editors, whole
from domain.zones import zone_named

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def nearest(word: str, known: "set[str] | frozenset[str] | list[str]") -> str:
    """Return `; did you mean 'x'?`, or a list of what there is when nothing is near.

    >>> nearest("sned", {"send", "wait"})
    "; did you mean 'send'?"
    """
    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    if found:
        return f"; did you mean '{found[0]}'?"
    return f"; there is {', '.join(sorted(known)[:12])}" if known else "; none is declared, so write it there first"


class Header(BaseModel):
    """Everything of a sequence but its steps."""

    model_config = ConfigDict(extra="ignore")

    description: str = ""
    """One line for the people who read the list."""
    phase: Literal["acquisition", "interaction", "retention"] | None = None
    """Where it stands in the life of a customer."""
    owner: str | None = None
    """Who answers for it, an e-mail address; shown in reports."""
    status: Literal["live", "draft"] = "live"
    """draft: checked and simulated, never entered."""
    topic: str | None = None
    """What its marketing messages are about, of policies/messaging.yaml; decides whose consent is needed."""
    window: str | None = None
    """When messages may go out: a calendar of policies/calendars.yaml. Default: at any time."""
    calendar: str | None = None
    """What business days and hours are counted on. Default: the default of policies/calendars.yaml."""
    time_zone: str | None = None
    """Whose clock, where a contact's own zone is not known: an IANA name."""
    priority: int = Field(default=50, ge=0, le=100)
    """0 to 100; who gets the free slot under a cap."""
    group: Annotated[str | None, editors(whole(A_NAME), "nurture")] = None
    """One sequence of a group at a time for each contact."""
    on_conflict: Literal["refuse", "wait", "preempt"] = "refuse"
    """What if the contact is in another sequence of the group."""
    on_unsubscribe: Literal["end", "stay"] = "end"
    """end: who unsubscribes from the topic leaves; stay: walks on, unwritten."""
    enter: Enter = Field(default_factory=Enter)
    """Who enters, and how often."""
    goal: GoalTriggers = ()
    """What it is for; reaching it ends the run at once as converted."""
    exit: ExitTriggers = ()
    """Any of these ends the run at once, whatever it waits for."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if value is not None:
            zone_named(value)
        return value

    @field_validator("owner")
    @classmethod
    def _can_be_written_to(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                read_address(value)
            except ValueError:
                raise ValueError(f"'{value}' is no e-mail address; write one, such as growth@acme.example") from None
        return value

    @field_validator("group")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not NAME.fullmatch(value):
            raise ValueError(f"'{value}' cannot be a group; use small letters, digits and -, at most 64")
        return value

    @model_validator(mode="after")
    def _conflicts_in_a_group(self) -> Self:
        if "on_conflict" in self.model_fields_set and self.group is None:
            raise ValueError("'on_conflict' is asked between the sequences of a group; add 'group: NAME', or delete it")
        return self


def phrase(error: ErrorDetails, known: frozenset[str]) -> str:
    """Return a validation error as "what is wrong; what to do"; `known` are the keys that stand beside it."""
    kind = error["type"]
    if kind in ("value_error", "said"):
        return str(error["ctx"]["error"]) if kind == "value_error" and "ctx" in error else error["msg"]
    if kind == "literal_error":
        return _not_one_of(error)
    name = _named(error["loc"])
    if kind == "extra_forbidden":
        return f"there is no key {name} here{nearest(str(error['loc'][-1]), known)}"
    if kind == "missing":
        return f"{name} is missing; add it"
    if error["input"] is None:
        return f"{name} has no value; write one, or delete the line"
    return f"{name} {_wanted(error, name)}"


def keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> frozenset[str]:
    """Return the keys a model knows at a place in it, through lists, mappings and alternatives.

    >>> sorted(keys_at(Header, ("enter", "on", 0)))
    ['date', 'event', 'form', 'segment', 'when', 'where', 'within']
    """
    inside: list[type[BaseModel]] = [model]
    for key in place:
        fields = [field for each in inside for field in each.model_fields.items()]
        named = [info for name, info in fields if key in (name, info.alias)]
        # A key that is no field is one of a mapping or a list, whose values are already known.
        inside = [each for info in named for each in _models_in(info.annotation)] if named else inside
    return frozenset(info.alias or name for each in inside for name, info in each.model_fields.items())


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def _named(place: tuple[int | str, ...]) -> str:
    """Return how an author finds a place: by its key, in a list by its number, too."""
    if not place:
        return "this file"
    if isinstance(place[-1], int) and len(place) > 1:
        return f"item {place[-1] + 1} of '{place[-2]}'"
    return f"'{place[-1]}'"


def _not_one_of(error: ErrorDetails) -> str:
    words = str(error["ctx"]["expected"])
    if error["loc"][-1] == "[key]":
        return f"'{error['input']}' cannot stand here; write {words}"
    name, given = _named(error["loc"]), error["input"]
    if given is None:
        return f"{name} has no value; write {words}, or delete the line"
    return f"{name} cannot be {_shown(given)}; write {words}"


def _shown(given: Any) -> str:
    return f"'{given[:60]}'" if isinstance(given, str) else "a list" if isinstance(given, list) else "keys with values"


def _wanted(error: ErrorDetails, name: str) -> str:
    kind, given = error["type"], _shown(error["input"])
    if kind == "string_type":
        return f"takes one text, not {given}; write it on one line behind the key"
    if kind in ("list_type", "tuple_type"):
        return f"takes a list, not {given}; write each on a line of its own behind '- '"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return f"takes keys with values, not {given}; write 'key: value' lines, indented"
    if kind.startswith("int_"):
        return f"takes a whole number, not {given}; write digits"
    if kind.startswith("bool_"):
        return f"takes yes or no, not {given}; write one of them"
    if kind in ("greater_than_equal", "less_than_equal"):
        least, most = error["ctx"].get("ge"), error["ctx"].get("le")
        return f"cannot be {given}; write {f'at least {least}' if most is None else f'at most {most}'}"
    if kind in ("string_too_long", "string_too_short"):
        return "is too long; shorten it" if kind.endswith("long") else "is empty; write something"
    return f"does not fit: {error['msg'][:1].lower()}{error['msg'][1:]}; correct it"
