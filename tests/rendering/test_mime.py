"""What travels in a letter arrives as it was: pictures beside the HTML, an invitation last, files behind it all."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from domain.attachments import Enclosed
from rendering.email import BadLetter, Letter, build_email
from rendering.mime import Calendar, Picture

LOGO = Enclosed("files/logo.png", "image/png", b"\x89PNG\r\n\x1a\n\x00\xff")
TERMS = Enclosed("files/terms.pdf", "application/pdf", b"%PDF-1.7\r\n.\r\n" + bytes(range(256)) * 40)
MEETING = Calendar("REQUEST", "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n")
LETTER = Letter(
    from_="Acme <hello@acme.example>",
    to="ann@customer.example",
    subject="Welcome",
    text="Hello Ann",
    html='<p><img src="cid:logo@acme.example" alt="Acme"></p>',
    message_id="<m1@acme.example>",
    date=datetime(2026, 3, 1, 9, tzinfo=UTC),
    pictures=(Picture("logo@acme.example", LOGO),),
    calendar=MEETING,
    files=(TERMS,),
)


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(build_email(letter), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def tree(message: EmailMessage) -> list[object]:
    parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
    return [
        message.get_content_type(),
        *(tree(part) if part.is_multipart() else part.get_content_type() for part in parts),
    ]


def test_everything_has_its_box() -> None:
    related = ["multipart/related", "text/html", "image/png"]
    views = ["multipart/alternative", "text/plain", related, "text/calendar"]

    assert tree(read(LETTER)) == ["multipart/mixed", views, "application/pdf", "text/calendar"]


def test_what_is_not_there_leaves_no_box() -> None:
    bare = replace(LETTER, pictures=(), calendar=None, files=())

    assert tree(read(bare)) == ["multipart/alternative", "text/plain", "text/html"]
    assert tree(read(replace(bare, html=""))) == ["text/plain"]
    assert tree(read(replace(bare, html="", files=(TERMS,)))) == ["multipart/mixed", "text/plain", "application/pdf"]


def test_files_arrive_byte_for_byte() -> None:
    message = read(LETTER)
    found = {part.get_filename(): part for part in message.walk() if part.get_filename()}

    assert found["terms.pdf"].get_payload(decode=True) == TERMS.data
    assert found["logo.png"].get_payload(decode=True) == LOGO.data
    assert found["logo.png"]["Content-ID"] == "<logo@acme.example>"
    assert [found[name].get_content_disposition() for name in ("terms.pdf", "logo.png")] == ["attachment", "inline"]
    assert found["invite.ics"].get_payload(decode=True) == MEETING.text.encode()


def test_mail_programs_are_told_what_to_do_with_an_invitation() -> None:
    views = next(iter(read(LETTER).iter_parts()))
    *_, last = views.iter_parts()

    assert last.get_content_type() == "text/calendar"
    assert last["Content-Type"].params["method"] == "REQUEST"


def test_the_same_letter_gives_the_same_seven_bit_lines() -> None:
    raw = build_email(LETTER)

    assert raw == build_email(replace(LETTER))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Preise für 2026.pdf", "Preise für 2026.pdf"),
        ('a"b\\c.pdf', "a_b_c.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nX-Evil: 1.pdf", "a X-Evil_ 1.pdf"),
        ("", "file"),
        ("...", "file"),
        ("\u202egpj.exe", "gpj.exe"),
        ("x" * 1_000_000 + ".pdf", "x" * 56 + ".pdf"),
        ("😀" * 100 + ".pdf", "😀" * 56 + ".pdf"),
    ],
)
def test_a_files_name_is_data_as_all_is(name: str, shown: str) -> None:
    message = read(replace(LETTER, files=(replace(TERMS, place=name),), calendar=None, pictures=()))
    *_, last = message.iter_parts()

    assert last.get_filename() == shown
    assert last.keys() == ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"files": (replace(TERMS, media_type="text/x\r\nBcc: evil@x.example"),)}, "is no media type"),
        ({"pictures": (Picture("a>\r\nBcc: x", LOGO),)}, "is no id of a part"),
        ({"calendar": Calendar("REQUEST; x=y", "")}, "is no method"),
    ],
)
def test_what_would_break_a_header_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(BadLetter, match=said):
        build_email(replace(LETTER, **change))  # type: ignore[arg-type]
