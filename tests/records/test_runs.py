"""How runs begin, who carries them, what ends them: in the database, whatever the workflows think."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from domain.keys import slot
from domain.loader import load
from domain.program import Program
from records.contacts import change, find_or_make, record_consent
from records.entries import enter
from records.models import Consent, Contact, Decision, Enrolment, Interaction, Suppression, Wake
from records.published import Published, publish
from records.runs import MOST_MEMBERS, end, form_waves, open_runs, started, wakes, woken
from records.session import Database
from records.timeline import Happening, record, record_changed
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD = "topic: product-news\nenter: {on: {form: demo-request}, again: %s}\n"
REST = "goal: {event: meeting_booked}\nexit: {when: contact.stage == 'customer'}\nsteps: [{send: welcome/hello}]\n"


@dataclass
class Office:
    """A database with three sequences: entered once, again after the end, and always."""

    database: Database
    published: Published = field(default_factory=Published)

    def open(self) -> "Office":
        rules = {"once": "never", "back": "after_exit 3 days", "each": "always"}
        files = {**POLICIES, **{f"sequences/{name}.yaml": HEAD % rule + REST for name, rule in rules.items()}}
        loaded = load(files, TEMPLATES)
        assert not loaded.errors()
        self.database.write_now(lambda session: publish(session, files, loaded.programs, NOW))
        return self

    def program(self, session: Session, name: str) -> Program:
        program = self.published.named(session, name)
        assert program is not None
        return program

    def ann(self, session: Session) -> Contact:
        contact = find_or_make(session, {"email": "ann@acme.example"}, "test", NOW)
        if session.exec(select(Consent)).first() is None:
            record_consent(session, contact.id, "product-news", "opted_in", NOW, basis="consent", source="test")
        return contact

    def enter(self, name: str, at: datetime = NOW) -> tuple[bool, str]:
        def work(session: Session) -> tuple[bool, str]:
            entry, _ = enter(session, self.published, self.program(session, name), self.ann(session), at)
            return entry.enters, entry.check

        return self.database.write_now(work)

    def end(self, name: str, reason: str, at: datetime) -> None:
        def work(session: Session) -> None:
            for run in open_runs(session, self.ann(session).id):
                if run.sequence == name:
                    end(session, self.program(session, name), run, reason, at, [])

        self.database.write_now(work)

    def tell(self, name: str, at: datetime = NOW, key: str = "", **data: str) -> bool:
        happening = Happening(key=key or f"{name}/{at.isoformat()}", name=name, at=at, data=data)
        return self.database.write_now(
            lambda session: record(session, self.published, self.ann(session), happening, at) is not None
        )

    def reasons(self) -> dict[str, str | None]:
        rows = self.database.read_now(lambda session: session.exec(select(Enrolment).order_by(Enrolment.id)).all())
        return {row.sequence: row.end_reason for row in rows}


@pytest.fixture
def office(main: Database) -> Office:
    return Office(main).open()


def test_never_means_never_even_after_the_end(office: Office) -> None:
    assert office.enter("once") == (True, "")
    office.end("once", "completed", NOW + DAY)

    assert office.enter("once", NOW + 400 * DAY) == (False, "again")


def test_after_exit_waits_for_the_end_and_its_span(office: Office) -> None:
    assert office.enter("back") == (True, "")
    assert office.enter("back", NOW + DAY) == (False, "again")
    office.end("back", "completed", NOW + DAY)

    assert office.enter("back", NOW + 3 * DAY) == (False, "again")
    assert office.enter("back", NOW + 4 * DAY) == (True, "")


def test_who_was_in_under_never_may_come_back_once_a_new_version_says_after_exit(office: Office) -> None:
    office.enter("once")
    office.end("once", "completed", NOW + DAY)
    files = {**POLICIES, "sequences/once.yaml": HEAD % "after_exit" + REST}
    office.database.write_now(lambda session: publish(session, files, load(files, TEMPLATES).programs, NOW + DAY))

    assert office.enter("once", NOW + 2 * DAY) == (True, "")
    assert office.enter("once", NOW + 2 * DAY) == (False, "again")


def test_a_value_of_per_too_long_to_keep_whole_still_enters_only_once(main: Database) -> None:
    files = {**POLICIES, "sequences/cart.yaml": HEAD % "never, per: run.event.order" + REST}
    loaded = load(files, TEMPLATES)
    assert not loaded.errors(), loaded.errors()
    office = Office(main)
    main.write_now(lambda session: publish(session, files, loaded.programs, NOW))

    def work(session: Session) -> str:
        data = {"order": "7" * 300}
        return enter(session, office.published, office.program(session, "cart"), office.ann(session), NOW, data=data)[
            0
        ].check

    assert [main.write_now(work), main.write_now(work)] == ["", "again"]


def test_an_end_with_a_long_reason_is_kept_in_short(office: Office) -> None:
    office.enter("once")
    office.end("once", "exited:" + "because " * 100, NOW)

    assert len(office.reasons()["once"] or "") == 200


def test_always_means_also_while_inside(office: Office) -> None:
    assert office.enter("each") == office.enter("each") == (True, "")


def test_the_database_itself_refuses_a_second_run_in_one_slot(office: Office) -> None:
    office.enter("once")

    def second(session: Session) -> None:
        run = session.exec(select(Enrolment)).one()
        taken = slot(run.contact_id, "once", None)
        session.add(Enrolment(**run.model_dump(exclude={"id", "slot"}), id="another", slot=taken))
        session.flush()

    with pytest.raises(IntegrityError):
        office.database.write_now(second)


def test_a_refused_entry_is_written_down_with_its_reason(office: Office) -> None:
    office.enter("once")
    office.enter("once")

    rows = office.database.read_now(lambda session: session.exec(select(Decision).order_by(Decision.id)).all())  # type: ignore[arg-type]
    assert [row.did for row in rows] == ["entered", "refused:again"]
    assert rows[1].why[-1] == "again: never, and was in it before"


def test_a_form_starts_every_sequence_it_triggers_once_however_often_it_is_told(office: Office) -> None:
    assert office.tell("form_submitted", key="k", form="demo-request")
    assert not office.tell("form_submitted", key="k", form="demo-request")

    assert office.reasons() == {"once": None, "back": None, "each": None}


def test_a_goal_ends_every_run_in_the_transaction_that_records_it(office: Office) -> None:
    office.tell("form_submitted", form="demo-request")

    office.tell("meeting_booked", NOW + DAY)

    assert set(office.reasons().values()) == {"converted"}


def test_an_unsubscribe_from_the_topic_ends_its_runs_and_withdraws_consent(office: Office) -> None:
    office.tell("form_submitted", form="demo-request")

    office.tell("unsubscribed", NOW + DAY, topic="product-news")

    assert set(office.reasons().values()) == {"unsubscribed"}
    said = office.database.read_now(lambda session: [row.state for row in session.exec(select(Consent))])
    assert said == ["opted_in", "opted_out"]


def test_an_unsubscribe_from_everything_suppresses_the_person(office: Office) -> None:
    office.tell("unsubscribed", topic="*")
    office.tell("unsubscribed", NOW + DAY, topic="*")

    rows = office.database.read_now(lambda session: session.exec(select(Suppression)).all())
    assert [(row.kind, row.reason) for row in rows] == [("contact", "unsubscribed")]
    assert office.enter("each", NOW + 2 * DAY) == (False, "suppressed")


def test_a_changed_record_ends_the_runs_whose_exit_it_makes_true(office: Office) -> None:
    office.tell("form_submitted", form="demo-request")

    def become_customer(session: Session) -> None:
        contact = office.ann(session)
        change(session, contact, {"stage": "customer"}, NOW + DAY)
        record_changed(session, office.published, contact, NOW + DAY)

    office.database.write_now(become_customer)

    assert set(office.reasons().values()) == {"exited:condition"}


def test_who_enters_one_program_together_travels_together_and_a_lost_start_is_repeated_whole(office: Office) -> None:
    def many(session: Session) -> None:
        program = office.program(session, "each")
        for _ in range(MOST_MEMBERS + 5):
            enter(session, office.published, program, office.ann(session), NOW)

    office.database.write_now(many)

    first = office.database.write_now(lambda session: form_waves(session, NOW))
    office.enter("each")
    again = office.database.write_now(lambda session: form_waves(session, NOW))

    assert sorted(len(start.members) for start in first) == [5, MOST_MEMBERS]
    assert {start.wave: start.members for start in first}.items() <= {s.wave: s.members for s in again}.items()
    assert sorted(len(start.members) for start in again) == [1, 5, MOST_MEMBERS]
    for start in again:
        office.database.write_now(lambda session, wave=start.wave: started(session, wave, NOW))  # type: ignore[misc]
    assert office.database.write_now(lambda session: form_waves(session, NOW)) == []


def test_who_ended_before_the_start_is_not_carried(office: Office) -> None:
    office.tell("form_submitted", form="demo-request")
    office.tell("meeting_booked", NOW + DAY)

    assert office.database.write_now(lambda session: form_waves(session, NOW)) == []


def test_a_wave_is_woken_once_for_many_events_and_not_forgotten_when_one_more_comes(office: Office) -> None:
    office.enter("each")
    (start,) = office.database.write_now(lambda session: form_waves(session, NOW))
    office.database.write_now(lambda session: started(session, start.wave, NOW))
    office.tell("unsubscribed", NOW, topic="other")
    office.tell("unsubscribed", NOW + DAY, key="2", topic="other")
    taken = office.database.read_now(wakes)
    assert [wake.wave for wake in taken] == [start.wave]

    office.tell("unsubscribed", NOW + 2 * DAY, key="3", topic="other")
    office.database.write_now(lambda session: woken(session, taken))

    (left,) = office.database.read_now(wakes)
    assert left.asked_at == NOW + 2 * DAY
    office.database.write_now(lambda session: woken(session, [left]))
    assert office.database.read_now(lambda session: session.exec(select(Wake)).all()) == []


def test_a_wake_asked_for_once_more_in_the_same_instant_is_not_forgotten(office: Office) -> None:
    office.enter("each")
    (start,) = office.database.write_now(lambda session: form_waves(session, NOW))
    office.database.write_now(lambda session: started(session, start.wave, NOW))
    office.tell("unsubscribed", NOW, key="1", topic="other")
    taken = office.database.read_now(wakes)

    office.tell("unsubscribed", NOW, key="2", topic="other")
    office.database.write_now(lambda session: woken(session, taken))

    assert len(office.database.read_now(wakes)) == 1


def test_the_same_event_told_twice_is_one_row(office: Office) -> None:
    office.tell("purchased", key="order-7", amount="9")
    office.tell("purchased", key="order-7", amount="9")

    assert len(office.database.read_now(lambda session: session.exec(select(Interaction)).all())) == 1
