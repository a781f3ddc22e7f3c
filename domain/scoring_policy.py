"""policies/scoring.yaml: what a contact is worth looking at, and from which score on somebody is told.

Two sides: fit is who they are, engagement what they did. What they did fades with a half-life, who they are does not.
Every number in that file is the company's own; nothing here knows a good one.
"""

from datetime import timedelta
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.definition import NAME
from domain.keys import content_hash
from domain.spans import Span

# Of a bar without `until`: who has reached it stays so down to this part of it.
STAYS_ABOVE = 0.75


def _points(value: int) -> int:
    if value == 0:
        raise ValueError("0 points change nothing; write a number such as 5 or -5, or delete the term")
    return value


Points = Annotated[int, Field(ge=-1000, le=1000), AfterValidator(_points)]


class Part(BaseModel):
    """A part of policies/scoring.yaml."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FitTerm(Part):
    """Points for who they are, as long as `when` is true."""

    when: str
    """A condition on the contact's fields, such as contact.country == 'DE'."""
    points: Points
    """Points while it is true; a number below 0 takes some off."""
    label: str | None = None
    """What a person reads: company size over 50."""

    @property
    def said(self) -> str:
        """The label, else the condition itself."""
        return self.label or self.when


class EngagementTerm(Part):
    """Points for each time something happens; half of them are left after `half_life`, a quarter after twice that."""

    event: str
    """The event's name. Clicks and opens of machines never count."""
    when: str | None = None
    """A condition on the event itself, such as event.url.contains('/pricing')."""
    points: Points
    """Points for each time, in full at that instant."""
    half_life: Span
    """After this long half of the points are left: 14 days."""
    most: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """So many points, up or down, this comes to at most, however often it happens."""
    label: str | None = None
    """What a person reads: clicked."""

    @field_validator("half_life")
    @classmethod
    def _has_a_length(cls, value: Span) -> Span:
        value.elapsed()
        return value

    @property
    def said(self) -> str:
        """The label, else the event's name in words."""
        return self.label or self.event.replace("_", " ")

    @cached_property
    def half(self) -> timedelta:
        """The half-life as time that passes."""
        return self.half_life.elapsed()


class Threshold(Part):
    """A bar that is reached from below, once: score_reached stands in the timeline then."""

    score: Annotated[int, Field(ge=1, le=100_000)]
    """The whole score, fit and engagement together, as contact.score has it."""
    fit: int | None = None
    """So much of it, at least, has to be fit."""
    engagement: int | None = None
    """So much of it, at least, has to be engagement."""
    until: int | None = None
    """Below this score the bar can be reached again; three quarters of `score` if it is left out."""
    again_after: Span | None = None
    """Who is still above the bar so long after has reached it once more."""

    @field_validator("again_after")
    @classmethod
    def _has_a_length(cls, value: Span | None) -> Span | None:
        if value is not None:
            value.elapsed()
        return value

    @model_validator(mode="after")
    def _falls_below_itself(self) -> Self:
        if self.until is not None and self.until > self.score:
            raise ValueError(f"'until' lies above 'score', so nobody could reach it; write at most {self.score}")
        return self

    @property
    def lower(self) -> int:
        """The score below which the bar can be reached again."""
        return self.until if self.until is not None else round(self.score * STAYS_ABOVE)


def _threshold_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"'{name}' cannot be the name of a threshold; use small letters, digits and -, at most 64")
    return name


class Scoring(Part):
    """policies/scoring.yaml: points for who a contact is and what they did, and the bars they reach."""

    fit: tuple[FitTerm, ...] = ()
    engagement: tuple[EngagementTerm, ...] = ()
    thresholds: dict[Annotated[str, AfterValidator(_threshold_name)], Threshold] = Field(default_factory=dict)

    @cached_property
    def events(self) -> frozenset[str]:
        """The events that give points: all others leave the score as it is."""
        return frozenset(term.event for term in self.engagement)

    @cached_property
    def recipe(self) -> str:
        """The hash of everything in it: sums made by another recipe are made anew."""
        return content_hash(self.model_dump_json())
