"""Entries that are asked for by name."""

from datetime import datetime
from typing import Any

import pytest

from records.asked_for import MOST_STARTS, enter_by_sequence
from records.session import Database
from tests.records.door import DAY, HOUR, NOW, Door

ORDER = {"order_id": "o-7"}


@pytest.fixture
def door(main: Database) -> Door:
    opened = Door(main)
    opened.consent()
    opened.publish(nurture="enter: {again: always}")
    return opened


def ask(door: Door, at: datetime, data: dict[str, Any], *, by_start: bool = True) -> str:
    """Ask for an entry; return what was decided."""
    door.database.write_now(
        lambda session: enter_by_sequence(
            session, door.published, "nurture", door.ann(session), at, data, by_start=by_start
        )
    )
    return door.decided()[-1]


def test_sequences_that_start_each_other_without_a_pause_come_to_rest(door: Door) -> None:
    found = [ask(door, NOW, ORDER) for _ in range(MOST_STARTS + 1)]

    assert found == ["nurture entered"] * MOST_STARTS + ["nurture refused:again"]
    assert door.why() == ["entered 10 times within a day for the same; do sequences start each other in a circle?"]


def test_those_that_wait_in_between_go_on(door: Door) -> None:
    found = {ask(door, NOW + number * 3 * HOUR, ORDER) for number in range(3 * MOST_STARTS)}

    assert found == {"nurture entered"}


def test_as_many_orders_as_there_are_start_it(door: Door) -> None:
    found = {ask(door, NOW, {"order_id": f"o-{number}"}) for number in range(2 * MOST_STARTS)}

    assert found == {"nurture entered"}


def test_other_systems_know_themselves_how_often_they_ask(door: Door) -> None:
    found = {ask(door, NOW, ORDER, by_start=False) for _ in range(2 * MOST_STARTS)}

    assert found == {"nurture entered"}
    assert ask(door, NOW, ORDER) == "nurture refused:again"
    assert ask(door, NOW + DAY, ORDER) == "nurture entered"
