"""Amazon SES by SMTP: tags and configuration set in headers, which it takes out; Message-ID and Date are its own.

Its reply names the message: `250 Ok 0102…-000000`; recipients see that before an @ of its own as the Message-ID.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.providers.base import About, Provider

_NAMED = re.compile(r"\bok:? (\S{20,100})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ses(Provider):
    """`configuration_set` is the one whose events are sent on to us; empty for the account's default."""

    name: ClassVar[str] = "ses"
    keeps_ids: ClassVar[bool] = False

    configuration_set: str = ""

    def headers(self, about: About) -> Mapping[str, str]:
        tags = ", ".join(f"{name}={value}" for name, value in about.metadata.items())
        chosen = {"X-SES-CONFIGURATION-SET": self.configuration_set} if self.configuration_set else {}
        return {**Provider.headers(self, about), "X-SES-MESSAGE-TAGS": tags, **chosen}

    def id_in(self, reply: str) -> str | None:
        found = _NAMED.search(reply)
        return found[1] if found else None
