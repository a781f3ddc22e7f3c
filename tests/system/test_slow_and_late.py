"""A mail server that is slow, and a worker that gives up in the middle: nobody takes the living for dead.

Two attempts at one message, as they come about when an activity is tried again while the first still waits.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from channels.smtp import SmtpPool
from domain.needs import Later, Outcome, Sent
from settings import Settings
from tests.channels.letters import relay
from tests.scripted_smtp import DROP, FINE, At, Held, ScriptedSmtp
from tests.system.counter import Counter, counter
from workflows.options import SENDING, SENDING_HEARTBEAT

pytestmark = pytest.mark.system

ANN = "ann@customer.example"
OK = "250 2.0.0 Ok: queued as LATE"


@dataclass
class Slow:
    """A message on its way, and a server that says its next word when it is told to."""

    desk: Counter
    server: ScriptedSmtp
    word: asyncio.Event
    sequence: str
    attempt: asyncio.Task[dict[str, Outcome]]

    async def again(self) -> Outcome:
        """Let another attempt come."""
        return (await self.desk.send(self.sequence, ANN))[ANN]

    async def at_last(self) -> Outcome:
        """Let the server say its word, and return what the first attempt makes of it."""
        self.word.set()
        return (await self.attempt)[ANN]

    async def give_up(self) -> None:
        """Cancel the first attempt, as Temporal does."""
        self.attempt.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.attempt
        self.word.set()
        await self.server.until(lambda: self.server.open_now == 0)


@contextlib.asynccontextmanager
async def slow(folder: Path, sequence: str = "news", place: str = "dot", reply: str = OK) -> AsyncIterator[Slow]:
    """Yield a message that waits for the server's word at one place."""
    word = asyncio.Event()
    reached = {"mail": "MAIL", "rcpt": "RCPT", "data": "DATA", "dot": "DATA"}[place]
    server = ScriptedSmtp([At(place, Held(word, reply)), FINE])
    async with server, SmtpPool(relay(server)) as pool, counter(folder, pool) as desk:
        desk.arrive(sequence, ANN)
        attempt = asyncio.create_task(desk.send(sequence, ANN))
        await server.until(lambda: any(command.startswith(reached) for command in server.commands))
        if place == "dot":
            await server.until(lambda: bool(server.bodies))
        yield Slow(desk, server, word, sequence, attempt)


@pytest.mark.parametrize("sequence", ["news", "receipt"])
async def test_while_the_lease_runs_a_slow_attempt_is_not_disturbed(sequence: str, tmp_path: Path) -> None:
    async with slow(tmp_path, sequence) as message:
        lease = message.desk.message(ANN).lease_until
        assert lease is not None
        message.desk.wait(lease - timedelta(seconds=1))

        assert await message.again() == Later(lease, "being handed over")
        assert await message.at_last() == Sent("accepted")
        assert await message.again() == Sent("accepted")
        assert len(message.server.bodies) == 1
        assert (message.desk.message(ANN).attempts, message.desk.message(ANN).unknown_at) == (1, None)


@pytest.mark.parametrize("place", ["mail", "rcpt", "data"])
async def test_before_the_body_another_attempt_may_take_over_and_the_slow_one_sends_nothing(
    place: str, tmp_path: Path
) -> None:
    reply = "354 go on" if place == "data" else "250 2.1.0 ok"
    async with slow(tmp_path, place=place, reply=reply) as message:
        assert await message.again() == Sent("accepted")

        assert isinstance(await message.at_last(), Later)
        assert len(message.server.bodies) == 1
        assert message.desk.message(ANN).state == "accepted"


async def test_a_yes_that_comes_after_the_lease_resolves_what_was_unknown(tmp_path: Path) -> None:
    async with slow(tmp_path) as message:
        message.desk.wait(message.desk.now + message.desk.mail.lease)

        assert await message.again() == Sent("unknown")
        assert message.desk.message(ANN).state == "unknown"
        assert await message.at_last() == Sent("accepted")
        row = message.desk.message(ANN)
        assert (row.state, row.reply, row.provider_id) == ("accepted", OK, "LATE")
        assert row.unknown_at is not None
        assert message.desk.did(ANN) == ["unknown"]
        assert len(message.server.bodies) == 1


async def test_a_no_that_comes_after_the_lease_resolves_it_too(tmp_path: Path) -> None:
    async with slow(tmp_path, reply="550 5.1.1 no such user") as message:
        message.desk.wait(message.desk.now + message.desk.mail.lease)
        await message.again()

        assert await message.at_last() == Sent("refused")
        assert message.desk.message(ANN).state == "refused"
        assert message.desk.suppressed(ANN)


async def test_a_later_that_comes_after_the_lease_leaves_it_unknown(tmp_path: Path) -> None:
    async with slow(tmp_path, reply="451 4.3.0 not now") as message:
        message.desk.wait(message.desk.now + message.desk.mail.lease)
        await message.again()

        assert isinstance(await message.at_last(), Later)
        assert message.desk.message(ANN).state == "unknown"
        assert await message.again() == Sent("unknown")


async def test_what_must_arrive_is_repeated_after_the_lease_under_the_same_message_id(tmp_path: Path) -> None:
    async with slow(tmp_path, "receipt") as message:
        message.desk.wait(message.desk.now + message.desk.mail.lease)

        assert await message.again() == Sent("accepted")
        assert isinstance(await message.at_last(), Later)
        row = message.desk.message(ANN)
        assert (row.state, row.attempts) == ("accepted", 2)
        assert [f"Message-ID: {row.message_id}\r\n".encode() in body for body in message.server.bodies] == [True, True]


@pytest.mark.parametrize("place", ["mail", "rcpt", "data"])
async def test_an_attempt_that_is_cancelled_before_the_body_leaves_nothing_behind(place: str, tmp_path: Path) -> None:
    async with slow(tmp_path, place=place) as message:
        await message.give_up()

        assert message.desk.message(ANN).state == "claimed"
        assert await message.again() == Sent("accepted")
        assert len(message.server.bodies) == 1


@pytest.mark.parametrize(("sequence", "fate", "bodies"), [("news", "unknown", 1), ("receipt", "accepted", 2)])
async def test_an_attempt_that_is_cancelled_after_the_body_is_a_death_in_the_window(
    sequence: str, fate: str, bodies: int, tmp_path: Path
) -> None:
    async with slow(tmp_path, sequence) as message:
        await message.give_up()
        lease = message.desk.message(ANN).lease_until
        assert lease is not None

        assert await message.again() == Later(lease, "being handed over")
        message.desk.wait(lease)
        assert await message.again() == Sent(fate)  # type: ignore[arg-type]
        assert len(message.server.bodies) == bodies


async def test_what_must_arrive_is_not_repeated_for_ever(tmp_path: Path) -> None:
    server = ScriptedSmtp([At("dot", DROP)] * 20)
    async with server, SmtpPool(relay(server)) as pool, counter(tmp_path, pool) as desk:
        desk.arrive("receipt", ANN)
        for _ in range(10):
            told = (await desk.send("receipt", ANN))[ANN]
            desk.wait(told.due if isinstance(told, Later) else desk.now)

        assert told == Sent("unknown")
        assert len(server.bodies) == 5


def test_temporal_waits_longer_than_the_slowest_server_that_an_installation_may_wait_for() -> None:
    longest = Settings(smtp_reply_seconds=3600, smtp_lease_seconds=3600)

    assert timedelta(seconds=longest.smtp_reply_seconds + longest.smtp_lease_seconds) < SENDING
    assert timedelta(minutes=1) > SENDING_HEARTBEAT
