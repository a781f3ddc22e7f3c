"""One letter against a server that misbehaves as told: what each failure means, and what becomes of the connection."""

import asyncio

import pytest

from channels.base import Away, ChannelError, Envelope, Refused, SenderFault, Unavailable, Unknown
from channels.smtp import SmtpPool
from tests.channels.letters import LETTER, Ledger, outcome, relay
from tests.scripted_smtp import DROP, FINE, HANG, At, Bye, ScriptedSmtp, Slow

pytestmark = pytest.mark.system


async def test_a_letter_arrives_byte_for_byte_and_is_known_by_the_relays_name() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        accepted = await pool.send(LETTER, Ledger().before_body)

        assert accepted.reply == "250 2.0.0 Ok: queued as SCRIPT0001"
        assert accepted.provider_id == "SCRIPT0001"
        assert [(r.sender, r.recipient, r.body) for r in server.accepted] == [
            (LETTER.sender, LETTER.recipient, LETTER.body)
        ]
        assert "EHLO worker.shop.test" in server.commands


async def test_bare_line_feeds_leave_as_crlf() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        await pool.send(Envelope("", "ada@example.test", b"A: b\n\n.\nend"), Ledger().before_body)

        assert server.bodies == [b"A: b\r\n\r\n.\r\nend\r\n"]
        assert server.received[0].sender == ""


async def test_the_body_is_announced_once_after_354_and_before_its_first_byte() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        seen: list[tuple[str, int]] = []

        async def look() -> None:
            await asyncio.sleep(0.02)
            seen.append((server.commands[-1], len(server.begun)))

        ledger = Ledger(look)
        await pool.send(LETTER, ledger.before_body)

        assert seen == [("DATA", 0)]
        assert ledger.announced == 1


FAULTS = [
    (At("mail", "451 4.3.0 later"), Away, 0, True),
    (At("rcpt", "450 4.7.1 greylisted"), Unavailable, 0, True),
    (At("data", "451 4.3.0 not now"), Unavailable, 0, True),
    (At("dot", "451 4.3.0 not now"), Unavailable, 1, True),
    (At("dot", "454 Throttling failure: Maximum sending rate exceeded."), Unavailable, 1, True),
    (At("mail", "553 5.1.8 your domain does not exist"), SenderFault, 0, True),
    (At("rcpt", "550 5.1.1 no such user"), Refused, 0, True),
    (At("rcpt", "550-5.1.1 no\r\n550 5.1.1 such user"), Refused, 0, True),
    (At("data", "554 5.7.1 you are on a list"), SenderFault, 0, True),
    (At("dot", "550 5.2.3 too long for this mailbox"), Refused, 1, True),
    (At("dot", "550 5.7.26 unauthenticated"), SenderFault, 1, True),
    (At("mail", "421 4.3.2 closing"), Away, 0, False),
    (At("rcpt", Bye("421 4.3.2 closing")), Unavailable, 0, False),
    (At("data", Bye("421 4.3.2 closing")), Unavailable, 0, False),
    (At("dot", "421 4.3.2 closing"), Unavailable, 1, False),
    (At("mail", DROP), Unavailable, 0, False),
    (At("rcpt", DROP), Unavailable, 0, False),
    (At("data", DROP), Unavailable, 0, False),
    (At("mail", HANG), Unavailable, 0, False),
    (At("data", HANG), Unavailable, 0, False),
    (At("mail", "what?"), Unavailable, 0, False),
    (At("rcpt", "354 eager"), Unavailable, 0, False),
    (At("data", "250 strange"), Unavailable, 0, False),
    (At("rcpt", "250 2.1.5 ok\r\n354 too early"), Unavailable, 0, False),
    (At("data", "354 go on\r\n250 2.0.0 answered before the body"), Unavailable, 0, False),
    (At("body", DROP), Unknown, 1, False),
    (At("dot", DROP), Unknown, 1, False),
    (At("dot", HANG), Unknown, 1, False),
    (At("dot", "what?"), Unknown, 1, False),
    (At("dot", "354 more?"), Unknown, 1, False),
    (At("dot", Bye("250-2.0.0 half an answer")), Unknown, 1, False),
]


