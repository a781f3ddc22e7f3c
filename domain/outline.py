"""A program's steps as they stand in the author's file: in order, each with what it is nested in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from domain.needs import Deliver, Draw, Notify
from domain.program import Program
from domain.steps.base import Step

T = TypeVar("T")
# Ways out that the decision log names by what was done.
WAYS = {"none": "none of these", "matched": "it happened", "timed_out": "nothing came in time"}


@dataclass(frozen=True)
class Placed:
    """A step, and the steps around it (`inside`), the outermost first."""

    step: Step
    inside: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How deep it is nested: 0 for the outermost."""
        return len(self.inside)

    @property
    def sends(self) -> bool:
        """Whether it sends a message, to the contact or to staff."""
        return isinstance(self.step.need(), Deliver | Notify)

    @property
    def draws_lots(self) -> bool:
        """Whether its arms are drawn by lot, so that those who took them can be compared."""
        return isinstance(self.step.need(), Draw)

    @property
    def forks(self) -> bool:
        """Whether there are several ways on from here, with steps of their own."""
        return self.step.loop() is None and any(True for _ in self.step.blocks())

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What its arms say, by the name the decision log has for them: a branch's are numbered."""
        labels = (label for label, _ in self.step.exits())
        return WAYS | dict(zip(getattr(self.step.need(), "arms", ()), labels, strict=False))

    def in_order(self, arms: Mapping[str, T]) -> list[T]:
        """Return what is known of each arm, by its name, in the order of the file; what is not in the file last."""
        known = list(getattr(self.step.need(), "arms", ()))
        return [arms[name] for name in sorted(arms, key=lambda name: (_place(known, name), name))]


@dataclass(frozen=True)
class Loop:
    """A step that repeats others, at most so many `times`. Every round begins at `begins`, which always decides
    something; `outer` is the loop around it, unless that one's rounds begin at the very same step."""

    step: str
    begins: str
    times: int
    outer: "Loop | None" = None
    shares_beginning: bool = False


def outline(program: Program) -> list[Placed]:
    """Return every step of a program once, in the order of the file.

    >>> from domain.steps.exit import Exit
    >>> bye = Exit(id="bye", exit="done")
    >>> [placed.step.id for placed in outline(Program(sequence="s", first="bye", steps={"bye": bye}))]
    ['bye']
    """
    found: dict[str, Placed] = {}
    _lay_out(program, program.first, None, (), found)
    # What no way leads to stands in no file; it is told all the same.
    return [*found.values(), *(Placed(step) for step in program.steps.values() if step.id not in found)]


def _lay_out(
    program: Program, first: str | None, behind: str | None, inside: tuple[str, ...], found: dict[str, Placed]
) -> None:
    here = first
    while here is not None and here != behind and here not in found:
        step = program.step(here)
        found[here] = Placed(step, inside)
        for block in step.blocks():
            _lay_out(program, block.first, step.block_after(block), (*inside, here), found)
        here = step.next


def loops(program: Program) -> dict[str, Loop]:
    """Return the loops of a program by the id of the step that repeats, each after the one around it."""
    found: dict[str, Loop] = {}
    for placed in outline(program):
        repeated, begins = placed.step.loop(), _begins(program, placed.step)
        if repeated is None or begins is None:
            continue
        outer = next((found[each] for each in reversed(placed.inside) if each in found), None)
        shared = outer is not None and outer.begins == begins
        found[placed.step.id] = Loop(placed.step.id, begins, repeated[1], outer, shared)
    return found


def _begins(program: Program, step: Step) -> str | None:
    """Return the first step of a round that decides something: of a loop that begins with a loop, the inner one's."""
    repeated = step.loop()
    while repeated is not None:
        if repeated[0] is None:
            return None
        step = program.step(repeated[0])
        repeated = None if step.when is not None else step.loop()
    return step.id


def former(steps: Mapping[str, Step], shown: list[Placed]) -> Iterator[Placed]:
    """Yield the steps of earlier versions that are not among those shown."""
    known = {placed.step.id for placed in shown}
    yield from (Placed(step) for name, step in steps.items() if name not in known)


def _place(known: list[str], name: str) -> int:
    return known.index(name) if name in known else len(known)
