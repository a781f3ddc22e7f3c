"""Connections are used again, replaced once where that is safe, and parted from in time."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from channels.base import ChannelError, Refused, Unavailable, Unknown
from channels.smtp import SmtpPool
from tests.channels.letters import Ledger, outcome, relay
from tests.scripted_smtp import DROP, FINE, HANG, At, Bye, ScriptedSmtp, Slow

pytestmark = pytest.mark.system


@pytest.mark.parametrize("place", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("action", [DROP, HANG, Bye("421 4.4.2 idle for too long"), "what?"], ids=str)
async def test_a_reused_connection_that_is_lost_before_the_body_is_replaced_once(place: str, action: Any) -> None:
    async with ScriptedSmtp([FINE, At(place, action)]) as server, SmtpPool(relay(server)) as pool:
        await outcome(pool)
        ledger = Ledger()

        assert str(await outcome(pool, ledger)).startswith("250")
        assert ledger.announced == 1
        assert server.opened == 2
        assert len(server.accepted) == 2


async def test_it_is_not_replaced_twice() -> None:
    async with ScriptedSmtp([FINE, At("mail", DROP), At("mail", DROP)]) as server, SmtpPool(relay(server)) as pool:
        await outcome(pool)

        assert isinstance(await outcome(pool), Unavailable)
        assert server.opened == 2


async def test_a_reused_connection_lost_after_the_body_is_not_replaced() -> None:
    async with ScriptedSmtp([FINE, At("dot", DROP)]) as server, SmtpPool(relay(server)) as pool:
        await outcome(pool)

        assert isinstance(await outcome(pool), Unknown)
        assert len(server.bodies) == 2


@pytest.mark.parametrize("action", ["421 4.3.2 closing", Bye("421 4.3.2 closing"), "451 4.3.0 not now"], ids=str)
async def test_a_body_is_never_announced_twice(action: Any) -> None:
    async with ScriptedSmtp([FINE, At("dot", action)]) as server, SmtpPool(relay(server)) as pool:
        await outcome(pool)
        ledger = Ledger()

        assert isinstance(await outcome(pool, ledger), Unavailable)
        assert ledger.announced == 1
        assert server.opened == 1


@pytest.mark.parametrize("reply", ["550 5.1.1 unknown", "450 4.7.1 greylisted"])
async def test_a_reply_is_not_asked_for_twice(reply: str) -> None:
    async with ScriptedSmtp([FINE, At("rcpt", reply)]) as server, SmtpPool(relay(server)) as pool:
        await outcome(pool)

        assert isinstance(await outcome(pool), ChannelError)
        assert server.opened == 1


@pytest.mark.parametrize("answer", [DROP, HANG, "502 5.5.1 no such command", "what?"], ids=str)
async def test_clearing_the_last_envelope_decides_nothing(answer: Any) -> None:
    script = [At("rcpt", "550 5.1.1 unknown")]
    async with ScriptedSmtp(script, connections=[At("rset", answer)]) as server, SmtpPool(relay(server)) as pool:
        assert isinstance(await outcome(pool), Refused)

        assert str(await outcome(pool)).startswith("250")
        assert server.opened == 2


async def test_letters_share_a_connection_one_after_the_other() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        for _ in range(5):
            await outcome(pool)

        assert server.opened == 1
        assert len(server.accepted) == 5


async def test_letters_at_the_same_time_use_several_connections_up_to_the_size() -> None:
    async with ScriptedSmtp(latency=0.005) as server, SmtpPool(relay(server, size=3)) as pool:
        await asyncio.gather(*(outcome(pool) for _ in range(12)))

        assert len(server.accepted) == 12
        assert server.most_open == server.opened == 3


async def test_a_connection_is_parted_from_after_its_number_of_letters() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server, letters_per_connection=2)) as pool:
        for _ in range(5):
            await outcome(pool)

        assert [r.connection for r in server.accepted] == [1, 1, 2, 2, 3]
        await server.until(lambda: server.commands.count("QUIT") == 2)


@pytest.mark.parametrize(
    ("limit", "used_until"),
    [
        ({"max_idle": timedelta(seconds=30)}, 29),
        ({"max_age": timedelta(minutes=5), "max_idle": timedelta(hours=1)}, 299),
    ],
)
async def test_a_connection_is_not_used_beyond_its_idle_time_and_age(limit: dict[str, Any], used_until: int) -> None:
    clock = [1000.0]
    async with ScriptedSmtp() as server, SmtpPool(relay(server, **limit), now=lambda: clock[0]) as pool:
        await outcome(pool)
        clock[0] += used_until
        await outcome(pool)
        assert server.opened == 1
        clock[0] += 30

        await outcome(pool)
        assert server.opened == 2


async def test_a_connection_the_server_closed_meanwhile_is_not_used() -> None:
    async with ScriptedSmtp([At("dot", Bye("250 2.0.0 Ok"))]) as server, SmtpPool(relay(server)) as pool:
        await outcome(pool)
        await server.until(lambda: server.open_now == 0)

        assert str(await outcome(pool)).startswith("250")
        assert server.opened == 2


@pytest.mark.parametrize("answer", [DROP, HANG, "550 no"], ids=str)
async def test_quit_decides_nothing(answer: Any) -> None:
    async with ScriptedSmtp(connections=[At("quit", answer)]) as server:
        async with SmtpPool(relay(server)) as pool:
            reply = await outcome(pool)

        assert str(reply).startswith("250")
        await server.until(lambda: server.open_now == 0)


async def test_a_closed_pool_takes_nothing() -> None:
    async with ScriptedSmtp() as server:
        async with SmtpPool(relay(server)) as pool:
            pass

        assert isinstance(await outcome(pool), Unavailable)
        assert server.opened == 0


async def test_a_letter_on_its_way_is_finished_when_the_pool_closes() -> None:
    async with ScriptedSmtp([At("dot", Slow(0.05, "250 2.0.0 Ok"))]) as server:
        pool = SmtpPool(relay(server))
        sending = asyncio.create_task(outcome(pool))
        await server.until(lambda: bool(server.bodies))
        await pool.close()

        assert str(await sending).startswith("250")
        await server.until(lambda: server.open_now == 0)
