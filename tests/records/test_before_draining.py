"""At the gate while nobody drains the inbox: what was said stops the very next message, whichever way it came."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from sqlmodel import Session, col, select

from channels.outbox import Kept, Outbox
from domain.keys import mail_token
from domain.return_addresses import BOUNCES, LEAVING, return_address
from records import inbox
from records.contacts import record_consent
from records.inbox_mail import keep, mail_row
from records.models import Contact, Inbox, Message
from records.session import Database
from records.withdrawals import withdrawn
from starter.events import read_event
from starter.inbound_reports import forbids
from starter.inbound_smtp import Doors
from starter.texting import read_text
from tests.channels.returned_mail import delivery, mail
from tests.databases import lay_down
from tests.records.dispatch import NOW, SECRET, Dispatch, home

NUMBER, HOST, SENT = "+491715550123", "in.acme.example", "a" * 32
DOORS = Doors(HOST, (SECRET,))
BACK, LEAVE = (return_address(way, SENT, SECRET, HOST) for way in (BOUNCES, LEAVING))
EMAIL = "topic: news\nsteps: [{send: t/news, window: none}]"
FILES = home(
    news=EMAIL,
    answer="steps: [{send: t/answer, window: none}]",
    receipt="steps: [{send: t/receipt, window: none}]",
    text="steps: [{send: t/ready, channel: sms, window: none}]",
    offer="topic: news\nsteps: [{send: t/offer, channel: sms, window: none}, {send: t/news}]",
)
MESSAGING = "policies/messaging.yaml"
FILES |= {
    MESSAGING: FILES[MESSAGING].replace('acme.example>"', 'acme.example>", sms: Acme', 1),
    "templates/sms/t/ready.txt": "---\nclass: service\n---\nIt is ready.",
    "templates/sms/t/offer.txt": "20 % off. Reply STOP to opt out",
}
COMPLAINT = mail(f"""From: fbl@provider.example
To: {BACK}
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="XX"

--XX
Content-Type: text/plain

A person reported this.
--XX
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: fbl/1
Version: 1
Original-Mail-From: <{BACK}>

--XX
Content-Type: text/rfc822-headers

Return-Path: <{BACK}>
From: hello@acme.example
Subject: News

