"""`call`: another system is asked."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from domain.blanks import texts_in
from domain.needs import Call as CallOut
from domain.needs import Called, Outcome
from domain.patterns import ANSWER, editors, whole
from domain.spans import Span
from domain.steps.base import Destination, Ends, Refers, Step, of_blanks
from domain.webhooks import checked_url

MOST_SECONDS = 600


class Call(Step):
    """A signed POST (Standard Webhooks); what the other system answers is `calls.NAME` from then on."""

    kind: ClassVar[str] = "call"

    call: str
    """The address that is called, https."""
    body: dict[str, Any] = Field(default_factory=dict)
    """What is sent; {{ contact.email }} is filled in."""
    up_to: Span = Span.parse("30 seconds")
    """How long to wait for the answer, 10 minutes at most."""
    save_as: Annotated[str | None, editors(whole(ANSWER), "credit")] = None
    """The answer is calls.NAME from then on; default: the step's id."""
    on_error: Literal["continue", "exit"] = "continue"
    """What if there is no answer, or a bad one."""

    @field_validator("call")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_url(value)

    @field_validator("up_to")
    @classmethod
    def _is_short(cls, value: Span) -> Span:
        if value.months or value.is_business or not 0 < value.elapsed().total_seconds() <= MOST_SECONDS:
            raise ValueError(f"'{value}' is too long to wait for an answer; write 10 minutes or less")
        return value

    @field_validator("save_as")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(ANSWER, value):
            raise ValueError(f"'{value[:60]}' cannot be a name; use small letters, digits and _, at most 64")
        return value

    def need(self) -> CallOut:
        return CallOut(url=self.call, body=self.body, up_to=self.up_to, save_as=self.saved_as)

    @property
    def saved_as(self) -> str:
        """The name of the answer in `calls.NAME`."""
        return self.save_as or self.id.replace("-", "_").replace(".", "_")

    def go(self, outcome: Outcome | None) -> Destination:
        failed = isinstance(outcome, Called) and outcome.fate == "failed"
        return Ends("exited:call failed") if failed and self.on_error == "exit" else self.next

    def says(self) -> str:
        return f"call {urlsplit(self.call).hostname}"

    def refers(self) -> Iterator[Refers]:
        for text in texts_in(self.body):
            yield from of_blanks("body", text)
