"""The pool against a server that misbehaves as told: what each failure means, and what becomes of the connection."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.base import ChannelError, Envelope, Refused, SenderFault, Unavailable, Unknown
from channels.smtp import Relay, SmtpPool
from tests.scripted_smtp import DROP, FINE, HANG, At, Bye, ScriptedSmtp, Slow

pytestmark = pytest.mark.system

LETTER = Envelope("bounce@shop.test", "ada@example.test", b"Subject: hello\r\n\r\nGood day\r\n.hidden dot\r\n")


class Ledger:
    """Counts how often the body was announced, and may refuse or be slow."""

    def __init__(self, then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.announced = 0
        self.then = then

    async def before_body(self) -> None:
        self.announced += 1
        if self.then is not None:
            await self.then()


def relay(server: ScriptedSmtp, **changes: Any) -> Relay:
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "local_hostname": "worker.shop.test",
        # Short only where the server never answers: a busy machine must not look like a dead one.
        **dict.fromkeys(("connect_timeout", "command_timeout", "reply_timeout"), 0.4 if hangs(server) else 20),
    }
    return Relay(**settings | changes)


def hangs(server: ScriptedSmtp) -> bool:
    return any(fault.action is HANG for fault in (*server.script, *server.connections))


async def outcome(pool: SmtpPool, ledger: Ledger | None = None, letter: Envelope = LETTER) -> ChannelError | str:
    try:
        return (await pool.send(letter, (ledger or Ledger()).before_body)).reply
    except ChannelError as error:
        return error


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
    (At("mail", "451 4.3.0 later"), Unavailable, 0, True),
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
    (At("mail", "421 4.3.2 closing"), Unavailable, 0, False),
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


CONNECTION_FAULTS = [
    (At("greeting", "421 4.3.2 too busy"), {}, Unavailable),
    (At("greeting", "554 5.7.1 go away"), {}, SenderFault),
    (At("greeting", DROP), {}, Unavailable),
    (At("greeting", HANG), {}, Unavailable),
    (At("greeting", "SSH-2.0-OpenSSH_9.6"), {}, Unavailable),
    (At("ehlo", "550 5.7.1 bad name"), {}, SenderFault),
    (At("ehlo", DROP), {}, Unavailable),
    (At("ehlo", HANG), {}, Unavailable),
    (At("auth", "454 4.7.0 temporary authentication failure"), {"username": "u", "password": "p"}, Unavailable),
    (At("auth", "535 5.7.8 wrong password"), {"username": "u", "password": "p"}, SenderFault),
    (At("auth", DROP), {"username": "u", "password": "p"}, Unavailable),
]


@pytest.mark.parametrize(("fault", "settings", "kind"), CONNECTION_FAULTS, ids=str)
async def test_a_connection_that_cannot_be_made_burns_no_contact(
    fault: At, settings: dict[str, Any], kind: type[ChannelError]
) -> None:
    server = ScriptedSmtp(connections=[fault], extensions=["AUTH PLAIN"])
    async with server, SmtpPool(relay(server, **settings)) as pool:
        ledger = Ledger()

        assert type(await outcome(pool, ledger)) is kind
        assert ledger.announced == 0
        assert str(await outcome(pool)).startswith("250")


async def test_a_port_nobody_listens_on_is_unavailable() -> None:
    async with ScriptedSmtp() as server:
        gone = relay(server)
    async with SmtpPool(gone) as pool:
        error = await outcome(pool)

    assert isinstance(error, Unavailable)
    assert f"127.0.0.1:{gone.port}" in str(error)


async def test_a_login_nobody_offers_is_our_fault() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server, username="u", password="p")) as pool:
        assert isinstance(await outcome(pool), SenderFault)


async def test_starttls_that_is_not_offered_stops_the_channel_before_anything_is_said() -> None:
    async with ScriptedSmtp(extensions=["AUTH PLAIN"]) as server:
        async with SmtpPool(relay(server, tls="starttls", username="u", password="p")) as pool:
            assert isinstance(await outcome(pool), SenderFault)

        assert [c.split()[0] for c in server.commands] == ["EHLO"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    what = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        ["openssl", *what.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_tls_is_used_as_stated_and_only_with_a_certificate_that_is_trusted(mode: str, certificate: Path) -> None:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    login = {"username": "u", "password": "p", "host": "localhost", "tls": mode}
    server = ScriptedSmtp(extensions=["AUTH PLAIN"], tls=ours, implicit_tls=mode == "tls")
    async with server, SmtpPool(relay(server, **login, connect_timeout=5)) as pool:
        assert isinstance(await outcome(pool), SenderFault)
        assert not any(command.startswith("AUTH") for command in server.commands)
    async with server, SmtpPool(relay(server, **login, tls_context=trusting, connect_timeout=5)) as pool:
        assert str(await outcome(pool)).startswith("250")


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
