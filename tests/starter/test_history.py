"""What `contact show` tells of one person: what happened in its order, where they stand, what they stayed out of."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from records.contacts import record_consent
from records.models import Consent, Contact, Decision, Enrolment, Interaction, Message
from tests.starter.small_home import SmallHome

MONDAY = datetime(2026, 3, 30, 10, 15, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where Temporal should be."""

    async def out_of_reach(*_: object, **__: object) -> None:
        raise RuntimeError("connection refused")

    monkeypatch.setattr("starter.cli_store.Client.connect", out_of_reach)


@pytest.fixture
def ann(records: SmallHome) -> SmallHome:
    """The records, with one contact, in Berlin, who said yes."""
    records.type(
        "contact", "add", "--email", "ann@acme.example", "--country", "DE", "--consent", "product-news"
    )  # fmt: skip
    return records


def put_first_second(session: Session) -> None:
    """A form's consent and what followed, all within a second: events and messages to the instant, decisions not."""
    session.connection().exec_driver_sql("drop trigger consent_no_update")  # what was said never changes, but here
    run, consent = session.exec(select(Enrolment)).one(), session.exec(select(Consent)).one()
    about: dict[str, Any] = {"contact_id": run.contact_id, "enrolment_id": run.id, "sequence": "welcome"}
    told: dict[str, Any] = {**about, "version": run.version, "at": MONDAY, "final": True}
    entry = session.exec(select(Decision)).one()
    entry.at = consent.given_at = MONDAY + timedelta(milliseconds=300)
    consent.recorded_at = MONDAY + timedelta(seconds=1)
    sent, replied = MONDAY + timedelta(milliseconds=500), MONDAY + timedelta(milliseconds=900)
    event = Interaction(contact_id=run.contact_id, key="e1", name="replied", at=replied, step="hello", data={})
    session.add_all([entry, consent, event])
    session.flush()
    message = {**about, "channel": "email", "bundle": "sha256:b", "class_": "marketing", "template": "welcome/hello"}
    fate: dict[str, Any] = {"state": "accepted", "message_id": "<m1@x>", "claimed_at": sent, "accepted_at": sent}
    session.add(Message(id="m1", send_key="k1", step="hello", **fate, **message))
    session.add(Decision(kind="send", did="sent", step="hello", more={"message": "m1"}, **told))
    session.flush()
    session.add(Decision(kind="branch", did="took", step="branch-2", **told))
    session.flush()
    session.add(Decision(kind="wait_for", did="matched", step="wait-2", event_id=event.id, **told))
    session.flush()
    session.add(Decision(kind="update", did="updated", step="update-3", **told))
    session.flush()
    session.add(Decision(kind="end", did="completed", more={"reason": "completed"}, **told))


