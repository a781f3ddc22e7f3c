"""Text messages through any provider that takes one signed POST (docs/channels.md), and what each answer means.

The request names the message by the id that our ledger gives it, the same at every attempt: a provider, or the few
lines that stand before it, that has seen the id sends nothing again.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.base import SOON, Accepted, BeforeBody, Envelope, Refused, SenderFault, Unavailable
from channels.exchange import Heard, exchange
from channels.webhooks import NOT_NOW, Line
from domain.keys import ledger_id
from domain.webhooks import signed

WITHIN = 30.0
"""So many seconds to be reached, and as many again to answer."""

BAD_NUMBERS = frozenset({"invalid_number", "unreachable_number", "unknown_number", "landline"})
"""Codes in a refusal that say that the number itself is bad."""

# Said whoever the message is to: a wrong secret, a wrong address, an endpoint that is gone.
OURS = frozenset({401, 403, 404, 405, 407, 410, 421, 426, 511})


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class SmsGateway:
    """The provider of text messages at one address. Raises `SenderFault` from `send` where no address is set."""

    def __init__(
        self,
        line: Line,
        url: str,
        secrets: Sequence[str],
        clock: Callable[[], datetime] = _wall_clock,
        within: float = WITHIN,
    ) -> None:
        self._line, self._url, self._secrets, self._clock, self._within = line, url, secrets, clock, within

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Hand one text over."""
        if not self._url:
            raise SenderFault("no provider of text messages is named; set RAPPORT_SMS_URL")
        headers = signed(ledger_id(letter.key), self._clock(), letter.body, self._secrets)
        return judged(await exchange(self._line, self._url, headers, letter.body, self._within, before_body))


def judged(heard: Heard) -> Accepted:
    """Return what an answer means, or raise it.

    >>> from datetime import timedelta
    >>> judged(Heard(202, timedelta(0), b'{"id": "SM1"}'))
    Accepted(reply='202', provider_id='SM1')
    >>> judged(Heard(422, timedelta(0), b'{"code": "landline"}'))
    Traceback (most recent call last):
    channels.base.Refused: 422: landline
    """
    code, told = str(heard.status), _told(heard.body)
    if 200 <= heard.status < 300:
        id = told.get("id")
        return Accepted(code, str(id)[:200] if isinstance(id, str | int) and id else None)
    if heard.status in NOT_NOW or (heard.status >= 500 and heard.status not in OURS):
        raise Unavailable("answered not now", code, heard.retry_after or SOON)
    if heard.status in OURS or heard.status < 400:
        raise SenderFault("the provider of text messages takes nothing from us at this address", code)
    why = str(told.get("code") or told.get("message") or "answered no")
    raise Refused(why[:300], code, suppress=told.get("code") in BAD_NUMBERS)


def _told(body: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}
