"""What stands between us and the first envelope: the port, the greeting, TLS, the login."""

import ssl
from typing import Any

import pytest

from channels.base import Away, ChannelError, SenderFault
from channels.smtp import SmtpPool
from tests.certificates import certificate
from tests.channels.letters import Ledger, outcome, relay
from tests.scripted_smtp import DROP, HANG, At, ScriptedSmtp

pytestmark = pytest.mark.system


CONNECTION_FAULTS = [
    (At("greeting", "421 4.3.2 too busy"), {}, Away),
    (At("greeting", "554 5.7.1 go away"), {}, SenderFault),
    (At("greeting", DROP), {}, Away),
    (At("greeting", HANG), {}, Away),
    (At("greeting", "SSH-2.0-OpenSSH_9.6"), {}, Away),
    (At("greeting", "250 Gr\udcfc\udcdfe\0"), {}, Away),  # bytes that are no UTF-8
    (At("ehlo", "550 5.7.1 bad name"), {}, SenderFault),
    (At("ehlo", DROP), {}, Away),
    (At("ehlo", HANG), {}, Away),
    (At("auth", "454 4.7.0 temporary authentication failure"), {"username": "u", "password": "p"}, Away),
    (At("auth", "535 5.7.8 wrong password"), {"username": "u", "password": "p"}, SenderFault),
    (At("auth", DROP), {"username": "u", "password": "p"}, Away),
]


@pytest.mark.parametrize(("fault", "settings", "kind"), CONNECTION_FAULTS, ids=str)
async def test_a_connection_that_cannot_be_made_burns_no_contact(
    fault: At, settings: dict[str, Any], kind: type[ChannelError]
) -> None:
    server = ScriptedSmtp(connections=[fault], extensions=["AUTH PLAIN"])
    async with server, SmtpPool(relay(server, **settings)) as pool:
        ledger = Ledger()

        error = await outcome(pool, ledger)
        assert type(error) is kind
        assert str(error).encode().count(b"\0") == 0, "it can be kept"
        assert ledger.announced == 0
        assert str(await outcome(pool)).startswith("250")


async def test_a_port_nobody_listens_on_is_away() -> None:
    async with ScriptedSmtp() as server:
        gone = relay(server)
    async with SmtpPool(gone) as pool:
        error = await outcome(pool)

    assert isinstance(error, Away)
    assert f"127.0.0.1:{gone.port}" in str(error)


async def test_a_login_nobody_offers_is_our_fault() -> None:
    async with ScriptedSmtp() as server, SmtpPool(relay(server, username="u", password="p")) as pool:
        assert isinstance(await outcome(pool), SenderFault)


async def test_starttls_that_is_not_offered_stops_the_channel_before_anything_is_said() -> None:
    async with ScriptedSmtp(extensions=["AUTH PLAIN"]) as server:
        async with SmtpPool(relay(server, tls="starttls", username="u", password="p")) as pool:
            assert isinstance(await outcome(pool), SenderFault)

        assert [c.split()[0] for c in server.commands] == ["EHLO"]


@pytest.mark.parametrize("mode", ["starttls", "tls"])
async def test_tls_is_used_as_stated_and_only_with_a_certificate_that_is_trusted(mode: str) -> None:
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate())
    trusting = ssl.create_default_context(cafile=str(certificate()))
    login = {"username": "u", "password": "p", "host": "localhost", "tls": mode}
    server = ScriptedSmtp(extensions=["AUTH PLAIN"], tls=ours, implicit_tls=mode == "tls")
    async with server, SmtpPool(relay(server, **login, connect_timeout=5)) as pool:
        assert isinstance(await outcome(pool), SenderFault)
        assert not any(command.startswith("AUTH") for command in server.commands)
    async with server, SmtpPool(relay(server, **login, tls_context=trusting, connect_timeout=5)) as pool:
        assert str(await outcome(pool)).startswith("250")
