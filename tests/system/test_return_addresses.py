"""Where mail about a message comes back to: the envelope sender, the way out by mail, answers, delivery reports."""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path

import pytest

from channels.smtp import SmtpPool
from domain.keys import mail_token
from domain.return_addresses import Returned, read_return_address
from rendering.process import Renderer
from tests.channels.letters import relay
from tests.scripted_smtp import ScriptedSmtp
from tests.system.counter import SECRET, counter

pytestmark = pytest.mark.system

ANN = "ann@customer.example"
HOST = "in.acme.example"


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer() as renderer:
        yield renderer


async def sent(
    folder: Path, renderer: Renderer, sequence: str, server: ScriptedSmtp, host: str = HOST
) -> tuple[str, str, Mail]:
    """Send the first message of a sequence; return its id, its envelope sender, and the mail."""
    async with SmtpPool(relay(server)) as pool, counter(folder, pool, renderer, inbound_host=host) as desk:
        desk.arrive(sequence, ANN)
        await desk.send(sequence, ANN)
        (got,) = server.accepted
        return desk.message(ANN).id, got.sender, message_from_bytes(got.body, policy=default)


@pytest.mark.parametrize("sequence", ["news", "receipt"])
async def test_bounces_come_back_to_an_address_that_names_the_message(
    tmp_path: Path, renderer: Renderer, sequence: str
) -> None:
    async with ScriptedSmtp() as server:
        id, sender, mail = await sent(tmp_path, renderer, sequence, server)

    assert read_return_address(sender, HOST, [SECRET]) == Returned("b", id)
    assert mail["From"] == "Mira <hello@acme.example>"


async def test_marketing_can_be_left_by_mail_with_the_web_address_first(tmp_path: Path, renderer: Renderer) -> None:
    async with ScriptedSmtp() as server:
        id, _, mail = await sent(tmp_path, renderer, "news", server)

    web, by_mail = mail["List-Unsubscribe"].split(", ")
    assert web.startswith("<https://acme.example/u/")
    assert read_return_address(by_mail.removeprefix("<mailto:").removesuffix(">"), HOST, [SECRET]) == Returned("u", id)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_nobody_leaves_what_is_no_marketing(tmp_path: Path, renderer: Renderer) -> None:
    async with ScriptedSmtp() as server:
        _, _, mail = await sent(tmp_path, renderer, "receipt", server)

    assert mail["List-Unsubscribe"] is None


async def test_without_a_host_that_reads_mail_bounces_go_to_whom_it_is_from(tmp_path: Path, renderer: Renderer) -> None:
    async with ScriptedSmtp(extensions=["DSN"]) as server:
        _, sender, mail = await sent(tmp_path, renderer, "news", server, host="")

    assert sender == "hello@acme.example"
    assert "mailto:" not in mail["List-Unsubscribe"]
    assert not any("ENVID" in command for command in server.commands)


async def test_a_server_that_offers_reports_is_asked_for_those_that_matter(tmp_path: Path, renderer: Renderer) -> None:
    async with ScriptedSmtp(extensions=["DSN"]) as server:
        id, _, _ = await sent(tmp_path, renderer, "news", server)

    (begun,) = [command for command in server.commands if command.startswith("MAIL")]
    (named,) = [command for command in server.commands if command.startswith("RCPT")]
    assert begun.endswith(f" RET=HDRS ENVID={mail_token(id, SECRET)}")
    assert named == f"RCPT TO:<{ANN}> NOTIFY=FAILURE,DELAY ORCPT=rfc822;{ANN}"


async def test_a_server_that_does_not_is_asked_for_nothing(tmp_path: Path, renderer: Renderer) -> None:
    async with ScriptedSmtp() as server:
        await sent(tmp_path, renderer, "news", server)

    assert not any("ENVID" in command or "NOTIFY" in command for command in server.commands)
