"""Posts to the chats of our teams: one POST to the address that Slack or Teams gave for a channel of theirs.

The address is the secret: whoever has it can post. So it stands in no log, no error and no record.
"""

from collections.abc import Mapping

from channels.base import Accepted, BeforeBody, Envelope, Gone, Refused, SenderFault, Unavailable
from channels.exchange import Heard, exchange
from channels.webhooks import NOT_NOW, Line

WITHIN = 20.0
"""So many seconds to be reached, and as many again to answer."""

# Said whatever the post is: an address that is wrong, or not allowed any more.
OURS = frozenset({401, 403, 405, 407})
# The channel was deleted or archived, the workflow taken away.
GONE = frozenset({404, 410})


class Chats:
    """The chats of teams, by the name of the team. Raises `SenderFault` from `send` for a team that has none."""

    def __init__(self, line: Line, addresses: Mapping[str, str], within: float = WITHIN) -> None:
        self._line, self._addresses, self._within = line, addresses, within

    async def send(self, letter: Envelope, before_body: BeforeBody) -> Accepted:
        """Post one thing in the chat of the team that is its recipient."""
        url = self._addresses.get(letter.recipient)
        if url is None:
            raise SenderFault(f"no chat is known of team '{letter.recipient}'; set RAPPORT_CHAT_URLS")
        told = {"content-type": "application/json"}
        return judged(await exchange(self._line, url, told, letter.body, self._within, before_body))


def judged(heard: Heard) -> Accepted:
    """Return what an answer means, or raise it.

    >>> from datetime import timedelta
    >>> judged(Heard(202, timedelta(0), b""))
    Accepted(reply='202', provider_id=None)
    >>> judged(Heard(410, timedelta(0), b"channel_is_archived"))
    Traceback (most recent call last):
    channels.base.Gone: 410: the chat is not there any more
    """
    code = str(heard.status)
    if 200 <= heard.status < 300:
        return Accepted(code)
    if heard.status in GONE:
        raise Gone("the chat is not there any more", code)
    if heard.status in OURS or 300 <= heard.status < 400:
        raise SenderFault("the chat does not let us post", code)
    if heard.status >= 500 or heard.status in NOT_NOW:
        raise Unavailable("answered not now", code, heard.retry_after)
    raise Refused("answered no", code)
