"""`wait`: a span, or until a moment."""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, model_validator

from domain.needs import Outcome, Passed, Sleep
from domain.patterns import IS_MOMENT
from domain.spans import Delay
from domain.steps.base import Destination, Ends, Refers, Skips, Step, of_time


class Wait(Step):
    """A time passes, on the contact's own clock."""

    # For editors: what `_says_what_if_past` says.
    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"wait": {"pattern": IS_MOMENT}}},
            "then": {"required": ["if_past"]},
            "else": {"properties": {"if_past": False}},
        }
    )

    kind: ClassVar[str] = "wait"

    wait: Delay
    """A span, or until a moment, a weekday or an hour, on the contact's own clock."""
    if_past: Literal["continue", "skip", "exit"] | None = None
    """What if the moment is past already; skip leaves out the next step, too."""

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
