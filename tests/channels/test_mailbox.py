"""The local mail server, in this process and as one of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from channels.base import Envelope, Unavailable, Unknown
from channels.mailbox import CannotStart, Mailbox, MailServer
from channels.smtp import Relay, SmtpPool

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


async def nothing() -> None:
    pass


def letter(to: str = "ada@example.test", subject: str = "hello", html: str = "") -> Envelope:
    kind = "html" if html else "plain"
    text = f"Subject: {subject}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{html or 'Good day'}\r\n.\r\n"
    return Envelope("b+1@shop.test", to, text.encode())


def pool(smtp_port: int) -> SmtpPool:
    return SmtpPool(
        Relay(host="127.0.0.1", port=smtp_port, tls="none", local_hostname="worker.test", size=4, command_timeout=5)
    )


@asynccontextmanager
async def browser(server: MailServer) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.http_port}", trust_env=False) as client:
        yield client


async def test_mail_is_kept_before_it_is_accepted(tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server, pool(server.smtp_port) as mail:
        accepted = await mail.send(letter(subject="first"), nothing)

        assert accepted.provider_id == "1"
        assert server.mailbox.raw(1) == letter(subject="first").body
        assert [(k.sender, k.recipient, k.subject) for k in server.mailbox.list()] == [
            ("b+1@shop.test", "ada@example.test", "first")
        ]


async def test_many_letters_at_once_are_all_kept(tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server, pool(server.smtp_port) as mail:
        await asyncio.gather(*(mail.send(letter(f"c{n}@example.test"), nothing) for n in range(40)))

        assert {kept.recipient for kept in server.mailbox.list()} == {f"c{n}@example.test" for n in range(40)}
        assert [kept.number for kept in server.mailbox.list()] == list(range(1, 41))


async def test_mail_that_cannot_be_written_is_not_accepted(tmp_path: Path) -> None:
    async with MailServer(tmp_path / "mail") as server, pool(server.smtp_port) as mail:
        (tmp_path / "mail").rename(tmp_path / "gone")

        with pytest.raises(Unavailable, match="cannot be kept"):
            await mail.send(letter(), nothing)


async def test_the_pages_show_the_newest_first_and_each_letter(tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server, pool(server.smtp_port) as mail, browser(server) as pages:
        await mail.send(letter(subject="older <b>"), nothing)
        await mail.send(letter("bob@example.test", "newer"), nothing)

        index = (await pages.get("/")).text
        assert index.index("newer") < index.index("older &lt;b&gt;")
        assert "newer" not in (await pages.get("/", params={"to": "ada@example.test"})).text
        assert "Good day" in (await pages.get("/1")).text
        assert (await pages.get("/1/raw")).content == letter(subject="older <b>").body
        assert (await pages.get("/3")).status_code == 404
        assert (await pages.get("/nowhere")).status_code == 404


async def test_scripts_read_json(tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server, pool(server.smtp_port) as mail, browser(server) as pages:
        await mail.send(letter(subject="one"), nothing)
        await mail.send(letter("bob+x@example.test", "two"), nothing)

        listed = (await pages.get("/messages.json", params={"to": "bob+x@example.test"})).json()
        opened = (await pages.get("/messages/2.json")).json()
        assert [kept["subject"] for kept in listed] == ["two"]
        assert opened | listed[0] == opened
        assert opened["text"].startswith("Good day")
        assert (await pages.get("/messages/3.json")).json() == {"error": f"message 3: is not kept in {tmp_path}"}


async def test_a_letters_html_is_shown_in_a_frame_it_cannot_leave(tmp_path: Path) -> None:
    hostile = '"></iframe><script>alert(1)</script>'
    async with MailServer(tmp_path) as server, pool(server.smtp_port) as mail, browser(server) as pages:
        await mail.send(letter(html=hostile), nothing)
        page = await pages.get("/1")

        assert "<script" not in page.text
        assert "allow-scripts" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "script-src" not in page.headers["content-security-policy"]
        assert (await pages.get("/1/raw")).headers["content-type"].startswith("text/plain")


async def test_the_pages_answer_to_local_names_only(tmp_path: Path) -> None:
    async with MailServer(tmp_path) as server, browser(server) as pages:
        assert (await pages.get("/", headers={"Host": "rebound.example"})).status_code == 400


async def test_a_port_or_folder_that_is_taken_is_named(tmp_path: Path) -> None:
    async with MailServer(tmp_path / "a") as server:
        with pytest.raises(CannotStart, match=rf"127.0.0.1:{server.smtp_port}: the port is taken; .*--smtp-port"):
            await MailServer(tmp_path / "b", smtp_port=server.smtp_port).__aenter__()
        with pytest.raises(CannotStart, match="another mail server"):
            await MailServer(tmp_path / "a").__aenter__()


@asynccontextmanager
async def process(*arguments: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "channels.mailbox"),
        *map(str, arguments),
        cwd=ROOT,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def ports(running: asyncio.subprocess.Process) -> dict[str, int]:
    assert running.stdout is not None
    async with asyncio.timeout(20):
        found: dict[str, int] = json.loads(await running.stdout.readline())
    return found


async def end(running: asyncio.subprocess.Process) -> tuple[int | None, str]:
    async with asyncio.timeout(20):
        _, said = await running.communicate()
    return running.returncode, said.decode()


async def outcome_of(*arguments: str | Path) -> tuple[int | None, str]:
    async with process(*arguments) as running:
        return await end(running)


async def test_what_was_accepted_is_there_after_kill_9_and_numbers_go_on(tmp_path: Path) -> None:
    async with process("--dir", tmp_path) as running, pool((await ports(running))["smtp"]) as mail:
        for n in range(5):
            await mail.send(letter(subject=f"letter {n}"), nothing)
        running.kill()
        await running.wait()
    assert [kept.subject for kept in Mailbox(tmp_path).list()] == [f"letter {n}" for n in range(5)]

    async with process("--dir", tmp_path) as running, pool((await ports(running))["smtp"]) as mail:
        assert (await mail.send(letter(), nothing)).provider_id == "6"


async def test_kill_9_in_the_midst_leaves_no_letter_in_doubt_but_the_unknown(tmp_path: Path) -> None:
    accepted: set[str] = set()
    unknown: set[str] = set()
    enough = asyncio.Event()

    async def send(mail: SmtpPool, to: str) -> None:
        try:
            await mail.send(letter(to), nothing)
            accepted.add(to)
        except Unknown:
            unknown.add(to)
        except Unavailable:
            pass
        if len(accepted) >= 30:
            enough.set()

    async with process("--dir", tmp_path) as running, pool((await ports(running))["smtp"]) as mail:
        sending = [asyncio.create_task(send(mail, f"c{n}@example.test")) for n in range(200)]
        async with asyncio.timeout(20):
            await enough.wait()
            running.kill()
            await asyncio.gather(*sending)

    kept = [letter.recipient for letter in Mailbox(tmp_path).list()]
    assert len(kept) == len(set(kept))
    assert accepted <= set(kept) <= accepted | unknown
    assert len(accepted) < 200


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_asked_even_with_connections_open(tmp_path: Path, sign: signal.Signals) -> None:
    async with process("--dir", tmp_path) as running, pool((await ports(running))["smtp"]) as mail:
        await mail.send(letter(), nothing)
        running.send_signal(sign)

        assert await end(running) == (0, "")


async def test_it_stops_when_its_parent_is_gone(tmp_path: Path) -> None:
    async with process("--dir", tmp_path, "--with-parent") as running:
        await ports(running)
        assert running.stdin is not None
        running.stdin.close()

        assert await end(running) == (0, "")


async def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    async with MailServer(tmp_path / "a") as server:
        port = server.http_port
        status, said = await outcome_of("--dir", tmp_path / "b", "--http-port", str(port))

    assert status == 1
    assert said == f"127.0.0.1:{port}: the port is taken; give another with --http-port, 0 takes a free one\n"
