"""Endpoints: systems of our own that are told about contacts, and for how long one that fails is told again.

The spacing is that of the Standard Webhooks specification: seconds first, days in the end. Every message spreads its
attempts by a hash of its own id, so that those who fail together do not come back together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from domain.spans import Span
from domain.webhooks import checked_url

RESTS = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
)
"""How long a message rests after each attempt that failed; from then on `LONGEST`."""
LONGEST = timedelta(hours=12)
SPREAD = 0.2
"""By so much of itself a rest is longer for some."""

# A burst of failures within an hour is an outage: only an endpoint that failed so often, for so long, is given up.
FEWEST_FAILURES = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class Endpoint(BaseModel):
    """A system that is told about contacts, by a signed POST (Standard Webhooks)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str
    """Where it listens, https."""
    expires: Span = Span.parse("3 days")
    """How long a message is tried, where its step does not say."""
    disable_after: Span = Span.parse("5 days")
    """An endpoint that has failed for so long, without one success, is told nothing until somebody enables it."""

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        return checked_url(value)

    @field_validator("disable_after", "expires")
    @classmethod
    def _has_a_length(cls, value: Span) -> Span:
        if not value.elapsed():
            raise ValueError(f"'{value}' has no length; write e.g. '3 days'")
        return value

    @property
    def host(self) -> str:
        """The host it listens on, as lists and throttles name it."""
        return (urlsplit(self.url).hostname or "").lower()


@dataclass(frozen=True)
class Aim:
    """Where one message to a system goes: the endpoint by name, and what it says it is (`type`)."""

    name: str
    endpoint: Endpoint
    type: str


def well_named(name: str) -> str:
    """Return the name of an endpoint. Raises ValueError for one that nobody could type.

    >>> well_named("crm")
    'crm'
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"'{name[:60]}' cannot name an endpoint; use small letters, digits and -, at most 32")
    return name


def aimed(endpoints: Mapping[str, Endpoint], name: str | None, template: str, event: str | None) -> Aim:
    """Return where a template's message goes, and as what. Raises KeyError for an endpoint that policies do not have.

    >>> crm = Endpoint(url="https://crm.acme.example/hooks")
    >>> aimed({"crm": crm}, "crm", "crm/new-lead", None).type
    'crm.new-lead'
    """
    return Aim(name or "", endpoints[name or ""], event or template.replace("/", "."))


def rest_of(attempts: int, id: str) -> timedelta:
    """Return how long a message rests when so many attempts have failed, the same for the same message.

    >>> [str(rest_of(attempts, "m1")).partition(".")[0] for attempts in (1, 2, 3, 7, 8, 30)]
    ['0:00:05', '0:01:10', '0:05:54', '11:03:02', '14:14:56', '12:35:18']
    """
    planned = RESTS[attempts - 1] if attempts <= len(RESTS) else LONGEST
    share = int.from_bytes(sha256(f"{id}/{attempts}".encode()).digest()[:4], "big") / 2**32
    return planned * (1 + share * SPREAD)


def is_given_up(failures: int, failing_for: timedelta, endpoint: Endpoint) -> bool:
    """Whether an endpoint that failed so often since its last success, for so long, is disabled.

    >>> crm = Endpoint(url="https://crm.acme.example/hooks")
    >>> is_given_up(19, timedelta(days=9), crm), is_given_up(400, timedelta(days=4), crm)
    (False, False)
    >>> is_given_up(20, timedelta(days=5), crm)
    True
    """
    return failures >= FEWEST_FAILURES and failing_for >= endpoint.disable_after.elapsed()
