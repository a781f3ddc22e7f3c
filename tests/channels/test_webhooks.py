"""One call to another system: what each answer means, and where nobody is let."""

import asyncio
from datetime import timedelta

import pytest

from channels.base import Refused, Unavailable
from channels.webhooks import MOST_BYTES, Line, asked_for
from tests.scripted_http import DROP, HANG, ScriptedHttp, answer

pytestmark = pytest.mark.system

MONTH = 30 * 86_400


async def ask(server: ScriptedHttp, within: float = 5.0) -> bytes:
    async with Line(private=True) as line:
        return await line.post(server.address, {"webhook-id": "call_1"}, b"{}", within)


async def test_what_is_answered_comes_back_and_what_is_asked_arrives() -> None:
    async with ScriptedHttp.saying([answer({"credit": 5})]) as server:
        assert await ask(server) == b'{"credit": 5}'

        (heard,) = server.heard
        assert (heard.target, heard.headers["host"]) == ("/hook", f"127.0.0.1:{server.port}")
        assert (heard.headers["webhook-id"], heard.headers["content-type"]) == ("call_1", "application/json")


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
async def test_a_no_is_a_no(status: int) -> None:
    async with ScriptedHttp.saying([answer(b"", status)]) as server:
        with pytest.raises(Refused, match=str(status)):
            await ask(server)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
async def test_not_now_may_be_asked_again(status: int) -> None:
    async with ScriptedHttp.saying([answer(b"", status, retry_after="7")]) as server:
        with pytest.raises(Unavailable) as stopped:
            await ask(server)

        assert stopped.value.retry_after == timedelta(seconds=7)


async def test_a_redirect_is_not_followed() -> None:
    async with ScriptedHttp.saying([answer(b"", 307, location="http://127.0.0.1:1/")]) as server:
        with pytest.raises(Refused, match="elsewhere"):
            await ask(server)

        assert len(server.heard) == 1


@pytest.mark.parametrize(
    "said", [answer(b"x" * (MOST_BYTES + 1)), answer(b"\x1f\x8b", content_encoding="gzip")], ids=["long", "packed"]
)
async def test_an_answer_that_is_too_much_is_refused(said: bytes) -> None:
    async with ScriptedHttp.saying([said]) as server:
        with pytest.raises(Refused):
            await ask(server)


async def test_whoever_hangs_up_or_is_silent_may_be_asked_again() -> None:
    async with ScriptedHttp.saying([DROP, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]) as server:
        for _ in range(2):
            with pytest.raises(Unavailable, match="not reached"):
                await ask(server)
    with pytest.raises(Unavailable, match="not reached"):
        await ask(server)


async def test_time_is_up_for_whoever_says_nothing() -> None:
    async with ScriptedHttp.saying([HANG]) as server:
        with pytest.raises(Unavailable, match="no answer in time"):
            await ask(server, within=0.2)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.1.2.3", "169.254.169.254", "[::ffff:7f00:1]"])
async def test_our_own_network_is_closed(host: str) -> None:
    async with Line() as line:
        with pytest.raises(Refused, match="RAPPORT_CALL_PRIVATE"):
            await line.post(f"http://{host}:9/", {}, b"{}", 5.0)


async def test_a_name_that_does_not_exist_may_exist_later() -> None:
    async with Line() as line:
        with pytest.raises(Unavailable, match="not reached"):
            await line.post("https://nowhere.invalid/", {}, b"{}", 5.0)


async def test_what_stands_at_an_address_is_fetched_but_never_from_our_own_network() -> None:
    async with ScriptedHttp.saying([answer(b"-----BEGIN CERTIFICATE-----")]) as server:
        async with Line(private=True) as line:
            assert await line.get(server.address, 5.0) == b"-----BEGIN CERTIFICATE-----"
        async with Line() as line:
            with pytest.raises(Refused, match="our own network"):
                await line.get(server.address, 5.0)

        assert len(server.heard) == 1


async def test_whoever_does_not_finish_the_handshake_is_hung_up_on() -> None:
    hung_up = asyncio.Event()

    async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        hung_up.set()
        writer.close()

    async with await asyncio.start_server(says_nothing, "127.0.0.1", 0) as server, Line(private=True) as line:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable):
            await line.post(f"https://127.0.0.1:{port}/", {}, b"{}", 0.4)

        async with asyncio.timeout(5):
            await hung_up.wait()


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("90", 90),
        (" 7 ", 7),
        ("9" * 40, 30 * 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 30 * 86_400),
        ("-5", 0),
        ("", 0),
    ],
)
def test_patience_is_read_whatever_is_written(words: str, seconds: int) -> None:
    assert asked_for(words).total_seconds() == seconds
