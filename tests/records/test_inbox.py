from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from records.inbox import (
    accept,
    is_waiting,
    listing,
    mark_drained,
    note_failure,
    retry,
    show,
    waiting,
    withdrawals_waiting,
)
from records.models import Inbox, InboxRecord
from records.permissions import Undrained
from records.session import Database

NOON = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def in_memory() -> Iterator[Database]:
    database = Database("sqlite://")
    database.write_now(lambda session: InboxRecord.metadata.create_all(session.connection()))
    yield database
    database.close()


def came_in(key: str, **more: Any) -> Inbox:
    usual: dict[str, Any] = {"kind": "form", "source": "own", "received_at": NOON, "body": {"a": 1}}
    return Inbox(key=key, **{**usual, **more})


def withdrawn(key: str, contact: str, topic: str | None) -> Inbox:
    return came_in(key, kind="withdrawal", urgent=True, body={"contact": contact, "topic": topic})


def accepted(inbox: Database, *rows: Inbox) -> list[int]:
    """Put rows into the inbox, return their ids."""
    assert inbox.write_now(lambda session: [accept(session, row) for row in rows]) == [True] * len(rows)
    return [row.id for row in rows if row.id is not None]


def keys(rows: list[Inbox]) -> list[str]:
    return [row.key for row in rows]


def keys_waiting(inbox: Database, most: int = 100) -> list[str]:
    return keys(inbox.read_now(lambda session: waiting(session, most)))


def park(inbox: Database, id: int) -> None:
    def fail_thrice(session: Session) -> None:
        for number in (1, 2, 3):
            note_failure(session, id, f"problem {number}", NOON)

    inbox.write_now(fail_thrice)


def test_a_delivery_that_comes_twice_is_one_row(inbox: Database) -> None:
    [first] = accepted(inbox, came_in("d-1"))
    again = came_in("d-1", body={"a": 2})

    assert inbox.write_now(lambda session: accept(session, again)) is False

    assert again.id is None
    [row] = inbox.read_now(lambda session: listing(session, None, 10))
    assert (row.id, row.body) == (first, {"a": 1})


def test_a_repeat_does_no_harm_to_those_who_share_its_transaction(inbox: Database) -> None:
    rows = [came_in("d-1"), came_in("d-1"), came_in("d-2")]

    assert inbox.write_now(lambda session: [accept(session, row) for row in rows]) == [True, False, True]

    assert keys_waiting(inbox) == ["d-1", "d-2"]


def test_what_breaks_another_rule_is_not_taken_for_a_repeat(inbox: Database) -> None:
    with pytest.raises(IntegrityError):
        inbox.write_now(lambda session: accept(session, came_in("d-1", kind="rumour")))


def test_a_row_comes_back_as_it_went_in(inbox: Database) -> None:
    row = came_in(
        "d-1", form="trial", contact_id="c1", urgent=True, body={"name": "Zoë 🦊", "of": [1, None, {"b": 2.5}]}
    )

    [id] = accepted(inbox, row)

    assert inbox.read_now(lambda session: show(session, id)) == row
    assert inbox.read_now(lambda session: show(session, id + 1)) is None


def test_urgent_rows_come_first_and_each_kind_in_its_order(inbox: Database) -> None:
    accepted(inbox, came_in("a"), came_in("b"), came_in("c", urgent=True), came_in("d"), came_in("e", urgent=True))

    assert keys_waiting(inbox) == ["c", "e", "a", "b", "d"]
    assert keys_waiting(inbox, most=3) == ["c", "e", "a"]
    assert keys_waiting(inbox, most=1) == ["c"]


def test_drained_rows_wait_no_more_and_keep_their_first_instant(inbox: Database) -> None:
    assert inbox.read_now(is_waiting) is False
    first, second = accepted(inbox, came_in("a"), came_in("b"))
    assert inbox.read_now(is_waiting) is True

    inbox.write_now(lambda session: mark_drained(session, [first], NOON))
    assert keys_waiting(inbox) == ["b"]
    inbox.write_now(lambda session: mark_drained(session, [first, second], NOON + timedelta(hours=1)))

    assert inbox.read_now(is_waiting) is False
    rows = inbox.read_now(lambda session: listing(session, None, 10))
    assert {row.key: row.drained_at for row in rows} == {"a": NOON, "b": NOON + timedelta(hours=1)}


def test_the_third_failure_parks_a_row(inbox: Database) -> None:
    [id] = accepted(inbox, came_in("a"))
    for _ in (1, 2):
        inbox.write_now(lambda session: note_failure(session, id, "no such form", NOON))
    assert keys_waiting(inbox) == ["a"]

    inbox.write_now(lambda session: note_failure(session, id, "no such form\0" + "x" * 2000, NOON))

    assert inbox.read_now(is_waiting) is False
    row = inbox.read_now(lambda session: show(session, id))
    assert row is not None
    assert (row.tries, row.parked_at) == (3, NOON)
    assert row.problem == "no such form" + "x" * 988


