"""Messages to other systems about contacts: signed POSTs (Standard Webhooks), and what each answer means.

As the standard has it: a 2xx is a yes, a 410 wants no more, and whatever else is answered may change, so that the
message is told again. The id is the same at every attempt: who has seen it does nothing twice.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from channels.base import Accepted, BeforeBody, Envelope, Gone, SenderFault, Unavailable
from channels.exchange import Heard, exchange
from channels.webhooks import Line
from domain.keys import ledger_id
from domain.webhooks import signed

WITHIN = 20.0
"""So many seconds to be reached, and as many again to answer."""


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class Endpoints:
    """The endpoints of other systems. `secrets` are those of each by its name; who has none of its own is signed to
    with `common`. Raises `SenderFault` from `send` where there is neither."""

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

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Tell one endpoint one thing: `letter.recipient` is its name, `letter.url` where it is."""
        secrets = self._secrets.get(letter.recipient) or self._common
        if not secrets:
            raise SenderFault("there is no secret to sign with; set RAPPORT_WEBHOOK_SECRETS or RAPPORT_CALL_SECRETS")
        headers = signed(ledger_id(letter.key), self._clock(), letter.body, secrets)
        return judged(await exchange(self._line, letter.url, headers, letter.body, self._within, before_body))


def judged(heard: Heard) -> Accepted:
    """Return what an answer means, or raise it.

    >>> from datetime import timedelta
    >>> judged(Heard(204, timedelta(0), b""))
    Accepted(reply='204', provider_id=None)
    >>> judged(Heard(410, timedelta(0), b""))
    Traceback (most recent call last):
    channels.base.Gone: 410: the endpoint wants to be told no more
    """
    code = str(heard.status)
    if 200 <= heard.status < 300:
        return Accepted(code)
    if heard.status == 410:
        raise Gone("the endpoint wants to be told no more", code)
    said = "answered not now" if heard.status >= 500 or heard.status == 429 else "answered no"
    if 300 <= heard.status < 400:
        said = "sends us elsewhere, and redirects are not followed"
    raise Unavailable(said, code, heard.retry_after)
