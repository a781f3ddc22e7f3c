"""`wait_for`: until something happens, or long enough."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from domain.needs import LAST_SEND, Happened, Listen, Outcome
from domain.spans import Limit, Span
from domain.steps.base import Block, Destination, Refers, Step, contact_fields


class FormEvent(BaseModel):
    """A form that is handed in."""

    model_config = ConfigDict(extra="ignore")

    form: str


def _names(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class WaitFor(Step):
    """The first of these events moves the contact at once; without one, the time allowed does."""

    kind: ClassVar[str] = "wait_for"

    wait_for: Annotated[list[str] | FormEvent, BeforeValidator(_names)]
    of: str | None = None
    where: str | None = None
    since: str | None = None
    up_to: Limit
    then: Block = Field(default_factory=Block)
    otherwise: Block = Field(default_factory=Block)

    @field_validator("wait_for")
    @classmethod
    def _names_something(cls, value: list[str] | FormEvent) -> list[str] | FormEvent:
        if value == []:
            raise ValueError("it waits for nothing; write an event's name")
        return value

    @field_validator("since")
    @classmethod
    def _since_when(cls, value: str | None) -> str | None:
        if value is not None and value[:1].isdigit():
            Span.parse(value)
        return value

    def need(self) -> Listen:
        form = self.wait_for.form if isinstance(self.wait_for, FormEvent) else None
        span = Span.parse(self.since) if self.since and self.since[:1].isdigit() else None
        since = "now" if span else self.since or self.of or LAST_SEND
        return Listen(
            events=("form_submitted",) if form else tuple(self.events()),
            of=self.of,
            where=self.where,
            since=since,
            since_span=span,
            up_to=self.up_to,
            form=form,
        )

    def go(self, outcome: Outcome | None) -> Destination:
        return self.then.first if isinstance(outcome, Happened) else self.otherwise.first

    def events(self) -> list[str]:
        """Return the names listened for."""
        return ["form_submitted"] if isinstance(self.wait_for, FormEvent) else list(self.wait_for)

    def ways(self) -> Iterator[str | None]:
        # What stands behind it is reached through its blocks, which lead there unless they end the run.
        yield from (self.then.first, self.otherwise.first)

    def refers(self) -> Iterator[Refers]:
        if isinstance(self.wait_for, FormEvent):
            yield Refers("wait_for", "form", self.wait_for.form)
        for name in self.events():
            yield Refers("wait_for", "event", name)
        if self.of is not None:
            yield Refers("of", "send", self.of)
            yield from (Refers("of", "event of a message", name) for name in self.events())
        if self.since is not None and self.since not in ("now", "entry") and not self.since[:1].isdigit():
            yield Refers("since", "step", self.since)
        yield from contact_fields("up_to", self.up_to.sources())

    def conditions(self) -> Iterator[tuple[str, str, bool]]:
        yield from super().conditions()
        if self.where is not None:
            yield "where", self.where, True
