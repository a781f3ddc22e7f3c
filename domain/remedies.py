"""One remedy of a case: what is offered to make good, who has to say yes to it, and what became of it.

The one thing to know: a remedy is money of the company. It is proposed by one person, granted by somebody whose limit
it is within, delivered once, and undone where it cannot be delivered; only what was delivered is told to the customer.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
Level = Literal["agent", "lead", "manager", "head"]
LEVELS: tuple[Level, ...] = ("agent", "lead", "manager", "head")

# asked → approved → delivered, or → failed (nothing of it stands any more); refused and withdrawn end it before.
RemedyState = Literal["asked", "approved", "refused", "withdrawn", "delivered", "failed"]
# What counts under caps: granted, or about to be.
COUNTED: frozenset[RemedyState] = frozenset({"asked", "approved", "delivered"})


class Remedy(BaseModel):
    """A remedy as it stands. People are the keys of policies/teams.yaml; instants UTC; `amount` in `currency`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: str
    """One of the policy's types."""
    by: str = "nothing"
    """How it is delivered."""
    label: str = ""
    """What the customer reads."""
    amount: Money = Decimal(0)
    currency: str = "EUR"
    proposed_by: str
    proposed_at: datetime
    state: RemedyState = "asked"
    level: Level = "agent"
    """Who has to say yes, at least."""
    rule: str = ""
    """The rule by which it may be given, and by whom, in words."""
    approver: str | None = None
    """Who is asked now; None where nobody has to be."""
    asked_at: datetime | None = None
    asked: tuple[str, ...] = ()
    """Everybody who was asked, in order."""
    decided_by: str | None = None
    decided_at: datetime | None = None
    why: str | None = None
    """Why it was refused or withdrawn, or failed."""
    alternative: str | None = None
    """What was said to offer instead."""
    settled_at: datetime | None = None
    """When it was delivered, or given up."""


class Spent(BaseModel):
    """What a customer was given, or is about to be, in all cases: the money that caps and levels are asked about."""

    model_config = ConfigDict(frozen=True)

    given: tuple["Given", ...] = ()


class Given(BaseModel):
    """One remedy of a customer that counts: granted, or asked for."""

    model_config = ConfigDict(frozen=True)

    id: str
    case: str
    kind: str
    amount: Money
    at: datetime


Spent.model_rebuild()
NOTHING = Spent()


def plain(amount: Decimal) -> str:
    """Return an amount as people read it, without its currency: places only where it has some.

    >>> plain(Decimal("250.00")), plain(Decimal("12.5"))
    ('250', '12.50')
    """
    return f"{amount:.0f}" if amount == amount.to_integral_value() else f"{amount:.2f}"


def shown(amount: Decimal, currency: str) -> str:
    """Return an amount as people read it.

    >>> shown(Decimal("250.00"), "EUR")
    '250 EUR'
    """
    return f"{plain(amount)} {currency}"
