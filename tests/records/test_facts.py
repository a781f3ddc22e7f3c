"""What is asked again just before a message leaves is answered from the same standing as at first, but a fresh one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select, update

from domain.facts import Facts
from domain.policies import Policies
from domain.program import Program
from records.contacts import record_consent
from records.facts import read_again, read_known, what_holds
from records.models import Contact, Enrolment, Interaction, Record, Suppression
from records.permissions import Undrained
from records.published_models import Bundle as PublishedFiles
from records.published_models import Edition
from records.session import Database
from tests.home import shipped

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TOPICS = ("product-news", "events")
PROGRAM = shipped().load().programs["demo-welcome"]

STATES = ("opted_in", "opted_out", "pending")
said = st.lists(st.tuples(st.sampled_from(TOPICS), st.sampled_from(STATES), st.integers(0, 3)), max_size=5)
suppressed = st.sets(
    st.tuples(
        st.sampled_from(["contact", "address"]),
        st.sampled_from(["c", "other", "ann@acme.example", "bob@acme.example"]),
        st.sampled_from(["unsubscribed", "complaint", "hard_bounce"]),
    ),
    max_size=4,
)
leaving = st.sets(st.sampled_from([Undrained(topic) for topic in (*TOPICS, "*")]))


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database("sqlite://")
    Record.metadata.create_all(database.engine)
    database.write_now(one_contact_in_a_run)
    yield database
    database.close()


def one_contact_in_a_run(session: Session) -> None:
    session.add(PublishedFiles(hash="b", files={}, published_at=NOW))
    session.add(Contact(id="c", email="Ann@acme.example", created_at=NOW, updated_at=NOW))
    session.flush()
    session.add(Edition(version=PROGRAM.version, sequence=PROGRAM.sequence, program={}, bundle="b", published_at=NOW))
    session.flush()
    session.add(
        Enrolment(
            id="e", contact_id="c", sequence=PROGRAM.sequence, version=PROGRAM.version, state="running", entered_at=NOW
        )
    )


def at_first(session: Session, program: Program = PROGRAM) -> Facts:
    return read_known(session, ["e"]).facts("e", program, Policies.none(), NOW)


class Undone(Exception):
    """Takes back what an example wrote."""


@given(said=said, suppressed=suppressed, leaving=leaving, erased=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_short_look_sees_the_standing_that_the_long_one_sees(
    database: Database,
    said: list[tuple[str, str, int]],
    suppressed: set[tuple[str, str, str]],
    leaving: set[Undrained],
    erased: bool,
) -> None:
    def look(session: Session) -> None:
        facts = at_first(session)
        for topic, state, minute in said:
            at = NOW + timedelta(minutes=minute)
            record_consent(session, "c", topic, state, NOW, basis="consent", source="test", given_at=at)
        for kind, value, reason in suppressed:
            session.add(Suppression(kind=kind, value=value, reason=reason, recorded_at=NOW))
        session.exec(update(Contact).values(erased_at=NOW if erased else None))
        session.flush()
        session.expire_all()

        again = read_again(session, facts, LATER, lambda contacts: {"c": leaving})

        whole = read_known(session, ["e"], lambda contacts: {"c": leaving})
        assert isinstance(again, Facts)
        assert again == whole.facts("e", PROGRAM, Policies.none(), LATER)
        raise Undone

    with pytest.raises(Undone):
        database.write_now(look)


def test_a_yes_does_not_undo_a_no_that_was_said_after_it_though_it_is_written_down_later() -> None:
    early, late = NOW, NOW + timedelta(seconds=5)

    assert what_holds([("news", "opted_out", late), ("news", "opted_in", early)]) == {"news": "opted_out"}
    assert what_holds([("news", "opted_out", early), ("news", "opted_in", late)]) == {"news": "opted_in"}
    assert what_holds([("news", "opted_in", late), ("news", "opted_out", early)]) == {"news": "opted_out"}


@given(said=said)
def test_written_down_in_the_order_it_was_said_the_newest_word_holds(said: list[tuple[str, str, int]]) -> None:
    in_order = sorted(said, key=lambda each: each[2])

    told = [(topic, state, NOW + timedelta(minutes=minute)) for topic, state, minute in in_order]

    assert what_holds(told) == {topic: state for topic, state, _ in in_order}


def test_events_stand_in_the_order_of_receipt_whenever_they_were_drained(database: Database) -> None:
    def look(session: Session) -> None:
        for key, at in (("second", LATER), ("first", NOW), ("third", LATER)):
            session.add(Interaction(contact_id="c", key=key, name=key, at=at))
            session.flush()

        facts = at_first(session)

        assert [event.name for event in facts.events] == ["first", "second", "third"]
        raise Undone

    with pytest.raises(Undone):
        database.write_now(look)


def test_the_short_look_takes_the_address_of_now(database: Database) -> None:
    def look(session: Session) -> None:
        facts = at_first(session)
        session.exec(update(Contact).values(email="bob@acme.example"))
        session.add(Suppression(kind="address", value="bob@acme.example", reason="hard_bounce", recorded_at=NOW))
        session.flush()

        again = read_again(session, facts, LATER)

        assert isinstance(again, Facts)
        assert (again.contact["email"], again.standing.suppressed) == ("bob@acme.example", frozenset({"hard_bounce"}))
        raise Undone

    with pytest.raises(Undone):
        database.write_now(look)


def test_of_a_run_that_has_ended_it_tells_how(database: Database) -> None:
    def look(session: Session) -> None:
        facts = at_first(session)
        row = session.exec(select(Enrolment).where(col(Enrolment.id) == "e")).one()
        row.state, row.ended_at, row.end_reason = "ended", NOW, "goal:meeting_booked"
        session.add(row)
        session.flush()

        assert read_again(session, facts, LATER) == "goal:meeting_booked"
        session.delete(row)
        session.flush()
        assert read_again(session, facts, LATER) == "erased"
        raise Undone

    with pytest.raises(Undone):
        database.write_now(look)
