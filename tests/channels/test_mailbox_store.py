"""Mail as files: what is kept, and how it is read."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.mailbox_store import FolderInUse, Keeper, Kept, Mailbox, NotKept

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
LETTER = (
    b"From: Shop <hello@shop.test>\r\nTo: ada@example.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Message-ID: <m1@shop.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGood day\r\n"
    b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Good day</p>\r\n--x--\r\n"
)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with contextlib.closing(Keeper(tmp_path / "mail")) as keeper:
        yield keeper


def test_what_is_kept_is_read_back_byte_for_byte(keeper: Keeper) -> None:
    number = keeper.keep("b+1@shop.test", "ada@example.test", LETTER, NOON)

    mailbox = Mailbox(keeper.folder)
    assert mailbox.raw(number) == LETTER
    assert mailbox.list() == [
        Kept(1, NOON, "b+1@shop.test", "ada@example.test", "Grüße", "<m1@shop.test>", len(LETTER))
    ]


def test_pictures_that_came_with_a_letter_are_shown_in_its_page(keeper: Keeper) -> None:
    raw = (
        b"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
        b'Content-Type: text/html\r\n\r\n<img src="cid:a@shop.test"><img src="cid:b@shop.test">\r\n'
        b"--x\r\nContent-Type: image/gif\r\nContent-ID: <a@shop.test>\r\n\r\nGIF89a\r\n--x--\r\n"
    )

    opened = Mailbox(keeper.folder).get(keeper.keep("", "ada@example.test", raw, NOON))

    assert opened.page == '<img src="data:image/gif;base64,R0lGODlh"><img src="cid:b@shop.test">'
    assert opened.html == '<img src="cid:a@shop.test"><img src="cid:b@shop.test">'


def test_a_letter_is_taken_apart_for_reading(keeper: Keeper) -> None:
    opened = Mailbox(keeper.folder).get(keeper.keep("", "ada@example.test", LETTER, NOON))

    assert ("Subject", "Grüße") in opened.headers
    assert opened.text == "Good day"
    assert opened.html == "<p>Good day</p>"
    assert opened.attachments == []
    assert opened.as_json()["received_at"] == "2026-03-27T12:00:00Z"


def test_the_list_grows_while_it_is_read_and_can_be_asked_for_one_address(keeper: Keeper) -> None:
    mailbox = Mailbox(keeper.folder)
    assert mailbox.list() == []

    keeper.keep("", "ada@example.test", LETTER, NOON)
    keeper.keep("", "bob@example.test", LETTER, NOON)

    assert [kept.recipient for kept in mailbox.list()] == ["ada@example.test", "bob@example.test"]
    assert [kept.number for kept in mailbox.list(to="Bob@Example.test")] == [2]


def test_numbers_go_on_after_a_restart_and_half_written_mail_is_swept(keeper: Keeper) -> None:
    keeper.keep("", "ada@example.test", LETTER, NOON)
    (keeper.folder / "00000002.tmp").write_bytes(LETTER[:20])
    keeper.close()

    with contextlib.closing(Keeper(keeper.folder)) as again:
        assert again.keep("", "ada@example.test", LETTER, NOON) == 2
    assert sorted(name for name in os.listdir(keeper.folder) if name != ".lock") == ["00000001.eml", "00000002.eml"]


def test_a_folder_has_one_keeper(keeper: Keeper) -> None:
    with pytest.raises(FolderInUse, match="another mail server"):
        Keeper(keeper.folder)

    keeper.close()
    Keeper(keeper.folder).close()


@pytest.mark.parametrize("number", [1, 0, 10**400], ids=["small", "zero", "huge"])
def test_a_number_nobody_has_is_not_kept(keeper: Keeper, number: int) -> None:
    with pytest.raises(NotKept):
        Mailbox(keeper.folder).raw(number)


@pytest.mark.parametrize(
    "letter",
    [
        b"",
        b"\r\n",
        b"no header at all",
        b"Subject: \xff\xfe\r\n\r\nbody",
        b"Subject: =?utf-8?q?unfinished\r\nMessage-ID: <<>@[\r\nTo: @,;:<\r\nDate: yesterday\r\n\r\n",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nbody \xff",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno part",
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Message-ID: [\r\nContent-Disposition: ;;;\r\nContent-Type: ;\r\n\r\n",
    ],
    ids=range(9),
)
def test_broken_mail_is_kept_and_shown(keeper: Keeper, letter: bytes) -> None:
    number = keeper.keep('o"dd\r\n', "ada@example.test", letter, NOON)

    mailbox = Mailbox(keeper.folder)
    assert mailbox.raw(number) == letter
    assert mailbox.list()[0].sender == 'o"dd\r\n'
    assert mailbox.get(number).kept.size == len(letter)
