"""Mailgun by SMTP: variables as JSON in one header, a tag in another, both taken out.

Its reply (`250 Great success`) names nothing; events name our Message-ID, which it keeps, without the brackets.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.providers.base import About, Provider, word


@dataclass(frozen=True, slots=True)
class Mailgun(Provider):
    name: ClassVar[str] = "mailgun"

    def headers(self, about: About) -> Mapping[str, str]:
        told = {"X-Mailgun-Variables": json.dumps(about.metadata), "X-Mailgun-Tag": word(about.sequence)}
        return {**Provider.headers(self, about), **told}

    def id_in(self, reply: str) -> str | None:
        return None
