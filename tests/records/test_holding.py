"""Pauses in the database: one open of each, seen by whoever reads the facts, ended by a person or by themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from domain.facts import Facts
from domain.holds import Hold
from domain.loader import load
from records.contacts import find_or_make
from records.entries import enter
from records.facts import read_again, read_known
from records.hold_models import Pause
from records.holding import pause, paused, refused_meanwhile, resume
from records.models import Contact, Decision, Enrolment, Wake
from records.published import Published, publish
from records.runs import form_waves, open_runs, started, stir_all
from records.session import Database
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STORY = "steps: [{wait: 2 days}]\n"
PUBLISHED = Published()


@pytest.fixture
def office(main: Database) -> Database:
    """Ann and Bob travel through `story` in one wave; `other` is another sequence."""
    files = {**POLICIES, "sequences/story.yaml": STORY, "sequences/other.yaml": STORY}
    loaded = load(files, TEMPLATES)

    def work(session: Session) -> None:
        publish(session, files, loaded.programs, NOW)
        for name in ("ann", "bob"):
            enter(session, PUBLISHED, loaded.programs["story"], contact(session, name), NOW)
        (start,) = form_waves(session, NOW)
        started(session, start.wave, NOW)

    main.write_now(work)
    return main


def contact(session: Session, name: str = "ann") -> Contact:
    return find_or_make(session, {"email": f"{name}@acme.example"}, "test", NOW)


def held(database: Database, at: datetime, name: str | None = "ann", until: datetime | None = None) -> None:
    database.write_now(
        lambda session: pause(session, "story", contact(session, name).id if name else None, at, until=until, by="test")
    )


def released(database: Database, at: datetime, name: str | None = "ann") -> bool:
    return database.write_now(
        lambda session: resume(session, "story", contact(session, name).id if name else None, at) is not None
    )


def known(database: Database, now: datetime, name: str = "ann") -> Facts:
    def read(session: Session) -> Facts:
        (run,) = open_runs(session, contact(session, name).id)
        program = PUBLISHED.program(session, run.version)
        return read_known(session, [run.id]).facts(run.id, program, PUBLISHED.policies(session), now)

    return database.read_now(read)


def rows(database: Database) -> list[Pause]:
    return database.read_now(lambda session: list(session.exec(select(Pause).order_by(Pause.id)).all()))  # type: ignore[arg-type]


def test_a_pause_is_known_of_that_contact_in_that_sequence_from_its_second_on(office: Database) -> None:
    held(office, NOW + HOUR + timedelta(milliseconds=900))

    assert known(office, NOW + HOUR).holds == (Hold(NOW + HOUR),)
    assert known(office, NOW + HOUR).hold == Hold(NOW + HOUR)
    assert known(office, NOW + HOUR, "bob").holds == ()
    assert known(office, NOW + HOUR).suspension is None


def test_resumed_it_stays_known_as_what_was_held(office: Database) -> None:
    held(office, NOW + HOUR)

    assert released(office, NOW + 3 * HOUR + timedelta(milliseconds=900))
    assert not released(office, NOW + 4 * HOUR)
    assert known(office, NOW + 3 * HOUR).holds == (Hold(NOW + HOUR, NOW + 3 * HOUR),)
    assert known(office, NOW + 3 * HOUR).hold is None


def test_with_an_end_it_ends_by_itself_and_another_may_follow(office: Database) -> None:
    held(office, NOW, until=NOW + DAY)

    assert known(office, NOW + DAY - HOUR).hold == Hold(NOW, NOW + DAY)
    assert known(office, NOW + DAY).hold is None
    assert not released(office, NOW + DAY)
    held(office, NOW + 2 * DAY)
    assert known(office, NOW + 3 * DAY).holds == (Hold(NOW, NOW + DAY), Hold(NOW + 2 * DAY))


def test_paused_again_it_gets_the_new_end_and_stays_one(office: Database) -> None:
    held(office, NOW, until=NOW + DAY)
    held(office, NOW + HOUR)
    held(office, NOW + 2 * HOUR, until=NOW + 2 * DAY)

    (row,) = rows(office)
    assert (row.paused_at, row.until, row.resumed_at) == (NOW, NOW + 2 * DAY, None)


@pytest.mark.parametrize("name", ["ann", None])
def test_the_database_keeps_a_second_open_one_out(office: Database, name: str | None) -> None:
    held(office, NOW, name)

    def another(session: Session) -> None:
        whose = contact(session).id if name else None
        session.add(Pause(sequence="story", contact_id=whose, paused_at=NOW + DAY, by="test"))

    with pytest.raises(IntegrityError):
        office.write_now(another)
    assert len(rows(office)) == 1


def test_a_paused_sequence_is_known_to_everybody_in_it_and_to_nobody_elsewhere(office: Database) -> None:
    held(office, NOW, None, until=NOW + DAY)

    assert [known(office, NOW, name).suspension for name in ("ann", "bob")] == [Hold(NOW, NOW + DAY)] * 2
    assert known(office, NOW + DAY).suspension is None
    assert office.read_now(lambda session: paused(session, "other", None, NOW)) is None
    assert released(office, NOW + HOUR, None)
    assert known(office, NOW + HOUR).suspension is None


@pytest.mark.parametrize("name", ["ann", None])
def test_the_last_look_sees_a_pause_that_was_committed_before_it(office: Database, name: str | None) -> None:
    facts = known(office, NOW)
    held(office, NOW + HOUR, name)

    again = office.write_now(lambda session: read_again(session, facts, NOW + HOUR))

    assert isinstance(again, Facts)
    assert (again.hold or again.suspension) == Hold(NOW + HOUR)
    assert again == known(office, NOW + HOUR)


def test_a_paused_sequence_lets_nobody_in_and_counts_who_would_have_come(office: Database) -> None:
    held(office, NOW + HOUR, None)

    def knock(session: Session) -> str:
        program = PUBLISHED.named(session, "story")
        assert program is not None
        return enter(session, PUBLISHED, program, contact(session, "eve"), NOW + 2 * HOUR)[0].check

    assert office.write_now(knock) == "paused"
    (row,) = rows(office)
    assert office.read_now(lambda session: refused_meanwhile(session, row, NOW + DAY)) == 1
    assert released(office, NOW + DAY, None)
    assert office.write_now(knock) == ""
    assert "refused:paused" in office.read_now(lambda session: [each.did for each in session.exec(select(Decision))])


def test_who_travels_together_is_stirred_with_one_wake(office: Database) -> None:
    office.write_now(lambda session: stir_all(session, session.exec(select(Enrolment)).all(), NOW))

    stirred = office.read_now(lambda session: [run.stirred for run in session.exec(select(Enrolment))])
    assert stirred == [1, 1]
    assert len(office.read_now(lambda session: session.exec(select(Wake)).all())) == 1
