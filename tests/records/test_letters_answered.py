"""What an answer to a letter of a case does not do: hold the letters to come, or have a second task opened."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from records.answered import hold_while_away, take_up_reply
from records.follow_up_models import FollowUp
from records.hold_models import Pause
from records.models import Interaction
from records.published import publish
from records.session import Database
from tests.records.letters_at_work import NOW, POLICIES, LettersAtWork

DAY = timedelta(days=1)
TASKS = "replies: {pause: 3 days, task: {team: sales, title: Answer them}}\n"


@pytest.fixture
def case(main: Database) -> LettersAtWork:
    case = LettersAtWork(main).open()
    messaging = POLICIES["policies/messaging.yaml"] + TASKS
    main.write_now(lambda session: publish(session, POLICIES | {"policies/messaging.yaml": messaging}, {}, NOW + DAY))
    case.write()
    return case


def reply(case: LettersAtWork, enrolment: str | None) -> bool:
    """Let the customer answer a run, or nothing of ours; return whether a task was opened."""

    def work(session: Session) -> bool:
        contact = case.contact(session)
        row = Interaction(contact_id=contact.id, key=str(enrolment), name="replied", at=NOW, enrolment_id=enrolment)
        session.add(row)
        session.flush()
        return take_up_reply(session, case.published, contact, row, NOW + DAY) is not None

    return case.database.write_now(work)


def test_whoever_is_away_is_written_to_all_the_same(case: LettersAtWork) -> None:
    def away(session: Session) -> None:
        hold_while_away(session, case.published, case.contact(session), date(2026, 5, 20), NOW, NOW)

    case.database.write_now(away)

    assert case.database.read_now(lambda session: session.exec(select(Pause)).all()) == []


def test_an_answer_to_a_letter_opens_no_second_task_and_holds_nothing(case: LettersAtWork) -> None:
    assert reply(case, case.runs()[0].id) is False

    tasks, pauses = case.database.read_now(
        lambda session: (session.exec(select(FollowUp)).all(), session.exec(select(Pause)).all())
    )
    assert (tasks, pauses) == ([], [])


def test_any_other_answer_is_taken_up_as_ever(case: LettersAtWork) -> None:
    assert reply(case, None) is True
