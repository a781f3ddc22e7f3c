"""Letters of a case: written once for each key, each with a fate that is heard of once."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from domain.recovery import Write
from records.case_letters import Settled, case_of_letter
from records.models import Contact, Decision
from records.session import Database
from tests.records.letters_at_work import NOW, LettersAtWork

MINUTE = timedelta(minutes=1)


@pytest.fixture
def case(main: Database) -> LettersAtWork:
    return LettersAtWork(main).open()


def test_a_letter_is_a_run_that_waits_for_its_start_and_knows_what_to_say(case: LettersAtWork) -> None:
    case.write()

    [run] = case.runs()
    assert (run.state, run.sequence, run.slot) == ("starting", "service-acknowledged", None)
    assert (run.event["number"], run.event["owner"], run.event["key"]) == (1042, "Ada", "acknowledged/1")
    assert run.event["next_word"] == "2026-05-05T10:00:00+00:00"
    [letter] = case.letters()
    assert (letter.enrolment_id, letter.key, letter.settled_at) == (run.id, "acknowledged/1", None)
    assert case.database.read_now(lambda session: case_of_letter(session, run.id)) == case.id
    assert case.database.read_now(lambda session: case_of_letter(session, "another")) is None
    assert case.database.read_now(lambda session: case_of_letter(session, None)) is None


def test_its_program_cannot_be_entered_by_anything_else(case: LettersAtWork) -> None:
    case.write()

    def look(session: Session) -> object:
        [run] = case.runs()
        sender = case.published.program(session, run.version).steps["letter"].sender  # type: ignore[attr-defined]
        return sender, case.published.current(session), case.published.named(session, run.sequence)

    assert case.database.read_now(look) == ("care", [], None)


def test_the_log_says_which_letter_of_which_case_it_is(case: LettersAtWork) -> None:
    case.write()

    said = case.database.read_now(lambda session: session.get_one(Decision, 1).why)
    assert said == ["letter acknowledged/1 of case 1042"]


def test_a_letter_is_written_once_for_each_key(case: LettersAtWork) -> None:
    case.write()
    case.write(at=NOW + MINUTE)
    case.write(Write("update", "update/1", {"text": "We have found it."}))

    assert [each.key for each in case.letters()] == ["acknowledged/1", "update/1"]
    assert len(case.runs()) == 2


def test_a_reminder_says_what_was_asked_and_when(case: LettersAtWork) -> None:
    case.write(Write("question", "question/1", {"text": "Which board?"}))
    case.write(Write("reminder", "wait:1/remind/0"), at=NOW + timedelta(days=1), waited=1)

    said = case.runs()[1].event
    assert (said["question"], said["asked_at"]) == ([["Which board?"]], NOW.isoformat())


def test_nothing_is_settled_before_the_letter_has_a_fate(case: LettersAtWork) -> None:
    case.write()
    case.message("claimed")

    assert (case.settle(), case.fated(), case.ask_to_look(NOW)) == ([], [], 0)


def test_a_letter_that_was_taken_settles_once_as_of_that_instant(case: LettersAtWork) -> None:
    case.write()
    case.message("accepted", NOW + MINUTE)

    assert case.fated() == [case.id]
    assert case.settle() == [Settled("acknowledged/1", True, "", NOW + MINUTE)]
    assert (case.settle(), case.fated()) == ([], [])
    assert (case.letters()[0].settled_at, case.letters()[0].fate) == (NOW + MINUTE, "accepted")


@pytest.mark.parametrize(
    ("state", "reason", "why"),
    [
        ("refused", "550 5.1.1 <ada@customer.example>: no such user", "550 5.1.1 <an address>: no such user"),
        ("skipped", "suppressed: hard_bounce", "suppressed: hard_bounce"),
        ("unknown", "connection lost", "nobody knows whether it arrived"),
    ],
)
def test_what_did_not_arrive_settles_when_its_run_is_over_and_says_why(
    case: LettersAtWork, state: str, reason: str, why: str
) -> None:
    case.write()
    case.message(state, NOW + MINUTE, reason=reason)
    assert case.settle() == []  # it may be sent once more

    case.end()

    assert case.fated() == [case.id]
    assert case.settle() == [Settled("acknowledged/1", False, why, NOW + MINUTE)]


def test_what_is_on_the_wire_when_its_run_ends_is_waited_for(case: LettersAtWork) -> None:
    case.write()
    case.message("handing_over")
    case.end("exited:ended by hand")

    assert (case.settle(), case.fated()) == ([], [])

    case.message("accepted", NOW + 2 * MINUTE)
    assert [each.accepted for each in case.settle()] == [True]


def test_a_run_that_failed_before_it_had_a_message_settles_with_what_it_says(case: LettersAtWork) -> None:
    case.write()
    case.end("failed")

    assert case.settle() == [Settled("acknowledged/1", False, "failed", NOW + MINUTE)]


def test_who_is_erased_is_not_written_to_and_a_person_hears_of_it(case: LettersAtWork) -> None:
    def erase(session: Session) -> None:
        session.get_one(Contact, case.row().contact_id).erased_at = NOW

    case.database.write_now(erase)
    case.write()

    assert case.runs() == []
    assert case.settle() == [Settled("acknowledged/1", False, "their data was erased", NOW)]


def test_a_case_is_asked_to_look_once_and_what_it_was_asked_before_stays(case: LettersAtWork) -> None:
    case.write()
    case.message("accepted")

    assert (case.ask_to_look(NOW + MINUTE), case.ask_to_look(NOW + 2 * MINUTE)) == (1, 0)
    assert case.row().asked_at == NOW + MINUTE
