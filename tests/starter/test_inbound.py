"""Mail is taken by SMTP, LMTP or from a mailbox; whoever is told 250 knows that it is on disk, and twice is once."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from domain.return_addresses import BOUNCES, LEAVING, return_address
from records.models import Inbox, InboxMail
from records.session import Database
from settings import SettingsError, load
from starter import inbound_smtp
from starter.inbound import Receiving
from starter.inbound_imap import Account, Unreachable, keep_looking, look
from starter.inbound_smtp import Doors, Listener
from starter.waker import Waker
from tests.databases import lay_down
from tests.imap_server import ImapAccount, imap_server

pytestmark = pytest.mark.system

HOST, SECRET, ID = "in.acme.example", "s", "00" * 16
BACK, LEAVE = (return_address(way, ID, SECRET, HOST) for way in (BOUNCES, LEAVING))
DOORS = Doors(HOST, [SECRET], frozenset({"fbl@acme.example"}))
MAIL = b"From: ann@customer.example\r\nSubject: Hi\r\n\r\n.Hello\r\n"


async def nowhere() -> Any:
    raise OSError("Temporal is away")


class Kept:
    """An inbox on disk, and what is in it."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/inbox.db"
        lay_down("inbox", url)
        self.database = Database(url)
        self.receiving = Receiving(self.database, Waker(nowhere), DOORS)

    def rows(self) -> list[Inbox]:
        return list(self.database.read_now(lambda session: session.exec(select(Inbox).order_by(Inbox.id)).all()))  # type: ignore[arg-type]

    def raw(self) -> list[bytes]:
        return [row.raw for row in self.database.read_now(lambda session: session.exec(select(InboxMail)).all())]


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    inbox = Kept(tmp_path)
    yield inbox
    inbox.database.close()


@asynccontextmanager
async def listening(keep: inbound_smtp.Keep, lmtp: str = "", most: int = 100_000) -> AsyncIterator[tuple[str, int]]:
    async with Listener(DOORS, keep, most, "127.0.0.1", 0, lmtp) as listener:
        host, _, port = listener.where["smtp"].partition(":")
        yield host, int(port)


async def say(place: tuple[str, int], does: Callable[[smtplib.SMTP], Any]) -> Any:
    def talk() -> Any:
        with smtplib.SMTP(*place, timeout=20) as client:
            return does(client)

    return await asyncio.to_thread(talk)


async def test_mail_that_is_answered_with_250_is_on_disk_and_twice_is_once(kept: Kept) -> None:
    async with listening(kept.receiving.keep) as place:
        for _ in range(2):
            await say(place, lambda client: client.sendmail("", [BACK.upper()], MAIL))
        await say(place, lambda client: client.sendmail("ann@customer.example", [BACK], MAIL))

    first, second = kept.rows()
    assert first.body == {"from": "", "to": [BACK], "bytes": len(MAIL), "leaves": []}
    assert (first.kind, first.source, first.urgent, second.urgent) == ("mail", "smtp", True, False)
    assert kept.raw() == [MAIL, MAIL]


async def test_whoever_writes_to_leave_has_left_from_then_on(kept: Kept) -> None:
    async with listening(kept.receiving.keep) as place:
        await say(place, lambda client: client.sendmail("ann@customer.example", [LEAVE], MAIL))

    [row] = kept.rows()
    assert (row.urgent, row.body["leaves"]) == (True, [ID])


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (BACK, 250),
        (LEAVE, 250),
        ("FBL@acme.example", 250),
        (f"postmaster@{HOST}", 250),
        (f"ann@{HOST}", 550),
        (return_address(BOUNCES, ID, "forged", HOST), 550),
        (BACK.replace(HOST, "other.example"), 550),
        ("ann@customer.example", 550),
    ],
)
async def test_only_our_own_addresses_are_taken(kept: Kept, address: str, code: int) -> None:
    def ask(client: smtplib.SMTP) -> int:
        client.ehlo()
        client.mail("ann@customer.example")
        return client.rcpt(address)[0]

    async with listening(kept.receiving.keep) as place:
        assert await say(place, ask) == code
    assert kept.rows() == []


async def test_what_cannot_be_kept_is_put_off(kept: Kept) -> None:
    async def full(raw: bytes, sender: str | None, to: Sequence[str], via: str, leaves: Sequence[str]) -> bool:
        raise OSError("disk full")

    async with listening(full) as place:
        with pytest.raises(smtplib.SMTPDataError) as put_off:
            await say(place, lambda client: client.sendmail("", [BACK], MAIL))
    assert put_off.value.smtp_code == 451


async def test_what_is_too_large_is_refused_and_long_lines_are_not(kept: Kept) -> None:
    async with listening(kept.receiving.keep) as place:
        with pytest.raises(smtplib.SMTPException):
            await say(place, lambda client: client.sendmail("", [BACK], MAIL + b"x" * 990 * 200))
        await say(place, lambda client: client.sendmail("", [BACK], MAIL + b"y" * 50_000))
    [raw] = kept.raw()
    assert len(raw) > 50_000


