"""What there is to see of one webhook before it is sent: the request that another system would get."""

import json
from dataclasses import dataclass
from typing import Any

from domain.letters import Plan
from rendering.webhook_message import WebhookMessage
from starter.cli_result import Result


@dataclass(frozen=True)
class ShownWebhook:
    """One webhook, as it would be told."""

    planned: Plan
    message: WebhookMessage

    def document(self) -> dict[str, Any]:
        """Return what programs read of it."""
        return {
            "channel": "webhook",
            "class": self.planned.class_,
            "endpoint": self.message.endpoint,
            "url": self.message.url,
            "body": json.loads(self.message.body),
        }


def webhook_shown(name: str, shown: ShownWebhook, notes: list[str]) -> Result:
    """Return the webhook of one template, as people and programs read it."""
    return Result({"template": name, **shown.document()}, shown.message.shown().splitlines(), notes)
