"""Dates that start runs: due to the second, moved with the date, once for each occurrence."""

from datetime import UTC, datetime

import pytest

from records.entry_models import DateEntry
from records.falling_due import DueNow, put_off
from records.session import Database
from tests.records.door import DAY, HOUR, MINUTE, NOW, Door

RENEWAL = "enter: {on: {date: contact.renewal_date - 30 days at 09:00}, again: always}"
BIRTHDAY = "enter: {on: {date: contact.renewal_date yearly at 09:00}, again: always}"


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.consent()
    opened.set(time_zone="Europe/Berlin")
    return opened


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_a_date_lets_in_at_its_hour_on_the_contacts_clock(door: Door) -> None:
    door.publish(renewal=RENEWAL)
    door.set(renewal_date="2026-06-01")
    due = utc(2026, 5, 2, 7)
    assert door.dates() == [("2026-06-01", due, False)]

    assert door.come_due(due - HOUR) == 0
    door.come_due(due + HOUR)

    assert door.decided() == ["renewal entered"]
    assert (door.run().entered_at, door.run().event) == (due, {"date": "2026-06-01", "name": "date"}), (
        "though it was seen to later"
    )
    assert door.come_due(due + DAY) == 0


def test_a_date_that_moves_takes_its_due_along(door: Door) -> None:
    door.publish(renewal=RENEWAL)
    door.set(renewal_date="2026-06-01")

    door.set(renewal_date="2026-07-01")
    assert [due for _, due, _ in door.dates()] == [utc(2026, 6, 1, 7)]
    door.set(renewal_date="2026-05-01")
    assert [due for _, due, _ in door.dates()] == [utc(2026, 4, 1, 7)]
    door.set(time_zone="Asia/Tokyo")
    assert [due for _, due, _ in door.dates()] == [utc(2026, 4, 1)]
    door.set(renewal_date=None)
    assert door.dates() == []


def test_a_date_added_inside_its_window_lets_in_at_once_and_one_that_is_past_never(door: Door) -> None:
    door.publish(renewal=RENEWAL)

    door.set(NOW, renewal_date="2026-03-10")
    door.come_due(NOW)
    assert door.run().entered_at == NOW
    door.set(NOW + HOUR, renewal_date="2026-03-01")

    assert door.come_due(NOW + DAY) == 0
    assert len(door.runs()) == 1


def test_one_occurrence_lets_in_once_wherever_the_date_goes_meanwhile(door: Door) -> None:
    door.publish(renewal=RENEWAL)
    door.set(renewal_date="2026-06-01")
    door.come_due(utc(2026, 5, 2, 7))

    door.set(utc(2026, 5, 3), renewal_date="2026-09-01")
    door.set(utc(2026, 5, 4), renewal_date="2026-06-01")
    door.come_due(utc(2026, 5, 30))
    assert len(door.runs()) == 1

    door.set(utc(2026, 5, 31), renewal_date="2026-09-01")
    door.come_due(utc(2026, 8, 2, 7))
    assert len(door.runs()) == 2


def test_a_date_that_came_is_not_lost_when_the_record_changes_before_anybody_saw_to_it(door: Door) -> None:
    door.publish(renewal=RENEWAL, birthday=BIRTHDAY)
    door.set(renewal_date="2026-06-01")

    door.set(utc(2026, 5, 2, 8), city="Ulm")
    door.come_due(utc(2026, 5, 2, 8))
    assert door.decided() == ["renewal entered"]

    door.set(utc(2026, 6, 1, 9), city="Bonn")
    door.come_due(utc(2026, 6, 1, 9))
    assert door.decided() == ["renewal entered", "birthday entered"]


