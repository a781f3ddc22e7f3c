"""`task`: a person does something for the contact."""

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from domain.follow_up import OTHERWISE
from domain.needs import Happened, Open, Outcome
from domain.spans import Limit
from domain.steps.base import Block, Destination, Refers, Step, of_blanks, of_time

TIMED_OUT = "timed_out"


class Task(Step):
    """A follow-up is opened, and the contact goes on with its outcome; a delay after it counts from its completion."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["team"]}, {"required": ["owner"]}]})

    kind: ClassVar[str] = "task"

    task: str = Field(min_length=1, max_length=200)
    """The task's title; {{ contact.first_name }} is filled in."""
    team: str | None = None
    """The team that does it, of policies/teams.yaml."""
    owner: str | None = None
    """The person who does it."""
    policy: str | None = None
    """The policy it is done by."""
    window: str | None = None
    """A calendar; the task is opened only while it is open."""
    up_to: Limit = Limit.parse("30 days")
    """How long it may take; then its outcome is timed_out."""
    blocking: bool = True
    """Whether the contact waits for it."""
    outcomes: dict[str, Block] = Field(default_factory=dict)
    """Steps by outcome; timed_out and otherwise among them."""

    @field_validator("outcomes")
    @classmethod
    def _are_names(cls, value: dict[str, Block]) -> dict[str, Block]:
        for name in value:
            if not name.replace("_", "").replace("-", "").isalnum():
                raise ValueError(f"'{name}' cannot be an outcome; use letters, digits, - and _")
        return value

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if self.team is None and self.owner is None:
            raise ValueError("this 'task' is for nobody; add 'team:' or 'owner:'")
        if not self.blocking and self.outcomes:
            raise ValueError("'outcomes' of a task that is not waited for never happen; delete them, or 'blocking'")
        return self

    def need(self) -> Open:
        return Open(
            what="task",
            title=self.task,
            team=self.team,
            owner=self.owner,
            policy=self.policy,
            outcomes=tuple(name for name in self.outcomes if name not in (TIMED_OUT, OTHERWISE)),
            up_to=self.up_to if self.blocking else None,
            window=self.window,
        )

    def go(self, outcome: Outcome | None) -> Destination:
        word = outcome.answer if isinstance(outcome, Happened) else TIMED_OUT
        block = self.outcomes.get(word or OTHERWISE) or self.outcomes.get(OTHERWISE)
        return self.next if block is None or not self.blocking else block.first

    def says(self) -> str:
        return f"task for {self.team or self.owner}: {self.task}"

    def exits(self) -> Iterator[tuple[str, Destination]]:
        yield from ((name.replace("_", " "), block.first) for name, block in self.outcomes.items())
        if OTHERWISE not in self.outcomes:
            yield "otherwise" if self.outcomes else "", self.next

    def ways(self) -> Iterator[Destination]:
        yield from (block.first for block in self.outcomes.values())
        if OTHERWISE not in self.outcomes:
            yield self.next

    def refers(self) -> Iterator[Refers]:
        if self.team is not None:
            yield Refers("team", "team", self.team)
        if self.owner is not None and "@" not in self.owner:
            yield Refers("owner", "person", self.owner)
        if self.policy is not None:
            yield Refers("policy", "follow-up policy", self.policy)
        if self.window not in (None, "none"):
            yield Refers("window", "calendar", str(self.window))
        yield from of_blanks("task", self.task)
        yield from of_time("up_to", self.up_to)
