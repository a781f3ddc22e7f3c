"""Postmark by SMTP: metadata, one tag and the message stream in headers, which it takes out.

Marketing belongs on a stream of its own there, of type broadcast: these are the names both have in a new server.
Without `X-PM-KeepID` the Message-ID would be Postmark's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.providers.base import About, Provider, word

MARKETING, EVERYTHING_ELSE = "broadcast", "outbound"


@dataclass(frozen=True, slots=True)
class Postmark(Provider):
    name: ClassVar[str] = "postmark"

    def headers(self, about: About) -> Mapping[str, str]:
        return {
            **Provider.headers(self, about),
            "X-PM-KeepID": "true",
            "X-PM-Message-Stream": MARKETING if about.class_ == "marketing" else EVERYTHING_ELSE,
            "X-PM-Tag": word(about.sequence),
            **{f"X-PM-Metadata-{name}": value for name, value in about.metadata.items()},
        }
