"""`wait`: a span, or until a moment."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from domain.needs import Outcome, Passed, Sleep
from domain.spans import Delay
from domain.steps.base import Destination, Ends, Refers, Skips, Step, of_time


class Wait(Step):
    """A time passes, on the contact's own clock."""

    kind: ClassVar[str] = "wait"

    wait: Delay
    if_past: Literal["continue", "skip", "exit"] | None = None

    @model_validator(mode="after")
    def _says_what_if_past(self) -> Self:
        if self.wait.needs_if_past and self.if_past is None:
            raise ValueError("'until' a date needs 'if_past'; add 'if_past: continue', 'skip' or 'exit'")
        if not self.wait.needs_if_past and self.if_past is not None:
            raise ValueError("'if_past' belongs to a wait until a date; delete it")
        return self

    def need(self) -> Sleep:
        return Sleep(words=self.wait)

    def go(self, outcome: Outcome | None) -> Destination:
        if not isinstance(outcome, Passed):
            return self.next
        if self.if_past == "skip":
            return Skips()
        return Ends("exited:too late") if self.if_past == "exit" else self.next

    def ways(self) -> Iterator[Destination]:
        yield self.next
        if self.if_past == "skip":
            yield Skips()

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "", self.next
        if self.if_past in ("skip", "exit"):
            yield "if past", self.go(Passed())

    def refers(self) -> Iterator[Refers]:
        yield from of_time("wait", self.wait)