def test_within_a_second_everything_comes_after_what_it_rests_on(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    with ann.database() as database:
        database.write_now(put_first_second)

    timeline = ann.type("contact", "show", "ann@acme.example", "--json").document["timeline"]

    said = [row.get("event") or row.get("state") or row["did"] for row in timeline]
    assert said == ["opted_in", "entered", "accepted", "sent", "took", "replied", "matched", "updated", "completed"]


def put_consequence(session: Session) -> None:
    """An event changed the record, and that brought about another event and an entry, written to the second."""
    contact = session.exec(select(Contact)).one()
    second = MONDAY.replace(microsecond=0)
    told: dict[str, Any] = {"contact_id": contact.id, "person": "contact"}
    about: dict[str, Any] = {"contact_id": contact.id, "version": "sha256:1", "final": True}
    cause = Interaction(key="e1", name="moved", at=MONDAY + timedelta(milliseconds=500), data={}, **told)
    session.add(cause)
    session.flush()
    session.add(Decision(kind="update", did="updated", step="u", at=second, event_id=cause.id, sequence="a", **about))
    session.flush()
    session.add(Interaction(key="e2", name="segment_entered", at=second, data={}, **told))
    session.add(Decision(kind="entry", did="entered", at=second, sequence="b", **about))


def test_what_an_event_brings_about_stands_behind_it_though_it_is_written_to_the_second(ann: SmallHome) -> None:
    with ann.database() as database:
        database.write_now(put_consequence)

    timeline = ann.type("contact", "show", "ann@acme.example", "--json").document["timeline"]

    said = [row.get("event") or row["did"] for row in timeline if row["kind"] != "consent"]
    assert said[0] == "moved"
    assert set(said[1:]) == {"segment_entered", "entered", "updated"}


BEGINS = """\
description: Hands over.
enter: {again: always}
steps:
  - start: welcome
"""


def test_who_stands_at_a_deed_is_shown_too(ann: SmallHome) -> None:
    ann.write("sequences/hand-over.yaml", BEGINS)
    ann.type("publish", "--yes")
    ann.type("enrol", "hand-over", "ann@acme.example")

    typed = ann.type("contact", "show", "ann@acme.example")

    assert typed.status == 0
    assert ", at start-1" in typed.out


def put_waiting(session: Session) -> None:
    run = session.exec(select(Enrolment)).one()
    run.state = "running"
    session.add(run)
    outcome = {"outcome": "sent", "fate": "accepted"}
    told: dict[str, Any] = {"contact_id": run.contact_id, "enrolment_id": run.id, "version": run.version, "final": True}
    told |= {"sequence": "welcome", "outcome": outcome, "at": run.entered_at}
    session.add(Decision(kind="send", step="hello", did="sent", **told))


def test_who_waits_is_shown_with_the_step_until_when_and_in_whose_words(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    with ann.database() as database:
        database.write_now(put_waiting)

    shown = ann.type("contact", "show", "ann@acme.example").out
    (run,) = ann.type("contact", "show", "ann@acme.example", "--json").document["sequences"]

    until = datetime.fromisoformat(run["stands"]["until"]).astimezone(ZoneInfo("Europe/Berlin"))
    entered = datetime.fromisoformat(run["entered_at"]).astimezone(ZoneInfo("Europe/Berlin"))
    assert (until.date() - entered.date(), until.time()) == (timedelta(days=2), time(9))
    assert run["stands"] | {"until": None} == {"step": "wait-2", "until": None, "why": "2 days at 09:00 Europe/Berlin"}
    assert f"running, at wait-2 until {until:%a %d %b %Y} 09:00 (2 days at 09:00 Europe/Berlin)" in shown


def test_whose_run_is_over_stands_nowhere(ann: SmallHome) -> None:
    ann.type("enrol", "welcome", "ann@acme.example")
    ann.type("end", "welcome", "ann@acme.example", "--reason", "asked us to")

    shown = ann.type("contact", "show", "ann@acme.example").out
    (run,) = ann.type("contact", "show", "ann@acme.example", "--json").document["sequences"]

    assert ": left: asked us to\n" in shown
    assert run["stands"] is None


def test_what_they_did_not_enter_is_one_line_at_the_end_with_the_reason_and_whole_in_json(ann: SmallHome) -> None:
    for _ in range(3):
        ann.type("enrol", "welcome", "ann@acme.example")

    shown = ann.type("contact", "show", "ann@acme.example").out
    timeline = ann.type("contact", "show", "ann@acme.example", "--json").document["timeline"]

    assert shown.splitlines()[-1].startswith("did not enter welcome (again): ")
    assert shown.count("did not enter") == 1
    assert [row["did"] for row in timeline if row["kind"] == "entry"] == ["entered", "refused:again", "refused:again"]


def test_who_waits_for_a_confirmation_is_told_until_when_by_enrol_and_by_show(ann: SmallHome) -> None:
    def pending(session: Session) -> None:
        (who,) = session.exec(select(Contact.id)).all()
        record_consent(session, who, "product-news", "pending", MONDAY, basis="consent", source="test")

    with ann.database() as database:
        database.write_now(pending)

    typed = ann.type("enrol", "welcome", "ann@acme.example")

    assert typed.status == 0
    assert "to enter welcome: consent: product-news is pending" in typed.out
    assert "waits to enter welcome (consent), until " in ann.type("contact", "show", "ann@acme.example").out


def test_somebody_who_is_in_no_sequence_is_shown_all_the_same(ann: SmallHome) -> None:
    with ann.database() as database:
        (contact,) = database.read_now(lambda session: session.exec(select(Contact.id)).all())

    typed = ann.type("contact", "show", contact)

    assert typed.status == 0
    assert "did not enter" not in typed.out
