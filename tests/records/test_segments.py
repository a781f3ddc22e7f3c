"""Becoming a member of a segment: seen in the transaction of its cause, recorded once; by a round, what time does."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session, col, select

from records.contacts import find_or_make
from records.entry_models import Round
from records.models import Contact
from records.rounds import Page, begin, is_wanted, look_at_page, note_reached
from records.session import Database
from records.timeline import review
from tests.records.door import DAY, HOUR, NOW, Door

WARM = "enter: {on: {segment: warm}, again: after_exit}"
EVERY = timedelta(hours=1)


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.consent()
    return opened


def go_round(door: Door, now: datetime) -> int:
    """Make a whole round, as the activity does; return about how many contacts something changed."""
    after, changed = door.database.write_now(lambda session: begin(session, door.published, now, EVERY)), 0
    while after is not None:
        page = look(door, after, now)
        door.database.write_now(partial(write_page, door, page, now))
        changed, after = changed + len(page.changed), page.last
    return changed


def look(door: Door, after: str, now: datetime) -> Page:
    return door.database.read_now(lambda session: look_at_page(session, door.published, after, now))


def write_page(door: Door, page: Page, now: datetime, session: Session) -> None:
    for name in page.changed:
        contact = session.get(Contact, name)
        assert contact is not None
        review(session, door.published, contact, now, now)
    note_reached(session, page, now)


def test_a_changed_record_makes_a_member_who_enters_at_once(door: Door) -> None:
    door.publish(nurture=WARM)

    door.set(NOW + HOUR, score=60)

    assert (door.members(), door.decided()) == (["warm"], ["nurture entered"])
    assert door.happened("segment_entered") == [{"segment": "warm"}]
    assert (door.run().entered_at, door.run().event) == (NOW + HOUR, {"segment": "warm", "name": "segment_entered"})


def test_who_leaves_and_comes_back_within_a_second_becomes_a_member_twice(door: Door) -> None:
    # A wave's instants are full seconds: two updates one after the other happen at the same one.
    door.publish(nurture="enter: {on: {segment: warm}, again: always}")

    for score in (60, 10, 60):
        door.set(NOW, score=score)

    assert door.happened("segment_entered") == [{"segment": "warm"}] * 2
    assert door.decided() == ["nurture entered"] * 2


def test_who_stays_a_member_does_not_become_one_again(door: Door) -> None:
    door.publish(nurture=WARM)
    door.set(NOW, score=60)
    door.end("nurture", NOW + HOUR)

    door.set(NOW + DAY, score=70)
    door.tell("purchased", NOW + DAY)
    assert len(door.runs()) == 1

    door.set(NOW + 2 * DAY, score=10)
    assert door.members() == []
    door.set(NOW + 3 * DAY, score=80)
    assert len(door.runs()) == 2


def test_what_happened_makes_a_member_of_a_segment_that_asks_another(door: Door) -> None:
    door.publish(nurture="enter: {on: {segment: hot}}")
    door.set(NOW, score=60)

    door.tell("trial_started", NOW + HOUR)

    assert (door.members(), door.decided()) == (["hot", "warm"], ["nurture entered"])


def test_becoming_a_member_ends_a_run_by_its_exit_or_its_goal(door: Door) -> None:
    door.publish(a="enter: {again: always}\nexit: {segment: warm}", b="enter: {again: always}\ngoal: {segment: warm}")
    door.enter("a")
    door.enter("b")

    door.set(NOW + HOUR, score=60)

    assert door.runs() == [("a", "exited:segment_entered"), ("b", "converted")]


def test_conditions_ask_for_segments_as_they_are_now(door: Door) -> None:
    door.publish(a="enter: {on: {event: trial_started}, when: in_segment('warm')}")
    door.tell("trial_started", NOW)
    door.set(NOW + HOUR, score=60)
    door.tell("trial_started", NOW + DAY)

    assert door.decided() == ["a refused:when", "a entered"]


def test_a_round_sees_what_time_alone_changed(door: Door) -> None:
    door.publish(nurture=WARM)
    door.set(NOW, score=60)
    door.tell("trial_started", NOW)
    assert door.members() == ["hot", "warm"]
    go_round(door, NOW + HOUR)

    assert go_round(door, NOW + 8 * DAY) == 1

    assert door.members() == ["warm"], "the trial began more than seven days ago"


def test_a_new_segment_has_its_members_after_the_round_that_follows_its_publication(door: Door) -> None:
    door.set(NOW, score=60)
    door.publish(NOW + HOUR, nurture=WARM)
    assert door.members() == []

    assert go_round(door, NOW + HOUR) == 1

    assert door.decided() == ["nurture entered"]
    assert go_round(door, NOW + 3 * HOUR) == 0


def test_rounds_are_made_after_each_publication_and_every_hour(door: Door) -> None:
    def wanted(now: datetime) -> bool:
        return door.database.read_now(lambda session: is_wanted(session, door.published, now, EVERY))

    assert not wanted(NOW), "nothing is published"
    door.publish(nurture=WARM)
    assert wanted(NOW)
    go_round(door, NOW)
    assert not wanted(NOW + HOUR / 2)
    assert wanted(NOW + HOUR)
    door.publish(NOW + HOUR / 2, nurture=WARM, other=WARM)
    assert wanted(NOW + HOUR / 2)


def test_a_round_that_was_cut_short_goes_on_where_it_was(door: Door) -> None:
    def more(session: Session) -> list[str]:
        for number in range(5):
            find_or_make(session, {"email": f"c{number}@acme.example"}, "test", NOW)
        return list(session.exec(select(Contact.id).order_by(col(Contact.id))))

    ids = door.database.write_now(more)
    door.publish(nurture=WARM)
    assert door.database.write_now(lambda session: begin(session, door.published, NOW, EVERY)) == ""

    def reach(session: Session) -> None:
        row = session.get(Round, "contacts")
        assert row is not None
        row.reached = ids[2]
        session.add(row)

    door.database.write_now(reach)

    assert door.database.write_now(lambda session: begin(session, door.published, NOW + HOUR / 2, EVERY)) == ids[2]
