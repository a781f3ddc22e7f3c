"""Commands on the records: enrol, end, event, contact, inbox, message, publish, versions."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from records.inbox import note_failure, waiting
from records.models import Consent, Decision, Enrolment, Interaction, Message, Wake
from records.session import Database
from tests.starter.small_home import SmallHome

NOW = datetime(2026, 3, 27, 9, tzinfo=UTC)

# Temporal is out of reach in all of them; what they write must be there all the same.
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Temporal should be, so there is nothing to wait for."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)


@pytest.fixture
def ann(records: SmallHome) -> SmallHome:
    """The records, with one contact who said yes."""
    typed = records.type(
        "contact", "add", "--email", "Ann@Acme.example", "--first-name", "Ann", "--country", "Germany",
        "--consent", "product-news", "--wording", "Yes, write to me.",
    )  # fmt: skip
    assert typed.status == 0, typed.err
    return records


def rows(home: SmallHome, table: Any) -> list[Any]:
    with home.database() as database:
        return list(database.read_now(lambda session: session.exec(select(table)).all()))


@pytest.mark.parametrize(
    "words",
    [
        ["contact", "list"],
        ["enrol", "welcome", "ann@acme.example"],
        ["event", "clicked", "--contact", "ann@acme.example"],
        ["inbox", "list"],
        ["message", "list"],
        ["publish", "--yes"],
        ["versions", "welcome"],
    ],
)
def test_without_a_database_each_says_plainly_what_to_do(home: SmallHome, words: list[str]) -> None:
    typed = home.type(*words)

    assert typed.status == 3
    assert typed.err == f"no database at {home.folder}/.rapport/rapport.db; start `rapport up` first\n"
    assert not (home.folder / ".rapport").exists()


def test_a_database_that_is_not_up_to_date_says_so(home: SmallHome) -> None:
    for name in ("rapport.db", "inbox.db"):
        home.write(f".rapport/{name}", b"")

    typed = home.type("contact", "list")

    assert typed.status == 3
    assert typed.err == "database: is not up to date (no such table: contact); start `rapport up` first\n"


def test_a_wrong_setting_is_said_by_its_name(home: SmallHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_WEB_PORT", "abc")

    typed = home.type("contact", "list")

    assert typed.status == 3
    assert typed.err.startswith("RAPPORT_WEB_PORT: 'abc' is not a number; ")


# --- contacts --------------------------------------------------------------------------------------------------------


def test_a_contact_is_added_with_the_words_they_agreed_to(ann: SmallHome) -> None:
    (consent,) = rows(ann, Consent)

    assert (consent.topic, consent.state, consent.wording) == ("product-news", "opted_in", "Yes, write to me.")
    (listed,) = ann.type("contact", "list", "--json").document["contacts"]
    assert (listed["email"], listed["country"], listed["first_name"]) == ("ann@acme.example", "DE", "Ann")


def test_adding_again_completes_the_contact(ann: SmallHome) -> None:
    typed = ann.type("contact", "add", "--email", "ann@acme.example", "--company", "Acme", "--json")

    assert typed.document["new"] is False
    assert len(ann.type("contact", "list", "--json").document["contacts"]) == 1


def test_everything_wrong_with_a_new_contact_is_said_at_once(records: SmallHome) -> None:
    typed = records.type(
        "contact", "add", "--email", "ann", "--country", "Atlantis", "--time-zone", "Mars", "--language", "deutsch",
        "--json",
    )  # fmt: skip

    assert typed.status == 1
    assert [each["what"].partition(":")[0] for each in typed.document["problems"]] == [
        "--email", "--country", "--time-zone", "--language",
    ]  # fmt: skip


def test_consent_to_a_topic_that_is_none_adds_nobody(records: SmallHome) -> None:
    typed = records.type("contact", "add", "--email", "ann@acme.example", "--consent", "prodct-news")

    assert typed.status == 1
    assert "did you mean 'product-news'?" in typed.err
    assert records.type("contact", "list", "--json").document == {"contacts": []}


def test_an_unknown_contact_is_said_with_the_way_to_add_one(records: SmallHome) -> None:
    typed = records.type("contact", "show", "ben@acme.example")

    assert (typed.status, typed.err) == (
        1,
        "there is no contact ben@acme.example; add one with `rapport contact add --email ben@acme.example`\n",
    )


def put_history(session: Session) -> None:
    """A message that went, one that did not, a click, and the decisions between them."""
    run = session.exec(select(Enrolment)).one()
    run.state, run.wave, run.started_at = "running", "seq/welcome/1", NOW
    session.add(run)
    about: dict[str, Any] = {"contact_id": run.contact_id, "enrolment_id": run.id}
    message = {**about, "sequence": "welcome", "channel": "email", "bundle": "sha256:b", "class_": "marketing"}
    session.add(
        Message(
            id="m1", send_key="k1", step="hello",
            template="welcome/hello", recipient="ann@acme.example", subject="Hello [b]you[/b]", state="accepted",
            message_id="<m1@x>", claimed_at=NOW, accepted_at=NOW, **message,
        )
    )  # fmt: skip
    session.add(
        Message(
            id="m2", send_key="k2", step="tips", template="welcome/tips", state="skipped", reason="expired",
            message_id="<m2@x>", skipped_at=NOW.replace(day=30), **message,
        )
    )  # fmt: skip
    told: dict[str, Any] = {**about, "sequence": "welcome", "version": run.version}
    session.add(Decision(step="hello", kind="send", did="sent", final=True, at=NOW, more={"message": "m1"}, **told))
    waited = NOW.replace(day=29)
    session.add(Decision(step="wait-2", kind="wait", did="waited", final=True, at=waited, why=["2 days"], **told))
    session.add(
        Interaction(
            key="e1", name="clicked", at=NOW.replace(day=28), step="hello", data={"url": "https://a.example"}, **about
        )
    )


def test_the_whole_timeline_of_a_contact_sorted_by_time(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example", "--data", '{"plan": "pro"}')
    with ann.database() as database:
        database.write_now(put_history)

    document = ann.type("contact", "show", "ann@acme.example", "--json").document

    assert list(document) == [
        "contact", "identities", "consents", "suppressions", "sequences", "messages", "tasks", "timeline",
    ]  # fmt: skip
    (run,) = document["sequences"]
    assert (run["sequence"], run["state"], run["wave"]) == ("welcome", "running", "seq/welcome/1")
    assert run["event"] == {"plan": "pro"}
    assert [step["step"] for step in run["steps"]] == ["hello", "wait-2"]
    old = [row for row in document["timeline"] if row["at"] < "2026-04"]
    assert [(row["kind"], row.get("step")) for row in old] == [
        ("message", "hello"), ("decision", "hello"), ("event", "hello"), ("decision", "wait-2"), ("message", "tips"),
    ]  # fmt: skip
    assert document["timeline"] == sorted(document["timeline"], key=lambda row: row["at"][:19])
    assert document["messages"][1]["reason"] == "expired"


def test_people_read_it_on_the_contacts_clock_each_message_once(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    with ann.database() as database:
        database.write_now(put_history)

    shown = ann.type("contact", "show", "ann@acme.example").out

    assert "times are those of Europe/Berlin (from country)" in shown
    assert "in the words “Yes, write to me.”" in shown
    assert ": running, at hello, carried by seq/welcome/1" in shown
    sent = "Fri 27 Mar 2026 10:00 marketing email out welcome hello message accepted “Hello [b]you[/b]”"
    assert sent in " ".join(shown.split())
    assert shown.count("Hello [b]you[/b]") == 1
    assert "message skipped" in shown
    assert "url: https://a.example" in shown


# --- enrol, end, event -----------------------------------------------------------------------------------------------


def test_enrol_writes_the_run_and_says_when_it_begins(ann: SmallHome) -> None:
    typed = ann.type("enrol", "welcome", "ann@acme.example", "--data", '{"plan": "pro"}', "--json")

    assert typed.status == 0
    assert set(typed.document) == {"enrolment", "sequence", "version", "contact", "entered_at", "waits_until", "woken"}
    assert typed.document["woken"] is False
    (run,) = rows(ann, Enrolment)
    assert (run.id, run.state, run.event) == (typed.document["enrolment"], "starting", {"plan": "pro"})


def test_out_of_reach_of_temporal_enrol_is_fine_and_says_what_happens_next(ann: SmallHome) -> None:
    typed = ann.type("enrol", "sequences/welcome.yaml", "ann@acme.example")

    assert typed.status == 0
    assert typed.out == ("ann@acme.example entered welcome; Temporal is out of reach; it begins when a worker looks\n")


def test_who_is_in_it_does_not_enter_twice_and_the_refusal_is_kept(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")

    typed = ann.type("enrol", "welcome", "ann@acme.example")

    assert typed.status == 1
    assert "ann@acme.example does not enter (again): again: after_exit, and is in it now" in typed.err
    assert [row.did for row in rows(ann, Decision)] == ["entered", "refused:again"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["welcom", "ann@acme.example"], "sequence 'welcom' is not published; did you mean 'welcome'?"),
        (["welcome", "ben@acme.example"], "there is no contact ben@acme.example; add one with `rapport contact add"),
        (["welcome", "nobody"], "there is no contact nobody; give an e-mail address or an id"),
    ],
)
def test_enrol_of_what_is_not_there_writes_nothing(ann: SmallHome, words: list[str], what: str) -> None:
    typed = ann.type("enrol", *words)

    assert typed.status == 1
    assert what in typed.err
    assert rows(ann, Enrolment) == []


def test_a_draft_is_never_entered(ann: SmallHome) -> None:
    ann.change("sequences/welcome.yaml", "topic: product-news", "topic: product-news\nstatus: draft")
    assert ann.type("publish", "--yes").status == 0

    typed = ann.type("enrol", "welcome", "ann@acme.example")

    assert (typed.status, typed.err) == (1, "welcome: is a draft; set 'status: live' and publish it first\n")


def test_end_ends_the_run_and_wakes_who_carries_it(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    with ann.database() as database:
        database.write_now(put_history)

    typed = ann.type("end", "welcome", "ann@acme.example", "--reason", "asked us by phone", "--json")

    assert typed.status == 0
    (run,) = rows(ann, Enrolment)
    assert (run.state, run.end_reason) == ("ended", "exited:asked us by phone")
    assert typed.document["enrolments"] == [run.id]
    assert [wake.wave for wake in rows(ann, Wake)] == ["seq/welcome/1"]


def test_end_of_a_run_there_is_none_of_says_where_they_are(ann: SmallHome) -> None:
    typed = ann.type("end", "welcome", "ann@acme.example", "--reason", "x")

    assert (typed.status, typed.err) == (1, "welcome: ann@acme.example is not in it; they are in no sequence\n")


def inbox(home: SmallHome) -> Database:
    return Database(home.settings.inbox_url)


def test_an_event_is_on_disk_in_the_form_in_which_it_is_drained(ann: SmallHome) -> None:
    typed = ann.type(
        "event", "clicked", "--contact", "ann@acme.example", "--of", "hello", "--id", "x1", "--data", '{"by": "human"}',
        "--json",
    )  # fmt: skip

    assert (typed.status, typed.document["status"]) == (0, "accepted")
    database = inbox(ann)
    (row,) = database.read_now(lambda session: waiting(session, 10))
    database.close()
    contact = typed.document["contact"]
    assert (row.kind, row.source, row.contact_id, row.key) == ("event", "cli", contact, "cli/events/x1")
    assert row.body == {
        "event": "clicked", "contact": {"id": contact}, "data": {"by": "human"}, "at": None, "step": "hello",
        "message": None,
    }  # fmt: skip


def test_an_event_told_twice_under_one_id_counts_once(ann: SmallHome) -> None:
    words = ["event", "clicked", "--contact", "ann@acme.example", "--id", "x1"]
    ann.type(*words)

    typed = ann.type(*words, "--json")

    assert (typed.status, typed.document["status"]) == (0, "repeated")
    assert len(ann.type("inbox", "list", "--json").document["rows"]) == 1


def test_a_withdrawal_is_urgent(ann: SmallHome) -> None:
    ann.type("event", "unsubscribed", "--contact", "ann@acme.example")

    assert ann.type("inbox", "list", "--json").document["rows"][0]["urgent"] is True


def test_an_event_nobody_declared_is_a_problem_with_the_nearest(ann: SmallHome) -> None:
    typed = ann.type("event", "trial_startd", "--contact", "ann@acme.example")

    assert typed.status == 1
    assert "event 'trial_startd' is not declared" in typed.err
    assert "did you mean 'trial_started'?" in typed.err


# --- inbox and messages ----------------------------------------------------------------------------------------------


def test_a_parked_row_is_listed_shown_and_tried_again(ann: SmallHome) -> None:
    ann.type("event", "clicked", "--contact", "ann@acme.example", "--id", "x1")
    database = inbox(ann)
    for _ in range(3):
        database.write_now(lambda session: note_failure(session, 1, "it is odd", NOW))
    database.close()

    assert [row["id"] for row in ann.type("inbox", "list", "--parked", "--json").document["rows"]] == [1]
    assert "parked  it is odd" in ann.type("inbox", "list").out
    shown = ann.type("inbox", "show", "1", "--json").document
    assert (shown["problem"], shown["tries"], shown["body"]["event"]) == ("it is odd", 3, "clicked")

    assert ann.type("inbox", "retry", "1").status == 0
    assert ann.type("inbox", "list", "--parked", "--json").document == {"rows": []}
    assert ann.type("inbox", "retry", "1").status == 1
    assert ann.type("inbox", "show", "7").status == 1


def test_messages_are_listed_by_state_and_shown_whole(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    with ann.database() as database:
        database.write_now(put_history)

    listed = ann.type("message", "list", "--state", "skipped", "--json").document["messages"]
    assert [(row["id"], row["class"], row["reason"]) for row in listed] == [("m2", "marketing", "expired")]
    assert len(ann.type("message", "list", "--contact", "ann@acme.example", "--json").document["messages"]) == 2
    assert ann.type("message", "show", "<m1@x>", "--json").document["accepted_at"] == "2026-03-27T09:00:00Z"
    assert "Hello [b]you[/b]" in ann.type("message", "list").out
    assert "ann@acme.example" in ann.type("message", "list").out
    assert ann.type("message", "list", "--state", "gone").status == 1
    assert ann.type("message", "show", "m9").status == 1


# --- publish ---------------------------------------------------------------------------------------------------------


def test_publish_says_what_is_new_and_versions_who_is_inside(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    ann.change("sequences/welcome.yaml", "2 days", "4 days")

    typed = ann.type("publish", "--yes", "--json")

    assert (typed.status, typed.document["published"]) == (0, True)
    (change,) = typed.document["changes"]
    assert (change["sequence"], change["inside"]) == ("welcome", 1)
    versions = ann.type("versions", "welcome", "--json").document["versions"]
    assert [(row["version"], row["inside"]) for row in versions] == [(change["version"], 0), (change["before"], 1)]
    assert ann.type("publish", "--yes").out == "nothing is new\n"
    assert ann.type("versions", "welcom").status == 1


def test_publish_asks_and_where_nobody_can_answer_changes_nothing(ann: SmallHome) -> None:
    ann.change("sequences/welcome.yaml", "2 days", "4 days")

    typed = ann.type("publish", "--json")

    assert typed.status == 2
    assert len(ann.type("versions", "welcome", "--json").document["versions"]) == 1


def test_publish_of_a_home_with_a_mistake_publishes_the_rest_and_has_status_1(ann: SmallHome) -> None:
    ann.write("sequences/other.yaml", "steps: [{sned: x}]\n")
    ann.change("sequences/welcome.yaml", "2 days", "4 days")

    typed = ann.type("publish", "--yes", "--json")

    assert typed.status == 1
    assert typed.document["published"] is True
    assert [each["sequence"] for each in typed.document["changes"]] == ["welcome"]
    assert typed.document["problems"][0]["path"] == "sequences/other.yaml"
    assert "sequences/other.yaml: is not published; correct it first" in typed.err
