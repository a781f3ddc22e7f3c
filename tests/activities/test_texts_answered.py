"""What comes back from a telephone: whose it is, and what follows."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from activities.received import NotDrainable
from records.consenting import said_by
from records.contacts import record_consent
from records.models import Contact, Message, Suppression
from tests.activities.office import HOUR, NOON, Office, opened

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


def of_texts(office: Office) -> dict[str, str]:
    said = office.database.read_now(lambda session: said_by(session, office.contact().id))
    return {topic: state for (topic, channel), state in said.items() if channel == "sms"}


def said_yes_and_stop(office: Office) -> None:
    """Ann, who has this number, said yes to two topics by text, got one, and answers STOP."""
    office.submit("plain")
    contact = office.contact()

    def write(session: Session) -> None:
        ann = session.get(Contact, contact.id)
        assert ann is not None
        ann.phone = NUMBER
        for topic in ("product-news", "service"):
            record_consent(session, ann.id, topic, "opted_in", NOON, basis="consent", source="form", channel="sms")
        left(session, ann)

    office.database.write_now(write)
    answer(office, "unsubscribed", topic="*", how="sms")


def test_stop_opts_out_of_every_topic_by_text(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        said_yes_and_stop(office)

        assert of_texts(office) == {"product-news": "opted_out", "service": "opted_out"}
        assert office.says() == {"product-news": "opted_in"}


def test_a_yes_on_the_preference_page_brings_back_that_topic_and_no_other(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        said_yes_and_stop(office)

        yes = {"topic": "product-news", "channel": "sms", "yes": True, "wording": "Product news"}
        office.wish("preferences", HOUR, says=[yes])

        assert numbers(office) == []
        assert of_texts(office) == {"product-news": "opted_in", "service": "opted_out"}


def test_a_yes_to_mail_lifts_nothing_of_it(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        said_yes_and_stop(office)

        yes = {"topic": "product-news", "channel": "email", "yes": True, "wording": "Product news"}
        office.wish("preferences", HOUR, says=[yes])

        assert numbers(office) == [("address", NUMBER, "unsubscribed")]
        assert office.says() == {"product-news": "opted_in"}


def test_a_form_that_anybody_can_fill_in_lifts_nothing_either(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        said_yes_and_stop(office)
        office.submit("plain", HOUR)

        assert numbers(office) == [("address", NUMBER, "unsubscribed")]


def test_stop_of_a_number_nobody_knows_holds_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as office:
        assert answer(office, "unsubscribed", topic="*") == "a number that never got a text from us gets none"
        assert numbers(office) == [("address", NUMBER, "unsubscribed")]


def test_any_other_answer_from_a_number_nobody_knows_is_shown_to_a_person(tmp_path: Path) -> None:
    with opened(tmp_path) as office, pytest.raises(NotDrainable, match="no text to this number"):
        answer(office, "replied", text="Who is this?")
