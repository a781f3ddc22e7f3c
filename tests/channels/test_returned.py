"""What a mail is that came back, by what stands in it; and that nothing anybody sends makes the reading fail."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.returned.opened import MOST_BYTES
from channels.returned.reading import read_mail
from channels.returned.words import unquoted
from domain.coming_back import CameBack
from tests.channels import returned_mail as came
from tests.channels.returned_mail import ANSWER, BACK, LEAVE, MESSAGE_ID, TOKEN, delivery, mail

TODAY = date(2026, 11, 22)


def read(raw: bytes, sender: str | None = "ann@customer.example", to: str = BACK) -> CameBack:
    return read_mail(raw, sender, [to], TODAY)


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind", "permanent", "code"),
    [
        ("failed", "5.1.1", "550 5.1.1 <ann@customer.example>: no such user", "bounced", True, "550 5.1.1"),
        ("failed", "5.0.0", "550 5.1.1 no such user", "bounced", True, "550 5.1.1"),
        ("failed", "5.1.1", "550 5.7.1 blocked, see our policy", "bounced", False, "550 5.7.1"),
        ("failed", "5.2.2", "552 5.2.2 mailbox full", "bounced", False, "552 5.2.2"),
        ("failed", "5.2.2", "552 quota exceeded", "bounced", False, "552 5.2.2"),
        ("failed", "4.4.7", "delivery time expired", "bounced", False, "4.4.7"),
        ("failed", "5.4.4", "Host or domain name not found", "bounced", False, "5.4.4"),
        ("failed", "5.7.26", "550 5.7.26 unauthenticated mail is not accepted", "bounced", False, "550 5.7.26"),
        ("delayed", "4.4.1", "421 4.4.1 try again", "deferred", False, "421 4.4.1"),
        ("delivered", "2.0.0", "250 2.0.0 Ok", "delivered", False, ""),
        ("relayed", "2.0.0", "250 2.0.0 Ok", "delivered", False, ""),
        ("nonsense", "5.1.1", "550 5.1.1 no such user", "bounced", True, "550 5.1.1"),
    ],
)
def test_a_delivery_report_says_what_became_of_the_message(
    action: str, status: str, diagnostic: str, kind: str, permanent: bool, code: str
) -> None:
    told = read(delivery(action, status, diagnostic), "")

    assert (told.kind, told.permanent, told.code) == (kind, permanent, code)
    assert told.clues.recipient == "ann@customer.example"
    assert (told.clues.addresses[0], told.clues.envelope_ids, told.clues.returned) == (BACK, (TOKEN,), (MESSAGE_ID,))


def test_a_message_that_came_back_is_known_by_the_signed_name_in_its_headers() -> None:
    bare = f"From: Mira at Acme <hello@acme.example>\nMessage-ID: <0102@ses.example>\nX-Rapport-Send: {TOKEN}\n"
    report = delivery("failed", "5.1.1", "550 5.1.1 no such user", to="hello@acme.example", returned=bare)

    told = read(report.replace(b"Original-Envelope-Id: ", b"X-Id: "), "")

    assert told.clues.envelope_ids == (TOKEN,)


def test_of_several_recipients_the_worst_is_told() -> None:
    two = delivery("delivered", "2.0.0", "250 Ok").replace(
        b"Original-Recipient:", b"Final-Recipient: rfc822; bob@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\nX:"
    )
    assert (read(two, "").kind, read(two, "").permanent) == ("bounced", True)


def test_servers_that_report_in_words_of_their_own_are_understood() -> None:
    told = read(came.QMAIL, "")
    assert (told.kind, told.permanent, told.code) == ("bounced", True, "5.1.1")
    assert told.clues.returned == (MESSAGE_ID,)
    assert read(came.EXIM_DELAY, "").kind == "deferred"


def test_a_person_who_quotes_a_bounce_is_a_person() -> None:
    quoting = came.QMAIL.replace(b"From: MAILER-DAEMON@mx.customer.example", b"From: ann@customer.example")
    assert read(quoting.replace(b"Subject: failure notice", b"Subject: Fwd: what is this?")).kind == "replied"


@pytest.mark.parametrize(
    ("sort", "kind"),
    [("abuse", "complained"), ("fraud", "complained"), ("not-spam", "unknown"), ("opt-out", "unsubscribed")],
)
def test_a_feedback_report_is_a_complaint_unless_it_says_otherwise(sort: str, kind: str) -> None:
    told = read(came.COMPLAINT.replace(b"abuse\r\nUser", f"{sort}\r\nUser".encode()), to="fbl@in.acme.example")

    assert told.kind == kind
    # Recipients are often blacked out; what we wrote into the headers is not.
    assert BACK in told.clues.addresses
    assert told.clues.returned == (MESSAGE_ID,)


def test_an_automatic_answer_says_until_when() -> None:
    told = read(came.VACATION, "", ANSWER)
    assert (told.kind, told.until) == ("auto_replied", date(2026, 12, 4))
    assert told.clues.answered == (MESSAGE_ID,)


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-generated",
        "X-Autoreply: yes",
        "X-Autorespond: y",
        "Precedence: auto_reply",
        "Precedence: junk",
        "X-FC-MachineGenerated: true",
        "X-POST-MessageClass: 9; Autoresponder",
        "Delivered-To: Autoresponder",
        "x-apple-action: VACATION/1",
        "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "Subject: Automatische Antwort: Willkommen",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique_=3A_Bienvenue?=",
        "Subject: Fuera de la oficina",
        "Subject: Abwesenheitsnotiz",
        "List-Unsubscribe: <https://customer.example/leave>",
        "List-Id: News of the customer <news.customer.example>",
    ],
)
def test_a_machine_is_known_by_its_headers(head: str) -> None:
    assert read(mail(f"From: ann@customer.example\n{head}\n\nHello")).kind == "auto_replied"


@pytest.mark.parametrize(
    "head",
    [
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Auto-Submitted: no",
        "Precedence: bulk",
        "Subject: Re: Out of office",
        "Delivered-To: autoresponder@acme.example",
        "In-Reply-To: <a@acme.example>\nList-Id: <team.customer.example>\nList-Unsubscribe: <https://x.example>",
    ],
)
def test_a_person_is_not_taken_for_a_machine(head: str) -> None:
    assert read(mail(f"From: ann@customer.example\n{head}\n\nHello")).kind == "replied"


@pytest.mark.parametrize("to", [ANSWER, BACK, "archive@acme.example"])
def test_a_message_of_ours_that_comes_to_us_as_it_left_is_nobodys_answer(to: str) -> None:
    ours = mail(f"From: Mira <hello@acme.example>\nX-Rapport-Send: {TOKEN}\nReferences: {MESSAGE_ID}\n\nHello Ann")
    assert read(ours, "b+x@in.acme.example", to).kind == "ours"


def test_an_answer_is_shown_without_what_it_quotes() -> None:
    told = read(came.REPLY, to=ANSWER)
    assert (told.kind, told.subject, told.text) == ("replied", "Re: Welcome", "Yes please, call me on Thursday.")
    assert told.clues.answered == (MESSAGE_ID, "<older@x.example>")
    assert told.clues.sender == "ann@customer.example"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Ja gern\n\nAm 23.11.2026 um 09:00 schrieb Mira <hello@acme.example>:\n> Hallo", "Ja gern"),
        ("Oui\n\nLe lun. 23 nov. 2026 à 09:00, Mira a écrit :\n\n> Bonjour\n> Ann", "Oui"),
        ("Ok\n\n-----Original Message-----\nFrom: Mira\nHello", "Ok"),
        ("Ok\n\nFrom: Mira\nSent: Monday\nTo: Ann\nSubject: Welcome\n\nHello", "Ok"),
        ("Ok\n-- \nAnn Example\nAcme", "Ok"),
        ("Fine\n\nSent from my phone", "Fine"),
        ("On it\n\nOn Monday, a very long\nline, Mira wrote:\n> Hello", "On it"),
        ("> Do you want it?\nYes\n> And that?\nNo", "Yes\nNo"),
        ("> only quoted", "> only quoted"),
        ("On Monday Mira wrote:\n> Hi\nSo we agree.", "On Monday Mira wrote:\nSo we agree."),
    ],
)
def test_quotes_and_signatures_are_left_out_where_they_can_be_told(text: str, new: str) -> None:
    assert unquoted(text) == new


def test_an_answer_in_html_alone_is_words_too() -> None:
    hidden = "<head><title>x</title></head><!-- no --><style>p {}</style>"
    html = hidden + "<div>Yes &amp; no</div><div class='gmail_quote'>On Monday Mira wrote</div>"
    assert read(mail(f"From: a@b.example\nContent-Type: text/html\n\n{html}")).text == "Yes & no"


def test_a_receipt_is_none_of_these() -> None:
    assert read(came.RECEIPT, "", ANSWER).kind == "receipt"


def test_who_leaves_by_mail_is_known_by_the_address() -> None:
    assert read(came.LEAVES, to=LEAVE).clues.addresses[0] == LEAVE


@given(st.binary(max_size=2_000))
def test_nothing_that_is_sent_makes_the_reading_fail(raw: bytes) -> None:
    read(raw)


@given(st.sampled_from(sorted(came.ALL)), st.data())
def test_nor_does_mail_that_was_damaged_on_its_way(name: str, data: st.DataObject) -> None:
    raw = bytearray(came.ALL[name])
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw)))
        until = data.draw(st.integers(at, min(len(raw), at + 40)))
        raw[at:until] = data.draw(st.binary(max_size=12) | st.sampled_from([b"\r\n", b"=?x?q?=00?=", b"\xff", b"--XX"]))
    told = read(bytes(raw), data.draw(st.sampled_from(["", None, "ann@customer.example"])))

    told.text.encode(), told.subject.encode(), told.reason.encode()  # no half characters, for whatever keeps them
    assert "\0" not in told.text + told.subject + told.reason + told.code


def nested(depth: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3_000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000,
        b"To: " + b"a@b.example, " * 50_000 + b"\r\n\r\n",
        b"From: mailer-daemon@x\r\n\r\n" + b"550 5.1.1 unknown " * 60_000,
        b"\r\n\r\n" + b"<p " * 300_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * MOST_BYTES,
        b"Content-Type: text/html\r\n\r\n" + b"<style>" * 140_000,
        b"\r\n\r\n" + b"On " + b"wrote " * 100_000,
        b"References: " + b"<a@b> " * 100_000 + b"\r\n\r\n" + b"x" * (3 * MOST_BYTES),
        b'Content-Type: multipart/mixed; boundary="' + b";" * 1_000_000 + b"\r\n\r\nx",
        b'Content-Type: text/plain; x="' + b'\\";' * 300_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain" + b"".join(b"; charset*%d=x" % n for n in range(60_000)) + b"\r\n\r\nx",
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 120_000 + b"-" + b"z9" * 60_000,
        nested(59) + b"a\n" * 450_000,
        nested(59) + b"\r" * 900_000,
        nested(59).replace(b"boundary", b"boundary*0") + b"--\n" * 300_000,
        b"Content-Type: multipart/digest; boundary=b\r\n\r\n" + b"--b\n\n" * 170_000,
        b"X: y\r\n" * 170_000,
        b"From: mailer-daemon@x\r\nSubject: failure notice\r\n\r\n" + b"\t \n" * 300_000,
    ],
    ids=range(20),
)
def test_mail_made_to_keep_us_busy_does_not(raw: bytes) -> None:
    began = time.process_time()
    read(raw, "")
    assert time.process_time() - began < 3


def test_a_part_may_say_that_its_alphabet_is_one_that_nobody_writes_mail_in() -> None:
    told = read(mail("From: a@b.example\nContent-Type: text/plain; charset=punycode\n\nYes, please-"))
    assert (told.kind, told.text) == ("replied", "Yes, please-")
