"""Two workers that take slots of one throttle on PostgreSQL, one of them between two glances of the other."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from domain.slots import Counter
from records.sending_models import ThrottleCount
from records.session import Database
from records.throttling import Queued, Wanted, take, use

pytestmark = pytest.mark.system

NOW = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=6)


@pytest.fixture
def workers(postgresql_main: str) -> Iterator[tuple[Database, Database]]:
    one, other = Database(postgresql_main), Database(postgresql_main)
    yield one, other
    one.close()
    other.close()


def a_day(most: int) -> Counter:
    return Counter("email/provider/default/86400", f"all mail, {most} in 1 day", most, timedelta(days=1))


def taking(message: str, counter: Counter) -> Any:
    wanted = Wanted(message, f"run-{message}", "marketing", 50, NOW)
    return lambda session: take(session, wanted, [counter], NOW, LEASE)


@pytest.mark.parametrize("glances", range(1, 6))
def test_a_slot_that_is_used_while_another_worker_looks_counts_once(
    workers: tuple[Database, Database], glances: int
) -> None:
    one, other = workers
    assert one.write_now(taking("a", a_day(2))) is None
    seen = []

    def uses(*_: object) -> None:
        seen.append(1)
        if len(seen) == glances:
            assert one.write_now(lambda session: use(session, "a", [a_day(2)], NOW))

    event.listen(other.engine, "after_cursor_execute", uses)

    assert other.write_now(taking("b", a_day(2))) is None, "one of two slots is used, the other is free"


@pytest.mark.parametrize("glances", range(1, 8))
def test_who_gets_no_slot_is_told_the_next_one_though_one_is_used_meanwhile(
    workers: tuple[Database, Database], glances: int
) -> None:
    one, other = workers
    both = a_day(2)
    assert [one.write_now(taking(each, both)) for each in "ab"] == [None, None]
    seen = []

    def uses(*_: object) -> None:
        seen.append(1)
        if len(seen) == glances:
            assert one.write_now(lambda session: use(session, "a", [both], NOW))

    event.listen(other.engine, "after_cursor_execute", uses)

    late = other.write_now(taking("c", both))

    assert late == Queued(both.name, both.shown, NOW + timedelta(days=1))


def test_a_throttle_is_never_overrun_by_many_who_take_and_use_at_once(workers: tuple[Database, Database]) -> None:
    most, taken = 20, []

    def run(worker: Database, names: range) -> None:
        for number in names:
            if worker.write_now(taking(str(number), a_day(most))) is None:
                worker.write_now(lambda session, id=str(number): use(session, id, [a_day(most)], NOW))  # type: ignore[misc]
                taken.append(number)

    threads = [Thread(target=run, args=[worker, range(n, 60, 2)]) for n, worker in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    def counted(session: Session) -> int:
        return sum(row.taken for row in session.exec(select(ThrottleCount)))

    assert (len(taken), workers[0].read_now(counted)) == (most, most)