def test_a_parked_row_that_is_retried_has_all_its_tries_again(inbox: Database) -> None:
    [id] = accepted(inbox, came_in("a"))
    park(inbox, id)

    assert inbox.write_now(lambda session: retry(session, id)) is True

    row = inbox.read_now(lambda session: show(session, id))
    assert row is not None
    assert (row.tries, row.parked_at, row.problem) == (0, None, "problem 3")
    assert keys_waiting(inbox) == ["a"]


def test_only_what_is_parked_can_be_retried(inbox: Database) -> None:
    waits, drained = accepted(inbox, came_in("a"), came_in("b"))
    park(inbox, drained)
    inbox.write_now(lambda session: mark_drained(session, [drained], NOON))

    retried = inbox.write_now(lambda session: [retry(session, id) for id in (waits, drained, 99)])

    assert retried == [False, False, False]


def test_a_withdrawal_counts_until_it_is_drained_parked_or_not(inbox: Database) -> None:
    news, everything, nameless, other, done = accepted(
        inbox,
        withdrawn("1", "c1", "product-news"),
        withdrawn("2", "c1", "*"),
        withdrawn("3", "c2", None),
        withdrawn("4", "c3", "product-news"),
        withdrawn("5", "c4", "product-news"),
    )
    accepted(inbox, came_in("6", contact_id="c5"))
    park(inbox, news)
    inbox.write_now(lambda session: mark_drained(session, [done], NOON))
    asked = ["c1", "c2", "c4", "c5", "c6"]

    found = inbox.read_now(lambda session: withdrawals_waiting(session, asked))
    assert found == {"c1": {Undrained("product-news", "email"), Undrained("*")}, "c2": {Undrained("*")}}

    inbox.write_now(lambda session: mark_drained(session, [news, everything, nameless, other], NOON))
    assert inbox.read_now(lambda session: withdrawals_waiting(session, [*asked, "c3"])) == {}


def test_a_listing_is_of_the_parked_of_those_that_wait_or_of_all_newest_first(inbox: Database) -> None:
    first, second, _ = accepted(inbox, came_in("a"), came_in("b"), came_in("c", urgent=True))
    park(inbox, first)
    inbox.write_now(lambda session: mark_drained(session, [second], NOON))
    accepted(inbox, came_in("d"))

    def listed(session: Session) -> list[list[str]]:
        return [keys(listing(session, parked, 10)) for parked in (True, False, None)]

    assert inbox.read_now(listed) == [["a"], ["d", "c"], ["d", "c", "b", "a"]]
    assert keys(inbox.read_now(lambda session: listing(session, None, 2))) == ["d", "c"]


def test_a_long_backlog_is_not_read_to_find_its_head(in_memory: Database) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(in_memory.engine, "before_cursor_execute")
    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    def plans(session: Session) -> list[str]:
        waiting(session, 100)
        connection = session.connection()
        explained = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each}", values) for each, values in asked]
        return [str(step[3]) for plan in explained for step in plan]

    assert in_memory.read_now(plans) == ["SEARCH inbox USING INDEX ix_inbox_waiting (urgent=?)"] * 2


@given(st.lists(st.tuples(st.sampled_from(["in", "drain", "fail", "retry"]), st.integers(0, 5)), max_size=40))
def test_every_row_waits_or_is_parked_or_is_drained(in_memory: Database, deeds: list[tuple[str, int]]) -> None:
    def do(session: Session) -> None:
        session.exec(delete(Inbox))
        for deed, number in deeds:
            row = session.exec(select(Inbox).where(Inbox.key == str(number))).first()
            id = row.id if row and row.id else 0
            if deed == "in":
                assert accept(session, came_in(str(number))) == (row is None)
            elif deed == "drain":
                mark_drained(session, [id], NOON)
            elif deed == "fail":
                note_failure(session, id, "no", NOON)
            else:
                retry(session, id)
            session.expire_all()

    in_memory.write_now(do)
    waits, parked, rows = in_memory.read_now(
        lambda session: (waiting(session, 99), listing(session, True, 99), listing(session, None, 99))
    )

    drained = [row.key for row in rows if row.drained_at]
    assert sorted(keys(waits) + keys(parked) + drained) == sorted({str(n) for deed, n in deeds if deed == "in"})
    assert all(row.tries == 3 for row in parked)
    assert all(row.tries < 3 for row in waits)
