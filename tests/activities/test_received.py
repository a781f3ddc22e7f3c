"""What came in, and what it becomes in the records."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from activities.received import NotDrainable, apply
from domain.loader import load
from records.contacts import find_or_make
from records.models import Contact, Inbox, Interaction, Message
from records.published import Published, publish
from records.session import Database
from tests.databases import lay_down
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORM = "fields: {email: mail, benches: benches, vip: vip, renewal_date: renewal, company: company}"
FILES = POLICIES | {"policies/forms/order.yaml": FORM}


def received(folder: Path, row: Inbox, *before: Message) -> list[tuple[str, str | None]]:
    """Return the events in the timeline, each with the contact's address, once a row is drained."""
    url = f"sqlite:///{folder / 'main.db'}"
    lay_down("main", url)
    database = Database(url)
    published = Published()

    def work(session: Session) -> None:
        ann = find_or_make(session, {"email": "ann@acme.example"}, "test", NOW)
        for message in before:
            message.contact_id = ann.id
            session.add(message)
        session.flush()
        apply(session, published, row, NOW)

    try:
        database.write_now(lambda session: publish(session, FILES, load(FILES, TEMPLATES).programs, NOW))
        database.write_now(work)
        told = select(Interaction.name, Contact.email).join(Contact, col(Contact.id) == col(Interaction.contact_id))
        return list(database.read_now(lambda session: session.exec(told).all()))
    finally:
        database.close()


def told_of(message: str) -> Inbox:
    body = {"event": "delivered", "message": message, "data": {}}
    return Inbox(id=1, key="event/1", kind="event", source="relay", received_at=NOW, body=body)


def test_an_event_that_names_only_a_message_is_about_whom_it_was_written_to(tmp_path: Path) -> None:
    message = Message(
        id="m1",
        send_key="e1/hello/1",
        contact_id="",
        channel="email",
        template="welcome/hello",
        bundle="b",
        class_="marketing",
        message_id="<m1@acme.example>",
        state="accepted",
    )

    assert received(tmp_path, told_of("m1"), message) == [("delivered", "ann@acme.example")]


def test_an_event_of_a_message_that_the_ledger_does_not_know_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotDrainable, match="the ledger has no message m2; name the contact, too"):
        received(tmp_path, told_of("m2"))


def submitted(folder: Path, **answers: str) -> dict[str, Any]:
    """Return the own fields of the contact that a submission of these answers makes."""
    url = f"sqlite:///{folder / 'main.db'}"
    lay_down("main", url)
    database = Database(url)
    published = Published()
    row = Inbox(
        id=1,
        key="order/1",
        kind="form",
        source="json",
        form="order",
        received_at=NOW,
        body={"answers": {"mail": "ann@acme.example", **answers}},
    )
    try:
        database.write_now(lambda session: publish(session, FILES, load(FILES, TEMPLATES).programs, NOW))
        database.write_now(lambda session: apply(session, published, row, NOW))
        return database.read_now(lambda session: dict(session.exec(select(Contact)).one().fields))
    finally:
        database.close()


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"benches": "3", "vip": "yes"}, {"benches": 3, "vip": True}),
        ({"benches": "2.5", "renewal": "2026-05-01"}, {"benches": 2.5, "renewal_date": "2026-05-01"}),
        ({"benches": "a few"}, {"benches": "a few"}),
    ],
)
def test_what_was_typed_is_kept_as_its_field_holds_it(
    tmp_path: Path, answers: dict[str, str], fields: dict[str, Any]
) -> None:
    assert submitted(tmp_path, **answers) == fields