@pytest.mark.parametrize(("fault", "kind", "announced", "kept"), FAULTS, ids=str)
async def test_each_failure_is_one_decision(fault: At, kind: type[ChannelError], announced: int, kept: bool) -> None:
    async with ScriptedSmtp([fault]) as server, SmtpPool(relay(server)) as pool:
        ledger = Ledger()

        assert type(await outcome(pool, ledger)) is kind
        assert ledger.announced == announced
        assert server.accepted == []

        # The next letter is not disturbed; it goes over the same connection exactly if that one was in step.
        assert str(await outcome(pool)).startswith("250")
        assert server.opened == (1 if kept else 2)


async def test_a_ledger_that_cannot_commit_keeps_the_body_back() -> None:
    async def fail() -> None:
        raise ConnectionError("database is gone")

    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        with pytest.raises(ConnectionError, match="database is gone"):
            await pool.send(LETTER, Ledger(fail).before_body)
        await server.until(lambda: server.open_now == 0)

        assert server.begun == []


async def test_a_channel_error_of_the_ledgers_own_comes_out_unchanged() -> None:
    async def withhold() -> None:
        raise Refused("withdrawn a moment ago")

    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        assert str(await outcome(pool, Ledger(withhold))) == "withdrawn a moment ago"
        await server.until(lambda: server.open_now == 0)
        assert server.begun == []


@pytest.mark.parametrize("letters_before", [0, 1])
async def test_a_server_that_hangs_up_during_the_commit_has_accepted_nothing(letters_before: int) -> None:
    script = [FINE] * letters_before + [At("data", Bye("354 go on"))]
    async with ScriptedSmtp(script) as server, SmtpPool(relay(server)) as pool:
        for _ in range(letters_before):
            await outcome(pool)

        async def slow_commit() -> None:
            await server.until(lambda: server.open_now == 0)
            await asyncio.sleep(0.02)

        ledger = Ledger(slow_commit)

        assert isinstance(await outcome(pool, ledger), Unavailable)
        assert ledger.announced == 1
        assert len(server.begun) == letters_before


@pytest.mark.parametrize("place", ["mail", "data", "dot"])
async def test_a_cancelled_send_closes_its_connection(place: str) -> None:
    async with ScriptedSmtp([At(place, HANG)]) as server, SmtpPool(relay(server, reply_timeout=30)) as pool:
        sending = asyncio.create_task(pool.send(LETTER, Ledger().before_body))
        verb = {"mail": "MAIL", "data": "DATA", "dot": "DATA"}[place]
        await server.until(lambda: any(c.startswith(verb) for c in server.commands))
        if place == "dot":
            await server.until(lambda: bool(server.bodies))
        sending.cancel()

        with pytest.raises(asyncio.CancelledError):
            await sending
        await server.until(lambda: server.open_now == 0)
        assert str(await outcome(pool)).startswith("250")


async def test_a_late_answer_to_a_cancelled_letter_is_not_taken_for_the_next_ones() -> None:
    script = [At("dot", Slow(0.1, "250 2.0.0 Ok: queued as LATE")), At("dot", "550 5.2.3 too long")]
    async with ScriptedSmtp(script) as server, SmtpPool(relay(server)) as pool:
        sending = asyncio.create_task(pool.send(LETTER, Ledger().before_body))
        await server.until(lambda: bool(server.bodies))
        sending.cancel()
        await asyncio.wait([sending])

        assert isinstance(await outcome(pool), Refused)


async def test_an_address_that_is_none_is_refused_without_a_connection() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        for bad in (
            "",
            "ada",
            "ada@x.test> SIZE=1",
            "ada@x.test\r\nRCPT TO:<eve@x.test>",
            "Ada <ada@x.test>",
            "a@\ud800",
        ):
            error = await outcome(pool, letter=Envelope(LETTER.sender, bad, LETTER.body))
            assert isinstance(error, Refused)
            assert error.suppress
        error = await outcome(pool, letter=Envelope("bounce shop.test", LETTER.recipient, LETTER.body))

        assert isinstance(error, SenderFault)
        assert server.opened == 0


async def test_an_address_beyond_ascii_needs_a_relay_that_takes_it() -> None:
    letter = Envelope(LETTER.sender, "jürgen@example.test", LETTER.body)
    async with ScriptedSmtp() as server, SmtpPool(relay(server)) as pool:
        assert str(await outcome(pool, letter=letter)).startswith("250")
        assert server.accepted[0].recipient == letter.recipient
    async with ScriptedSmtp(extensions=()) as server, SmtpPool(relay(server)) as pool:
        error = await outcome(pool, letter=letter)
        assert isinstance(error, Refused)
        assert not error.suppress
        assert str(await outcome(pool)).startswith("250")
        assert server.opened == 1
