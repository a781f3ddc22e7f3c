"""`task` and `case`: what is listed, what is shown, and what completing one puts into the inbox."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, select

from domain.asking import Asked
from domain.needs import Open
from domain.policies import Policies
from records.completing import complete_follow_up
from records.follow_up_models import FollowUp
from records.follow_ups import Opening, open_follow_up
from records.happening import Happening
from records.models import Contact, Enrolment, Inbox
from records.service_cases import take_note
from records.session import Database
from records.work import open_case
from tests.starter.small_home import SmallHome
from tests.starter.test_cli_pauses import ANN, impatient

__all__ = ["impatient"]

NOW = datetime(2126, 3, 27, 9, 0, tzinfo=UTC)


@pytest.fixture
def ann(records: SmallHome) -> SmallHome:
    """Ann has two tasks of one step, and a case."""
    records.type("contact", "add", "--email", ANN, "--consent", "product-news")
    assert records.type("enrol", "welcome", ANN).status == 0

    def work(session: Session) -> None:
        run = session.exec(select(Enrolment)).one()
        for visit in (1, 2):
            opening = Opening(
                f"Call Ann, {visit}", "sales", outcomes=("booked",), enrolment=run.id, step="call-ann", visit=visit
            )
            ann = session.get(Contact, run.contact_id)
            assert ann is not None
            open_follow_up(session, Policies.none(), ann, opening, NOW.replace(day=26 + visit))
        asked = Asked("call-ann", "task", 2, NOW, NOW)
        told = {"case": "Ann is not happy", "incident": "o-1"}
        open_case(session, run, asked, Open(what="case", title="", severity="S2"), told, NOW)

    with records.database() as database:
        database.write_now(work)
    return records


def test_tasks_are_listed_by_team_and_contact_and_shown_whole(ann: SmallHome) -> None:
    first, second = ann.type("task", "list", "--team", "sales", "--contact", ANN, "--json").document["tasks"]

    assert {first["title"], second["title"]} == {"Call Ann, 1", "Call Ann, 2"}
    assert ann.type("task", "list", "--team", "service").out == "no task is open\n"
    assert "Call Ann, 1" in ann.type("task", "list").out
    assert ann.type("task", "show", first["id"], "--json").document["outcomes"] == ["booked"]
    assert ann.type("task", "show", "nothing").status == 1


def test_a_task_is_completed_through_the_inbox_and_it_is_the_one_that_was_named(ann: SmallHome) -> None:
    first, second = ann.type("task", "list", "--json").document["tasks"]

    typed = ann.type("task", "complete", first["id"], "--outcome", "booked", "--note", "Friday", "--json")
    again = ann.type("task", "complete", first["id"], "--outcome", "booked", "--json")

    assert list(typed.document) == ["task", "outcome", "contact", "inbox", "status", "woken"]
    assert (typed.document["status"], again.document["status"]) == ("accepted", "repeated")
    with closing(Database(ann.settings.inbox_url)) as inbox:
        (row,) = inbox.read_now(lambda session: list(session.exec(select(Inbox)).all()))
    data = row.body["data"]
    assert (row.body["event"], data) == (
        "task_completed",
        {"task": first["id"], "outcome": "booked", "note": "Friday"},
    )
    with ann.database() as database:
        happening = Happening("once", "task_completed", NOW, data, step="call-ann")

        def complete(session: Session) -> FollowUp | None:
            contact = session.get(Contact, first["contact_id"])
            assert contact is not None
            return complete_follow_up(session, Policies.none(), contact, happening)

        done = database.write_now(complete)
        assert done is not None
        assert (done.id, done.note) == (first["id"], "Friday")
        # Told a second time, it is not the other one that was done.
        assert database.write_now(complete) is None
    closed = ann.type("task", "complete", first["id"], "--outcome", "booked")
    assert (closed.status, "completed already" in closed.err) == (1, True)
    assert [each["id"] for each in ann.type("task", "list", "--json").document["tasks"]] == [second["id"]]


def test_an_outcome_that_the_step_does_not_name_is_refused_with_those_it_names(ann: SmallHome) -> None:
    task, _ = ann.type("task", "list", "--json").document["tasks"]

    typed = ann.type("task", "complete", task["id"], "--outcome", "boked")

    assert typed.status == 1
    assert typed.err == "task: 'boked' is none of its outcomes: booked; give one of them, or 'otherwise'\n"
    with closing(Database(ann.settings.inbox_url)) as inbox:
        assert inbox.read_now(lambda session: session.exec(select(Inbox)).all()) == []


def test_any_other_answer_to_a_task_is_given_as_otherwise(ann: SmallHome) -> None:
    task, _ = ann.type("task", "list", "--json").document["tasks"]

    typed = ann.type("task", "complete", task["id"], "--outcome", "otherwise", "--json")

    assert (typed.status, typed.document["status"]) == (0, "accepted")


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