async def test_lmtp_answers_for_every_recipient(kept: Kept, tmp_path: Path) -> None:
    socket_path = str(tmp_path / "lmtp")
    async with listening(kept.receiving.keep, lmtp=socket_path):

        def talk() -> list[int]:
            with smtplib.LMTP(socket_path) as client:
                client.ehlo()
                client.mail("")
                assert [client.rcpt(each)[0] for each in (BACK, "who@x.example", LEAVE)] == [250, 550, 250]
                first, _ = client.data(MAIL)
                return [first, client.getreply()[0]]

        assert await asyncio.to_thread(talk) == [250, 250]
    [row] = kept.rows()
    assert (row.source, row.body["to"]) == ("lmtp", sorted([BACK, LEAVE]))


async def test_too_many_conversations_at_once_are_asked_to_come_back(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound_smtp, "MOST_CONVERSATIONS", 1)
    async with listening(kept.receiving.keep) as place:

        def talk() -> list[bytes]:
            with socket.create_connection(place) as first:
                greeting = first.recv(3)
                with socket.create_connection(place) as second:
                    return [greeting, second.recv(3)]

        assert await asyncio.to_thread(talk) == [b"220", b"421"]


def account(port: int, **more: Any) -> Account:
    fields: dict[str, Any] = {"host": "127.0.0.1", "port": port, "tls": "none", "user": "crm", "password": "right"}
    return Account(**(fields | more))


class Taken:
    def __init__(self, dies_at: int = 0) -> None:
        self.mail: list[tuple[bytes, str | None, list[str]]] = []
        self.dies_at = dies_at

    def __call__(self, raw: bytes, sender: str | None, to: list[str]) -> bool:
        self.mail.append((raw, sender, to))
        if len(self.mail) == self.dies_at:
            raise OSError("killed")
        return True


DELIVERED = f"Return-Path: <>\r\nDelivered-To: {BACK}\r\n".encode() + MAIL


@pytest.mark.parametrize("can_move", [True, False])
@pytest.mark.parametrize("done", ["", "Done"])
def test_a_mailbox_is_emptied_once(can_move: bool, done: str) -> None:
    there, taken = ImapAccount(can_move=can_move), Taken()
    there.put(DELIVERED)
    there.put(MAIL)
    with imap_server(there) as port:
        assert [look(account(port, done=done), taken) for _ in range(2)] == [2, 0]

    assert taken.mail == [(DELIVERED, "", [BACK]), (MAIL, None, [])]
    assert there.unseen() == []
    assert len(there.folders["Done"]) == (2 if done else 0)
    assert "BODY[]" not in " ".join(there.asked), "only peeked at: fetching marks nothing"


def test_who_dies_between_taking_and_marking_fetches_it_again() -> None:
    there, taken = ImapAccount(), Taken(dies_at=2)
    for _ in range(3):
        there.put(DELIVERED)
    with imap_server(there) as port:
        with pytest.raises(Unreachable):
            look(account(port), taken)
        assert there.unseen() == [2, 3]
        look(account(port), taken)

    assert len(taken.mail) == 4
    assert there.unseen() == []


def test_a_server_that_hangs_up_leaves_what_it_has_unmarked() -> None:
    there, taken = ImapAccount(hang_up_at="UID STORE"), Taken()
    there.put(DELIVERED)
    with imap_server(there) as port, pytest.raises(Unreachable):
        look(account(port), taken)
    assert there.unseen() == [1]


def test_a_mail_over_the_limit_is_marked_and_not_taken() -> None:
    there, taken = ImapAccount(), Taken()
    there.put(DELIVERED * 100)
    with imap_server(there) as port:
        look(account(port, most_bytes=500), taken)
    assert (taken.mail, there.unseen()) == ([], [])


def test_looking_goes_on_whatever_happened_to_one_look() -> None:
    there, stop, taken = ImapAccount(), threading.Event(), Taken()
    there.put(DELIVERED)

    def take(raw: bytes, sender: str | None, to: list[str]) -> bool:
        taken(raw, sender, to)
        if len(taken.mail) == 1:
            raise RuntimeError("the database is closed")
        stop.set()
        return True

    with imap_server(there) as port:
        keep_looking(account(port, every=0.01), take, stop)
    assert len(taken.mail) == 2


@pytest.mark.parametrize("more", [{"password": "wrong"}, {"port": 1}])
def test_a_mailbox_out_of_reach_says_nothing_of_anybody(more: dict[str, Any]) -> None:
    with imap_server(ImapAccount()) as port, pytest.raises(Unreachable) as away:
        look(account(port, **more) if "port" not in more else account(**more), Taken())
    assert "wrong" not in str(away.value)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"RAPPORT_INBOUND_LMTP": "here"}, "RAPPORT_INBOUND_LMTP: 'here' is no port and no path"),
        ({"RAPPORT_INBOUND_MAILBOXES": "fbl"}, "RAPPORT_INBOUND_MAILBOXES: 'fbl' is no address"),
        ({"RAPPORT_IMAP_HOST": "imap.example"}, "RAPPORT_IMAP_HOST: is set, but nobody logs in there"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(environ)
    assert said in str(refused.value)
