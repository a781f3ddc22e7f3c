"""Resend by SMTP: a message with an idempotency key that came within the last 24 hours is not sent again.

So a repeat of unknown fate arrives once there, not twice. Message-ID and Date are its own; its events show our headers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.providers.base import About, Provider


@dataclass(frozen=True, slots=True)
class Resend(Provider):
    name: ClassVar[str] = "resend"
    keeps_ids: ClassVar[bool] = False

    def headers(self, about: About) -> Mapping[str, str]:
        return {**Provider.headers(self, about), "Resend-Idempotency-Key": about.id}
