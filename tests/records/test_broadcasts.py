"""The audience of a broadcast: of one instant, everybody once, everybody accounted for, wherever it is begun anew."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from domain.broadcast_rates import MOST_IN_A_CHUNK
from records.audience import page_of, take_down
from records.broadcast_figures import progress_of
from records.broadcast_models import BroadcastMember
from records.broadcasts import find, go_on, held, hold_up, stop
from records.contacts import suppress
from records.letting_in import due, is_crowded, is_held_up, leave_out
from records.models import Contact, Enrolment, Message
from records.session import Database
from records.twice import left_alike
from records.waiting_models import WaitingMessage
from tests.records.mailing import HOUR, NOW, Mailing


@pytest.fixture
def mailing(main: Database) -> Mailing:
    return Mailing(main).open(6)


def test_in_the_audience_is_who_is_in_the_segment_at_that_instant(mailing: Mailing) -> None:
    mailing.add("cold", score=10)
    mailing.add("new", at=NOW + HOUR)
    mailing.set("cold", NOW + HOUR, score=90)

    assert mailing.take_down() == [f"c-{number:03}" for number in range(6)]


def test_a_page_read_by_two_workers_is_written_by_one_and_the_next_goes_on_behind_it(mailing: Mailing) -> None:
    row = mailing.row()
    page = mailing.database.read_now(lambda session: page_of(session, mailing.published, "warm", row.reached, NOW, 2))

    def write(session: Session) -> bool:
        return take_down(session, mailing.id, row.reached, page)

    assert mailing.database.write_now(write) is True
    assert mailing.database.write_now(write) is False
    assert len(mailing.members()) == 2
    assert mailing.take_down() == [f"c-{number:03}" for number in range(6)]


def test_a_broadcast_that_dies_at_any_page_goes_on_there(mailing: Mailing) -> None:
    for _ in range(4):  # three pages of two, and the one that finds nobody
        with pytest.raises(ZeroDivisionError):
            mailing.database.write_now(lambda session: _dies_after(session, mailing))
        mailing.page(2)

    assert mailing.row().state == "sending"
    assert [each.contact_id for each in mailing.members()] == [f"c-{number:03}" for number in range(6)]


def _dies_after(session: Session, mailing: Mailing) -> None:
    row = held(session, mailing.id)
    assert row is not None
    page = page_of(session, mailing.published, "warm", row.reached, NOW, 2)
    take_down(session, mailing.id, row.reached, page)
    raise ZeroDivisionError


def test_everybody_is_let_in_once_however_often_it_is_done(mailing: Mailing) -> None:
    mailing.take_down()

    assert (mailing.let_in(), mailing.let_in(), mailing.let_in()) == (6, 0, 0)

    assert [run.contact_id for run in mailing.runs()] == [f"c-{number:03}" for number in range(6)]
    assert mailing.decided() == {f"c-{number:03}": ["entered"] for number in range(6)}


def test_a_chunk_that_dies_has_let_nobody_in(mailing: Mailing) -> None:
    mailing.take_down()

    def dies(session: Session) -> None:
        mailing.let_in_within(session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mailing.database.write_now(dies)

    assert (mailing.runs(), mailing.row().chunk) == ([], 0)
    assert mailing.let_in() == 6


def test_who_may_not_enter_is_accounted_for_with_the_check_that_said_so(mailing: Mailing) -> None:
    mailing.add("no-consent", consent="")
    mailing.add("pending", consent="pending")
    mailing.add("left", consent="opted_out")
    mailing.take_down()

    def meanwhile(session: Session) -> None:
        suppress(session, "address", "c-001@acme.example", "hard_bounce", NOW)
        erased = session.get(Contact, "c-002")
        assert erased is not None
        erased.erased_at = NOW

    mailing.database.write_now(meanwhile)
    mailing.let_in()

    fates = mailing.fates()
    assert fates["c-001"] == "refused suppressed"
    assert fates["c-002"] == "gone erased"
    assert {fates[each] for each in ("no-consent", "pending", "left")} == {"refused consent"}
    assert sorted(run.contact_id for run in mailing.runs()) == ["c-000", "c-003", "c-004", "c-005"]
    assert mailing.decided()["pending"] == ["refused:consent"]
    progress = mailing.database.read_now(lambda session: progress_of(session, mailing.row()))
    assert progress.members == {"entered": 4, "refused": 4, "gone": 1}
    assert progress.refused == {"consent": 3, "suppressed": 1}
    assert (progress.audience, progress.waiting, progress.open) == (9, 0, 4)


def test_a_rate_lets_in_a_minute_s_worth_at_a_time_and_another_rate_counts_from_the_last_chunk(main: Database) -> None:
    mailing = Mailing(main).open(6, rate="120 per hour")
    mailing.take_down()

    assert due(mailing.row()) is None
    assert mailing.let_in() == 2
    assert due(mailing.row()) == NOW + timedelta(minutes=1)

    def faster(session: Session) -> None:
        row = held(session, mailing.id)
        assert row is not None
        row.rate = "240 per hour"

    main.write_now(faster)
    assert due(mailing.row()) == NOW + timedelta(seconds=30)
    assert mailing.let_in() == 4


def test_a_pause_is_that_of_its_sequence_and_stirs_everybody_when_it_ends(mailing: Mailing) -> None:
    mailing.take_down()
    mailing.let_in()

    def in_a_wave(session: Session) -> None:
        for run in mailing.runs():
            run.wave, run.state = "seq/broadcast-sale/1", "running"
            session.merge(run)

    def pauses(session: Session) -> None:
        row = held(session, mailing.id)
        assert row is not None
        hold_up(session, row, NOW, until=NOW + HOUR, by="test", reason=None)

    def resumes(session: Session) -> bool:
        row = held(session, mailing.id)
        assert row is not None
        return go_on(session, row, NOW)

    mailing.database.write_now(in_a_wave)
    mailing.database.write_now(pauses)
    assert mailing.database.read_now(lambda session: is_held_up(session, mailing.row(), NOW)) == (True, NOW + HOUR)
    assert mailing.database.write_now(resumes) is True
    assert mailing.database.write_now(resumes) is False
    assert mailing.database.read_now(lambda session: is_held_up(session, mailing.row(), NOW)) == (False, None)
    assert {run.stirred for run in mailing.runs()} == {1}


def test_a_broadcast_that_is_stopped_leaves_out_who_waits_and_ends_who_is_inside(main: Database) -> None:
    mailing = Mailing(main).open(5, rate="120 per hour")
    mailing.take_down()
    mailing.let_in()

    def stops(session: Session) -> None:
        row = held(session, mailing.id)
        assert row is not None
        stop(session, row, NOW, by="test", reason="the wrong price")

    def goes_on(session: Session) -> bool:
        row = held(session, mailing.id)
        assert row is not None
        return leave_out(session, mailing.published, row, NOW)

    main.write_now(stops)
    assert (main.write_now(goes_on), main.write_now(goes_on)) == (True, False)

    assert list(mailing.fates().values()) == ["entered", "entered", *["left_out stopped"] * 3]
    assert [run.end_reason for run in mailing.runs()] == ["exited:stopped"] * 2
    assert mailing.decided()["c-004"] == ["refused:stopped"]


def test_those_who_compare_go_first_and_the_rest_gets_the_winner(main: Database) -> None:
    mailing = Mailing(main).open(60, other="welcome/tips", share="50%", winner_by="clicks")
    mailing.take_down()
    compared = {each.contact_id: each.arm for each in mailing.members() if each.compared}
    assert 0 < len(compared) < 60
    assert set(compared.values()) == {"a", "b"}

    assert (mailing.let_in(), mailing.let_in()) == (len(compared), 0)
    assert {run.contact_id: run.event["arm"] for run in mailing.runs()} == compared

    def decides(session: Session) -> None:
        row = held(session, mailing.id)
        assert row is not None
        row.winner = "b"

    main.write_now(decides)
    assert mailing.let_in() == 60 - len(compared)
    assert {run.event["arm"] for run in mailing.runs() if run.contact_id not in compared} == {"b"}


def test_a_broadcast_is_found_by_its_name_its_id_and_its_sequence(mailing: Mailing) -> None:
    def names(session: Session) -> list[bool]:
        return [find(session, each) is not None for each in ("sale", "b1", "broadcast-sale", "other")]

    assert mailing.database.read_now(names) == [True, True, True, False]


def test_its_program_can_be_entered_by_no_other_way(mailing: Mailing) -> None:
    assert mailing.database.read_now(lambda session: mailing.published.named(session, "broadcast-sale")) is None


def test_the_next_chunk_waits_while_very_many_are_under_way_but_not_for_those_put_off(main: Database) -> None:
    mailing = Mailing(main).open(3)
    mailing.take_down()
    mailing.let_in()

    def crowded(session: Session) -> bool:
        return is_crowded(session, mailing.published, mailing.row(), NOW, most=3)

    assert main.read_now(crowded) is True
    first = mailing.runs()[0]
    main.write_now(
        lambda session: session.add(
            WaitingMessage(
                enrolment_id=first.id,
                contact_id=first.contact_id,
                step="message",
                channel="email",
                class_="marketing",
                reason="quiet hours",
                since=NOW,
                due_at=NOW + HOUR,
            )
        )
    )
    assert main.read_now(crowded) is False


@pytest.mark.parametrize(("class_", "left"), [("marketing", 1), ("transactional", 0)])
def test_who_got_a_test_today_gets_the_mailing_too(mailing: Mailing, class_: str, left: int) -> None:
    def tested(session: Session) -> None:
        session.add(
            Message(
                id="m",
                send_key="k",
                contact_id="c-000",
                channel="email",
                template="welcome/hello",
                bundle="b",
                class_=class_,
                message_id="<m@acme.example>",
                recipient="c-000@acme.example",
                state="accepted",
                handing_over_at=NOW,
            )
        )

    mailing.database.write_now(tested)

    def alike(session: Session) -> int:
        return len(left_alike(session, "email", "welcome/hello", ["c-000@acme.example"], NOW + HOUR))

    assert mailing.database.read_now(alike) == left


@pytest.mark.large
def test_many_chunks_hold_everybody_once(main: Database) -> None:
    mailing = Mailing(main).open(3 * MOST_IN_A_CHUNK + 1)
    mailing.take_down()

    assert [mailing.let_in() for _ in range(5)] == [250, 250, 250, 1, 0]
    assert mailing.count(Enrolment) == mailing.count(BroadcastMember) == 751
