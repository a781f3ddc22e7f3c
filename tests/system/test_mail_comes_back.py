"""Mail comes back to a running company: it is on disk when it is taken, and counts once, whoever dies."""

import signal
import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.return_addresses import BOUNCES, LEAVING, REPLIES, Way, return_address
from records.hold_models import Pause
from records.models import Contact, Inbox, InboxMail, Interaction, Message, Suppression
from settings import signing_key
from tests.channels import returned_mail as came
from tests.system.audit import audit
from tests.system.company import Company
from tests.system.waiting import PATIENCE, until
from tests.system.waits import add_waits

pytestmark = pytest.mark.system

Address = Callable[[str], str]


@pytest.fixture(scope="module", autouse=True)
def waits(company: Company) -> None:
    add_waits(company)


class Answering:
    """A contact with one message, and mail about it."""

    def __init__(self, company: Company, email: str, form: str = "news", step: str = "news") -> None:
        self.company, self.email = company, email
        assert company.submit(form, email).status == 202
        self.message = company.in_state(email, step, "accepted")

    def to(self, way: Way) -> str:
        settings = self.company.settings
        return return_address(way, self.message.id, signing_key(settings).get_secret_value(), settings.inbound_host)

    def about_it(self, raw: bytes) -> bytes:
        texts = {came.MESSAGE_ID: self.message.message_id, "ann@customer.example": self.email}
        texts |= {came.BACK: self.to(BOUNCES), came.LEAVE: self.to(LEAVING), came.ANSWER: self.to(REPLIES)}
        texts[came.TOKEN] = self.to(BOUNCES)[2:36]
        texts["-1@"] = f"-{self.message.id}@"
        for old, new in texts.items():
            raw = raw.replace(old.encode(), new.encode())
        return raw

    def send(self, raw: bytes, way: Way, sender: str = "") -> None:
        """Hand over a mail about the message."""
        self.hand_over(self.about_it(raw), self.to(way), sender)

    def hand_over(self, raw: bytes, to: str, sender: str = "") -> None:
        """Hand it over by SMTP, as a mail server does."""
        host, _, port = self.company.stack.addresses["inbound smtp"].partition(":")
        with smtplib.SMTP(host, int(port), timeout=20) as client:
            assert client.sendmail(sender, [to], raw) == {}

    def rows(self, table: type[Any], *where: Any) -> list[Any]:
        return self.company.main.read_now(lambda session: list(session.exec(select(table).where(*where)).all()))

    def told(self) -> list[str]:
        theirs = (Interaction.contact_id == self.message.contact_id, Interaction.name != "form_submitted")
        return [row.name for row in self.rows(Interaction, *theirs)]


GONE = came.delivery("failed", "5.1.1", "550 5.1.1 <ann@customer.example>: no such user")


def test_a_bounce_suppresses_the_address_once_however_often_it_comes(company: Company, address: Address) -> None:
    ann = Answering(company, address("ann"))
    for _ in range(3):
        ann.send(GONE, BOUNCES)
    until(lambda: ann.told(), "the bounce")
    company.drained()

    assert ann.told() == ["bounced"]
    assert [row.reason for row in ann.rows(Suppression, Suppression.value == ann.email)] == ["hard_bounce"]
    rows = company.inbox.read_now(lambda session: session.exec(select(Inbox).where(Inbox.kind == "mail")).all())
    assert [row.body["to"] for row in rows if ann.to(BOUNCES) in row.body["to"]] == [[ann.to(BOUNCES)]]
    audit(company)


def test_an_absence_holds_and_a_letter_to_leave_ends(company: Company, address: Address) -> None:
    ann = Answering(company, address("ann"), "sleeping")
    ann.send(came.VACATION, REPLIES)
    until(lambda: ann.told() == ["auto_replied"], "the absence")
    company.drained()
    [pause] = ann.rows(Pause, Pause.contact_id == ann.message.contact_id)
    assert (pause.sequence, pause.by) == ("sleeping", "out-of-office")
    assert company.enrolment(ann.email).ended_at is None

    ann.send(came.LEAVES, LEAVING, ann.email)
    assert company.ended(ann.email).end_reason == "unsubscribed"
    audit(company)


def test_an_answer_stands_in_the_timeline_in_its_words(company: Company, address: Address) -> None:
    ann = Answering(company, address("ann"), "sleeping")
    ann.send(came.REPLY, REPLIES, ann.email)
    until(lambda: ann.told() == ["replied"], "the answer")

    [answer] = ann.rows(Interaction, Interaction.contact_id == ann.message.contact_id, Interaction.name == "replied")
    assert (answer.step, answer.data["text"]) == ("news", "Yes please, call me on Thursday.")
    audit(company)


def test_what_was_taken_is_there_though_everybody_dies_before_it_is_drained(company: Company, address: Address) -> None:
    people = [Answering(company, address(f"ann-{number}"), "sleeping") for number in range(3)]
    company.drained()
    company.stack.kill("worker", signal.SIGSTOP)
    for ann in people:
        ann.send(came.VACATION, REPLIES)
    company.stack.kill("inbound")
    waiting = (Inbox.kind == "mail", col(Inbox.drained_at).is_(None))
    assert company.count(Inbox, *waiting) == 3
    company.stack.kill("worker")
    company.stack.wait_until_ready("inbound", within=PATIENCE)
    people[0].send(came.VACATION, REPLIES)  # its sender did not hear our answer, and sends it again
    company.stack.wait_until_ready("worker", within=PATIENCE)

    until(lambda: all(ann.told() == ["auto_replied"] for ann in people), "the absences")
    company.drained()
    assert all(ann.told() == ["auto_replied"] for ann in people)

    def kept(session: Session) -> int:
        both = select(InboxMail.inbox_id).join(Inbox, col(Inbox.id) == col(InboxMail.inbox_id))
        return len(session.exec(both.where(Inbox.kind == "mail")).all())

    assert company.inbox.read_now(kept) == company.count(Inbox, Inbox.kind == "mail")
    audit(company)


def test_only_what_nobody_knows_is_resolved(company: Company, address: Address) -> None:
    ann = Answering(company, address("ann"))
    ann.send(GONE, BOUNCES)
    until(lambda: ann.told() == ["bounced"], "the bounce")

    [message] = ann.rows(Message, Message.id == ann.message.id)
    assert message.state == "accepted", "the mail server took it"
    assert ann.rows(Contact, Contact.id == ann.message.contact_id)[0].email == ann.email
    audit(company)
