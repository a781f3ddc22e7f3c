"""What comes back from a telephone: whose it is, and what follows."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from activities.received import NotDrainable
from records.models import Contact, Message, Suppression
from tests.activities.office import NOON, Office, opened

NUMBER = "+491715550123"


def left(session: Session, contact: Contact, id: str = "t" * 32) -> None:
    about: dict[str, Any] = {"channel": "sms", "template": "a/b", "bundle": "sha256:b", "class_": "marketing"}
    about |= {"message_id": "<m@acme.example>", "state": "accepted", "recipient": NUMBER, "handing_over_at": NOON}
    session.merge(Message(id=id, send_key=id, contact_id=contact.id, step="offer", **about))


def answer(office: Office, event: str, **data: Any) -> str:
    body = {"event": event, "contact": {"phone": NUMBER}, "data": {"channel": "sms"} | data, "channel": "sms"}
    return office.drain("event", body=body)


def numbers(office: Office) -> list[tuple[str, str, str]]:
    rows = office.database.read_now(lambda session: list(session.exec(select(Suppression))))
    return [(row.kind, row.value, row.reason) for row in rows]


def test_an_answer_belongs_to_the_last_text_to_the_number(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        office.submit("plain")
        ann = office.contact()
        office.database.write_now(lambda session: left(session, ann))

        assert answer(office, "replied", text="Thank you") == "event replied"
        assert office.happened("replied") == [{"channel": "sms", "text": "Thank you"}]


def test_stop_is_about_the_number_and_mail_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        office.submit("plain")
        office.submit("newsletter")
        ann = office.contact()
        office.database.write_now(lambda session: left(session, ann))

        answer(office, "unsubscribed", topic="*", how="sms")

        assert numbers(office) == [("address", NUMBER, "unsubscribed")]
        assert office.says() == {"product-news": "opted_in"}
        assert ("news", None) in [(name, ended) for name, _, ended in office.runs()], "it writes by e-mail, too"


def test_stop_of_a_number_nobody_knows_holds_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        assert answer(office, "unsubscribed", topic="*") == "a number that never got a text from us gets none"
        assert numbers(office) == [("address", NUMBER, "unsubscribed")]


def test_any_other_answer_from_a_number_nobody_knows_is_shown_to_a_person(tmp_path: Path) -> None:
    with opened(tmp_path) as office, pytest.raises(NotDrainable, match="no text to this number"):
        answer(office, "replied", text="Who is this?")
