"""A message that needs a slot of two throttles waits for one at a time, and loses its turn at neither meanwhile."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from records.session import Database
from tests.records.dispatch import NEWS, NOW, Dispatch, home, most_in, people

pytestmark = pytest.mark.system

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
BOTH = "[{sequence: one, most: 1, in: 1 minute}, {recipient_domain: gmail.com, most: 1, in: 1 minute}]"
Found = Callable[[], Dispatch]


@pytest.fixture
def office(main: Database) -> Iterator[Dispatch]:
    other = Database(main.url)
    yield Dispatch([main, other], home(BOTH, one=NEWS, two=NEWS))
    other.close()


def at_gmail(office: Dispatch, run: str) -> bool:
    return office.address_of[run].endswith("@gmail.com")


async def test_newcomers_do_not_take_the_slots_of_who_waits_for_another_first(office: Dispatch) -> None:
    office.enrol("one", ["first@else.example"])
    await office.live(until=NOW + SECOND)
    [mine] = office.enrol("one", ["ann@gmail.com"])
    await office.live(until=NOW + 30 * SECOND)
    office.enrol("two", ["first@gmail.com"])

    # One slot is free at each full minute, the other half a minute later; every five seconds somebody new wants each.
    for number in range(36):
        await office.live(until=office.now + 5 * SECOND)
        office.enrol("one", [f"n{number}@else.example"])
        office.enrol("two", [f"n{number}@gmail.com"])

    left = {run: at for at, run in office.left()}
    assert mine in left, "three minutes are more than enough"
    assert left[mine] - NOW <= timedelta(seconds=95)
    assert most_in([at for run, at in left.items() if office.sequence_of[run] == "one"], MINUTE) == 1
    assert most_in([at for run, at in left.items() if at_gmail(office, run)], MINUTE) == 1


async def test_what_is_kept_for_others_is_used_in_the_end(office: Dispatch) -> None:
    runs = [
        *office.enrol("one", people(6, "gmail.com")),
        *office.enrol("one", people(6, "else.example")),
        *office.enrol("two", [f"q{each}@gmail.com" for each in range(6)]),
    ]

    await office.live()

    left: dict[str, datetime] = {run: at for at, run in office.left()}
    assert left.keys() == set(runs)
    assert max(left.values()) <= NOW + 15 * MINUTE, "twelve slots of each are needed, one a minute"
    asked = [run for _, run, _ in office.asked]
    assert max(asked.count(run) for run in runs) <= 12, "nobody asks each second"
