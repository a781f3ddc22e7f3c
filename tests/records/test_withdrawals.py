"""Whoever objects is not written to from the moment it is on disk, by whichever door they said so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session

from domain.keys import content_hash
from records import inbox
from records.contacts import find_or_make
from records.models import Inbox, Message
from records.objections import objections_waiting
from records.permissions import Person, Undrained
from records.session import Database
from records.withdrawals import withdrawn
from tests.databases import lay_down
from tests.records.dispatch import NOW

NUMBER = "+491715550123"
COMPLAINT, BAD_ADDRESS = Undrained(reason="complaint"), Undrained(channel="email", reason="hard_bounce")


class Door:
    """Ann and bob, who share a telephone; a message to ann; and an inbox that nobody drains."""

    def __init__(self, folder: Path) -> None:
        main, received = f"sqlite:///{folder}/main.db", f"sqlite:///{folder}/inbox.db"
        lay_down("main", main)
        lay_down("inbox", received)
        self.main, self.received = Database(main), Database(received)
        self.ann, self.bob = (self._person(name) for name in ("ann", "bob"))
        self.main.write_now(self._write)

    def _person(self, name: str) -> Person:
        fields = {"email": f"{name}@acme.example", "phone": NUMBER}
        id = self.main.write_now(lambda session: find_or_make(session, fields, "test", NOW).id)
        return Person.of(id, fields, None)

    def _write(self, session: Session) -> None:
        about: dict[str, Any] = {
            "channel": "email",
            "template": "t/news",
            "bundle": "b",
            "class_": "marketing",
            "topic": "news",
        }
        session.add(
            Message(
                **about,
                id="m1",
                send_key="e1/hello/1",
                contact_id=self.ann.id,
                message_id="<m1@acme.example>",
                provider_id="pm-1",
                recipient="ann@acme.example",
                state="accepted",
            )
        )

    def came(self, kind: str = "event", **body: Any) -> int:
        """Put a row into the inbox; return its id."""
        row = Inbox(key=content_hash(str(body)), kind=kind, source="api", urgent=True, received_at=NOW, body=body)
        self.received.write_now(lambda session: inbox.accept(session, row))
        assert row.id is not None
        return row.id

    def stands(self) -> dict[str, set[Undrained]]:
        """Return what stands against whom, by name."""
        found = withdrawn(self.main, self.received, [self.ann, self.bob])
        names = {self.ann.id: "ann", self.bob.id: "bob"}
        return {names[id]: set(each) for id, each in found.items()}

    def drained(self, id: int) -> None:
        self.received.write_now(lambda session: inbox.mark_drained(session, [id], NOW))

    def parked(self, id: int) -> None:
        for _ in range(inbox.TRIES):
            self.received.write_now(lambda session: inbox.note_failure(session, id, "ValueError", NOW))


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.main.close()
    made.received.close()


@pytest.mark.parametrize(
    ("event", "data", "stands"),
    [
        ("unsubscribed", {"topic": "product-news"}, Undrained("product-news", "email")),
        ("unsubscribed", {"topic": "product-news", "channel": "sms"}, Undrained("product-news", "sms")),
        ("unsubscribed", {}, Undrained("*")),
        ("unsubscribed", {"channel": "sms"}, Undrained("*", "sms")),
        ("complained", {}, COMPLAINT),
        ("bounced", {"permanent": True}, BAD_ADDRESS),
    ],
)
@pytest.mark.parametrize("by", ["id", "email", "message"])
def test_an_objection_told_as_an_event_counts_until_it_is_drained(
    door: Door, event: str, data: dict[str, str], stands: Undrained, by: str
) -> None:
    who = {"id": {"contact": {"id": door.ann.id}}, "email": {"contact": {"email": "Ann@acme.example"}}}
    row = door.came(event=event, data=data, **who.get(by, {"message": "m1"}))

    assert door.stands() == {"ann": {stands}}

    door.drained(row)
    assert door.stands() == {}


def test_what_was_parked_counts_as_long(door: Door) -> None:
    row = door.came(event="unsubscribed", contact={"email": "ann@acme.example"})
    door.parked(row)

    assert door.stands() == {"ann": {Undrained("*")}}


def test_stop_counts_for_everybody_who_has_the_number_and_for_texts_alone(door: Door) -> None:
    door.came(event="unsubscribed", contact={"phone": NUMBER}, data={"topic": "*", "channel": "sms"})

    assert door.stands() == {"ann": {Undrained("*", "sms")}, "bob": {Undrained("*", "sms")}}


def test_a_bounce_that_is_not_for_good_forbids_nothing(door: Door) -> None:
    door.came(event="bounced", contact={"id": door.ann.id}, data={"permanent": False})

    assert door.stands() == {}


def test_a_bounce_of_an_address_of_before_forbids_nothing(door: Door) -> None:
    door.came(event="bounced", message="m1", data={"permanent": True})
    moved = Person.of(door.ann.id, {"email": "ann@elsewhere.example"}, None)

    assert withdrawn(door.main, door.received, [moved]) == {}
    assert door.stands() == {"ann": {BAD_ADDRESS}}


def told(**named: Any) -> dict[str, Any]:
    return {"told": {"send_id": "", "message_ids": [], "provider_ids": [], "recipient": "", "agent": "", **named}}


@pytest.mark.parametrize(
    ("named", "whose"),
    [
        ({"send_id": "m1", "recipient": "ann@acme.example"}, ["ann"]),
        ({"message_ids": ["<m1@acme.example>"]}, ["ann"]),
        ({"provider_ids": ["pm-1"]}, ["ann"]),
        ({"recipient": "bob@acme.example"}, ["bob"]),
        ({"send_id": "m1", "recipient": "somebody@else.example"}, []),
        ({"send_id": "another"}, []),
    ],
)
@pytest.mark.parametrize(
    ("event", "data", "stands"),
    [
        ("complained", {}, COMPLAINT),
        ("bounced", {"permanent": True}, BAD_ADDRESS),
    ],
)
def test_what_a_provider_tells_counts_however_it_names_the_message(
    door: Door, named: dict[str, Any], whose: list[str], event: str, data: dict[str, Any], stands: Undrained
) -> None:
    door.came(event=event, data=data, contact={}, message=None, **told(**named))

    assert door.stands() == {name: {stands} for name in whose}


def test_who_leaves_by_a_providers_link_leaves_the_topic_of_the_message(door: Door) -> None:
    door.came(event="unsubscribed", data={}, contact={}, message="m1", **told(send_id="m1"))

    assert door.stands() == {"ann": {Undrained("news", "email")}}


def test_mail_to_the_address_for_leaving_and_reports_in_mail_count(door: Door) -> None:
    leaving = door.came("mail", leaves=["m1"], forbids=[])
    assert door.stands() == {"ann": {Undrained("news", "email")}}
    door.drained(leaving)

    door.came("mail", leaves=[], forbids=[{"event": "complained", "message": "m1"}])
    report = door.came("mail", leaves=[], forbids=[{"event": "bounced", "message": "m1"}])
    door.parked(report)
    assert door.stands() == {"ann": {COMPLAINT, BAD_ADDRESS}}


def test_thousands_of_objections_are_looked_up_in_a_few_questions(door: Door) -> None:
    def write(session: Session) -> None:
        session.add_all(
            Inbox(
                key=f"k{number}",
                kind="event",
                source="api",
                urgent=True,
                received_at=NOW,
                body={"event": "complained", "message": f"m{number}"},
            )
            for number in range(1_000)
        )

    door.received.write_now(write)

    assert len(door.received.read_now(objections_waiting)) == 1_000
    assert door.stands() == {"ann": {COMPLAINT}}, "m1 is hers"


def test_a_long_inbox_is_not_read_to_find_them(door: Door) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(door.received.engine, "before_cursor_execute")
    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    def plans(session: Session) -> list[str]:
        objections_waiting(session)
        connection = session.connection()
        explained = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}", values) for each, values in asked]
        return [str(step[3]) for plan in explained for step in plan]

    used = door.received.read_now(plans)
    assert used == [f"SEARCH inbox USING INDEX {name} (urgent=?)" for name in ("ix_inbox_waiting", "ix_inbox_parked")]
