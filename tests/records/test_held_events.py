"""Cases in the records: when marketing stands still, who is woken, and what events wait for their release."""

import pytest
from sqlmodel import Session, select

from domain.cases import Standstill
from domain.holds import Hold
from records.case_models import HeldEvent, ServiceCase
from records.facts import read_known
from records.models import Enrolment
from records.service_cases import release, standstills
from records.session import Database
from tests.records.door import DAY, HOUR, NOW, Door

EVENTS = """
events:
  trial_started: {fields: [plan, ends_on]}
  trial_cancelled: {}
  payment_overdue: {fields: [invoice]}
"""
HOLDING = {
    "policies/events.yaml": EVENTS,
    "policies/teams.yaml": "teams: {care: {email: care@acme.example}}\n",
    "policies/recovery.yaml": "team: care\nhold_events: [payment_overdue]\n",
}
DUNNING = "enter: {on: {event: payment_overdue}, again: always}"


@pytest.fixture
def door(main: Database) -> Door:
    door = Door(main, policies=HOLDING)
    door.publish(dunning=DUNNING, ends="exit: {event: payment_overdue}", news="phase: retention")
    door.consent()
    return door


def stills(door: Door) -> list[Standstill]:
    return door.database.read_now(lambda session: standstills(session, [door.ann(session).id])[door.ann(session).id])


def held(door: Door) -> int:
    return len(door.database.read_now(lambda session: session.exec(select(HeldEvent)).all()))


def runs(door: Door) -> list[tuple[str, str | None]]:
    def read(session: Session) -> list[tuple[str, str | None]]:
        rows = session.exec(select(Enrolment).order_by(Enrolment.entered_at, Enrolment.id)).all()  # type: ignore[arg-type]
        return [(row.sequence, row.end_reason) for row in rows]

    return door.database.read_now(read)


def test_a_case_of_another_system_is_released_when_it_is_closed(door: Door) -> None:
    door.tell("case_opened", NOW, case="c-9", severity="S2")
    door.tell("case_opened", NOW + HOUR, case="c-9")
    [lasting] = stills(door)
    assert (lasting.opened_at, lasting.released_at, lasting.ours) == (NOW, None, False)

    door.tell("case_closed", NOW + DAY, case="c-9", outcome="refunded")

    [over] = stills(door)
    assert (over.opened_at, over.released_at, over.closed) == (NOW, NOW + DAY, True)


def test_what_was_released_and_opened_again_leaves_two_stretches(door: Door) -> None:
    door.tell("case_opened", NOW, case="c-9")

    def move(session: Session) -> None:
        row = session.exec(select(ServiceCase)).one()
        release(row, NOW + DAY, NOW + DAY)
        release(row, NOW + DAY, NOW + 2 * DAY)
        release(row, None, NOW + 3 * DAY)
        release(row, None, NOW + 4 * DAY)
        session.add(row)

    door.database.write_now(move)
    assert [each.hold for each in stills(door)] == [Hold(NOW, NOW + DAY), Hold(NOW + 3 * DAY)]
    door.database.write_now(lambda session: release(session.exec(select(ServiceCase)).one(), NOW + 5 * DAY, NOW))
    assert [each.hold for each in stills(door)] == [Hold(NOW, NOW + DAY), Hold(NOW + 3 * DAY, NOW + 5 * DAY)]


def test_the_clock_of_a_run_stands_still_from_the_full_second_in_which_a_case_is_opened(door: Door) -> None:
    door.enter("news", NOW)
    at = NOW.replace(microsecond=400_000) + HOUR
    door.tell("case_opened", at, case="c-9")

    def known(session: Session) -> Hold | None:
        row = session.exec(select(Enrolment)).one()
        policies, program = door.published.policies(session), door.published.program(session, row.version)
        return read_known(session, [row.id]).facts(row.id, program, policies, NOW + HOUR).standstill

    assert door.database.read_now(known) == Hold(NOW + HOUR)


def test_a_payment_that_is_overdue_during_a_case_is_asked_for_after_it(door: Door) -> None:
    door.enter("ends", NOW)
    door.tell("case_opened", NOW, case="c-9")
    door.tell("payment_overdue", NOW + DAY, invoice="17")
    door.tell("payment_overdue", NOW + 2 * DAY, invoice="18")
    assert (runs(door), held(door)) == ([("ends", None)], 2)

    door.tell("case_closed", NOW + 9 * DAY, case="c-9")

    assert (runs(door), held(door)) == (
        [("ends", "exited:payment_overdue"), ("dunning", None), ("dunning", None)],
        0,
    )

    def read(session: Session) -> list[tuple[str, object]]:
        rows = session.exec(select(Enrolment).where(Enrolment.sequence == "dunning")).all()
        return [(f"{row.entered_at:%d}", row.event["invoice"]) for row in rows]

    assert door.database.read_now(read) == [("11", "17"), ("11", "18")]


def test_of_several_cases_the_last_lets_go_and_each_event_once(door: Door) -> None:
    door.tell("case_opened", NOW, case="c-9")
    door.tell("case_opened", NOW + HOUR, case="c-10")
    door.tell("payment_overdue", NOW + DAY, invoice="17")

    door.tell("case_closed", NOW + 2 * DAY, case="c-9")
    assert runs(door) == []
    door.tell("case_closed", NOW + 3 * DAY, case="c-10")
    door.tell("case_closed", NOW + 4 * DAY, case="c-10")

    assert runs(door) == [("dunning", None)]


def test_without_a_case_nothing_is_held_and_other_events_never_are(door: Door) -> None:
    door.tell("payment_overdue", NOW, invoice="17")
    door.tell("case_opened", NOW + HOUR, case="c-9")
    door.tell("trial_started", NOW + DAY, plan="pro")

    assert (runs(door), held(door)) == ([("dunning", None)], 0)
