"""How a condition is decided: lazily where CEL is lazy, by the library where values are computed.

`&&`, `||`, `!`, `? :`, `has` and the comprehensions are walked here, so that it is known which value decided and so
that a missing one stays missing under `!` and `!=`. What lies between them (comparisons, sums, CEL's functions) goes
to the library with every name replaced by a value: it sees `v0 >= 60`, never a record. An answer is a value, or
`Unfit`; only a function that cannot reach its data raises.
"""

from collections.abc import Callable
from dataclasses import dataclass

from domain.cel_asked import NODE, Answer, Asked, Named, Part, as_unfit, asked_all, weight
from domain.cel_library import cel
from domain.cel_values import MOST_WEIGHT, Unfit, fact

_TOO_LONG = Unfit("that takes too long")
_TOO_MUCH = Unfit("that makes too long a list")
_NO_LIST = Unfit("that is not a list")
_FLAWS: list[tuple[type[Exception], Unfit]] = [
    (TypeError, Unfit("these kinds of value do not go together")),
    (ZeroDivisionError, Unfit("that divides by zero")),
    (OverflowError, Unfit("that gives too large a number")),
    (LookupError, Unfit("there is no such item")),
    (Exception, Unfit("the value does not fit")),
]
_MUCH = 10  # nodes; shorter calculations are not worth counting outside of a comprehension
_BAD_VALUES = (TypeError, ValueError, ArithmeticError, LookupError)


@dataclass(frozen=True, slots=True)
class Junction:
    """Operands of `&&` or `||`: the first that is `decisive` decides, even where another is unfit."""

    parts: tuple[Part, ...]
    decisive: bool

    def ask(self, asked: Asked) -> Answer:
        unfit: Answer | None = None
        because: tuple[Named, ...] = ()
        for part in self.parts:
            answer = part.ask(asked)
            if answer.value is self.decisive:
                return answer
            if answer.value is not (not self.decisive):
                unfit = unfit or as_unfit(answer)
            because += answer.because
        return unfit or Answer(not self.decisive, because)


@dataclass(frozen=True, slots=True)
class Negation:
    """`!…`, written an odd number of times."""

    part: Part
    odd: bool

    def ask(self, asked: Asked) -> Answer:
        answer = self.part.ask(asked)
        if not isinstance(answer.value, bool):
            return as_unfit(answer)
        return Answer(answer.value is not self.odd, answer.because)


@dataclass(frozen=True, slots=True)
class Alternative:
    """`test ? then : other`."""

    test: Part
    then: Part
    other: Part

    def ask(self, asked: Asked) -> Answer:
        test = self.test.ask(asked)
        if not isinstance(test.value, bool):
            return as_unfit(test)
        value, because = (self.then if test.value else self.other).ask(asked)
        return Answer(value, because if isinstance(value, Unfit) else test.because + because)


@dataclass(frozen=True, slots=True)
class Computed:
    """A function of CEL that is computed here; `effort` says what it costs at most."""

    function: Callable[..., object]
    arguments: tuple[Part, ...]
    effort: Callable[..., int] | None = None

    def ask(self, asked: Asked) -> Answer:
        values, because, unfit = asked_all(self.arguments, asked)
        if unfit is not None:
            return unfit
        if self.effort is not None and asked.is_tired(self.effort(*values)):
            return Answer(_TOO_LONG, because)
        try:
            return Answer(fact(self.function(*values), asked.clock), because)
        except _BAD_VALUES as error:
            return Answer(_flaw(error), because)


@dataclass(frozen=True, slots=True)
class Question:
    """A function of our own, asked of the history. A value it cannot take makes it unfit; its own failures pass."""

    name: str
    label: str
    arguments: tuple[Part, ...]
    keeps: bool  # its arguments do not change from item to item

    def ask(self, asked: Asked) -> Answer:
        if self.keeps and self.label in asked.answers:
            value = asked.answers[self.label]
            return Answer(value, ((self.label, value),))
        values, _, unfit = asked_all(self.arguments, asked)
        if unfit is not None:
            return unfit
        value = self._value(values, asked)
        if self.keeps:
            asked.answers[self.label] = value
        return Answer(value, ((self.label, value),))

    def _value(self, values: list[object], asked: Asked) -> object:
        function = asked.functions.get(self.name)
        if function is None:
            return Unfit("is not known")
        try:
            return fact(function(*values), asked.clock)
        except _BAD_VALUES:
            return Unfit("has no answer")


@dataclass(frozen=True, slots=True)
class Calculation:
    """What the library computes: an expression in which every part of ours is a variable."""

    program: cel.Program
    variables: tuple[str, ...]
    parts: tuple[Part, ...]
    effort: int

    def ask(self, asked: Asked) -> Answer:
        values, because, unfit = asked_all(self.parts, asked)
        if unfit is not None:
            return unfit
        if (asked.bound or self.effort > _MUCH) and asked.is_tired(self._cost(values)):
            return Answer(_TOO_LONG, because)
        try:
            return Answer(self.program.execute(dict(zip(self.variables, values, strict=True))), because)
        except Exception as error:
            return Answer(_flaw(error), because)

    def _cost(self, values: list[object]) -> int:
        # A sum of many texts copies what it has so far for each, so long expressions cost by the square.
        return self.effort * (1 + self.effort // _MUCH) * (10 * NODE + sum(map(weight, values)))


@dataclass(frozen=True, slots=True)
class Quantified:
    """`all` and `exists`: an item that decides does so even where another is unfit."""

    over: Part
    name: str
    test: Part
    decisive: bool

    def ask(self, asked: Asked) -> Answer:
        items, because, unfit = _items(self.over, asked)
        if unfit is not None:
            return unfit
        for item in items:
            answer = _with(asked, self.name, item, self.test)
            if answer.value is self.decisive:
                return Answer(self.decisive, answer.because)
            if answer.value is not (not self.decisive):
                unfit = unfit or as_unfit(answer)
        return unfit or Answer(not self.decisive, because)


@dataclass(frozen=True, slots=True)
class Gathered:
    """`filter`, `map` and `exists_one`: every item counts, so one that is unfit makes the whole unfit."""

    over: Part
    name: str
    keep: Part | None
    each: Part | None
    only: bool = False

    def ask(self, asked: Asked) -> Answer:
        items, because, unfit = _items(self.over, asked)
        if unfit is not None:
            return unfit
        gathered: list[object] = []
        room = 2 * NODE * MOST_WEIGHT
        for item in items:
            kept = Answer(True) if self.keep is None else _with(asked, self.name, item, self.keep)
            if not isinstance(kept.value, bool):
                return as_unfit(kept)
            if not kept.value:
                continue
            answer = Answer(item) if self.each is None else _with(asked, self.name, item, self.each)
            if isinstance(answer.value, Unfit):
                return answer
            gathered.append(answer.value)
            room -= weight(answer.value)
            if room < 0:
                return Answer(_TOO_MUCH, because)
        return Answer(len(gathered) == 1 if self.only else gathered, because)


def _items(over: Part, asked: Asked) -> tuple[list[object], tuple[Named, ...], Answer | None]:
    value, because = over.ask(asked)
    if isinstance(value, list | dict):
        return list(value), because, None
    return [], because, Answer(value if isinstance(value, Unfit) else _NO_LIST, because)


def _with(asked: Asked, name: str, item: object, part: Part) -> Answer:
    before = asked.bound
    asked.bound = {**before, name: item}
    try:
        return part.ask(asked)
    finally:
        asked.bound = before


def _flaw(error: Exception) -> Unfit:
    return next(flaw for kind, flaw in _FLAWS if isinstance(error, kind))
