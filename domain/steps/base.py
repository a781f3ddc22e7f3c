"""What every kind of step has in common.

A kind is a class with fields, one sentence and two methods: `need(run)` says what it needs of the world next,
`go(outcome)` where the contact goes then. As written, a block is a list of steps; compiled, it is the id of its first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.blanks import names_in, problems
from domain.needs import Need, Outcome
from domain.patterns import NAME, editors, whole
from domain.spans import Deadline, Span
from domain.written import Written


class BlockReader(Protocol):
    """Reads the steps of a block while a file is loaded."""

    def block(self, items: list[Any]) -> "Block": ...


class Block(BaseModel):
    """Steps one after the other. Compiled, `first` is where they begin; None: there is nothing more to do."""

    model_config = ConfigDict(extra="ignore")

    steps: tuple["Step", ...] = Field(default=(), exclude=True)
    first: str | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if isinstance(value, list) and info.context is not None:
            reader: BlockReader = info.context
            return cast("Self", reader.block(value))
        if value is None and info.context is not None:
            raise ValueError("there are no steps; write some, or [] for none")
        if info.context is not None and not isinstance(value, Block):
            raise ValueError("steps are a list; begin each with '- ', such as '- send: welcome/hello'")
        return handler(value)


@dataclass(frozen=True)
class Ends:
    """The run is over, with this reason."""

    reason: str


@dataclass(frozen=True)
class Skips:
    """The next step is left out, too."""


@dataclass(frozen=True)
class Rounds:
    """Onward from a step that repeats others, which have been gone through so many times (0: it is done)."""

    to: str | None
    rounds: int


Destination = str | None | Ends | Skips | Rounds

To = Literal[
    "step", "send", "event", "event of a message", "form", "topic", "calendar", "business calendar", "sender",
    "template", "field", "date", "own field", "number", "segment", "sequence", "team", "person", "follow-up policy",
    "staff template", "text template", "webhook template", "blank", "name",
]  # fmt: skip


@dataclass(frozen=True)
class Refers:
    """A name that has to exist as a thing of this sort. `key` is its place in the step, such as `wait_for.1`."""

    key: str
    to: To
    name: str


def of_time(key: str, words: Span | Deadline | None) -> Iterator[Refers]:
    """Yield what a time needs to be counted: the contact's fields it reads, and a calendar for business spans."""
    if words is None:
        return
    for source in words.sources():
        root, _, name = source.partition(".")
        if root == "contact":
            yield Refers(key, "date", name)
    moment = words.moment if isinstance(words, Deadline) else None
    span = words if isinstance(words, Span) else moment.span if moment else words.span
    if span is not None and span.is_business:
        yield Refers(key, "business calendar", str(span))


def of_blanks(key: str, text: str) -> Iterator[Refers]:
    """Yield what the blanks of a text need: that they can be filled, and the names in them."""
    if next(problems(text), None) is not None:
        yield Refers(key, "blank", text)
    for path in names_in(text):
        yield Refers(key, "name", path)


def said(title: str, wrong: Iterable[tuple[str, Any, str]]) -> ValidationError:
    """Return an error that says (key, value, "what is wrong; what to do") of each, on the line of its key."""
    details = [
        InitErrorDetails(type=PydanticCustomError("said", "{what}", {"what": what}), loc=(key,), input=value)
        for key, value, what in wrong
    ]
    return ValidationError.from_exception_data(title, details)


class Step(BaseModel):
    """One thing a sequence does. `next` is the step behind it (None: completed), written by the compiler."""

    model_config = ConfigDict(extra="ignore")

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type["Step"]]] = {}

    id: Annotated[str, editors(whole(NAME))] = ""
    """A name of its own, unique in the file: small letters, digits and -."""
    when: str | None = None
    """A condition; if it is not true, the step is left out and the contact goes on."""
    next: str | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.kind:
            Step.kinds[cls.kind] = cls

    def need(self) -> Need | None:
        """Return what this step needs of the world, None if it needs nothing."""
        return None

    def go(self, outcome: Outcome | None) -> Destination:
        """Return where the contact goes after `outcome`: a step's id, None for completed, an end, or past a step."""
        return self.next

    def need_in(self, rounds: int) -> Need | None:
        """Return what this step needs when the steps it repeats have been gone through `rounds` times."""
        return self.need()

    def go_in(self, outcome: Outcome | None, rounds: int) -> Destination:
        """Return where the contact goes after `outcome`, as `go`, when so many rounds have been gone through."""
        return self.go(outcome)

    def block_after(self, block: Block) -> str | None:
        """Return where a block inside this step leads to at its end."""
        return self.next

    def loop(self) -> tuple[str | None, int] | None:
        """Return where the steps that this one repeats begin, and how often at most; None if it repeats none."""
        return None

    def name(self) -> str | None:
        """Return the word an id is made of where the author wrote none; None: the kind and the place."""
        return None

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks inside this step, in the author's order."""
        yield from (block for _, block in _labelled("", self))

    def ways(self) -> Iterator[Destination]:
        """Yield every place the contact can go to from here (None: the end; an end of the run may be left out)."""
        for block in self.blocks():
            yield block.first
        yield self.next

    def says(self) -> str:
        """Return the step as one short sentence in the author's words, such as `wait 2 days at 09:00`."""
        return f"{self.kind.replace('_', ' ')} {in_words(getattr(self, self.kind, None))}".strip()

    def exits(self) -> Iterator[tuple[str, Destination]]:
        """Yield every way out, ends of the run included, with what a drawing writes on it ("" where nothing need be).

        A block is labelled by its key; what else `ways` leads to has no label.
        """
        inside = [(key, block.first) for key, block in _labelled("", self)]
        yield from inside
        shown = {where for _, where in inside}
        yield from (("", where) for where in dict.fromkeys(self.ways()) if where not in shown)

    def refers(self) -> Iterator["Refers"]:
        """Yield every name in this step that has to exist elsewhere."""
        yield from ()

    def conditions(self) -> Iterator[tuple[str, str, bool]]:
        """Yield (place, expression, whether `event` is known there) of every expression in this step."""
        if self.when is not None:
            yield "when", self.when, False

    @classmethod
    def keys(cls) -> frozenset[str]:
        """Return the keys an author may write in a step of this kind."""
        return frozenset(cls.model_fields) - {"next"}


def _labelled(key: str, value: Any) -> Iterator[tuple[str, Block]]:
    """Yield every block in a value, with the key it stands under."""
    if isinstance(value, Block):
        yield key, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _labelled(name, getattr(value, name))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _labelled(str(name), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _labelled(key, each)


def in_words(value: Any) -> str:
    """Return a value of a step in one line, as its author might say it; nothing for steps inside it.

    >>> in_words({"score": "+5", "tags": ["+engaged", "-cold"]})
    'score +5, tags +engaged -cold'
    >>> in_words({"lead": {"set": "5"}}), in_words(["clicked", "replied"]), in_words(None)
    ('lead set 5', 'clicked replied', '')
    """
    if isinstance(value, BaseModel) and not isinstance(value, Block | Written):
        value = value.model_dump(exclude_defaults=True)
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(each)}".strip() for name, each in value.items())
    if isinstance(value, list | tuple):
        return " ".join(filter(None, map(in_words, value)))
    return "" if value is None or isinstance(value, Block) else str(value)
