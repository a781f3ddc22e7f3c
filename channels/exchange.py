"""One signed POST that carries a message, and how far it got.

Whatever goes wrong before the body has begun to leave changed nothing over there; whatever goes wrong behind it,
nobody can know. An answer that was heard is an answer, even where its body was cut off.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx2

from channels.base import Away, BeforeBody, Refused, SenderFault, Unknown
from channels.webhooks import MOST_BYTES, Line, asked_for


@dataclass(frozen=True, slots=True)
class Heard:
    """What the other side answered: at most 64 kB of the body, empty where it was longer, cut off or packed."""

    status: int
    retry_after: timedelta
    body: bytes


@dataclass
class _Phase:
    left: bool = False


async def exchange(
    line: Line, url: str, headers: Mapping[str, str], body: bytes, within: float, before_body: BeforeBody
) -> Heard:
    """Return the answer. `within` so many seconds it must be reached, and answer once the body leaves.

    Raises `Away` if it was not reached, `Unknown` if it was lost behind that, `SenderFault` for an address that leads
    nowhere or into our own network; and what `before_body` raises.
    """
    phase = _Phase()
    try:
        async with asyncio.timeout(2 * within) as clock:
            stream = _streamed(body, before_body, phase, clock, within)
            return await _exchange(line, url, headers, stream, len(body), within / 2)
    except TimeoutError:
        raise _lost(phase, "no answer in time") from None
    except (httpx2.InvalidURL, UnicodeError):
        raise SenderFault("its address is none; correct it") from None
    except Refused as refused:  # by our own line: the name leads into our own network
        raise SenderFault(refused.reason) from None
    except (httpx2.TransportError, OSError) as error:
        raise _lost(phase, type(error).__name__) from None


async def _streamed(
    body: bytes, before_body: BeforeBody, phase: _Phase, clock: asyncio.Timeout, within: float
) -> AsyncIterator[bytes]:
    clock.reschedule(None)  # what we write down ourselves is not cut short
    await before_body()
    phase.left = True
    clock.reschedule(asyncio.get_running_loop().time() + within)
    yield body


async def _exchange(
    line: Line, url: str, headers: Mapping[str, str], body: AsyncIterator[bytes], length: int, connect: float
) -> Heard:
    told = {"content-type": "application/json", **headers, "content-length": str(length)}
    async with line.opened("POST", httpx2.URL(url), told, body, connect=connect) as answer:
        kept = bytearray()
        with contextlib.suppress(httpx2.TransportError, TimeoutError):
            async for part in answer.aiter_raw():
                kept += part
                if len(kept) > MOST_BYTES:
                    break
        whole = len(kept) <= MOST_BYTES and answer.headers.get("content-encoding", "identity") == "identity"
        return Heard(
            answer.status_code, asked_for(answer.headers.get("retry-after", "")), bytes(kept) if whole else b""
        )


def _lost(phase: _Phase, what: str) -> Away | Unknown:
    return Unknown(f"lost before its answer came: {what}") if phase.left else Away(f"not reached: {what}")
