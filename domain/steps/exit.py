"""`exit`: the run ends here."""

from collections.abc import Iterator
from typing import ClassVar

from domain.needs import Outcome
from domain.steps.base import Destination, Ends, Step


class Exit(Step):
    """The run ends at once, with the reason written."""

    kind: ClassVar[str] = "exit"

    exit: str

    def go(self, outcome: Outcome | None) -> Destination:
        return Ends(f"exited:{self.exit}")

    def ways(self) -> Iterator[Destination]:
        yield from ()

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "", self.go(None)
