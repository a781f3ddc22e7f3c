"""One judgement of a condition: the data it is about, what was read of it, and the parts that read.

An answer carries the named values it rests on, so that whoever wonders is told which of them decided.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NamedTuple, Protocol

from domain.cel_values import MISSING, Unfit, fact

MOST_WORK = 2_000_000_000  # in nanoseconds or so, for all rounds of a comprehension together
NODE = 50  # nanoseconds or so, to hand a value to the library
_NO_TRUTH = Unfit("that is neither true nor false")
Named = tuple[str, object]


class Answer(NamedTuple):
    """What a part gives, and the named values that decided it."""

    value: object
    because: tuple[Named, ...] = ()


class Part(Protocol):
    """A part of a condition that can be asked for its answer."""

    def ask(self, asked: "Asked") -> Answer: ...


@dataclass(slots=True)
class Asked:
    """One judgement: the data it is about, and what has been read of it."""

    names: Mapping[str, object]
    functions: Mapping[str, Callable[..., object]]
    clock: tzinfo
    facts: dict[tuple[str, ...], object] = field(default_factory=dict)
    answers: dict[str, object] = field(default_factory=dict)
    bound: dict[str, object] = field(default_factory=dict)
    work: int = 0

    def find(self, keys: tuple[str, ...]) -> object:
        """Return the fact at a path, MISSING where there is none."""
        known = self.facts.get(keys)
        if known is None:
            known = self.facts[keys] = fact(held(self.names, keys), self.clock)
        return known

    def is_tired(self, effort: int) -> bool:
        """Count work done inside a comprehension; return whether it has become too much."""
        self.work += effort
        return self.work > MOST_WORK


def held(record: object, keys: Iterable[str]) -> object:
    """Return what a record holds at a path, None where there is nothing."""
    for key in keys:
        if not isinstance(record, Mapping):
            return None
        record = record.get(key)
    return record


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that the author wrote out."""

    value: object

    def ask(self, asked: Asked) -> Answer:
        return Answer(self.value)


@dataclass(frozen=True, slots=True)
class Fact:
    """A value of the data, by its path."""

    keys: tuple[str, ...]
    label: str

    def ask(self, asked: Asked) -> Answer:
        value = asked.find(self.keys)
        return Answer(value, ((self.label, value),))


@dataclass(frozen=True, slots=True)
class Bound:
    """A value of the item that a comprehension looks at, by its path."""

    keys: tuple[str, ...]
    label: str

    def ask(self, asked: Asked) -> Answer:
        value = held(asked.bound, self.keys)
        value = MISSING if value is None else value
        return Answer(value, ((self.label, value),))


@dataclass(frozen=True, slots=True)
class Present:
    """`has(…)`: whether a field is there; it is not where what should hold it is not there."""

    of: Fact | Bound

    def ask(self, asked: Asked) -> Answer:
        value, because = self.of.ask(asked)
        return Answer(value is not MISSING, because)


@dataclass(frozen=True, slots=True)
class PresentIn:
    """`has(….field)` of something computed."""

    of: Part
    name: str

    def ask(self, asked: Asked) -> Answer:
        value, because = self.of.ask(asked)
        return Answer(value if isinstance(value, Unfit) else isinstance(value, dict) and self.name in value, because)


def asked_all(parts: Iterable[Part], asked: Asked) -> tuple[list[object], tuple[Named, ...], Answer | None]:
    """Return the values of parts and what they rest on; or, third, the answer of those that are unfit."""
    values: list[object] = []
    because: tuple[Named, ...] = ()
    unfit: Answer | None = None
    for part in parts:
        answer = part.ask(asked)
        if isinstance(answer.value, Unfit):
            unfit = answer if unfit is None else Answer(unfit.value, unfit.because + answer.because)
        values.append(answer.value)
        because += answer.because
    return values, because, unfit


def as_unfit(answer: Answer) -> Answer:
    """Return the answer where truth was asked for and something else was given."""
    return answer if isinstance(answer.value, Unfit) else Answer(_NO_TRUTH, answer.because)


def weight(value: object) -> int:
    """Return what it costs to hand a value to the library, in nanoseconds or so."""
    if isinstance(value, str):
        return NODE + len(value)
    if isinstance(value, dict):
        return sum(weight(key) + weight(item) for key, item in value.items())
    return sum(map(weight, value)) if isinstance(value, list) else NODE
