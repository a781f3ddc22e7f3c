"""Throttles: how many messages leave in a rolling span: of a provider, a mailbox, a sequence, to a domain.

A throttle delays, it never drops (`domain/slots.py`).
"""

import re
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from domain.answers import read_address
from domain.patterns import NAME, editors, whole
from domain.spans import Span

SCOPES = ("provider", "recipient_domain", "mailbox", "sequence")
EACH_OTHER, ANY_WAY_OUT = "*", "default"
MAIL_PROVIDERS = ("plain", "ses", "sendgrid", "mailgun", "postmark", "resend", "brevo")
"""Who may take our mail, by the name that RAPPORT_SMTP_PROVIDER gives them."""
_DOMAIN = re.compile(r"\*|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")


class WarmUp(BaseModel):
    """A new mailbox or provider begins with few messages and takes twice as many every so many days, up to `most`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    from_: date = Field(alias="from")
    """The first day, on the organisation's clock."""
    start: int = Field(ge=1)
    """How many on the first day, and before it."""
    double_every: Span
    """After this many days the limit is doubled."""

    @field_validator("double_every")
    @classmethod
    def _is_in_days(cls, value: Span) -> Span:
        if value.elapsed() % timedelta(days=1) or not value.elapsed():
            raise ValueError(f"'{value}' is not in whole days; write days or weeks, e.g. '3 days'")
        return value

    def most(self, today: date) -> int:
        """Return how many are allowed on a day.

        >>> warm_up = WarmUp.model_validate({"from": "2026-11-01", "start": 50, "double_every": "3 days"})
        >>> [warm_up.most(date(2026, 11, day)) for day in (1, 3, 4, 7)]
        [50, 50, 100, 200]
        """
        doubled = max((today - self.from_).days, 0) // self.double_every.elapsed().days
        return int(self.start * 2 ** min(doubled, 40))


class Throttle(BaseModel):
    """At most so many messages in any rolling span, from all sequences and workers together."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: Annotated[str, editors(whole(NAME), ANY_WAY_OUT)] | None = None
    """Everything that leaves the channel by this way out: `default` is each and all, `ses` what Amazon SES takes."""
    recipient_domain: str | None = None
    """Messages to addresses of this domain; `*` is each other domain for itself."""
    mailbox: str | None = None
    """Messages from this address of ours."""
    sequence: str | None = None
    """Messages of this sequence."""
    channel: Literal["email", "sms", "webhook"] = "email"
    most: int = Field(ge=1)
    """So many in any span of this length."""
    in_: Span = Field(alias="in")
    """The length of the span: elapsed time, e.g. 1 second, 1 minute, 1 day."""
    warm_up: WarmUp | None = None
    """Begin with fewer, and raise the limit day by day."""

    @field_validator("recipient_domain")
    @classmethod
    def _is_a_domain(cls, value: str | None) -> str | None:
        value = _as_mail_has_it(value) if value is not None else None
        if value is not None and not _DOMAIN.fullmatch(value):
            raise ValueError(f"'{value}' is not a domain; write what stands behind the @, e.g. gmail.com, or '*'")
        return value

    @field_validator("mailbox")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError(f"'{value}' is not an address; write hello@your-domain")
        return value.lower() if value is not None else None

    @field_validator("in_")
    @classmethod
    def _has_a_length(cls, value: Span) -> Span:
        if not value.elapsed():
            raise ValueError(f"'{value}' has no length; write e.g. '1 minute'")
        return value

    @model_validator(mode="after")
    def _is_of_one_thing(self) -> Self:
        said = [name for name in SCOPES if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"a throttle is of one thing; write one of {', '.join(SCOPES)}")
        if self.warm_up is not None and self.warm_up.start > self.most:
            raise ValueError(
                f"warm_up starts with {self.warm_up.start}, more than most ({self.most}); start with fewer"
            )
        return self

    @model_validator(mode="after")
    def _is_of_its_channel(self) -> Self:
        if self.channel != "email" and self.scope in ("recipient_domain", "mailbox"):
            raise ValueError(f"'{self.scope}' is of e-mail alone; for {self.channel} write provider or sequence")
        known = {"email": (ANY_WAY_OUT, *MAIL_PROVIDERS), "sms": (ANY_WAY_OUT,)}.get(self.channel)
        if self.provider is not None and known is not None and self.provider not in known:
            raise ValueError(f"'provider' cannot be '{self.provider}' for {self.channel}; write {' or '.join(known)}")
        return self

    @property
    def scope(self) -> str:
        """What it is of: one of `SCOPES`."""
        return next(name for name in SCOPES if getattr(self, name) is not None)

    @property
    def of_all(self) -> bool:
        """Whether it is of everything that leaves its channel."""
        return self.provider == ANY_WAY_OUT

    @property
    def value(self) -> str:
        """Which one: a domain, an address, a sequence, a provider."""
        return str(getattr(self, self.scope))

    def is_of_the_way(self, channel: str, provider: str) -> bool:
        """Whether it is of all that leaves a channel by this provider."""
        return self.channel == channel and self.provider in (ANY_WAY_OUT, provider)

    def most_on(self, today: date) -> int:
        """Return how many are allowed on a day, as far as it is warm."""
        return self.most if self.warm_up is None else min(self.most, self.warm_up.most(today))


def _as_mail_has_it(domain: str) -> str:
    """Return a domain as addresses are kept: in small letters, and in ASCII."""
    try:
        return domain.lower() if domain.isascii() else read_address(f"ann@{domain}").partition("@")[2]
    except ValueError:
        return domain


def said_once(throttles: tuple[Throttle, ...]) -> tuple[Throttle, ...]:
    """Return them as they are. Raises ValueError where two are of the same thing in the same span."""
    seen: set[tuple[object, ...]] = set()
    for each in throttles:
        same = (each.channel, each.scope, each.value, each.in_.elapsed())
        if same in seen:
            raise ValueError(f"two throttles of {each.scope} {each.value} in {each.in_}; delete one of them")
        seen.add(same)
    return throttles
