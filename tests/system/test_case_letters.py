"""Letters of a case leave a running company: one thread that can be answered, and each once, whoever dies."""

import smtplib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.recovery_actions import Updated
from records.case_letters import case_of_letter
from records.case_models import CaseLetter, CasePromise, ServiceCase
from records.cases import act, ask
from records.follow_up_models import FollowUp
from records.models import Contact, Interaction
from records.published import Published
from tests.home import shipped
from tests.scripted_smtp import HANG, At
from tests.system.authored import MESSAGING
from tests.system.company import Company, founded
from tests.system.conftest import Moody
from tests.system.letters import Letter
from tests.system.moody_smtp import MoodySmtp
from tests.system.waiting import PATIENCE, until

pytestmark = pytest.mark.system

NOTICED_WITHIN = 30 + PATIENCE
SENDERS = """
  service: {from: "Acme Care <care@acme.example>", reply_to: inbound}
topics:
"""
FILES = {
    "policies/messaging.yaml": MESSAGING.replace("\n    topics:\n", SENDERS.replace("\n", "\n    ")),
    "policies/forms/complaint.yaml": "fields: {email: email, first_name: first_name, language: language}\n",
    "policies/teams.yaml": "people: {ada: {name: Ada Berger, email: ada@acme.example}}\n"
    "teams: {care: {email: care@acme.example, members: [ada], label: Customer care}}\n",
    "policies/recovery.yaml": "team: care\nsender: service\ncauses: {late: Too late}\n"
    "open: {complaint: {on: form_submitted, when: event.form == 'complaint', title: A complaint}}\n",
}
SUBJECT = "Your case {} with Acme Flow"


@pytest.fixture(scope="module")
def caring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moody]:
    theirs = ("email/service/", "email/layouts/", "email/parts/")
    files = FILES | {f"templates/{path}": text for path, text in shipped().templates.items() if path.startswith(theirs)}
    home = tmp_path_factory.mktemp("caring")
    with MoodySmtp() as mail, founded(home, mail.letters, mail.port, inbound_host="in.acme.example") as company:
        said = company.edit_all(files)
        assert all(line.startswith("published") for line in said), said
        until(lambda: company.post_signed("complaint", b"{}").status != 404, "the form")
        yield Moody(company, mail)


def rows(company: Company, table: type[Any], email: str) -> list[Any]:
    """Return the rows of a contact, in the order of writing."""
    of_it = select(table).join(Contact, col(Contact.id) == col(table.contact_id)).where(Contact.email == email)
    return company.main.read_now(lambda session: list(session.exec(of_it.order_by(table.id)).all()))


def settled(company: Company, email: str, number: int, within: float = PATIENCE) -> CaseLetter:
    """Wait until the case has heard what became of a letter, and return that."""

    def look() -> CaseLetter | None:
        letters = rows(company, CaseLetter, email)
        return letters[number] if len(letters) > number and letters[number].settled_at is not None else None

    return until(look, f"the fate of letter {number} to {email}", within)


def update(company: Company, case: ServiceCase, text: str) -> None:
    """Tell the customer how it stands, as a person does."""

    def work(session: Session) -> None:
        now = datetime.now(UTC)
        kept = act(session, Published(), case.id, Updated(by="ada", text=text), f"update {text[:20]}", now)
        assert kept is not None
        assert kept.refusal is None, kept.refusal
        ask(session, kept.row, now)

    company.main.write_now(work)


def read(letter: Letter) -> EmailMessage:
    found = message_from_bytes(letter.raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_letters_of_a_case_are_one_thread_and_what_is_answered_comes_back_to_it(
    caring: Moody, address: Callable[[str], str]
) -> None:
    company, ann = caring.company, address("ann")
    company.submit("complaint", ann, first_name="Ann", language="de")
    assert settled(company, ann, 0).fate == "accepted"
    [case] = rows(company, ServiceCase, ann)
    update(company, case, "Wir haben es gefunden.")
    assert settled(company, ann, 1).fate == "accepted"

    first, second = map(read, company.letters_to(ann))
    subject = f"Ihr Fall {case.number} bei Acme Flow"
    assert (first["Subject"], second["Subject"]) == (subject, f"Re: {subject}")
    assert (first["In-Reply-To"], second["In-Reply-To"]) == (None, first["Message-ID"])
    assert second["References"].split() == [first["Message-ID"], second["Message-ID"]]
    assert first["From"] == second["From"] == "Acme Care <care@acme.example>"
    assert not {"Auto-Submitted", "List-Unsubscribe", "List-Id", "Feedback-ID"} & {*first.keys(), *second.keys()}
    assert "Ada Berger kümmert sich darum" in company.letters_to(ann)[0].text

    [back] = company.letters_to(ann)[1].answered_at
    answer(company, ann, back)
    told = until(lambda: [each for each in rows(company, Interaction, ann) if each.name == "replied"], "the answer")
    assert company.main.read_now(lambda session: case_of_letter(session, told[0].enrolment_id)) == case.id
    assert told[0].data["message_id"] == "<answer@customer.example>"
    assert len(rows(company, FollowUp, ann)) == 1

    update(company, case, "Danke, das hilft uns.")
    assert settled(company, ann, 2).fate == "accepted"
    third = read(company.letters_to(ann)[2])
    assert third["In-Reply-To"] == "<answer@customer.example>"
    assert third["References"].split()[:2] == [first["Message-ID"], second["Message-ID"]]


def answer(company: Company, email: str, to: str) -> None:
    """Answer a letter, as a mail program does."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = email, to, "Re: Ihr Fall"
    mail["Message-ID"] = "<answer@customer.example>"
    mail.set_content("Es ist die Nummer 7.")
    host, _, port = company.stack.addresses["inbound smtp"].partition(":")
    with smtplib.SMTP(host, int(port), timeout=20) as client:
        client.send_message(mail, email, [to])


def test_a_letter_that_a_killed_worker_was_handing_over_is_repeated_as_the_same_and_the_promise_is_kept(
    caring: Moody, address: Callable[[str], str]
) -> None:
    company, mail, ben = caring.company, caring.mail, address("ben")
    mail.towards(ben, At("dot", HANG))
    company.submit("complaint", ben)
    until(lambda: ben in {each.recipient for each in mail.letters()}, "the body on its way")

    company.stack.kill("worker")
    company.stack.wait_until_ready("worker", within=PATIENCE)

    assert settled(company, ben, 0, within=NOTICED_WITHIN).fate == "accepted"
    assert company.in_state(ben, "letter", "accepted").unknown_at is not None
    assert len(company.letters_to(ben)) == 1
    assert len({each.message_id for each in company.letters() if each.recipient == ben}) == 1
    assert len(rows(company, CaseLetter, ben)) == 1
    [case] = rows(company, ServiceCase, ben)

    def kept(session: Session) -> bool:
        promise = (CasePromise.case_id == case.id, CasePromise.name == "acknowledge")
        return session.exec(select(CasePromise).where(*promise)).one().kept_at is not None

    until(lambda: company.main.read_now(kept), "the promise kept")


def test_a_letter_that_a_mail_server_refuses_is_told_to_whoever_has_the_case(
    caring: Moody, address: Callable[[str], str]
) -> None:
    company, gone = caring.company, address("gone")
    caring.mail.towards(gone, At("rcpt", "550 5.1.1 no such user"))
    company.submit("complaint", gone)

    assert "no such user" in str(settled(company, gone, 0).fate)
    until(
        lambda: "case_letter_failed" in [each.name for each in rows(company, Interaction, gone)],
        "the timeline that says so",
    )
