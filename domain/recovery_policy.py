"""policies/recovery.yaml: what is made good, by when, how far each may go, and what is learned from it.

The one thing to know: the defaults are the table of service.md section 3. What was promised when a case was opened is
kept with the case; limits and caps are those of now.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from domain.blanks import problems
from domain.follow_up_policy import Percent, Rung
from domain.patterns import editors, whole
from domain.remedy_policy import SEVERITIES, Remedies, Severity
from domain.spans import Span

# How the terms of a case's own follow-up are called, where follow-ups are listed by policy.
RECOVERY = "recovery"

_FROZEN = ConfigDict(frozen=True, extra="ignore")
_EVENT_FIELD = r"event\.\w+"


class Clocks(BaseModel):
    """What is promised of a case of one severity, each counted from its opening; None promises nothing."""

    model_config = _FROZEN

    acknowledge: Span
    """By when the customer has the number of the case and knows who has it."""
    accept: Span
    """By when whoever gets it says that they will; then the next has it."""
    contact: Span
    """By when a person has spoken with the customer, or written to them."""
    update: Span
    """By when they hear from us again, counted from when they heard last."""
    diagnose: Span | None = None
    """By when the cause is known."""
    resolve: Span
    """By when it is made good, or they have our last word in writing."""


def _clocks(*words: str | None) -> Clocks:
    names = ("acknowledge", "accept", "contact", "update", "diagnose", "resolve")
    return Clocks.model_validate({name: each for name, each in zip(names, words, strict=True) if each is not None})


DEFAULT_CLOCKS: dict[Severity, Clocks] = {
    "S1": _clocks("15 minutes", "10 minutes", "1 hour", "4 hours", "1 business day", "3 business days"),
    "S2": _clocks("1 hour", "30 minutes", "4 hours", "1 business day", "1 business day", "3 business days"),
    "S3": _clocks("4 business hours", "4 business hours", "1 business day", "3 business days", None, "3 business days"),
    "S4": _clocks("1 business day", "1 business day", "2 business days", "3 business days", None, "3 business days"),
}


class Opens(BaseModel):
    """Opens a case when something happens; while one of the same incident is open, it joins that one."""

    model_config = _FROZEN

    on: str
    """The event; form_submitted, survey_answered, task_escalated, or one of your own."""
    when: str | None = None
    """A condition on the contact and the event; without one, always."""
    title: str = Field(min_length=1, max_length=200)
    """What went wrong; {{ contact.first_name }} is filled in."""
    incident: Annotated[str | None, editors(whole(_EVENT_FIELD), "event.order")] = None
    """The field of the event that names the incident, event.order; without one, the contact has one at a time."""
    team: str | None = None
    """The team that answers for it; without one, that of the policy."""
    severity: Severity | None = None
    """How bad it is; without one, the rules below `severity` say."""

    @field_validator("title")
    @classmethod
    def _can_be_filled(cls, value: str) -> str:
        for problem in problems(value):
            raise ValueError(problem)
        return value


class Graded(BaseModel):
    """A rule of how bad a case is: the first that holds decides."""

    model_config = _FROZEN

    severity: Severity
    when: str
    """A condition on the contact and the event that opened it."""


class Waiting(BaseModel):
    """What follows while we wait for the customer's answer: the clocks of the case stand still."""

    model_config = _FROZEN

    remind: tuple[Span, ...] = (Span.parse("24 hours"), Span.parse("5 days"))
    """When they are reminded, counted from our question."""
    close_after: Span = Span.parse("10 business days")
    """When the case is closed, with notice."""


class Resolution(BaseModel):
    """What follows once a case is made good, or while that takes too long."""

    model_config = _FROZEN

    holding_letter: Span = Span.parse("7 weeks")
    """When a customer whose case is still open is written to: before the eighth week is over (FCA DISP 1.6.2 R)."""
    close_after: Span = Span.parse("4 days")
    """When it is closed, counted from when it was resolved."""
    reopen_within: Span = Span.parse("14 days")
    """So long after it was resolved it can be opened again, one severity higher; later it is a new case."""


