"""From a rendered webhook to the request that another system is told it by, or `BadLetter`.

Whenever it is tried, the id and the instant are the same: that is what the other side knows a repeat by.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from domain.facts import Facts
from domain.letters import Plan, Written
from domain.webhooks import enveloped
from rendering.headers import BadLetter

MOST_BYTES = 256_000


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """One message to one endpoint. `body` is what is signed."""

    endpoint: str
    url: str
    body: bytes

    def shown(self) -> str:
        """Return it as a person reads it."""
        tree = json.loads(self.body)
        return f"POST {self.url} ({self.endpoint})\n\n{json.dumps(tree, ensure_ascii=False, indent=2)}\n"


def webhook_message_of(plan: Plan, written: Written, facts: Facts, id: str, at: datetime) -> WebhookMessage:
    """Return what the endpoint is told; `at` is when the contact came to the step. Raises `BadLetter`."""
    assert plan.aim is not None, "a webhook goes somewhere"
    contact = str(facts.contact.get("id") or "")
    body = enveloped(plan.aim.type, at, contact, json.loads(written.text), id)
    if len(body) > MOST_BYTES:
        raise BadLetter(f"it says {len(body):,} bytes, and {MOST_BYTES:,} is most; say less")
    return WebhookMessage(plan.aim.name, plan.aim.endpoint.url, body)