--XX--
""")


class Office:
    """Ann, who got a message of each kind yesterday, and an inbox that nobody drains."""

    def __init__(self, main: Database, received: Database) -> None:
        self.main, self.received = main, received
        self.dispatch = Dispatch([main], FILES)
        self.dispatch.stands = partial(withdrawn, main, received)
        self.texts: list[str] = []

        async def keep_text(kept: Kept) -> None:
            self.texts.append(kept.recipient)

        self.dispatch.channels = {"email": self.dispatch.taker, "sms": Outbox("sms", keep_text)}

    def enter(self, sequence: str) -> str:
        [run] = self.dispatch.enrol(sequence, ["ann@acme.example"])
        self.main.write_now(self._knows_ann)
        return run

    def _knows_ann(self, session: Session) -> None:
        ann = session.exec(select(Contact).where(col(Contact.email) == "ann@acme.example")).one()
        ann.phone = NUMBER
        session.add(ann)
        if session.get(Message, SENT) is None:
            about: dict[str, Any] = {"channel": "email", "template": "t/of-before", "bundle": "b", "topic": "news"}
            row = Message(**about, id=SENT, send_key="k", contact_id=ann.id, class_="marketing", message_id="<k@a>",
                          recipient="ann@acme.example", state="accepted")  # fmt: skip
            session.add(row)

    async def becomes(self, run: str) -> str:
        """Ask once; return what became of the message."""
        await self.dispatch.ask([run])
        row = self.dispatch.messages()[run]
        return f"{row.state}: {row.reason}" if row.reason else row.state

    def accept(self, row: Inbox) -> None:
        self.received.write_now(lambda session: inbox.accept(session, row))

    def mail(self, raw: bytes, to: str, sender: str | None = "") -> None:
        row = mail_row(raw, sender, [to], "smtp", NOW, DOORS.leaves([to]), forbids(DOORS, raw, sender, [to]))
        self.received.write_now(lambda session: keep(session, row, raw))

    def park_everything(self) -> None:
        def park(session: Session) -> None:
            for row in session.exec(select(Inbox)):
                for _ in range(inbox.TRIES):
                    inbox.note_failure(session, row.id or 0, "ValueError", NOW)

        self.received.write_now(park)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    main, received = f"sqlite:///{tmp_path}/records.db", f"sqlite:///{tmp_path}/inbox.db"
    lay_down("main", main)
    lay_down("inbox", received)
    async with AsyncExitStack() as stack:
        yield Office(*[await stack.enter_async_context(Database(url)) for url in (main, received)])


def stop(office: Office) -> None:
    office.accept(read_text({"id": "in-1", "from": NUMBER, "text": "STOP"}, NOW))


def leaves_by_mail(office: Office) -> None:
    office.mail(mail("From: ann@acme.example\nSubject: unsubscribe\n\n.\n"), LEAVE, "ann@acme.example")


def complains_by_mail(office: Office) -> None:
    office.mail(COMPLAINT, BACK, "fbl@provider.example")


def bounces_by_mail(office: Office) -> None:
    returned = f"Return-Path: <{BACK}>\nFrom: hello@acme.example\nSubject: News\n"
    raw = delivery("failed", "5.1.1", "550 5.1.1 no such user", to=BACK, returned=returned)
    office.mail(raw.replace(b"ann@customer.example", b"ann@acme.example"), BACK)


def bounces_by_api(office: Office) -> None:
    who: JsonValue = {"email": "ann@acme.example"}
    told: JsonValue = {"id": "1", "event": "bounced", "contact": who, "data": {"permanent": True}}
    office.accept(read_event(told, NOW))


def complains_by_provider(office: Office) -> None:
    named = {"send_id": SENT, "message_ids": [], "provider_ids": [], "recipient": "ann@acme.example", "agent": ""}
    body = {"event": "complained", "data": {}, "message": SENT, "contact": {}, "told": named}
    office.accept(Inbox(key="p", kind="event", source="postmark", urgent=True, received_at=NOW, body=body))


@pytest.mark.parametrize("parked", [False, True])
@pytest.mark.parametrize(
    ("told", "sequence", "becomes"),
    [
        (stop, "offer", "skipped: suppressed: unsubscribed"),
        (stop, "text", "accepted"),
        (stop, "news", "accepted"),
        (leaves_by_mail, "news", "skipped: no consent: news was withdrawn just now"),
        (leaves_by_mail, "answer", "accepted"),
        (complains_by_mail, "news", "skipped: suppressed: complaint"),
        (complains_by_mail, "answer", "skipped: suppressed: complaint"),
        (complains_by_mail, "text", "skipped: suppressed: complaint"),
        (complains_by_mail, "receipt", "accepted"),
        (bounces_by_mail, "receipt", "skipped: suppressed: hard_bounce"),
        (bounces_by_mail, "text", "accepted"),
        (bounces_by_api, "receipt", "skipped: suppressed: hard_bounce"),
        (complains_by_provider, "answer", "skipped: suppressed: complaint"),
    ],
)
async def test_what_is_on_disk_counts_before_it_is_drained(
    office: Office, told: Callable[[Office], None], sequence: str, becomes: str, parked: bool
) -> None:
    run = office.enter(sequence)
    told(office)
    if parked:
        office.park_everything()

    assert await office.becomes(run) == becomes


async def test_it_counts_at_the_last_look_too(office: Office) -> None:
    run = office.enter("offer")
    office.main.write_now(_agrees_to_texts)
    channel = office.dispatch.channels["sms"]

    class StopsMeanwhile:
        async def send(self, letter: Any, before_body: Any) -> Any:
            stop(office)  # on disk after the message was claimed, before its body leaves
            return await channel.send(letter, before_body)

    office.dispatch.channels = {"sms": StopsMeanwhile()}

    assert await office.becomes(run) == "skipped: suppressed: unsubscribed"
    assert office.texts == []


def _agrees_to_texts(session: Session) -> None:
    ann = session.exec(select(Contact).where(col(Contact.email) == "ann@acme.example")).one()
    record_consent(session, ann.id, "news", "opted_in", NOW, basis="consent", source="test", channel="sms")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Content-Type: multipart/report; report-type=feedback-report\r\n\r\nfeedback-report",
        COMPLAINT.replace(mail_token(SENT, SECRET).encode(), b"a" * 34),
        delivery("delayed", "4.2.2", "452 4.2.2 full", to=BACK, returned=f"Return-Path: <{BACK}>\n"),
    ],
)
def test_what_proves_nothing_forbids_nothing(raw: bytes) -> None:
    assert forbids(DOORS, raw, "", ["postmaster@in.acme.example"]) == []


def test_what_a_person_writes_is_not_read_before_it_is_drained() -> None:
    assert forbids(DOORS, COMPLAINT.replace(b"feedback-report", b"plain"), "ann@acme.example", [BACK]) == []
