"""`case`: what is listed, what is shown, and what closing one puts into the inbox."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from domain.asking import Asked
from domain.needs import Open
from records.models import Enrolment, Inbox
from records.service_cases import take_note
from records.session import Database
from records.work import open_case
from tests.starter.small_home import SmallHome
from tests.starter.test_cli_pauses import ANN, impatient

__all__ = ["impatient"]

NOW = datetime(2126, 3, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def ann(records: SmallHome) -> SmallHome:
    """Ann has a case."""
    records.type("contact", "add", "--email", ANN, "--consent", "product-news")
    assert records.type("enrol", "welcome", ANN).status == 0

    def work(session: Session) -> None:
        run = session.exec(select(Enrolment)).one()
        asked = Asked("call-ann", "task", 2, NOW, NOW)
        told = {"case": "Ann is not happy", "incident": "o-1"}
        open_case(session, run, asked, Open(what="case", title="", severity="S2"), told, NOW)

    with records.database() as database:
        database.write_now(work)
    return records


def test_cases_are_listed_and_shown(ann: SmallHome) -> None:
    (case,) = ann.type("case", "list", "--contact", ANN, "--json").document["cases"]

    assert (case["title"], case["severity"]) == ("Ann is not happy", "S2")
    assert "Ann is not happy" in ann.type("case", "list").out
    assert ann.type("case", "show", case["id"], "--json").document["incident"] == "o-1"
    assert ann.type("case", "show", "nothing").status == 1


def test_a_case_is_closed_through_the_inbox_once(ann: SmallHome) -> None:
    [case] = ann.type("case", "list", "--json").document["cases"]

    typed = ann.type("case", "close", case["id"], "--outcome", "refunded", "--json")
    again = ann.type("case", "close", case["id"], "--json")

    assert list(typed.document) == ["case", "outcome", "contact", "inbox", "status", "woken"]
    assert (typed.document["status"], again.document["status"]) == ("accepted", "repeated")
    with closing(Database(ann.settings.inbox_url)) as inbox:
        (row,) = inbox.read_now(lambda session: list(session.exec(select(Inbox)).all()))
    said = {"case": case["id"], "severity": "S2", "outcome": "refunded"}
    assert (row.body["event"], row.body["data"]) == ("case_closed", said)
    with ann.database() as database:
        database.write_now(lambda session: take_note(session, case["contact_id"], "case_closed", said, NOW))
    assert ann.type("case", "list").out == "no case is open\n"
    assert ann.type("case", "show", case["id"], "--json").document["outcome"] == "refunded"
    assert "was closed at 2126-03-27 09:00 UTC" in ann.type("case", "close", case["id"]).err
    assert ann.type("case", "close", "nothing").status == 1
