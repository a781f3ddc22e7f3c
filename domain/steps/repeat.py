"""`repeat`: steps in rounds, a bounded number of times."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.needs import Decide, Decided, Need, Outcome
from domain.steps.base import Block, Destination, Rounds, Step

MOST_ROUNDS = 100


class Repeated(BaseModel):
    """How often at most, the steps of a round, and what is asked after each."""

    model_config = ConfigDict(extra="ignore")

    times: Annotated[int, Field(ge=1, le=MOST_ROUNDS)]
    """How many rounds at most."""
    until: str | None = None
    """Asked after each round; true ends it."""
    steps: Annotated[Block, Field(json_schema_extra={"minItems": 1})]
    """The steps of a round."""

    @field_validator("steps", mode="before")
    @classmethod
    def _has_steps(cls, value: Any) -> Any:
        # A run walks on through what needs nothing; rounds of nothing, inside of each other, would never let it rest.
        if value == []:
            raise ValueError("there is nothing to repeat; write the steps of a round below 'steps'")
        return value


class Repeat(Step):
    """The steps are gone through again until the condition is true after a round, at most so many times."""

    kind: ClassVar[str] = "repeat"

    repeat: Repeated
    """The rounds."""

    def need_in(self, rounds: int) -> Need | None:
        if rounds == 0 or rounds >= self.repeat.times or self.repeat.until is None:
            return None
        return Decide(conditions=(self.repeat.until,), arms=("until",))

    def go_in(self, outcome: Outcome | None, rounds: int) -> Destination:
        enough = isinstance(outcome, Decided) and outcome.arm is not None
        if enough or rounds >= self.repeat.times:
            return Rounds(self.next, 0)
        return Rounds(self.repeat.steps.first, rounds + 1)

    def block_after(self, block: Block) -> str | None:
        return self.id  # a round leads back here

    def says(self) -> str:
        until = f" until {self.repeat.until}" if self.repeat.until is not None else ""
        return f"repeat {self.repeat.times} times at most{until}"

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield "each round", self.repeat.steps.first
        yield "then", self.next

    def loop(self) -> tuple[str | None, int]:
        return self.repeat.steps.first, self.repeat.times

    def ways(self) -> Iterator[Destination]:
        yield self.repeat.steps.first
        yield self.next

    def conditions(self) -> Iterator[tuple[str, str, bool]]:
        yield from super().conditions()
        if self.repeat.until is not None:
            yield "repeat.until", self.repeat.until, False
