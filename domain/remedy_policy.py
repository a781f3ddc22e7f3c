"""What policies/recovery.yaml says of remedies: which there are, what may be offered, caps, and who has to say yes.

The one thing to know: an amount is what a remedy is worth in the company's currency, however it is delivered.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.remedies import LEVELS, Level, Money
from domain.spans import Span

Severity = Literal["S1", "S2", "S3", "S4"]
SEVERITIES: tuple[Severity, ...] = ("S1", "S2", "S3", "S4")


def severity_of(word: str | None) -> Severity | None:
    """Return a word as a severity; None where it is none.

    >>> severity_of("S2"), severity_of("bad")
    ('S2', None)
    """
    return next((each for each in SEVERITIES if each == word), None)


_FROZEN = ConfigDict(frozen=True, extra="ignore")


class Remedied(BaseModel):
    """One sort of remedy, and how it reaches the customer."""

    model_config = _FROZEN

    label: str = Field(min_length=1, max_length=100)
    """What the customer reads: a voucher for your next order."""
    labels: dict[str, str] = Field(default_factory=dict)
    """The same for customers of another language: de: ein Gutschein."""
    by: Literal["nothing", "person", "voucher", "points", "webhook"] = "nothing"
    """How it is delivered: nothing but our word, a person does it, a code, points, or your own system is told."""
    endpoint: str | None = None
    """The endpoint of policies/messaging.yaml that is told: of a webhook, and of codes or points if it should."""
    counts: bool = True
    """Whether it is money: counted under caps and limits. Points and vouchers do with what they are worth."""
    points_per_unit: int = Field(default=100, ge=1)
    """How many points one unit of the currency is, where they are points."""
    valid: Span = Span.parse("12 months")
    """How long a voucher's code can be used."""

    @model_validator(mode="after")
    def _can_be_delivered(self) -> Self:
        if self.by == "webhook" and self.endpoint is None:
            raise ValueError("`by: webhook` tells a system of yours; write its `endpoint` of policies/messaging.yaml")
        if self.by in ("nothing", "person") and self.endpoint is not None:
            raise ValueError(f"`endpoint` is told of webhooks, vouchers and points, and this is `by: {self.by}`")
        if self.by in ("voucher", "points") and not self.counts:
            raise ValueError(f"`by: {self.by}` is money; leave `counts` out")
        return self

    def called(self, language: str | None) -> str:
        """Return what a customer of this language reads.

        >>> redo = Remedied(label="a replacement", labels={"de": "ein Ersatz"})
        >>> redo.called("de-AT"), redo.called("fr"), redo.called(None)
        ('ein Ersatz', 'a replacement', 'a replacement')
        """
        tag = (language or "").replace("_", "-").lower()
        return self.labels.get(tag) or self.labels.get(tag.partition("-")[0]) or self.label


class Band(BaseModel):
    """What may be offered for a severity, to customers of a tier: the first band that fits decides."""

    model_config = _FROZEN

    severity: tuple[Severity, ...] = SEVERITIES
    tier: tuple[str, ...] = ()
    """The tiers it is for; empty for all."""
    offer: tuple[str, ...]
    """The remedies, the one to be proposed first in front."""
    most: Money = Decimal(0)
    """How much one remedy may be worth."""


class Cap(BaseModel):
    """How much, or how many remedies, a customer gets in a rolling span."""

    model_config = _FROZEN

    most: Money | None = None
    times: int | None = Field(default=None, ge=1)
    in_: Span = Field(default=Span.parse("12 months"), alias="in")

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.most is None and self.times is None:
            raise ValueError("a cap limits `most` (an amount) or `times`; write one of them")
        return self


class Approvals(BaseModel):
    """How much each may grant. Above the manager's limit the head of the team decides."""

    model_config = _FROZEN

    agent: Money = Decimal(50)
    lead: Money = Decimal(250)
    manager: Money = Decimal(1000)
    again_within: Span = Span.parse("90 days")
    """A second remedy of a customer within so long goes one level up."""
    answer_within: Span = Span.parse("4 business hours")
    """Whoever is asked and says nothing for so long: their deputy is asked, else the next level."""

    @model_validator(mode="after")
    def _goes_upwards(self) -> Self:
        if not self.agent <= self.lead <= self.manager:
            raise ValueError("limits go upwards from `agent` over `lead` to `manager`; put them in order")
        return self

    def level_for(self, amount: Decimal) -> Level:
        """Return who has to say yes to this amount.

        >>> [Approvals().level_for(Decimal(amount)) for amount in (50, 51, 1000, 1001)]
        ['agent', 'lead', 'manager', 'head']
        """
        limits = zip(LEVELS, (self.agent, self.lead, self.manager), strict=False)
        return next((level for level, limit in limits if amount <= limit), "head")


class Remedies(BaseModel):
    """What may be given, to whom, how much, and who has to say yes."""

    model_config = _FROZEN

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    types: dict[str, Remedied] = Field(default_factory=lambda: {"apology": Remedied(label="our apology", counts=False)})
    bands: tuple[Band, ...] = (Band(offer=("apology",)),)
    caps: tuple[Cap, ...] = ()
    approval: Approvals = Approvals()

    @model_validator(mode="after")
    def _offers_what_there_is(self) -> Self:
        for number, band in enumerate(self.bands, start=1):
            for kind in band.offer:
                if kind not in self.types:
                    known = ", ".join(self.types) or "nothing"
                    raise ValueError(f"band {number} of `bands` offers '{kind}', and `types` has {known}; add it there")
        return self
