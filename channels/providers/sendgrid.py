"""Twilio SendGrid by SMTP: metadata and categories as JSON in one header, which it takes out.

Its reply, `250 Ok: queued as NAME`, is the beginning of `sg_message_id` in events, before a dot; `smtp-id` there is our
Message-ID, which it keeps.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from channels.providers.base import About, Provider, word


@dataclass(frozen=True, slots=True)
class SendGrid(Provider):
    name: ClassVar[str] = "sendgrid"

    def headers(self, about: About) -> Mapping[str, str]:
        asked = {"unique_args": about.metadata, "category": [word(about.sequence), word(about.step)]}
        return {**Provider.headers(self, about), "X-SMTPAPI": json.dumps(asked)}
