"""Two workers on one PostgreSQL tell of the same contact: both count, and a threshold is reached once."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import Session, select

from records.models import Contact
from records.published import Published
from records.session import Database
from records.timeline import Happening, record, review
from tests.records.door import DAY, NOW, Door
from tests.records.test_scoring import HOT, SCORING, told
from tests.records.test_two_workers import PATIENCE, Midway, beside

pytestmark = pytest.mark.system


@pytest.fixture
def door(postgresql_main: str) -> Iterator[Door]:
    opened = Door(Database(postgresql_main))
    opened.publish(scoring=SCORING, hot=HOT)
    opened.consent()
    opened.set(NOW, benches=60)
    yield opened
    opened.database.close()


@pytest.fixture
def other(postgresql_main: str) -> Iterator[Database]:
    database = Database(postgresql_main)
    yield database
    database.close()


def telling(key: str, name: str) -> Callable[[Session], Any]:
    """Return work that tells something about Ann, by a worker of its own."""
    published = Published()

    def work(session: Session) -> None:
        ann = session.exec(select(Contact)).one()
        record(session, published, ann, Happening(key=key, name=name, at=NOW), NOW, changed=False)

    return work


def test_two_events_at_once_both_count(door: Door, other: Database) -> None:
    first = Midway(door.database, telling("one", "clicked"))
    second = beside(other, telling("two", "clicked"))
    first.commit()
    second.result(PATIENCE)

    assert door.database.read_now(lambda session: door.ann(session).score) == 40


def test_two_events_at_once_reach_a_threshold_once(door: Door, other: Database) -> None:
    first = Midway(door.database, telling("one", "trial_started"))
    second = beside(other, telling("two", "trial_started"))
    first.commit()
    second.result(PATIENCE)

    assert told(door) == [("hot", 50)]
    assert door.decided() == ["hot entered"]


def test_the_first_two_events_of_somebody_at_once_both_count(postgresql_main: str, other: Database) -> None:
    opened = Door(Database(postgresql_main))
    opened.consent()
    opened.publish(NOW + DAY, scoring=SCORING, hot=HOT)

    first = Midway(opened.database, telling("one", "clicked"))
    second = beside(other, telling("two", "clicked"))
    first.commit()
    second.result(PATIENCE)

    assert opened.database.read_now(lambda session: opened.ann(session).score) == 20
    opened.database.close()


def test_a_round_beside_an_event_takes_nothing_back(door: Door, other: Database) -> None:
    def go_round(session: Session) -> bool:
        return review(session, Published(), session.exec(select(Contact)).one(), NOW, NOW)

    telling_ = Midway(door.database, telling("one", "clicked"))
    looking = beside(other, go_round)
    telling_.commit()
    looking.result(PATIENCE)

    assert door.database.read_now(lambda session: door.ann(session).score) == 30
