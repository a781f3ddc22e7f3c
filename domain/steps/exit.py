"""`exit`: the run ends here."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import field_validator

from domain.needs import Outcome
from domain.steps.base import Destination, Ends, Step

MOST_CHARACTERS = 100


class Exit(Step):
    """The run ends at once, with the reason written."""

    kind: ClassVar[str] = "exit"

    exit: str
    """The reason, one line; the run ends as exited:REASON."""

    @field_validator("exit")
    @classmethod
    def _is_a_line(cls, value: str) -> str:
        if len(value) > MOST_CHARACTERS or not value.isprintable():
            raise ValueError(f"'exit' takes a reason of one line, at most {MOST_CHARACTERS} characters; shorten it")
        return value

    def go(self, outcome: Outcome | None) -> Destination:
        return Ends(f"exited:{self.exit}")

    def ways(self) -> Iterator[Destination]:
        yield from ()

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "", self.go(None)
