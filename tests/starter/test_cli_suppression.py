"""`contact suppress | unsuppress`: what one of us may say about being written to, and what not."""

from typing import Any

import pytest
from sqlmodel import Session, select

from records.contacts import find, suppress
from records.models import Enrolment, Interaction, Suppression
from tests.starter.small_home import SmallHome
from tests.starter.test_cli_records import NOW, impatient

__all__ = ["impatient"]

ANN = "ann@acme.example"


@pytest.fixture
def ann(records: SmallHome) -> SmallHome:
    """The records, with one contact who said yes and is in a marketing sequence."""
    assert records.type("contact", "add", "--email", ANN, "--consent", "product-news").status == 0
    assert records.type("enrol", "welcome", ANN).status == 0
    return records


def rows(home: SmallHome, table: Any) -> list[Any]:
    with home.database() as database:
        return list(database.read_now(lambda session: session.exec(select(table)).all()))


def bounce(home: SmallHome) -> None:
    with home.database() as database:
        database.write_now(lambda session: suppress(session, "address", ANN, "hard_bounce", NOW))


@pytest.mark.parametrize("reason", ["manual", "legal", "objection"])
def test_it_ends_what_they_are_in_and_stands_in_the_timeline_with_the_note(ann: SmallHome, reason: str) -> None:
    typed = ann.type("contact", "suppress", ANN, "--reason", reason, "--note", "by telephone", "--json")

    [run], [row] = rows(ann, Enrolment), rows(ann, Suppression)
    [event] = [each for each in rows(ann, Interaction) if each.name == "suppressed"]
    assert (typed.status, typed.document["new"]) == (0, True)
    assert (run.state, run.end_reason) == ("ended", "suppressed")
    assert (row.kind, row.value, row.reason) == ("contact", run.contact_id, reason)
    assert event.data == {"reason": reason, "note": "by telephone"}


def test_told_twice_it_stands_once(ann: SmallHome) -> None:
    for _ in range(2):
        typed = ann.type("contact", "suppress", ANN, "--reason", "manual")

    assert (len(rows(ann, Suppression)), typed.status) == (1, 0)
    assert "already" in typed.out


def test_what_is_lifted_is_noted_and_what_still_stands_is_said(ann: SmallHome) -> None:
    ann.type("contact", "suppress", ANN, "--reason", "objection")
    bounce(ann)

    typed = ann.type("contact", "unsuppress", ANN, "--reason", "hard_bounce", "--note", "she has her mailbox back")

    assert [row.reason for row in rows(ann, Suppression)] == ["objection"]
    assert "what still stands: objection" in typed.out
    [event] = [each for each in rows(ann, Interaction) if each.name == "unsuppressed"]
    assert event.data == {"reason": "hard_bounce", "note": "she has her mailbox back"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["suppress", ANN, "--reason", "complaint"], "--reason: there is no reason 'complaint'; it is one of manual"),
        (["suppress", "x@y.example", "--reason", "legal"], "there is no contact x@y.example"),
        (["unsuppress", ANN, "--reason", "unsubscribed", "--note", "she said"], "comes back by themselves"),
        (["unsuppress", ANN, "--reason", "manual", "--note", "x"], "'manual' does not stand against ann@acme.example"),
        (["unsuppress", ANN, "--reason", "manual", "--note", " "], "--note: says nothing"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(ann: SmallHome, words: list[str], said: str) -> None:
    typed = ann.type("contact", *words)

    assert typed.status == 1
    assert said in typed.err
    assert rows(ann, Suppression) == []


def test_an_import_by_hand_lifts_nothing(ann: SmallHome) -> None:
    ann.type("contact", "suppress", ANN, "--reason", "manual")

    ann.type("contact", "add", "--email", ANN, "--consent", "product-news", "--wording", "Yes.")

    assert [row.reason for row in rows(ann, Suppression)] == ["manual"]


def test_a_number_that_gets_no_texts_is_lifted_as_an_address_is(ann: SmallHome) -> None:
    def has_a_number(session: Session) -> None:
        contact = find(session, ANN)
        assert contact is not None
        contact.phone = "+491715550123"
        session.add(contact)
        suppress(session, "address", "+491715550123", "hard_bounce", NOW)

    with ann.database() as database:
        database.write_now(has_a_number)
    lifting = ("contact", "unsuppress", ANN, "--note", "their new telephone", "--reason")

    assert "what stands is hard_bounce" in ann.type(*lifting, "manual").err
    assert ann.type(*lifting, "hard_bounce").status == 0
    assert rows(ann, Suppression) == []
