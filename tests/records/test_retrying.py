"""A run that failed is put back where it stood; a run whose wave is gone goes on there, too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from domain.entry import End
from domain.loader import load
from domain.program import Program
from domain.run import Run
from records import ledger
from records.contacts import find_or_make
from records.entries import enter
from records.models import Contact, Decision, Enrolment, Message
from records.published import Published, publish
from records.retrying import TakenAgain, failed_runs, put_back
from records.runs import end, form_waves, open_runs
from records.session import Database
from records.standing import runs_on_their_way
from records.timeline import Happening, record
from tests.domain.kit import POLICIES, TEMPLATES

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
STORY = """
enter: {on: {event: trial_started}, again: after_exit}
goal: {event: meeting_booked}
steps:
  - wait: 2 days
  - send: shop/receipt
  - wait_for: clicked
    of: receipt
    up_to: 3 days
"""
PUBLISHED = Published()


@pytest.fixture
def office(main: Database) -> Database:
    """Ann waited two days; then her receipt, which waited for the mail server, broke, and her run was parked."""
    files = {**POLICIES, "sequences/story.yaml": STORY}
    loaded = load(files, TEMPLATES)
    assert not loaded.errors()

    def work(session: Session) -> None:
        publish(session, files, loaded.programs, NOW)
        _, run = enter(session, PUBLISHED, loaded.programs["story"], ann(session), NOW)
        assert run is not None
        session.add(decided(run, "wait-1", NOW + 2 * DAY, {"outcome": "elapsed"}))
        session.add(decided(run, "receipt", NOW + 2 * DAY, {"outcome": "broken", "reason": "its data"}, "stopped"))
        session.add(message(run))
        session.flush()
        end(session, loaded.programs["story"], run, "failed", NOW + 2 * DAY, ["KeyError in step receipt"])

    main.write_now(work)
    return main


def ann(session: Session) -> Contact:
    return find_or_make(session, {"email": "ann@acme.example"}, "test", NOW)


def decided(run: Enrolment, step: str, at: datetime, outcome: dict[str, Any], did: str = "waited") -> Decision:
    about: dict[str, Any] = {"contact_id": run.contact_id, "enrolment_id": run.id, "sequence": "story"}
    return Decision(**about, step=step, kind="wait", did=did, at=at, final=True, outcome=outcome)


def message(run: Enrolment) -> Message:
    of: dict[str, Any] = {"contact_id": run.contact_id, "enrolment_id": run.id, "sequence": "story", "step": "receipt"}
    return Message(
        **of, id="m1", send_key="k1", channel="email", template="shop/receipt", bundle="b", class_="transactional",
        message_id="<m1@x>", state="claimed", claimed_at=NOW + 2 * DAY,
    )  # fmt: skip


def retried(database: Database, now: datetime = NOW + 3 * DAY) -> End | None:
    def work(session: Session) -> End | None:
        (run,) = failed_runs(session, "story", ann(session).id)
        return put_back(session, PUBLISHED, run, now)

    return database.write_now(work)


def program(session: Session) -> Program:
    found = PUBLISHED.named(session, "story")
    assert found is not None
    return found


def standing(database: Database) -> Run:
    def read(session: Session) -> Run:
        (run,) = session.exec(select(Enrolment)).all()
        return runs_on_their_way(session, program(session), {run.id: run.entered_at})[run.id]

    return database.read_now(read)


def test_it_starts_again_in_a_wave_of_its_own_and_keeps_its_place(office: Database) -> None:
    assert retried(office) is None

    (start,) = office.write_now(lambda session: form_waves(session, NOW + 3 * DAY))
    assert len(start.members) == 1
    (run,) = office.read_now(lambda session: session.exec(select(Enrolment)).all())
    assert (run.state, run.ended_at, run.end_reason, run.end_detail) == ("starting", None, None, None)
    assert run.slot is not None


def test_it_stands_at_the_step_that_failed_which_is_asked_anew_and_what_was_decided_stays(office: Database) -> None:
    retried(office)

    run = standing(office)

    assert (run.position, run.visit, run.arrived_at) == ("receipt", 1, NOW + 2 * DAY)
    in_order = select(Decision).order_by(col(Decision.id))
    rows = office.read_now(lambda session: [(row.did, row.final) for row in session.exec(in_order)])
    assert rows == [("entered", False), ("waited", True), ("stopped", False), ("failed", False), ("retried", False)]


def test_a_message_that_was_let_go_when_it_was_parked_is_wanted_again(office: Database) -> None:
    (before,) = office.read_now(lambda session: session.exec(select(Message)).all())
    assert (before.state, before.reason) == ("skipped", "the run ended: failed")

    retried(office)

    (after,) = office.read_now(lambda session: session.exec(select(Message)).all())
    assert (after.state, after.reason, after.skipped_at) == (ledger.CLAIMED, None, None)


def test_a_goal_that_came_meanwhile_ends_it_at_once(office: Database) -> None:
    happening = Happening(key="b", name="meeting_booked", at=NOW + 2 * DAY + DAY / 2)
    office.write_now(lambda session: record(session, PUBLISHED, ann(session), happening, happening.at))

    over = retried(office)

    assert over is not None
    assert over.reason == "converted"
    (run,) = office.read_now(lambda session: session.exec(select(Enrolment)).all())
    assert (run.state, run.end_reason, run.slot) == ("ended", "converted", None)


def test_who_has_entered_again_since_is_not_put_back(office: Database) -> None:
    office.write_now(lambda session: enter(session, PUBLISHED, program(session), ann(session), NOW + 2 * DAY))

    with pytest.raises(TakenAgain, match="entered again since"):
        retried(office)
    assert len(office.read_now(lambda session: open_runs(session, ann(session).id))) == 1


def test_it_takes_its_place_in_the_group_again_unless_another_has_it(main: Database) -> None:
    grouped = STORY.replace("goal:", "group: nurture\ngoal:")
    files = {**POLICIES, "sequences/story.yaml": grouped, "sequences/rival.yaml": grouped}
    loaded = load(files, TEMPLATES)
    assert not loaded.errors()

    def parked(session: Session) -> None:
        publish(session, files, loaded.programs, NOW)
        _, run = enter(session, PUBLISHED, loaded.programs["story"], ann(session), NOW)
        assert run is not None
        end(session, loaded.programs["story"], run, "failed", NOW, ["it broke"])
        assert run.group_slot is None
        _, other = enter(session, PUBLISHED, loaded.programs["rival"], ann(session), NOW)
        assert other is not None

    def stopped(session: Session) -> None:
        (other,) = open_runs(session, ann(session).id)
        end(session, loaded.programs["rival"], other, "completed", NOW + DAY, [])

    main.write_now(parked)

    with pytest.raises(TakenAgain, match="is in rival of the group nurture"):
        retried(main)
    main.write_now(stopped)
    assert retried(main) is None
    (run,) = main.read_now(lambda session: open_runs(session, ann(session).id))
    assert run.group_slot is not None


def test_a_run_goes_on_with_the_time_it_had_left_and_answers_since_its_message_count(main: Database) -> None:
    files = {**POLICIES, "sequences/story.yaml": STORY}
    loaded = load(files, TEMPLATES)

    def work(session: Session) -> None:
        publish(session, files, loaded.programs, NOW)
        _, run = enter(session, PUBLISHED, loaded.programs["story"], ann(session), NOW)
        assert run is not None
        session.add(decided(run, "wait-1", NOW + 2 * DAY, {"outcome": "elapsed"}))
        session.add(decided(run, "receipt", NOW + 2 * DAY, {"outcome": "sent", "fate": "accepted"}, "sent"))

    main.write_now(work)

    run = standing(main)

    assert (run.position, run.arrived_at) == ("wait_for-3", NOW + 2 * DAY)
    assert run.marks == {"receipt": NOW + 2 * DAY}
    assert runs_of_nobody(main) == {}


def runs_of_nobody(database: Database) -> dict[str, Run]:
    return database.read_now(lambda session: runs_on_their_way(session, program(session), {"nobody": NOW}))
