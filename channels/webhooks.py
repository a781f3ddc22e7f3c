"""One request to another system, and what each answer means.

A name is looked up here, its addresses are judged, and what was judged is what is connected to: a name that leads
somewhere else a moment later leads nobody into our own network. Redirects are not followed, for the same reason.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import TracebackType
from typing import Any, Self

import httpx2

from channels.base import Refused, Unavailable

MOST_BYTES = 64_000
# Where nobody says when, the next attempt waits as long as whoever asks thinks fit.
AT_ONCE = timedelta(0)
MOST_PATIENCE = timedelta(days=30)
# Statuses that say "not now", beside all from 500 on.
NOT_NOW = frozenset({408, 425, 429})
# IPv6 addresses that a gateway turns into the IPv4 address in their last 32 bits (RFC 6052).
TRANSLATED = ip_network("64:ff9b::/96")

AGENT = {"user-agent": "Rapport", "accept": "application/json", "accept-encoding": "identity"}


class Line:
    """A line to other systems. Only `private` lets it reach addresses of our own machine and network."""

    def __init__(self, *, private: bool = False) -> None:
        self.private = private
        # A connection is to an address, its certificate for a name: one that is kept open could be taken by another.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(
            verify=ssl.create_default_context(), trust_env=False, follow_redirects=False, timeout=None, limits=limits
        )

    async def get(self, url: str, within: float) -> bytes:
        """Return what stands at an address, as `post` does."""
        return await self._ask("GET", url, {}, b"", within, 0)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, within: float, attempt: int = 0) -> bytes:
        """Return the body of the answer, at most 64 kB; `within` so many seconds.

        Raises `Refused` for an answer that will not change, `Unavailable` where another attempt may help, with the time
        the other side asks for, if it does. Of several addresses, each `attempt` takes the next.
        """
        told = {"content-type": "application/json", **headers}
        return await self._ask("POST", url, told, body, within, attempt)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, within: float, attempt: int
    ) -> bytes:
        try:
            async with asyncio.timeout(within):
                return await self._ask_one(method, httpx2.URL(url), headers, body, attempt, within / 2)
        except TimeoutError:
            raise Unavailable("no answer in time", retry_after=AT_ONCE) from None
        except (httpx2.InvalidURL, UnicodeError):
            raise Refused("no address to call") from None
        except (httpx2.TransportError, OSError) as error:
            raise Unavailable(f"not reached: {type(error).__name__}", retry_after=AT_ONCE) from None

    async def _ask_one(
        self, method: str, url: httpx2.URL, headers: Mapping[str, str], body: bytes, attempt: int, connect: float
    ) -> bytes:
        async with self.opened(method, url, headers, body, attempt, connect) as answer:
            _judge(answer)
            return await _read(answer)

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        url: httpx2.URL,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes],
        attempt: int = 0,
        connect: float | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request and yield its answer, the body still to be read. The caller minds the time.

        `connect` bounds, in seconds, the connection and its encryption each: the library leaves a connection open that
        is cancelled while it is encrypted.
        A `body` that is a stream is begun when the connection stands, and its length must stand among the `headers`.
        Raises `Refused` for an address in our own network; else what the network raises.
        """
        name = url.raw_host.decode()
        found = await self._addresses(name, url.port or (443 if url.scheme == "https" else 80))
        told = {"host": url.netloc.decode(), **AGENT, **headers}
        address = url.copy_with(host=found[attempt % len(found)])
        extensions: dict[str, Any] = {"sni_hostname": name} if url.scheme == "https" else {}
        extensions["timeout"] = {"connect": connect}
        async with self._client.stream(method, address, headers=told, content=body, extensions=extensions) as answer:
            yield answer

    async def _addresses(self, name: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(name.strip("[]"), port, type=2)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        open_ones = [each for each in addresses if self.private or is_public(each)]
        if not open_ones:
            raise Refused("its address lies in our own network; RAPPORT_CALL_PRIVATE=1 allows that")
        return open_ones

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()


def is_public(address: str) -> bool:
    """Return whether an address belongs to the public network, and so does the one inside it, where there is one.

    >>> is_public("93.184.215.14"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::a00:1")
    (True, False, False, False)
    """
    outer = ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (outer, *_inside(outer)))


def _inside(outer: IPv4Address | IPv6Address) -> list[IPv4Address]:
    if isinstance(outer, IPv4Address):
        return []
    translated = IPv4Address(int(outer) & 0xFFFFFFFF) if outer in TRANSLATED else None
    tunnelled = outer.teredo[1] if outer.teredo else None
    return [each for each in (outer.ipv4_mapped, outer.sixtofour, tunnelled, translated) if each is not None]


def _judge(answer: httpx2.Response) -> None:
    """Raise for an answer that is no yes."""
    code = str(answer.status_code)
    if answer.status_code >= 500 or answer.status_code in NOT_NOW:
        raise Unavailable("answered not now", code, asked_for(answer.headers.get("retry-after", "")))
    if answer.is_redirect or 300 <= answer.status_code < 400:
        raise Refused("sends us elsewhere; write the address that is meant", code)
    if not 200 <= answer.status_code < 300:
        raise Refused("answered no", code)
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise Refused("answered in an encoding nobody asked for", code)


def asked_for(words: str) -> timedelta:
    """Return the patience that a Retry-After asks for, in seconds or by a date; a month at most.

    >>> str(asked_for("90")), str(asked_for("tomorrow")), str(asked_for("Wed, 21 Oct 2015 07:28:00 GMT"))
    ('0:01:30', '0:00:00', '0:00:00')
    """
    if words.strip().isdecimal():
        return min(timedelta(seconds=int(words.strip()[:9])), MOST_PATIENCE)
    try:
        at = parsedate_to_datetime(words)
    except (ValueError, OverflowError):
        return AT_ONCE
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - datetime.now(UTC), AT_ONCE), MOST_PATIENCE)


async def _read(answer: httpx2.Response) -> bytes:
    kept = bytearray()
    async for part in answer.aiter_raw():
        kept += part
        if len(kept) > MOST_BYTES:
            raise Refused(f"answered more than {MOST_BYTES // 1000} kB", str(answer.status_code))
    return bytes(kept)
