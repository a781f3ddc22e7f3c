"""Runs that have something to look at: a number above their companions', and one wake for each wave."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from records.models import Contact, Enrolment, Wake
from records.published_models import Bundle, Edition
from records.runs import stir_all, wakes, woken
from records.session import Database
from tests.records.test_runs import NOW

WAVES = {"a1": "a", "a2": "a", "b1": "b", "c1": "c", "c2": "c", "c3": "c", "alone": None}


@pytest.fixture
def runs(main: Database) -> Database:
    """A database with runs in three waves, and one that has not begun."""

    def write(session: Session) -> None:
        session.add(Bundle(hash="b", files={}, published_at=NOW))
        session.add(Contact(id="ann", created_at=NOW, updated_at=NOW))
        session.flush()
        session.add(Edition(version="v", sequence="s", program={}, bundle="b", published_at=NOW))
        session.flush()
        for name, wave in WAVES.items():
            state = "running" if wave else "starting"
            row = Enrolment(id=name, contact_id="ann", sequence="s", version="v", entered_at=NOW, state=state)
            row.wave = wave
            session.add(row)

    main.write_now(write)
    return main


def stirred(database: Database, *names: str) -> None:
    def write(session: Session) -> None:
        stir_all(session, session.exec(select(Enrolment).where(col(Enrolment.id).in_(names))).all(), NOW)

    database.write_now(write)


def numbers(database: Database) -> dict[str, int]:
    return database.read_now(lambda session: {row.id: row.stirred for row in session.exec(select(Enrolment))})


def asked(database: Database) -> Sequence[Wake]:
    return sorted(database.read_now(wakes), key=lambda wake: wake.wave)


def test_whoever_is_stirred_stands_above_all_companions_who_are_not(runs: Database) -> None:
    stirred(runs, "a1", "c1", "c2", "alone")
    stirred(runs, "a2", "c3", "b1")
    stirred(runs, "c1")

    assert numbers(runs) == {"a1": 1, "a2": 2, "b1": 1, "c1": 3, "c2": 1, "c3": 2, "alone": 0}


def test_each_asking_has_an_instant_of_its_own_so_that_a_signal_answers_what_was_asked_before_it(
    runs: Database,
) -> None:
    stirred(runs, "a1", "b1")
    before = asked(runs)
    stirred(runs, "b1", "c1", "c2")

    runs.write_now(lambda session: woken(session, before))

    assert [(wake.wave, wake.asked_at - NOW) for wake in asked(runs)] == [
        ("b", timedelta(microseconds=1)),
        ("c", timedelta(0)),
    ]
