"""`branch`: the first arm whose condition is true."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from domain.needs import Decide, Decided, Outcome
from domain.steps.base import Block, Destination, Step


class Arm(BaseModel):
    """A condition and what follows from it; `otherwise` has no condition."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "oneOf": [
                {"required": ["when", "steps"]},
                {"required": ["otherwise"], "properties": {"when": False, "steps": False}},
            ]
        },
    )

    when: str | None = None
    """The arm is taken if this is true and no arm before it was."""
    steps: Block = Field(default_factory=Block)
    """What the arm does."""
    otherwise: Block | None = None
    """Steps for when no arm was true; the last arm."""

    @model_validator(mode="before")
    @classmethod
    def _is_one_of_two(cls, value: Any, info: ValidationInfo) -> Any:
        if info.context is None:
            return value  # not an author's file but a stored program, whatever its age
        if not isinstance(value, dict) or ("when" in value) == ("otherwise" in value):
            raise ValueError("an arm is 'when:' with 'steps:', or 'otherwise:'; write one of them")
        unknown = sorted(set(value) - {"when", "steps", "otherwise"})
        if unknown:
            raise ValueError(f"an arm has no '{unknown[0]}'; it has 'when' and 'steps', or 'otherwise'")
        if "when" in value and "steps" not in value:
            raise ValueError("the arm has no 'steps'; write some, or [] for none")
        if "otherwise" in value and "steps" in value:
            raise ValueError("'otherwise' holds its steps itself; put them below it and delete 'steps'")
        return value

    def block(self) -> Block:
        """Return the steps of this arm."""
        return self.steps if self.otherwise is None else self.otherwise


class Branch(Step):
    """The first arm whose condition is true is taken; without one, the contact goes on behind the branch."""

    kind: ClassVar[str] = "branch"

    branch: list[Arm]
    """The arms, asked one after the other."""

    @field_validator("branch")
    @classmethod
    def _has_arms(cls, value: list[Arm]) -> list[Arm]:
        if not value:
            raise ValueError("a branch needs an arm; write '- when: …' below it")
        return value

    @model_validator(mode="after")
    def _reaches_every_arm(self) -> Self:
        if any(arm.otherwise is not None for arm in self.branch[:-1]):
            raise ValueError("an arm behind 'otherwise' can never be reached; move 'otherwise' to the end")
        return self

    def need(self) -> Decide:
        return Decide(conditions=tuple(arm.when for arm in self.branch), arms=tuple(self._names()))

    def go(self, outcome: Outcome | None) -> Destination:
        if isinstance(outcome, Decided) and outcome.arm is not None:
            return self.branch[outcome.arm].block().first
        return self.next

    def blocks(self) -> Iterator[Block]:
        yield from (arm.block() for arm in self.branch)

    def ways(self) -> Iterator[Destination]:
        yield from (arm.block().first for arm in self.branch)
        if self.branch[-1].otherwise is None:
            yield self.next

    def says(self) -> str:
        return "which way?" if len(self.branch) > 1 else f"is {self.branch[0].when or 'otherwise'}?"

    def exits(self) -> Iterator[tuple[str, Destination]]:
        alone = len(self.branch) == 1
        yield from (("yes" if alone else arm.when or "otherwise", arm.block().first) for arm in self.branch)
        if self.branch[-1].otherwise is None:
            yield "no" if alone else "none of these", self.next

    def conditions(self) -> Iterator[tuple[str, str, bool]]:
        yield from super().conditions()
        for place, arm in enumerate(self.branch):
            if arm.when is not None:
                yield f"branch.{place}.when", arm.when, False

    def _names(self) -> Iterator[str]:
        for number, arm in enumerate(self.branch, 1):
            yield "otherwise" if arm.otherwise is not None else str(number)
