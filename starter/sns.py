"""The envelopes of Amazon SNS: verified with its certificate, and its question whether we want them answered.

A certificate is fetched once, from SNS's own host only; what cannot be fetched is asked for again by the sender (503).
A subscription is confirmed for topics of RAPPORT_SES_TOPICS alone, once its signature fits.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection

from pydantic import JsonValue

from channels.base import ChannelError, Refused
from channels.providers.signs import signed_by_certificate
from channels.providers.sns import END, SUBSCRIPTION, confirms, is_certificate, signed_content
from channels.providers.told import Tree, text
from channels.webhooks import Line
from starter.forms.base import NotASubmission, read_json_object
from starter.site import RETRY_AFTER, Declined

logger = logging.getLogger(__name__)

SES = "ses"
FETCHED_WITHIN = 8.0
_MOST_CERTIFICATES = 20
_AT_ONCE = 4

Fetch = Callable[[str], Awaitable[bytes]]
"""Asks an address on the public network. Raises `ChannelError`."""


async def fetch(url: str) -> bytes:
    """Ask an address; whatever its name leads to, it is never one of our own network."""
    async with Line() as line:
        return await line.get(url, FETCHED_WITHIN)


class Sns:
    """Reads envelopes. `fetch` asks for certificates, and confirms subscriptions."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._certificates: OrderedDict[str, bytes] = OrderedDict()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def opened(self, topics: Collection[str], raw: bytes) -> JsonValue:
        """Return a notification with its `Message` read; what is none of SES's says nothing. Raises `Declined`."""
        envelope = _read(raw)
        topic = text(envelope.get("TopicArn"), 300)
        if not topics or topic not in topics:
            logger.warning("events of ses: from a topic that is not in RAPPORT_SES_TOPICS; refused")
            raise Declined(401, "this topic is none of ours; add its ARN to RAPPORT_SES_TOPICS")
        await self._verify(envelope)
        kind = text(envelope.get("Type"))
        if kind == SUBSCRIPTION:
            await self._confirm(envelope, topic)
            return {}
        if kind == END:
            logger.warning(
                "events of ses: topic %s will not tell us anything more; subscribe it again if it should", topic
            )
            return {}
        return {**envelope, "Message": _message_in(envelope)}

    async def _verify(self, envelope: Tree) -> None:
        forged = Declined(401, "this is not signed by SNS")
        content, url = signed_content(envelope), text(envelope.get("SigningCertURL"), 2001)
        signature, version = text(envelope.get("Signature"), 2000), text(envelope.get("SignatureVersion"))
        if content is None or not is_certificate(url) or version not in ("1", "2"):
            raise forged
        certificate = await self._certificate(url)
        if not signed_by_certificate(content, signature, version, certificate):
            raise forged
        self._certificates[url] = certificate  # what has proved right is kept, so that nobody fills this with others
        while len(self._certificates) > _MOST_CERTIFICATES:
            self._certificates.popitem(last=False)

    async def _certificate(self, url: str) -> bytes:
        return self._certificates.get(url) or await self._asked(url, "its certificate cannot be fetched now")

    async def _confirm(self, envelope: Tree, topic: str) -> None:
        url = text(envelope.get("SubscribeURL"), 2001)
        if not confirms(url, topic):
            raise Declined(401, "this does not confirm a subscription to that topic at SNS's own address")
        await self._asked(url, "the subscription cannot be confirmed now")
        logger.warning("events of ses: the subscription to %s is confirmed", topic)

    async def _asked(self, url: str, problem: str) -> bytes:
        try:
            async with asyncio.timeout(FETCHED_WITHIN), self._places:
                return await self._fetch(url)
        except Refused as error:
            raise Declined(401, f"SNS does not know what this names: {error}") from None
        except (ChannelError, OSError, TimeoutError) as error:
            logger.error("events of ses: %s (%s)", problem, type(error).__name__)
            raise Declined(503, f"{problem}; send it again in a moment", RETRY_AFTER) from None


def _read(raw: bytes) -> Tree:
    try:
        return read_json_object(raw)
    except NotASubmission:
        raise Declined(401, "this is no notification of SNS, so nothing shows who sent it") from None


def _message_in(envelope: Tree) -> JsonValue:
    """Return what the notification brings; SES's is JSON, SNS's own greeting is not."""
    message = envelope.get("Message")
    try:
        return read_json_object(message.encode(errors="replace")) if isinstance(message, str) else {}
    except NotASubmission:
        return {}
