"""`log call | meeting | note`, and how the whole timeline of a contact reads."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from activities.received import apply
from records import inbox
from records.contacts import find_or_make, record_consent
from records.models import Contact, Message
from records.published import Published
from records.session import Database
from records.timeline import Happening, record
from starter.publish import publish_home
from tests.starter.small_home import SmallHome

ANN = "ann@acme.example"
MONDAY = datetime(2026, 3, 30, 8, tzinfo=UTC)
AT = "2026-04-03T08:00:00Z"
MINUTE = timedelta(minutes=1)
TEAMS = """
people:
  ada: {name: Ada, email: ada@acme.example}
  bob: {name: Bob, email: bob@acme.example}
teams:
  hot-leads: {email: sales@acme.example, members: [ada], department: sales}
  service: {email: care@acme.example, members: [bob]}
"""


@pytest.fixture
def ann(records: SmallHome, impatient: None) -> SmallHome:
    """A contact in Berlin, and two people who talk to her."""
    records.write("policies/teams.yaml", TEAMS)
    publish_home(records.settings)
    records.type("contact", "add", "--email", ANN, "--time-zone", "Europe/Berlin")
    return records


def drain(home: SmallHome) -> None:
    received = Database(home.settings.inbox_url)
    with closing(received), home.database() as main:
        for row in received.read_now(lambda session: inbox.waiting(session, 100)):
            main.write_now(lambda session, row=row: apply(session, Published(), row, row.received_at))  # type: ignore[misc]


def test_a_call_goes_through_the_inbox_and_the_same_one_told_twice_is_one(ann: SmallHome) -> None:
    words = ["log", "call", ANN, "--by", "ada", "--minutes", "12", "--outcome", "reached", "--id", "c-1"]

    first, second = ann.type(*words, "--json"), ann.type(*words)

    assert first.status == 0, first.err
    assert (first.document["event"], first.document["status"]) == ("call_logged", "accepted")
    assert first.document["data"] == {
        "person": "ada", "department": "sales", "direction": "out", "minutes": 12, "outcome": "reached",
    }  # fmt: skip
    assert second.out == "call: logged before under this id; nothing changes\n"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["call", ANN, "--by", "adda"], "--by: 'adda' is nobody of policies/teams.yaml; did you mean 'ada'?"),
        (["call", "eve@acme.example", "--by", "ada"], "there is no contact eve@acme.example; add one with"),
        (["call", ANN, "--by", "ada", "--at", "2126-03-27T09:00:00Z"], "--at: a call that is still to come"),
        (["call", ANN, "--by", "ada", "--direction", "up"], "--direction: is neither in"),
        (["call", ANN, "--by", "ada", "--minutes", "-3"], "--minutes: is no whole number"),
        (["note", ANN, "--by", "ada", "--text", " "], "--text: is not a text"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(ann: SmallHome, words: list[str], problem: str) -> None:
    typed = ann.type("log", *words)

    assert typed.status == 1
    assert typed.err.startswith(problem)
    assert ann.type("inbox", "list", "--json").document["rows"] == []


def test_a_meeting_that_is_still_to_come_may_be_logged(ann: SmallHome) -> None:
    assert ann.type("log", "meeting", ANN, "--by", "bob", "--at", "2126-03-27T09:00:00Z").status == 0


def everything(session: Session) -> None:
    """A form, a mail, its click and answer, a call and a note that were told later, a purchase, a task."""
    contact = session.exec(select(Contact)).one()
    published = Published()
    record_consent(
        session, contact.id, "product-news", "opted_in", MONDAY - MINUTE, basis="consent", source="form demo"
    )
    fate: dict[str, Any] = {"state": "accepted", "claimed_at": MONDAY + MINUTE, "accepted_at": MONDAY + MINUTE}
    about: dict[str, Any] = {"send_key": "k1", "bundle": "sha256:b", "class_": "marketing", "template": "welcome/hello"}
    session.add(
        Message(id="m1", contact_id=contact.id, channel="email", message_id="<m1@x>", subject="Hello", **fate, **about)
    )
    session.flush()
    told: list[tuple[int, str, dict[str, Any]]] = [
        (0, "form_submitted", {"data": {"form": "demo"}}),
        (2, "clicked", {"message": "m1", "data": {"url": "https://acme.example/tips"}}),
        (4, "replied", {"message": "m1", "data": {"subject": "Re: Hello"}}),
        (10, "task_completed", {"data": {"outcome": "booked", "person": "ada"}}),
        (11, "meeting_booked", {"data": {"host_email": "Bob@acme.example", "title": "Visit", "starts_at": AT}}),
        (12, "meeting_booked", {"data": {"host_email": "zoe@else.example", "starts_at": "soon", "minutes": 45}}),
        (13, "purchased", {"data": {"amount": 40}}),
        (14, "case_closed", {"data": {"severity": "S2", "person": "bob"}}),
    ]
    for minutes, name, more in told:
        at = MONDAY + minutes * MINUTE
        record(session, published, contact, Happening(f"{name}/{minutes}", name, at, **more), at, changed=False)


def test_everything_of_every_department_reads_as_one_story(ann: SmallHome) -> None:
    with ann.database() as database:
        database.write_now(everything)
    for words in (
        ["call", ANN, "--by", "ada", "--at", "2026-03-30T08:03:00Z", "--minutes", "12", "--outcome", "reached"],
        ["note", ANN, "--by", "bob", "--at", "2026-03-30T08:05:00Z", "--text", "Call\nafter [four]."],
    ):
        assert ann.type("log", *words).status == 0
    drain(ann)

    typed = ann.type("contact", "show", ANN)
    lines = [line for line in typed.out.splitlines() if "Mar 2026" in line]

    assert [" ".join(line.split()[5:]) for line in lines] == [
        "marketing email in consent: product-news opted_in consent, form demo",
        "marketing web in form_submitted form: demo",
        "marketing email out message accepted “Hello”",
        "marketing email in clicked url: https://acme.example/tips",
        "sales: ada phone out call, 12 minutes: reached",
        "marketing email in replied subject: Re: Hello",
        "service: bob internal note Call after [four].",
        "sales: ada staff internal task: completed: booked",
        "service: bob calendar in meeting booked: Visit, Fri 03 Apr 2026 10:00",
        "sales calendar in meeting booked 45 minutes",
        "sales in purchased amount: 40",
        "service: bob internal case: closed",
    ]


def test_of_the_timeline_only_what_is_wanted_is_shown(ann: SmallHome) -> None:
    with ann.database() as database:
        database.write_now(everything)

    def shown(*words: str) -> list[str]:
        timeline = ann.type("contact", "show", ANN, *words, "--json").document["timeline"]
        return [row.get("event") or row["kind"] for row in timeline]

    assert shown("--department", "service") == ["meeting_booked", "case_closed"]
    assert shown("--channel", "email", "--department", "marketing") == ["consent", "message", "clicked", "replied"]
    assert shown("--since", "2026-03-30T08:12:00Z") == ["meeting_booked", "purchased", "case_closed"]
    assert len(shown("--since", "2026-03-30")) == 10
    assert shown("--since", "2026-03-31") == []


def test_whose_and_which_way_it_was_stands_in_the_document(ann: SmallHome) -> None:
    with ann.database() as database:
        database.write_now(everything)

    timeline = ann.type("contact", "show", ANN, "--json").document["timeline"]

    said = [tuple(row[name] for name in ("department", "person", "channel", "direction")) for row in timeline]
    assert said[2:4] == [("marketing", None, "email", "out"), ("marketing", None, "email", "in")]
    assert said[5] == ("sales", "ada", "staff", "internal")


def test_of_somebody_who_was_erased_nothing_more_is_written(ann: SmallHome) -> None:
    def erase(session: Session) -> None:
        contact = session.exec(select(Contact)).one()
        contact.erased_at = MONDAY
        session.add(contact)

    with ann.database() as database:
        database.write_now(erase)

    typed = ann.type("log", "note", ANN, "--by", "ada", "--text", "Hm.")

    assert (typed.status, "was erased; nothing more is written about them" in typed.err) == (1, True)


def test_it_stands_with_whom_it_was_about_alone(ann: SmallHome) -> None:
    with ann.database() as database:
        database.write_now(lambda session: find_or_make(session, {"email": "eve@acme.example"}, "test", MONDAY).id)
    ann.type("log", "note", "eve@acme.example", "--by", "ada", "--text", "Hm.")
    drain(ann)

    assert "note" not in ann.type("contact", "show", ANN).out
