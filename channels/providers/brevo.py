"""Brevo by SMTP: `X-Mailin-custom` comes back with every event as it was written, `X-Mailin-Tag` as a tag.

Its reply names the message as events do: `250 … queued as <NAME@smtp-relay…>`; Message-ID and Date are its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.providers.base import About, Provider, word


@dataclass(frozen=True, slots=True)
class Brevo(Provider):
    name: ClassVar[str] = "brevo"
    keeps_ids: ClassVar[bool] = False

    def headers(self, about: About) -> Mapping[str, str]:
        custom = "|".join(f"{name}:{value}" for name, value in about.metadata.items())
        return {**Provider.headers(self, about), "X-Mailin-custom": custom, "X-Mailin-Tag": word(about.sequence)}
