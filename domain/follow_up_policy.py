"""policies/follow-ups.yaml: by when people do what they are asked, who is reminded, and to whom it goes if they do not.

The defaults are those of service.md section 2: a hot lead is called within a business hour, anything else within two
business days.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from domain.blanks import problems
from domain.spans import Span

NORMAL, HOT = "normal", "hot"
Percent = Annotated[int, Field(ge=1, le=1000)]

_FROZEN = ConfigDict(frozen=True, extra="ignore")


class Rung(BaseModel):
    """One step of the ladder: whom an overdue follow-up goes to, at so many percent of `done_by`."""

    model_config = _FROZEN

    at: Percent
    to: Literal["lead", "manager", "head"]


class Snooze(BaseModel):
    """How long a follow-up may be put off at once, and how often."""

    model_config = _FROZEN

    at_most: Span = Span.parse("5 business days")
    times: int = Field(default=3, ge=0)


class Move(BaseModel):
    """What something that the contact does makes of a follow-up: it is completed, cancelled, or its owner is told."""

    model_config = _FROZEN

    do: Literal["complete", "cancel", "tell"]
    outcome: str | None = None
    """The outcome it is completed with; without one, the event's name."""


def _written_out(value: Any) -> Any:
    return {"do": value} if isinstance(value, str) else value


class Terms(BaseModel):
    """What is promised, and what happens while the promise is not kept."""

    model_config = _FROZEN

    accept_by: Span = Span.parse("4 business hours")
    """By when whoever got it says that they will; then it goes to the next."""
    done_by: Span = Span.parse("2 business days")
    """By when it is done, counted from its opening."""
    remind: tuple[Percent, ...] = (50, 75)
    """When its owner is reminded, in percent of each of the two."""
    warn_lead: Percent | None = 90
    """When the lead is told that time runs out, in percent of each of the two."""
    hops: int = Field(default=3, ge=0, le=20)
    """How many people get it, one after the other, before the lead does."""
    ladder: tuple[Rung, ...] = (Rung(at=100, to="lead"), Rung(at=150, to="manager"), Rung(at=200, to="head"))
    """Who is told when it is overdue."""
    reassign_after: Span = Span.parse("30 minutes")
    """Nobody having accepted it so long after a step of the ladder, whoever was told has it."""
    snooze: Snooze = Snooze()
    on: dict[str, Annotated[Move, BeforeValidator(_written_out, json_schema_input_type=str | Move)]] = Field(
        default_factory=lambda: {
            "replied": Move(do="tell"),
            "meeting_booked": Move(do="complete", outcome="meeting_booked"),
            "unsubscribed": Move(do="tell"),
            "bounced": Move(do="tell"),
        }
    )
    """What follows from what the contact does meanwhile, by event; a bounce counts where the address is bad."""
    outcomes: tuple[str, ...] = ()
    """What it can end with, where whoever opens it says nothing; empty for anything."""
    skills: tuple[str, ...] = ()
    """What whoever gets it should be able to do."""
    speaks_their_language: bool = False
    """Whether it goes to somebody who speaks the contact's language, if one is on duty."""

    @model_validator(mode="after")
    def _goes_upwards(self) -> Self:
        steps = [rung.at for rung in self.ladder]
        if steps != sorted(set(steps)) or any(at < 100 for at in steps):
            raise ValueError("the steps of `ladder` must go upwards, from 100 percent on; put them in order")
        if any(percent >= 100 for percent in (*self.remind, self.warn_lead or 1)):
            raise ValueError("`remind` and `warn_lead` come before the time is over; write less than 100 percent")
        return self


class Rule(BaseModel):
    """Opens a follow-up when something happens; not a second one while that one is open."""

    model_config = _FROZEN

    on: str
    """The event; form_submitted, replied, score_reached, or one of your own."""
    when: str | None = None
    """A condition on the contact and the event; without one, always."""
    title: str = Field(min_length=1, max_length=200)
    """What is to be done; {{ contact.first_name }} is filled in."""
    team: str
    """The team that does it, of policies/teams.yaml."""
    owner: str | None = None
    """The person who does it, if one is meant."""
    policy: str | None = None
    """The policy it is done by; without one, the default."""
    outcomes: tuple[str, ...] = ()
    """What it can end with; empty for what its policy says."""

    @field_validator("title")
    @classmethod
    def _can_be_filled(cls, value: str) -> str:
        for problem in problems(value):
            raise ValueError(problem)
        return value


class FollowUpsPolicy(BaseModel):
    """policies/follow-ups.yaml"""

    model_config = _FROZEN

    default: str = NORMAL
    """The policy of follow-ups that name none."""
    policies: dict[str, Terms] = Field(default_factory=dict)
    """What is promised, by name; `normal` and `hot` are there unless you write your own."""
    open: dict[str, Rule] = Field(default_factory=dict)
    """What opens a follow-up by itself, by name."""

    def known(self) -> frozenset[str]:
        """Return the names of every policy."""
        return frozenset(BUILT_IN | self.policies)

    def terms(self, name: str | None) -> Terms:
        """Return the terms of this name, or the default ones for None or a name that is gone.

        >>> str(FollowUpsPolicy().terms("hot").accept_by)
        '15 business minutes'
        """
        known = BUILT_IN | self.policies
        return known.get(name or self.default) or known.get(self.default) or known[NORMAL]


BUILT_IN = {
    NORMAL: Terms(),
    HOT: Terms(accept_by=Span.parse("15 business minutes"), done_by=Span.parse("1 business hour")),
}
