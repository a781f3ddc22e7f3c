"""The conversation of a case: what a letter answers, and what it is called."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from domain.recovery import Write
from domain.threads import Thread
from records.case_models import ServiceCase
from records.case_threads import thread_of
from records.models import Interaction
from records.session import Database
from tests.records.letters_at_work import NOW, LettersAtWork

MINUTE = timedelta(minutes=1)
SUBJECT = "Your case 1042 with Acme"


@pytest.fixture
def case(main: Database) -> LettersAtWork:
    return LettersAtWork(main).open()


def thread(case: LettersAtWork, number: int, by_mail: tuple[str, ...] = ()) -> Thread:
    """Return what the letter of this number answers."""
    run = case.runs()[number].id
    return case.database.read_now(lambda session: thread_of(session, run, by_mail))


def letters(case: LettersAtWork, *states: str) -> list[str]:
    """Write letters, a minute apart, give their messages these states, and write one more; return the Message-IDs."""
    ids = []
    for number, state in enumerate(states):
        at = NOW + number * MINUTE
        case.write(Write("update", f"update/{number}", {"text": "So it stands."}), at=at)
        ids.append(case.message(state, at, number, subject=SUBJECT if number == 0 else f"Re: {SUBJECT}"))
    case.write(Write("resolved", "resolved/1"), at=NOW + 30 * MINUTE)
    return ids


def mail(case: LettersAtWork, minutes: int, id: str = "<from@customer.example>", number: int | None = 0) -> None:
    """Let the customer answer a letter, or write a mail of their own."""

    def write(session: Session) -> None:
        run = case.runs()[number].id if number is not None else None
        data: dict[str, Any] = {"text": "Thank you", "message_id": id}
        at = NOW + minutes * MINUTE
        contact = case.row().contact_id
        session.add(
            Interaction(contact_id=contact, key=f"mail/{id[:60]}", name="replied", at=at, enrolment_id=run, data=data)
        )

    case.database.write_now(write)


def test_the_first_letter_begins_the_conversation(case: LettersAtWork) -> None:
    letters(case)

    assert thread(case, 0) == Thread()


def test_a_later_letter_answers_the_one_before_and_names_all_that_arrived(case: LettersAtWork) -> None:
    first, _, third = letters(case, "accepted", "refused", "accepted")

    found = thread(case, 3)

    assert found.references == (first, third)
    assert (found.answers, found.called("Settled")) == (third, f"Re: {SUBJECT}")


def test_a_letter_answers_none_that_was_written_after_it(case: LettersAtWork) -> None:
    letters(case, "accepted", "accepted")

    assert thread(case, 0).references == ()


def test_what_the_customer_answered_stands_in_between(case: LettersAtWork) -> None:
    first, second = letters(case, "accepted", "accepted")
    mail(case, 5)

    assert thread(case, 2).references == (first, second, "<from@customer.example>")


def test_what_they_answer_once_a_letter_is_written_is_none_of_it(case: LettersAtWork) -> None:
    [first] = letters(case, "accepted")
    mail(case, 31)

    assert thread(case, 1).references == (first,)


@pytest.mark.parametrize("id", ["no id", "<a b@c>", "<a@b>\r\nBcc: <x@y>", f"<{'a' * 900}@b>", ""])
def test_an_id_that_cannot_stand_in_a_header_is_left_out(case: LettersAtWork, id: str) -> None:
    [first] = letters(case, "accepted")
    mail(case, 5, id)

    assert thread(case, 1).references == (first,)


def test_the_mail_that_opened_the_case_is_answered_under_a_subject_of_ours(case: LettersAtWork) -> None:
    letters(case)
    mail(case, -5, number=None)

    def told_by(source: str) -> None:
        def write(session: Session) -> None:
            session.get_one(ServiceCase, case.id).source = source

        case.database.write_now(write)

    told_by("rule form")
    assert thread(case, 0, ("rule angry-mail",)) == Thread()

    told_by("rule angry-mail")
    found = thread(case, 0, ("rule angry-mail",))
    assert (found.references, found.called(SUBJECT)) == (("<from@customer.example>",), SUBJECT)


def test_of_a_long_conversation_the_first_and_the_last_ones_are_named(case: LettersAtWork) -> None:
    ids = letters(case, *["accepted"] * 14)

    found = thread(case, 14).references

    assert (found[0], found[1:]) == (ids[0], tuple(ids[-9:]))


def test_a_run_that_is_no_letter_answers_nothing_by_it(main: Database) -> None:
    assert main.read_now(lambda session: thread_of(session, "another")) == Thread()