class Ask(BaseModel):
    """Whether they are satisfied now."""

    model_config = _FROZEN

    after: Span = Span.parse("24 hours")
    """When they are asked, counted from when it was resolved."""
    at_most_every: Span = Span.parse("7 days")
    """One survey of a contact in so long, whoever asks."""


class Afterwards(BaseModel):
    """What a person does, and what is looked at, when it is long over."""

    model_config = _FROZEN

    call: Span | None = Span.parse("7 days")
    """When a person calls, counted from when it was resolved; null for never."""
    call_for: tuple[Severity, ...] = ("S1", "S2")
    bought: tuple[Annotated[int, Field(ge=1, le=730)], ...] = (30, 90)
    """After how many days it is noted whether they have bought again."""
    purchase: str = "purchased"
    """The event that is a purchase."""


class Learn(BaseModel):
    """When a cause has somebody see to it that it goes away."""

    model_config = _FROZEN

    cases: int = Field(default=3, ge=1)
    in_: Span = Field(default=Span.parse("30 days"), alias="in")
    always: tuple[Severity, ...] = ("S1",)
    """One case of these is enough."""
    due: Span = Span.parse("10 business days")
    check_after: Span = Span.parse("60 days")
    """When it is looked whether the cause has become rarer."""
    owner: str | None = None
    """Who sees to it, a person of policies/teams.yaml; without one, the manager of the team."""


class Release(BaseModel):
    """When a customer gets marketing again."""

    model_config = _FROZEN

    at_once: tuple[Severity, ...] = ("S3", "S4")
    """These on close."""
    after: Span = Span.parse("14 days")
    """The others so long after it,"""
    score: int = Field(default=4, ge=1, le=5)
    """and only if they were satisfied at least so much, of 5; else by hand."""


def _cause(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise ValueError(f"'{name}' cannot be the name of a cause; use small letters, digits and -, at most 64")
    return name


class Recovery(BaseModel):
    """policies/recovery.yaml"""

    model_config = _FROZEN

    team: str
    """The team that answers for cases, of policies/teams.yaml."""
    sender: str | None = None
    """Who writes to the customer, a sender of policies/messaging.yaml."""
    open: dict[str, Opens] = Field(default_factory=dict)
    """What opens a case, by name."""
    severity: tuple[Graded, ...] = ()
    """How bad a case is; what no rule knows is `otherwise`."""
    otherwise: Severity = "S3"
    clocks: dict[Severity, Clocks] = Field(default_factory=dict)
    """What is promised; what is not written here is as delivered."""
    remind: tuple[Percent, ...] = (50, 75)
    warn_lead: Percent | None = 90
    hops: int = Field(default=3, ge=0, le=20)
    ladder: tuple[Rung, ...] = (Rung(at=100, to="lead"), Rung(at=150, to="manager"), Rung(at=200, to="head"))
    """Who is told when a promise is broken, in percent of it."""
    reassign_after: Span = Span.parse("30 minutes")
    waiting: Waiting = Waiting()
    causes: dict[Annotated[str, AfterValidator(_cause)], str] = Field(default_factory=dict)
    """What can have gone wrong, and how it is called in reports."""
    cause_required: tuple[Severity, ...] = ("S1", "S2")
    """Cases of these are not resolved without a cause."""
    remedies: Remedies = Remedies()
    resolution: Resolution = Resolution()
    ask: Ask = Ask()
    afterwards: Afterwards = Afterwards()
    learn: Learn = Learn()
    release: Release = Release()
    hold_events: tuple[str, ...] = ()
    """What starts nothing while a case is open: points that expire, dunning."""

    def clocks_of(self, severity: Severity) -> Clocks:
        """Return what is promised of a case of this severity.

        >>> str(Recovery(team="care").clocks_of("S1").acknowledge)
        '15 minutes'
        """
        return self.clocks.get(severity) or DEFAULT_CLOCKS[severity]


def worse(severity: Severity) -> Severity:
    """Return the next severity above, S1 for the worst.

    >>> worse("S3"), worse("S1")
    ('S2', 'S1')
    """
    return SEVERITIES[max(0, SEVERITIES.index(severity) - 1)]
