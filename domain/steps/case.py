"""`case`: something went wrong, and somebody has to make it good."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from domain.needs import Open
from domain.patterns import editors, whole
from domain.steps.base import Refers, Step, of_blanks

# What a case is about where nothing else is written: the event that the run last waited for.
MATCHED_EVENT = "matched.id"
# An incident is known by somebody's name for it: an order, a booking, an answer.
PATH = r"(contact|run\.event|matched)\.\w+"


class Case(Step):
    """A service recovery is opened, or joined if there is one of the same incident; the contact goes on at once."""

    kind: ClassVar[str] = "case"

    case: str = Field(min_length=1, max_length=200)
    """What went wrong; {{ contact.first_name }} is filled in."""
    severity: Literal["S1", "S2", "S3", "S4"] | None = None
    """S1 is the worst."""
    policy: str | None = None
    """The policy it is made good by."""
    team: str | None = None
    """The team that answers for it, of policies/teams.yaml."""
    incident: Annotated[str | None, editors(whole(PATH), "run.event.order_id")] = None
    """A field that names the incident, such as run.event.order_id; cases of one incident are joined."""

    @field_validator("incident")
    @classmethod
    def _is_a_path(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(PATH, value):
            raise ValueError(
                f"'incident' takes a field, not '{value[:60]}'; write one that names it, such as run.event.order_id"
            )
        return value

    def need(self) -> Open:
        return Open(
            what="case",
            title=self.case,
            team=self.team,
            policy=self.policy,
            severity=self.severity,
            incident=self.incident or MATCHED_EVENT,
        )

    def refers(self) -> Iterator[Refers]:
        if self.team is not None:
            yield Refers("team", "team", self.team)
        yield from of_blanks("case", self.case)
        if self.incident is not None:
            yield Refers("incident", "name", self.incident)
