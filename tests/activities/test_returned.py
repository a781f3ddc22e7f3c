"""What comes of mail that comes back: timelines, who may not be written to any more, and sequences that run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from activities.returned import Returns, apply_mail, read
from domain.keys import ledger_id, message_id
from domain.loader import load
from domain.return_addresses import BOUNCES, LEAVING, REPLIES, return_address
from records.contacts import find_or_make, record_consent
from records.entries import enter
from records.follow_up_models import FollowUp
from records.hold_models import Pause
from records.holding import pause
from records.inbox_mail import mail_row
from records.models import Consent, Contact, Drained, Enrolment, Interaction, Message, Suppression
from records.published import Published, publish
from records.session import Database
from records.timeline import Happening, record
from tests.channels import returned_mail as came
from tests.channels.returned_mail import HOST, SECRET, mail
from tests.databases import lay_down
from tests.domain.kit import POLICIES, TEMPLATES

# A Sunday; Ann lives in Berlin.
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)
TEAMS = {"policies/teams.yaml": "teams: {sales: {email: sales@acme.example}}\n"}
FOLLOWS = "replies: {pause: 3 days, task: {team: sales, title: 'Answer {{ contact.first_name }}'}}\n"
HEAD = "topic: product-news\nenter: {on: {form: demo-request}, again: always}\n"
FILES = POLICIES | TEAMS
FILES |= {
    f"sequences/{name}.yaml": f"{HEAD}{more}steps: [{{send: welcome/hello}}, {{wait: 5 days}}]\n"
    for name, more in {"tour": "exit: {when: \"did('replied')\"}\n", "stay": "", "third": ""}.items()
}


@dataclass
class Returning:
    """Ann, in sequences, with one message of `stay` accepted; and mail about it."""

    main: Database
    published: Published = field(default_factory=Published)
    received: int = 0
    run: str = ""
    id: str = ""

    def begin(self, replies: str = "", **message: Any) -> "Returning":
        files = FILES | self.files() | {"policies/messaging.yaml": FILES["policies/messaging.yaml"] + replies}
        loaded = load(files, TEMPLATES)
        assert not loaded.errors(), [str(each) for each in loaded.errors()]
        self.main.write_now(lambda session: publish(session, files, loaded.programs, NOW))

        def work(session: Session) -> None:
            fields = {"email": "ann@customer.example", "first_name": "Ann", "time_zone": "Europe/Berlin"}
            ann = find_or_make(session, fields, "test", NOW)
            record_consent(session, ann.id, "product-news", "opted_in", NOW, basis="consent", source="test")
            for name in ("stay", "tour"):
                program = self.published.named(session, name)
                assert program is not None
                _, run = enter(session, self.published, program, ann, NOW)
                assert run is not None
                if name == "stay":
                    self.run, self.id = run.id, ledger_id(f"{run.id}/hello/1")
                    session.add(self._message(run, **message))

        self.main.write_now(work)
        return self

    def files(self) -> dict[str, str]:
        """Return files of its own."""
        return {}

    def _message(self, run: Enrolment, **more: Any) -> Message:
        key = f"{run.id}/hello/1"
        fields: dict[str, Any] = {
            "id": ledger_id(key), "send_key": key, "contact_id": run.contact_id, "enrolment_id": run.id,
            "sequence": run.sequence, "step": "hello", "channel": "email", "template": "welcome/hello", "bundle": "b",
            "class_": "marketing", "topic": "product-news", "recipient": "ann@customer.example",
            "message_id": message_id(key, SECRET, "mail.acme.example"), "state": "accepted", "reply": "250 Ok",
            "handing_over_at": NOW - DAY,
        }  # fmt: skip
        return Message(**(fields | more))

    def about_it(self, raw: bytes) -> bytes:
        """Return a mail with our addresses and Message-ID those of this message."""
        texts = {came.MESSAGE_ID: message_id(f"{self.run}/hello/1", SECRET, "mail.acme.example")}
        for way, address in ((BOUNCES, came.BACK), (LEAVING, came.LEAVE), (REPLIES, came.ANSWER)):
            texts[address] = return_address(way, self.id, SECRET, HOST)
        texts[came.TOKEN] = texts[came.BACK][2:36]
        for old, new in texts.items():
            raw = raw.replace(old.encode(), new.encode())
        return raw

    def to(self, way: Any) -> str:
        return return_address(way, self.id, SECRET, HOST)

    def get(self, raw: bytes, to: str, sender: str | None = "ann@customer.example", at: datetime = NOW) -> str:
        """Receive a mail and drain it; return what became of it."""
        row = mail_row(raw, sender, [to], "smtp", at)
        self.received += 1
        row.id = self.received
        told, returns = read(raw, row), Returns(HOST, [SECRET])
        self.main.write_now(lambda session: apply_mail(session, self.published, returns, row, told, at))
        drained = self.main.read_now(lambda session: session.get(Drained, row.id))
        assert drained is not None
        return drained.did.replace(self.id, "M")

    def rows(self, table: type[Any]) -> list[Any]:
        return self.main.read_now(lambda session: list(session.exec(select(table)).all()))

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        return [(row.name, row.data) for row in self.rows(Interaction)]

    def suppressed(self) -> list[tuple[str, str]]:
        return [(row.kind, row.reason) for row in self.rows(Suppression)]

    def held(self) -> dict[str, tuple[datetime | None, str]]:
        return {row.sequence: (row.until, row.by) for row in self.rows(Pause) if row.resumed_at is None}

    def ends(self) -> dict[str, str | None]:
        return {row.sequence: row.end_reason for row in self.rows(Enrolment)}


@pytest.fixture
def ann(tmp_path: Path) -> Iterator[Returning]:
    url = f"sqlite:///{tmp_path}/main.db"
    lay_down("main", url)
    database = Database(url)
    yield Returning(database)
    database.close()


GONE = came.delivery("failed", "5.1.1", "550 5.1.1 <ann@customer.example>: no such user")


def test_a_bounce_that_a_token_proves_suppresses_the_address(ann: Returning) -> None:
    ann.begin()
    did = ann.get(ann.about_it(GONE), ann.to(BOUNCES), "")

    assert did == "mail: bounced to message M by token"
    [(name, data)] = ann.told()
    assert (name, data["permanent"], data["code"]) == ("bounced", True, "550 5.1.1")
    assert ann.suppressed() == [("address", "hard_bounce")]
    assert ann.rows(Interaction)[0].step == "hello"
    assert ann.ends() == {"stay": None, "tour": None}


def test_a_token_in_what_came_back_or_in_its_envelope_id_proves_it_as_well(ann: Returning) -> None:
    ann.begin()
    by_id = ann.about_it(
        came.delivery("failed", "5.1.1", "550 5.1.1 gone", to="bounces@acme.example", returned="X: y\n")
    )
    assert ann.get(by_id, "bounces@acme.example", "") == "mail: bounced to message M by token"
    assert ann.suppressed() == [("address", "hard_bounce")]


def test_a_bounce_known_by_its_message_id_alone_is_written_down_and_suppresses_nobody(ann: Returning) -> None:
    ann.begin()
    returned = f"Message-ID: {came.MESSAGE_ID}\n"
    raw = came.delivery("failed", "5.1.1", "550 5.1.1 gone", to="bounces@acme.example", returned=returned)
    raw = ann.about_it(raw.replace(b"Original-Envelope-Id", b"X-Other"))

    assert ann.get(raw, "bounces@acme.example", "") == "mail: bounced to message M by message_id"
    assert (ann.told()[0][1]["permanent"], ann.suppressed()) == (True, [])


def test_a_bounce_that_is_only_guessed_is_not_even_called_permanent(ann: Returning) -> None:
    ann.begin()
    raw = came.delivery("failed", "5.1.1", "550 5.1.1 gone", to="bounces@acme.example", returned="X: y\n")
    raw = raw.replace(b"Original-Envelope-Id", b"X-Other")

    assert ann.get(raw, "bounces@acme.example", "") == "mail: bounced to message M by guess"
    assert (ann.told()[0][1]["permanent"], ann.suppressed()) == (False, [])


def test_a_forged_token_is_no_token(ann: Returning) -> None:
    ann.begin()
    forged = return_address(BOUNCES, ann.id, "another", HOST)
    raw = came.delivery("failed", "5.1.1", "550 5.1.1 gone", to=forged, returned=f"Return-Path: <{forged}>\n")
    raw = raw.replace(b"Original-Envelope-Id", b"X-Other").replace(b"ann@customer", b"who@customer")

    assert ann.get(raw, forged, "") == "mail: bounced, matched nobody"
    assert ann.told() == []


def test_the_providers_own_name_of_a_message_leads_to_it(ann: Returning) -> None:
    ann.begin(provider_id="0102018-abcdef-000000")
    raw = came.REPLY.replace(came.MESSAGE_ID.encode(), b"<0102018-abcdef-000000@eu-west-1.relay.example>")
    assert ann.get(raw, "hello@acme.example") == "mail: replied to message M by provider_id"


@pytest.mark.parametrize(("by", "suppressed"), [("token", [("contact", "complaint")]), ("message_id", [])])
def test_a_complaint_ends_sequences_and_suppresses_if_it_is_proven(
    ann: Returning, by: str, suppressed: list[tuple[str, str]]
) -> None:
    ann.begin()
    raw = ann.about_it(came.COMPLAINT)
    if by == "message_id":
        raw = raw.replace(ann.to(BOUNCES).encode(), b"x@y.example").replace(ann.to(LEAVING).encode(), b"x@y.example")

    assert ann.get(raw, "fbl@in.acme.example") == f"mail: complained to message M by {by}"
    assert ann.suppressed() == suppressed
    assert set(ann.ends().values()) == {"suppressed"}


def test_a_complaint_that_is_only_guessed_is_left_to_be_looked_at(ann: Returning) -> None:
    ann.begin()
    assert ann.get(came.COMPLAINT, "fbl@in.acme.example") == "mail: complained, matched nobody"
    assert (ann.told(), ann.suppressed()) == ([], [])


def test_whoever_writes_to_leave_leaves_the_messages_topic(ann: Returning) -> None:
    ann.begin()
    did = ann.get(ann.about_it(came.LEAVES), ann.to(LEAVING))

    assert did == "mail: unsubscribed to message M by token"
    assert ann.told()[0][1] == {"topic": "product-news", "channel": "email", "how": "mail", "matched_by": "token"}
    assert [row.state for row in ann.rows(Consent)] == ["opted_in", "opted_out"]
    assert set(ann.ends().values()) == {"unsubscribed"}


def test_a_message_of_ours_that_comes_to_us_moves_nothing(ann: Returning) -> None:
    ann.begin()
    copy = came.mail(f"From: hello@acme.example\nX-Rapport-Send: {came.TOKEN}\nReferences: {came.MESSAGE_ID}\n\nHello")

    assert ann.get(ann.about_it(copy), ann.to(REPLIES)) == "mail: ours, nothing follows"
    assert (ann.told(), ann.ends()) == ([], {"stay": None, "tour": None})


def test_an_absence_holds_every_running_sequence_until_the_business_day_after_the_return(ann: Returning) -> None:
    ann.begin()
    ann.get(ann.about_it(came.VACATION), ann.to(REPLIES), "")

    # Back on Friday, 4 December; the office of these policies opens on Monday at 10:00 in Berlin.
    monday = datetime(2026, 12, 7, 9, tzinfo=UTC)
    assert ann.held() == {"stay": (monday, "out-of-office"), "tour": (monday, "out-of-office")}
    [(name, data)] = ann.told()
    assert (name, data["until"], data["subject"]) == ("auto_replied", "2026-12-04", "Automatic reply: Welcome")
    assert ann.ends() == {"stay": None, "tour": None}


@pytest.mark.parametrize(("replies", "days"), [("", 5), ("replies: {out_of_office: 2 days}\n", 2)])
def test_an_absence_without_a_date_lasts_as_long_as_the_policy_says(ann: Returning, replies: str, days: int) -> None:
    ann.begin(replies)
    ann.get(ann.about_it(came.VACATION.replace(b"until 3 December", b"for a while")), ann.to(REPLIES), "")
    assert {until for until, _ in ann.held().values()} == {NOW + days * DAY}


def test_a_machine_that_says_only_that_mail_has_arrived_holds_nothing(ann: Returning) -> None:
    ann.begin()
    receipt = mail("From: desk@customer.example\nAuto-Submitted: auto-replied\nSubject: Ticket 4711\n\nWe have it.")
    assert ann.get(receipt, ann.to(REPLIES)) == "mail: auto_replied to message M by token"
    assert ann.held() == {}


@pytest.mark.parametrize(
    ("until", "held_until"),
    [
        (NOW + DAY, datetime(2026, 12, 7, 9, tzinfo=UTC)),
        (NOW + 90 * DAY, NOW + 90 * DAY),
        (None, None),
    ],
)
def test_an_absence_makes_a_pause_longer_and_never_shorter(
    ann: Returning, until: datetime | None, held_until: datetime | None
) -> None:
    ann.begin()

    def hold(session: Session) -> None:
        contact = session.exec(select(Contact)).one()
        pause(session, "stay", contact.id, NOW, until=until, by="mira")

    ann.main.write_now(hold)
    ann.get(ann.about_it(came.VACATION), ann.to(REPLIES), "")
    assert ann.held()["stay"] == (held_until, "mira")


def test_a_second_absence_extends_the_first(ann: Returning) -> None:
    ann.begin()
    ann.get(ann.about_it(came.VACATION), ann.to(REPLIES), "")
    later = came.VACATION.replace(b"3 December", b"17 December").replace(b"vacation-1", b"vacation-2")
    ann.get(ann.about_it(later), ann.to(REPLIES), "", NOW + DAY)
    sooner = came.VACATION.replace(b"3 December", b"25 November").replace(b"vacation-1", b"vacation-3")
    ann.get(ann.about_it(sooner), ann.to(REPLIES), "", NOW + 2 * DAY)

    assert {until for until, _ in ann.held().values()} == {datetime(2026, 12, 21, 9, tzinfo=UTC)}
    assert len(ann.rows(Pause)) == 2


def test_an_answer_of_a_person_is_kept_and_ends_what_says_so(ann: Returning) -> None:
    ann.begin()
    assert ann.get(ann.about_it(came.REPLY), ann.to(REPLIES)) == "mail: replied to message M by token"

    [(name, data)] = ann.told()
    assert (name, data["text"]) == ("replied", "Yes please, call me on Thursday.")
    assert "from" not in data
    assert ann.ends() == {"stay": None, "tour": "exited:condition"}
    assert (ann.held(), ann.rows(FollowUp)) == ({}, [])


def test_by_policy_an_answer_holds_its_sequence_and_asks_a_team_once(ann: Returning) -> None:
    ann.begin(FOLLOWS)
    ann.get(ann.about_it(came.REPLY), ann.to(REPLIES))
    assert ann.get(ann.about_it(came.REPLY) + b"\r\n", ann.to(REPLIES)) == "mail: replied to message M by token"

    assert ann.held() == {"stay": (NOW + 3 * DAY, "reply")}
    assert [(row.title, row.team, row.enrolment_id) for row in ann.rows(FollowUp)] == [("Answer Ann", "sales", ann.run)]
    assert [name for name, _ in ann.told()] == ["replied", "task_opened", "task_assigned"]


def test_a_task_that_no_step_asked_for_is_completed_by_its_name(ann: Returning) -> None:
    ann.begin(FOLLOWS)
    ann.get(ann.about_it(came.REPLY), ann.to(REPLIES))
    [task] = ann.rows(FollowUp)

    def complete(session: Session) -> None:
        contact = session.exec(select(Contact)).one()
        data = {"task": task.id, "outcome": "called"}
        record(session, ann.published, contact, Happening(key="t", name="task_completed", at=NOW, data=data), NOW)

    ann.main.write_now(complete)
    assert [row.outcome for row in ann.rows(FollowUp)] == ["called"]


def test_a_colleague_who_answers_is_named(ann: Returning) -> None:
    ann.begin()
    ann.get(ann.about_it(came.REPLY).replace(b"ann@customer", b"bob@customer"), ann.to(REPLIES), "bob@customer.example")
    assert ann.told()[0][1]["from"] == "bob@customer.example"


def test_who_answers_without_any_of_our_marks_is_guessed_by_the_last_message(ann: Returning) -> None:
    ann.begin(FOLLOWS)
    raw = mail("From: Ann <ann@customer.example>\nTo: hello@acme.example\nSubject: Hello again\n\nCall me.")

    assert ann.get(raw, "hello@acme.example") == "mail: replied to message M by guess"
    assert len(ann.rows(FollowUp)) == 1


def test_mail_of_nobody_is_left_in_the_inbox_to_be_looked_at(ann: Returning) -> None:
    ann.begin()
    assert ann.get(came.REPLY.replace(b"ann@", b"who@"), "hello@acme.example") == "mail: replied, matched nobody"
    assert ann.get(came.RECEIPT, ann.to(REPLIES)) == "mail: receipt, nothing follows"
    assert ann.told() == []


def test_what_comes_back_of_a_message_to_a_team_is_none_of_the_contacts(ann: Returning) -> None:
    ann.begin(channel="staff", state="unknown", recipient=None)
    ann.get(ann.about_it(came.VACATION), ann.to(REPLIES), "")

    assert (ann.told(), ann.held()) == ([], {})
    [message] = [row for row in ann.rows(Message) if row.id == ann.id]
    assert message.state == "accepted"


def test_of_somebody_who_is_erased_nothing_is_written_down(ann: Returning) -> None:
    ann.begin()

    def erase(session: Session) -> None:
        contact = session.exec(select(Contact)).one()
        contact.erased_at, contact.email = NOW, None
        session.add(contact)

    ann.main.write_now(erase)
    assert ann.get(ann.about_it(came.REPLY), ann.to(REPLIES)) == "mail: replied, of somebody who is erased"
    assert ann.told() == []


def test_addresses_that_no_database_takes_are_made_sound() -> None:
    row = mail_row(b"", "a\udc80\0@x.example", ["B\udcff@x.example"], "imap", NOW)
    assert (row.body["from"], row.body["to"]) == ("a?@x.example", ["b?@x.example"])


def test_the_same_row_is_drained_once(ann: Returning) -> None:
    ann.begin()
    raw, at = ann.about_it(GONE), ann.to(BOUNCES)
    row = mail_row(raw, "", [at], "smtp", NOW)
    row.id = 7
    told = read(raw, row)
    for _ in range(2):
        ann.main.write_now(lambda session: apply_mail(session, ann.published, Returns(HOST, [SECRET]), row, told, NOW))
    assert len(ann.told()) == len(ann.rows(Drained)) == 1
    assert ann.main.read_now(lambda session: session.exec(select(col(Drained.inbox_id))).all()) == [7]