def test_a_date_that_could_not_be_seen_to_is_not_lost_when_the_record_changes_before_it_is_tried_again(
    door: Door,
) -> None:
    door.publish(birthday=BIRTHDAY)
    door.set(renewal_date="2020-06-01")
    due = utc(2026, 6, 1, 7)
    [row] = door.rows(DateEntry)
    door.database.write_now(lambda session: put_off(session, DueNow("date", row.id), "KeyError", due))

    door.set(due + MINUTE / 2, city="Ulm")
    assert door.come_due(due + MINUTE / 2) == 0
    door.database.write_now(lambda session: put_off(session, DueNow("date", row.id), "KeyError", due + MINUTE))
    door.come_due(due + 3 * MINUTE)

    assert door.decided() == ["birthday entered"]
    assert door.run().entered_at == due
    assert door.dates()[-1] == ("2027-06-01", utc(2027, 6, 1, 7), False)


def test_who_moves_to_the_east_on_the_day_itself_has_their_date_at_once(door: Door) -> None:
    door.publish(birthday=BIRTHDAY, renewal=RENEWAL.replace(" - 30 days", ""))
    door.set(renewal_date="2026-06-01", time_zone="America/New_York")

    door.set(utc(2026, 6, 1, 5), time_zone="Asia/Tokyo")  # 14:00 there; 09:00 is over
    door.come_due(utc(2026, 6, 1, 6))

    assert sorted(door.decided()) == ["birthday entered", "renewal entered"]
    assert door.run().entered_at == utc(2026, 6, 1, 5)
    assert door.dates()[-1] == ("2027-06-01", utc(2027, 6, 1), False)


def test_who_comes_inside_the_lead_time_enters_as_of_then_though_the_record_changes_meanwhile(door: Door) -> None:
    door.publish(renewal=RENEWAL)
    door.set(NOW, renewal_date="2026-03-10")

    door.set(utc(2026, 3, 11), city="Ulm")
    door.come_due(utc(2026, 3, 11))

    assert (door.decided(), door.run().entered_at) == (["renewal entered"], NOW)


def test_an_anniversary_comes_every_year_on_the_28th_where_there_is_no_29th(door: Door) -> None:
    door.publish(birthday=BIRTHDAY)
    door.set(renewal_date="2024-02-29")

    for year, day in ((2027, 28), (2028, 29), (2029, 28)):
        due = utc(year, 2, day, 8)
        assert door.dates()[-1][1:] == (due, False)
        door.come_due(due)

    assert len(door.runs()) == 3


def test_another_lead_time_does_not_let_in_again_for_what_has_begun(door: Door) -> None:
    door.publish(renewal=RENEWAL)
    door.set(renewal_date="2026-06-01")
    door.come_due(utc(2026, 5, 2, 7))

    door.publish(utc(2026, 5, 3), renewal=RENEWAL.replace("30", "14"))
    door.set(utc(2026, 5, 3), city="Ulm")
    door.come_due(utc(2026, 5, 31))

    assert len(door.runs()) == 1


def test_two_lead_times_of_one_date_let_in_twice(door: Door) -> None:
    on = "[{date: contact.renewal_date - 30 days at 09:00}, {date: contact.renewal_date - 7 days at 09:00}]"
    door.publish(renewal=f"enter: {{on: {on}, again: always}}")
    door.set(renewal_date="2026-06-01")

    door.come_due(utc(2026, 5, 30))

    assert len(door.runs()) == 2


def test_a_fixed_day_lets_in_everybody_known_before_it(door: Door) -> None:
    door.publish(sale="enter: {on: {date: 2026-12-01 at 09:00}, when: contact.country == 'DE'}")
    door.set(country="DE")

    door.come_due(utc(2026, 12, 1, 8))

    assert (door.decided(), door.run().entered_at) == (["sale entered"], utc(2026, 12, 1, 8))


def test_a_date_that_no_sequence_waits_for_any_more_lets_nobody_in(door: Door) -> None:
    door.publish(renewal=RENEWAL)
    door.set(renewal_date="2026-06-01")

    door.publish(NOW + DAY, other="enter: {on: {event: trial_started}}")
    door.come_due(utc(2026, 5, 2, 7))

    assert door.decided() == []


def test_what_is_no_date_lets_nobody_in(door: Door) -> None:
    door.publish(renewal=RENEWAL)

    door.set(renewal_date="soon")

    assert door.dates() == []
