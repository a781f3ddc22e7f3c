"""Instructions to systems of the company's own, as to pay a customer back: signed POSTs, and what each answer means.

The one thing to know: other than a message about a contact, an instruction that is answered with no (4xx) is over. Its
id is the same at every attempt: who has seen it does nothing twice.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from channels.base import Gone, Refused, SenderFault, Unavailable
from channels.exchange import Heard, exchange
from channels.outbox import KEPT
from channels.webhooks import NOT_NOW, Line
from domain.webhooks import signed

WITHIN = 12.0
"""So many seconds to be reached, and as many again to answer: less than an activity may be silent."""


class Instructs(Protocol):
    """How a system of the company's is told to do something."""

    async def tell(self, endpoint: str, url: str, id: str, body: bytes) -> str:
        """Return what it answered, in a word, or raise a `ChannelError`.

        `Refused`: it will not do so. `Away`: it was not reached. `Unknown`, and `Unavailable` where an answer came: it
        may have been done. `SenderFault`: we are the ones at fault.
        """
        ...


def _wall_clock() -> datetime:
    return datetime.now(UTC)


async def _nothing() -> None:
    """The attempt is written down before we connect."""


class Instructions:
    """Tells endpoints of policies/messaging.yaml. `secrets` are those of each by its name, `common` for the others."""

    def __init__(
        self,
        line: Line,
        secrets: Mapping[str, Sequence[str]],
        common: Sequence[str],
        clock: Callable[[], datetime] = _wall_clock,
        within: float = WITHIN,
    ) -> None:
        self._line, self._secrets, self._common = line, secrets, common
        self._clock, self._within = clock, within

    async def tell(self, endpoint: str, url: str, id: str, body: bytes) -> str:
        """Tell one endpoint one thing."""
        secrets = self._secrets.get(endpoint) or self._common
        if not secrets:
            raise SenderFault("there is no secret to sign with; set RAPPORT_WEBHOOK_SECRETS or RAPPORT_CALL_SECRETS")
        headers = signed(id, self._clock(), body, secrets)
        return judged(await exchange(self._line, url, headers, body, self._within, _nothing))


class NobodyIsTold:
    """Until the installation is live: takes every instruction, and tells nobody."""

    async def tell(self, endpoint: str, url: str, id: str, body: bytes) -> str:
        """Say that it was done."""
        return KEPT


def judged(heard: Heard) -> str:
    """Return the status of a yes, or raise what any other answer means.

    >>> from datetime import timedelta
    >>> judged(Heard(204, timedelta(0), b""))
    '204'
    >>> judged(Heard(422, timedelta(0), b""))
    Traceback (most recent call last):
    channels.base.Refused: 422: answered no
    """
    code = str(heard.status)
    if 200 <= heard.status < 300:
        return code
    if heard.status >= 500 or heard.status in NOT_NOW:
        raise Unavailable("answered not now", code, heard.retry_after)
    if heard.status < 400:
        raise SenderFault("sends us elsewhere, and redirects are not followed", code)
    if heard.status == 410:
        raise Gone("the endpoint wants to be told no more", code)
    raise Refused("answered no", code)
