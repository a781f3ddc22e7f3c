"""What people do about a case: contact, ask, diagnose, propose and grant, resolve, re-open, close, as it travels.

The one thing to know: to accept a case, or hand it on, is an action on its follow-up (`domain/follow_up_actions.py`).
What is refused, and what becomes of the rest, `domain/recovery_doing.py` says.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.follow_up_actions import ELSEWHERE
from domain.recovery import How
from domain.remedies import Money
from domain.remedy_policy import Severity

_FROZEN = ConfigDict(frozen=True, extra="ignore")
Words = Annotated[str, Field(max_length=4000)]


class Contacted(BaseModel):
    """They have spoken with the customer, or written to them."""

    model_config = _FROZEN
    do: Literal["contacted"] = "contacted"
    by: str
    channel: str = Field(default="phone", max_length=40)
    note: Words | None = None


class Updated(BaseModel):
    """They tell the customer how it stands: `text` is written to them; without one they have done so themselves."""

    model_config = _FROZEN
    do: Literal["update"] = "update"
    by: str
    text: Words | None = None


class AskedCustomer(BaseModel):
    """They need something from the customer: the clocks stand still until the answer."""

    model_config = _FROZEN
    do: Literal["ask"] = "ask"
    by: str
    text: Words


class Answered(BaseModel):
    """The customer has answered, by another way than mail."""

    model_config = _FROZEN
    do: Literal["answered"] = "answered"
    by: str
    note: Words | None = None


class Diagnosed(BaseModel):
    """They know the cause, one of the policy's."""

    model_config = _FROZEN
    do: Literal["diagnose"] = "diagnose"
    by: str
    cause: str = Field(max_length=64)
    note: Words | None = None


class Graded(BaseModel):
    """It is better or worse than it looked."""

    model_config = _FROZEN
    do: Literal["severity"] = "severity"
    by: str
    severity: Severity
    note: Words = ""


class Proposed(BaseModel):
    """They propose a remedy."""

    model_config = _FROZEN
    do: Literal["propose"] = "propose"
    by: str
    kind: str = Field(max_length=64)
    amount: Money = Decimal(0)
    note: Words = ""


class Approved(BaseModel):
    """They grant a remedy."""

    model_config = _FROZEN
    do: Literal["approve"] = "approve"
    by: str
    remedy: str = Field(max_length=36)
    note: Words | None = None


class Declined(BaseModel):
    """They do not grant a remedy, say why, and what to offer instead."""

    model_config = _FROZEN
    do: Literal["decline"] = "decline"
    by: str
    remedy: str = Field(max_length=36)
    note: Words
    alternative: str | None = Field(default=None, max_length=400)


class Withdrawn(BaseModel):
    """They take back what they proposed."""

    model_config = _FROZEN
    do: Literal["withdraw"] = "withdraw"
    by: str
    remedy: str = Field(max_length=36)
    note: Words = ""


class Delivered(BaseModel):
    """They have done what a granted remedy needs a person for: the customer has it."""

    model_config = _FROZEN
    do: Literal["delivered"] = "delivered"
    by: str
    remedy: str = Field(max_length=36)
    note: Words | None = None


class NotDelivered(BaseModel):
    """They cannot do what a granted remedy needs a person for, and say why."""

    model_config = _FROZEN
    do: Literal["not_delivered"] = "not_delivered"
    by: str
    remedy: str = Field(max_length=36)
    note: Words


class Resolved(BaseModel):
    """It is made good and the customer agrees, or this is our last word; `text` is what they are written."""

    model_config = _FROZEN
    do: Literal["resolve"] = "resolve"
    by: str
    how: How = "accepted"
    text: Words = ""


class Reopened(BaseModel):
    """It was not made good."""

    model_config = _FROZEN
    do: Literal["reopen"] = "reopen"
    by: str
    note: Words


class Closed(BaseModel):
    """There is nothing to make good, or no more to do. Not `silent`, the customer is written to."""

    model_config = _FROZEN
    do: Literal["close"] = "close"
    by: str
    outcome: str = Field(min_length=1, max_length=100)
    note: Words | None = None
    silent: bool = False


class Released(BaseModel):
    """The customer gets marketing again."""

    model_config = _FROZEN
    do: Literal["release"] = "release"
    by: str
    note: Words


class Commented(BaseModel):
    """Something to remember."""

    model_config = _FROZEN
    do: Literal["comment"] = "comment"
    by: str
    note: Words


# Between two things that somebody wrote at once: no keyboard has it (ASCII, unit separator).
_ALSO = "\x1f"
CaseAction = Annotated[
    Contacted
    | Updated
    | AskedCustomer
    | Answered
    | Diagnosed
    | Graded
    | Proposed
    | Approved
    | Declined
    | Withdrawn
    | Delivered
    | NotDelivered
    | Resolved
    | Reopened
    | Closed
    | Released
    | Commented,
    Field(discriminator="do"),
]


def words_of(action: CaseAction) -> str | None:
    """Return what somebody wrote: a note, or a text to the customer.

    >>> words_of(Updated(by="ada", text="We have found it"))
    'We have found it'
    >>> declined = Declined(by="lea", remedy="r", note="Too much", alternative="a voucher")
    >>> without_words(declined).alternative is None, with_words(without_words(declined), words_of(declined)) == declined
    (True, True)
    """
    if isinstance(action, Declined) and action.alternative is not None:
        return f"{action.note}{_ALSO}{action.alternative}"
    return getattr(action, "text", None) or getattr(action, "note", None)


def with_words(action: CaseAction, words: str | None) -> CaseAction:
    """Return an action with other words in the place of its own.

    >>> with_words(Updated(by="ada", text="…"), "We have found it").text
    'We have found it'
    """
    if isinstance(action, Declined):
        note, _, alternative = (words or "").partition(_ALSO)
        return action.model_copy(update={"note": note, "alternative": alternative or None})
    return action.model_copy(update={"text" if "text" in type(action).model_fields else "note": words})


def without_words(action: CaseAction) -> CaseAction:
    """Return an action as it travels: what people write is about contacts, and stands in no history."""
    return action if words_of(action) is None else with_words(action, ELSEWHERE)


class CaseAsked(BaseModel):
    """What somebody wants done, as it travels; `at` is when they said so. Its words lie in the records, by its key."""

    model_config = _FROZEN
    action: CaseAction
    at: datetime | None = None
