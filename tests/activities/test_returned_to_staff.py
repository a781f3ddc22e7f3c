"""What comes of mail about a note to one of our people: it is kept, and only the contact's own answer counts."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.keys import ledger_id
from domain.return_addresses import BOUNCES, LEAVING, REPLIES, return_address
from records.follow_up_models import FollowUp, StaffNote
from records.follow_up_openings import Opening
from records.follow_ups import open_follow_up
from records.models import Contact, Interaction
from records.sending_models import Notice
from records.session import Database
from records.timeline import record_all
from tests.activities.test_returned import NOW, Returning
from tests.channels import returned_mail as came
from tests.channels.returned_mail import HOST, SECRET, mail
from tests.databases import lay_down

# Somebody is on duty.
FRIDAY = NOW - timedelta(days=2)
NOTE_MAIL = "<note-1@mail.acme.example>"
TEAMS = """
people:
  ada: {name: Ada, email: Ada@acme.example}
  bob: {name: Bob, email: bob@acme.example}
teams:
  sales: {email: sales@acme.example, department: field sales, members: [ada]}
  service: {email: care@acme.example, members: [bob]}
"""


class Desk(Returning):
    """Ann, whom Ada is to call, and the note by which Ada was told so."""

    def begin(self, replies: str = "", **message: Any) -> "Desk":
        super().begin(replies, **message)
        self.main.write_now(self._open)
        return self

    def files(self) -> dict[str, str]:
        return {"policies/teams.yaml": TEAMS}

    def _open(self, session: Session) -> None:
        ann = session.exec(select(Contact)).one()
        opening = Opening("Call her", "sales", source="test")
        kept = open_follow_up(session, self.published.policies(session), ann, opening, FRIDAY)
        record_all(session, self.published, ann, kept.told, FRIDAY)
        note = session.exec(select(StaffNote)).one()
        note.state, note.message_id = "accepted", NOTE_MAIL
        session.add(note)

    def note(self) -> StaffNote:
        return self.notes("assigned")[0]

    def notes(self, about: str) -> list[StaffNote]:
        return [row for row in self.rows(StaffNote) if row.about == about]

    def follow_up(self) -> FollowUp:
        [row] = self.rows(FollowUp)
        assert isinstance(row, FollowUp)
        return row

    def back(self, way: Any) -> str:
        return return_address(way, self.note().id, SECRET, HOST)

    def written(self, sender: str, *to: str, **headers: str) -> bytes:
        """Return an answer in which somebody quotes the note."""
        more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
        text = f"From: {sender}\nTo: {', '.join(to)}\nSubject: Re: Call her\nMessage-ID: <a-1@acme.example>\n{more}"
        return mail(f"{text}\nThursday at ten?\n\nOn Mon, Rapport wrote:\n> Call her\n")

    def came(self, raw: bytes, way: Any = REPLIES, sender: str | None = None) -> str:
        return self.get(raw, self.back(way), sender).replace(self.note().id, "N")

    def logged(self) -> list[Interaction]:
        return [row for row in self.rows(Interaction) if not row.name.startswith("task_")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    url = f"sqlite:///{tmp_path}/main.db"
    lay_down("main", url)
    database = Database(url)
    yield Desk(database)
    database.close()


ANN = "ann@customer.example"


def test_what_one_of_us_answers_the_contact_is_kept_and_moves_nothing(desk: Desk) -> None:
    desk.begin("replies: {pause: 3 days, task: {team: sales}}\n")
    before = desk.follow_up()
    raw = desk.written("Ada <ada@acme.example>", ANN, desk.back(REPLIES))

    assert desk.came(raw, sender="ada@acme.example") == "mail: replied to note N, kept on the timeline by token"
    [row] = desk.logged()
    assert (row.name, row.direction, row.channel, row.department, row.person) == (
        "mail_logged", "out", "email", "field sales", "ada",
    )  # fmt: skip
    assert (row.data["subject"], row.data["text"], row.data["task"]) == ("Re: Call her", "Thursday at ten?", before.id)
    assert desk.follow_up() == before
    assert (desk.held(), desk.ends(), len(desk.rows(StaffNote))) == ({}, {"stay": None, "tour": None}, 1)


def test_it_is_kept_once_by_whatever_way_it_comes(desk: Desk) -> None:
    desk.begin()
    raw = desk.written("Ada <ada@acme.example>", ANN, desk.back(REPLIES))
    desk.came(raw)
    desk.came(raw + b"\r\nadded on the way")
    assert len(desk.logged()) == 1


def test_an_answer_to_us_alone_went_to_nobody_else(desk: Desk) -> None:
    desk.begin()
    desk.came(desk.written("ada@acme.example", desk.back(REPLIES)))
    assert [row.direction for row in desk.logged()] == ["internal"]


def test_a_colleague_and_a_teams_address_are_ours_as_well(desk: Desk) -> None:
    desk.begin()
    desk.came(desk.written("bob@acme.example", ANN))
    desk.came(desk.written("Sales <sales@acme.example>", ANN).replace(b"a-1@", b"a-2@"))
    assert [(row.person, row.department) for row in desk.logged()] == [("bob", "service"), (None, "field sales")]


def test_who_writes_under_another_name_is_known_by_the_envelope(desk: Desk) -> None:
    desk.begin()
    desk.came(desk.written("Ada <countess@elsewhere.example>", ANN), sender="ada@acme.example")
    assert [row.person for row in desk.logged()] == ["ada"]


def test_the_notes_message_id_leads_to_it_too(desk: Desk) -> None:
    desk.begin()
    raw = desk.written("ada@acme.example", ANN, "hello@acme.example", In_Reply_To=NOTE_MAIL)
    did = desk.get(raw, "hello@acme.example", "ada@acme.example")

    assert did.replace(desk.note().id, "N") == "mail: replied to note N, kept on the timeline by message_id"
    assert [row.person for row in desk.logged()] == ["ada"]


def test_an_answer_of_the_contact_counts_as_any_answer(desk: Desk) -> None:
    desk.begin("replies: {task: {team: service, title: Answer}}\n")
    raw = desk.written(f"Ann <{ANN}>", "ada@acme.example", desk.back(REPLIES))

    assert desk.came(raw, sender=ANN) == "mail: replied by token"
    assert [(row.name, row.direction, row.data["matched_by"]) for row in desk.logged()] == [("replied", "in", "token")]
    assert desk.ends() == {"stay": None, "tour": "exited:condition"}
    assert [(row.person, row.data) for row in desk.notes("contact_did")] == [("ada", {"event": "replied"})]
    assert {row.title for row in desk.rows(FollowUp)} == {"Call her", "Answer"}


def test_an_absence_of_the_contact_holds_as_ever(desk: Desk) -> None:
    desk.begin()
    raw = desk.written(ANN, "ada@acme.example", Auto_Submitted="auto-replied")
    raw = raw.replace(b"Thursday at ten?", b"I am out of the office until 3 December.")
    desk.came(raw, sender="")

    assert set(desk.held()) == {"stay", "tour"}
    assert desk.follow_up().state["away"]["until"].startswith("2026-12-07T")


def test_an_absence_of_one_of_us_changes_nothing(desk: Desk) -> None:
    desk.begin()
    raw = desk.written("ada@acme.example", desk.back(REPLIES), Auto_Submitted="auto-replied")
    raw = raw.replace(b"Thursday at ten?", b"I am out of the office until 3 December.")

    assert desk.came(raw, sender="") == "mail: auto_replied to note N, nothing follows"
    assert (desk.logged(), desk.held(), desk.follow_up().state["away"]) == ([], {}, None)


def test_what_a_stranger_writes_there_is_kept_with_their_address_and_moves_nothing(desk: Desk) -> None:
    desk.begin("replies: {pause: 3 days, task: {team: sales}}\n")
    before = desk.follow_up()
    desk.came(desk.written("Eve <eve@elsewhere.example>", ANN, desk.back(REPLIES)), sender="eve@elsewhere.example")

    [row] = desk.logged()
    assert (row.name, row.direction, row.person, row.data["from"]) == (
        "mail_logged",
        "in",
        None,
        "eve@elsewhere.example",
    )
    assert (desk.follow_up(), desk.held(), desk.ends()) == (before, {}, {"stay": None, "tour": None})


def test_nobody_leaves_by_a_note(desk: Desk) -> None:
    desk.begin()
    assert desk.came(desk.written("eve@elsewhere.example", ANN), LEAVING) == "mail: replied, matched nobody"
    assert desk.logged() == []


def test_whoever_has_a_task_hears_that_the_contacts_mail_does_not_arrive(desk: Desk) -> None:
    desk.begin()
    full = came.delivery("failed", "5.2.2", "552 5.2.2 mailbox full")
    desk.get(desk.about_it(full), desk.to(BOUNCES), "")
    assert desk.notes("contact_did") == []

    gone = came.delivery("failed", "5.1.1", "550 5.1.1 no such user").replace(b"report-1", b"report-2")
    desk.get(desk.about_it(gone), desk.to(BOUNCES), "")
    assert [(row.person, row.data) for row in desk.notes("contact_did")] == [("ada", {"event": "bounced"})]
    assert (desk.suppressed(), desk.follow_up().ended_at) == ([("address", "hard_bounce")], None)


GONE = came.delivery("failed", "5.1.1", "550 5.1.1 <ada@acme.example>: no such user", returned="X: y\n")


def bounced(desk: Desk, raw: bytes = GONE) -> str:
    raw = raw.replace(came.BACK.encode(), desk.back(BOUNCES).encode()).replace(b"Original-Envelope-Id", b"X-Other")
    return desk.came(raw, BOUNCES, "")


def test_a_note_that_did_not_arrive_is_told_to_the_operator_and_the_team_once(desk: Desk) -> None:
    desk.begin()
    for _ in range(2):
        assert bounced(desk) == "mail: bounced to note N, the address of ada is bad, by token"

    assert [(row.cause, row.count) for row in desk.rows(Notice)] == [("staff/ada/undeliverable", 2)]
    assert "policies/teams.yaml" in desk.rows(Notice)[0].what
    assert [(row.person, row.team, row.data) for row in desk.notes("undeliverable")] == [(None, "sales", {"of": "ada"})]
    assert (desk.logged(), desk.suppressed()) == ([], [])
    assert (desk.note().reason or "").startswith("came back: 550 5.1.1")


def test_a_note_that_is_late_or_found_a_full_mailbox_troubles_nobody(desk: Desk) -> None:
    desk.begin()
    full = came.delivery("failed", "5.2.2", "552 5.2.2 mailbox full", returned="X: y\n")
    assert bounced(desk, full) == "mail: bounced to note N, nothing follows"
    assert (desk.rows(Notice), desk.notes("undeliverable")) == ([], [])


def test_a_team_whose_own_address_is_bad_is_not_told_there(desk: Desk) -> None:
    desk.begin()

    def give_it_to_the_team(session: Session) -> None:
        note = session.exec(select(StaffNote)).one()
        note.person = None
        session.add(note)

    desk.main.write_now(give_it_to_the_team)
    bounced(desk)
    assert [row.cause for row in desk.rows(Notice)] == ["staff/sales/undeliverable"]
    assert desk.notes("undeliverable") == []


def test_an_answer_to_what_is_about_nobody_is_left_to_be_looked_at(desk: Desk) -> None:
    desk.begin()
    digest = StaffNote(id=ledger_id("digest"), key="digest/ada/2026-11-23", person="ada", about="digest", at=NOW)
    desk.main.write_now(lambda session: session.add(digest))
    to = return_address(REPLIES, ledger_id("digest"), SECRET, HOST)
    did = desk.get(desk.written("ada@acme.example", to), to)
    assert did.endswith(", matched nobody")


def test_of_somebody_who_is_erased_nothing_is_kept(desk: Desk) -> None:
    desk.begin()

    def erase(session: Session) -> None:
        contact = session.exec(select(Contact)).one()
        contact.erased_at, contact.email = NOW + timedelta(hours=1), None
        session.add(contact)

    desk.main.write_now(erase)
    assert desk.came(desk.written("ada@acme.example", ANN)).endswith("of somebody who is erased")
    assert desk.logged() == []
