"""`start`: another sequence for the same contact."""

from collections.abc import Iterator
from typing import ClassVar

from domain.needs import Begin
from domain.steps.base import Refers, Step


class Start(Step):
    """The contact enters another sequence if its own checks allow it, and goes on here either way."""

    kind: ClassVar[str] = "start"

    start: str
    """The sequence that the contact enters."""

    def need(self) -> Begin:
        return Begin(sequence=self.start)

    def refers(self) -> Iterator[Refers]:
        yield Refers("start", "sequence", self.start)
