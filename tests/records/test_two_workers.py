"""Two workers on one PostgreSQL: what one of them decides, the other does not undo.

SQLite lets one writer in at a time, so these stories cannot happen there. Here each is told step by step: one worker
stands in the middle of its transaction while the other does its whole work.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.facts import Facts
from domain.loader import load
from domain.policies import Policies
from records import ledger
from records.contacts import change
from records.entries import enter
from records.facts import read_again, read_known
from records.falling_due import all_due, see_to
from records.ledger import NotOurs, Taken, Wanted
from records.models import Decision, Enrolment, Wake
from records.published import publish
from records.published_models import Edition
from records.runs import end, stir, wakes, woken
from records.session import Database
from records.timeline import review
from tests.domain.kit import POLICIES, TEMPLATES
from tests.records.test_runs import DAY, NOW, Office

pytestmark = pytest.mark.system

PATIENCE = 20  # seconds, for what must happen
A_WHILE = 0.3  # seconds, for what must not


@pytest.fixture
def office(postgresql_main: str) -> Iterator[Office]:
    with_ann = Office(Database(postgresql_main)).open()
    with_ann.enter("each")
    yield with_ann
    with_ann.database.close()


@pytest.fixture
def other(office: Office, postgresql_main: str) -> Iterator[Database]:
    database = Database(postgresql_main)
    yield database
    database.close()


class Midway:
    """A transaction that does its work, says so, and commits only when it may."""

    def __init__(self, database: Database, work: Callable[[Session], Any]) -> None:
        self.did, self.may_commit = threading.Event(), threading.Event()
        self._thread = ThreadPoolExecutor(1)

        def slowly(session: Session) -> Any:
            result = work(session)
            session.flush()
            self.did.set()
            assert self.may_commit.wait(PATIENCE)
            return result

        self.result: Future[Any] = self._thread.submit(database.write_now, slowly)
        assert self.did.wait(PATIENCE)

    def commit(self) -> Any:
        self.may_commit.set()
        return self.result.result(PATIENCE)


def beside(database: Database, work: Callable[[Session], Any]) -> "Future[Any]":
    """Begin work that has to wait for the transaction midway."""
    result = ThreadPoolExecutor(1).submit(database.write_now, work)
    with pytest.raises(TimeoutError):
        result.result(A_WHILE)
    return result


def the_run(session: Session) -> Enrolment:
    return session.exec(select(Enrolment)).one()


def in_a_wave(session: Session) -> None:
    for run in session.exec(select(Enrolment)):
        run.wave, run.state = "seq/each/1", "running"
        session.add(run)


def hello(session: Session, attempt: str) -> Wanted:
    run = the_run(session)
    row = {
        "id": "m",
        "send_key": f"{run.id}/hello/1",
        "contact_id": run.contact_id,
        "enrolment_id": run.id,
        "step": "hello",
        "visit": 1,
        "channel": "email",
        "template": "welcome/hello",
        "bundle": "b",
        "class": "marketing",
        "subject": None,
        "recipient": None,
        "message_id": "<m@acme.example>",
    }
    return Wanted(row, attempt)


def claimed(session: Session, attempt: str = "first attempt") -> Taken:
    [taken] = ledger.claim(session, [hello(session, attempt)], NOW)
    assert taken is not None
    return taken


def test_an_end_waits_for_the_last_look_so_nothing_leaves_after_it(office: Office, other: Database) -> None:
    taken = office.database.write_now(claimed)

    def last_look(session: Session) -> None:
        run = the_run(session)
        facts = read_known(session, [run.id]).facts(run.id, office.program(session, "each"), Policies.none(), NOW)
        assert isinstance(read_again(session, facts, NOW), Facts)

    def leave(session: Session) -> None:
        last_look(session)
        ledger.hand_over(session, [taken], NOW, DAY)

    looking = Midway(office.database, last_look)
    ending = beside(
        other, lambda session: end(session, office.program(session, "each"), the_run(session), "x", NOW, [])
    )
    looking.commit()
    assert ending.result(PATIENCE) is True

    with pytest.raises((NotOurs, AssertionError)):
        office.database.write_now(leave)


def test_of_two_attempts_at_one_message_one_hands_it_over(office: Office, other: Database) -> None:
    first = office.database.write_now(claimed)
    second = Midway(other, lambda session: claimed(session, "second attempt"))
    handing_over = beside(office.database, lambda session: ledger.hand_over(session, [first], NOW, DAY))
    second.commit()

    with pytest.raises(NotOurs):
        handing_over.result(PATIENCE)


def test_of_two_ends_the_first_one_holds(office: Office, other: Database) -> None:
    def ends(reason: str) -> Callable[[Session], bool]:
        return lambda session: end(session, office.program(session, "each"), the_run(session), reason, NOW, [])

    converted = Midway(office.database, ends("converted"))
    completed = beside(other, ends("completed"))
    assert converted.commit() is True
    assert completed.result(PATIENCE) is False

    said = office.database.read_now(
        lambda session: session.exec(select(Decision.did).where(Decision.kind == "end")).all()
    )
    assert (list(office.reasons().values()), said) == (["converted"], ["converted"])


def test_two_workers_that_stir_one_wave_take_a_number_each(office: Office, other: Database) -> None:
    office.enter("each")
    office.database.write_now(in_a_wave)

    def stirs(place: int) -> Callable[[Session], None]:
        return lambda session: stir(session, session.exec(select(Enrolment).order_by(Enrolment.id)).all()[place], NOW)

    one = Midway(office.database, stirs(0))
    two = beside(other, stirs(1))
    one.commit()
    two.result(PATIENCE)

    numbers = office.database.read_now(lambda session: session.exec(select(Enrolment.stirred)).all())
    assert sorted(numbers) == [1, 2]


def test_a_wake_asked_for_while_the_last_one_is_forgotten_stays(office: Office, other: Database) -> None:
    office.database.write_now(in_a_wave)
    office.database.write_now(lambda session: stir(session, the_run(session), NOW))
    taken = office.database.read_now(wakes)

    once_more = Midway(office.database, lambda session: stir(session, the_run(session), NOW))
    forgetting = beside(other, lambda session: woken(session, taken))
    once_more.commit()
    forgetting.result(PATIENCE)

    assert len(office.database.read_now(lambda session: session.exec(select(Wake)).all())) == 1


def test_two_workers_that_let_one_contact_in_at_once_let_it_in_once(office: Office, other: Database) -> None:
    def enters(session: Session) -> str:
        program = office.program(session, "once")
        return enter(session, office.published, program, office.ann(session), NOW)[0].check

    first = Midway(office.database, enters)
    second = beside(other, enters)

    assert (first.commit(), second.result(PATIENCE)) == ("", "again")


def test_two_workers_fill_the_one_place_of_a_group_once(office: Office, other: Database) -> None:
    head = "topic: product-news\ngroup: nurture\nenter: {again: always}\nsteps: [{send: welcome/hello}]\n"
    files = {**POLICIES, "sequences/a.yaml": head, "sequences/b.yaml": head}
    programs = load(files, TEMPLATES).programs
    office.database.write_now(lambda session: publish(session, files, programs, NOW + DAY))

    def enters(sequence: str, session: Session) -> str:
        program = office.program(session, sequence)
        return enter(session, office.published, program, office.ann(session), NOW)[0].check

    first = Midway(office.database, partial(enters, "a"))
    second = beside(other, partial(enters, "b"))

    assert (first.commit(), second.result(PATIENCE)) == ("", "group")


def test_of_two_workers_that_see_a_new_member_one_tells(office: Office, other: Database) -> None:
    files = {**POLICIES, "policies/segments.yaml": "segments: {warm: {when: contact.score >= 50}}"}
    office.database.write_now(lambda session: publish(session, files, load(files, TEMPLATES).programs, NOW + DAY))
    office.database.write_now(lambda session: change(session, office.ann(session), {"score": 60}, NOW))

    def looks(session: Session) -> bool:
        return review(session, office.published, office.ann(session), NOW, NOW)

    first = Midway(office.database, looks)
    second = beside(other, looks)

    assert (first.commit(), second.result(PATIENCE)) == (True, False)


def test_a_date_that_two_workers_see_to_lets_in_once(office: Office, other: Database) -> None:
    head = "topic: product-news\nenter: {on: {date: 2026-03-03}, again: always}\nsteps: [{send: welcome/hello}]\n"
    files = {**POLICIES, "sequences/dated.yaml": head}
    office.database.write_now(lambda session: publish(session, files, load(files, TEMPLATES).programs, NOW))
    office.database.write_now(lambda session: review(session, office.published, office.ann(session), NOW, NOW))
    (due,) = office.database.read_now(lambda session: all_due(session, NOW + DAY, 9))

    def sees_to(session: Session) -> None:
        see_to(session, office.published, due, NOW + DAY)

    first = Midway(office.database, sees_to)
    second = beside(other, sees_to)
    first.commit()
    second.result(PATIENCE)

    inside = select(Enrolment).where(Enrolment.sequence == "dated")
    assert len(office.database.read_now(lambda session: session.exec(inside).all())) == 1


def test_of_two_who_publish_at_once_the_last_one_holds_and_one_version_can_be_entered(
    office: Office, other: Database
) -> None:
    def version(days: int) -> Callable[[Session], list[str]]:
        files = POLICIES | {
            "sequences/each.yaml": f"enter: {{on: {{event: trial_started}}}}\nsteps: [{{wait: {days} days}}]"
        }
        return lambda session: publish(session, files, load(files, TEMPLATES).programs, NOW + days * DAY)

    midway = Midway(office.database, version(1))
    second = beside(other, version(2))
    midway.commit()
    second.result(PATIENCE)

    current = select(Edition).where(Edition.sequence == "each", col(Edition.retired_at).is_(None))
    [only] = other.read_now(lambda session: session.exec(current).all())
    assert only.published_at == NOW + 2 * DAY
