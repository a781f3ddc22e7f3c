"""What a company learns from its cases: causes that somebody sees to, whether that has helped, who came back."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from domain.follow_up_actions import Complete
from domain.recovery_actions import Diagnosed, Graded
from records.corrective_lists import list_actions
from records.follow_up_models import FollowUp, StaffNote
from records.session import Database
from tests.records.care_at_work import RECOVERY, CareAtWork

MONDAY = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def care(main: Database) -> CareAtWork:
    team = CareAtWork(main)
    team.begin(MONDAY - DAY)
    return team


def three(care: CareAtWork, at: datetime = MONDAY) -> list[str]:
    return [care.diagnosed(who, at + days * DAY) for who, days in (("ann", 0), ("ben", 10), ("cai", 20))]


def task_of(care: CareAtWork, number: int = 0) -> FollowUp:
    return care.row(str(care.actions()[number].follow_up_id))


def test_the_third_case_of_a_cause_in_thirty_days_has_somebody_see_to_it(care: CareAtWork) -> None:
    first, _, third = three(care)

    [action] = care.actions()
    assert action.why == "3 cases of 'late-delivery' in 30 days: 1001, 1002, 1003"
    assert (action.cause, action.case_id, action.owner) == ("late-delivery", third, "max"), "the manager of the team"
    assert action.opened_at == MONDAY + 20 * DAY
    assert action.due_at == MONDAY + 32 * DAY, "ten business days from a Sunday"
    assert action.check_at == MONDAY + 80 * DAY
    assert (care.state(third).action, care.state(first).action) == (action.id, None)
    assert care.state(third).action_check_at == action.check_at


def test_its_task_is_that_of_the_owner_who_is_reminded_as_of_any_other(care: CareAtWork) -> None:
    three(care)

    task = task_of(care)
    assert task.title.startswith("See to it that 'late delivery' goes away: 3 cases")
    assert (task.assignee, task.done_due, task.opener) == ("max", MONDAY + 32 * DAY, "cause/late-delivery")
    assert task.outcomes == ["fixed", "not_worth_it", "another_cause"]
    list(care.rings(task.id, MONDAY + 40 * DAY))
    notes = select(StaffNote.about).where(StaffNote.follow_up_id == task.id).order_by(col(StaffNote.at))
    about = care.database.read_now(lambda session: list(session.exec(notes)))
    assert {"assigned", "reminder", "warning", "overdue"} <= set(about)


def test_nothing_that_its_contact_does_moves_what_is_to_be_done_about_a_cause(care: CareAtWork) -> None:
    three(care)

    care.tell("cai", "meeting_booked", MONDAY + 21 * DAY)
    care.hold("cai", MONDAY + 60 * DAY, MONDAY + 22 * DAY)

    task = task_of(care)
    assert (task.ended_at, task.done_due) == (None, MONDAY + 32 * DAY)


def test_two_are_not_enough_and_neither_are_three_that_are_too_far_apart(care: CareAtWork) -> None:
    for who, days in (("ann", 0), ("ben", 10), ("cai", 31)):
        care.diagnosed(who, MONDAY + days * DAY)
    care.diagnosed("dee", MONDAY + 32 * DAY, "broken")

    assert care.actions() == []


def test_three_count_by_when_they_were_opened_however_late_they_are_understood(care: CareAtWork) -> None:
    ids = [care.case(who, MONDAY + days * DAY) for who, days in (("ann", 0), ("ben", 10), ("cai", 20))]

    for id in reversed(ids):
        care.do(id, Diagnosed(by="ada", cause="late-delivery"), MONDAY + 50 * DAY)

    [action] = care.actions()
    assert action.case_id == ids[0]


def test_one_case_of_the_worst_severity_is_enough_also_when_it_turns_out_to_be_one(care: CareAtWork) -> None:
    worst = care.diagnosed("ann", MONDAY, severity="S1")
    graver = care.diagnosed("ben", MONDAY, "broken")
    care.do(graver, Graded(by="ada", severity="S1", note="worse than it looked"), MONDAY + HOUR)

    whys = {each.case_id: each.why for each in care.actions()}
    assert whys == {
        worst: "one case of 'late-delivery' is enough at S1: 1001",
        graver: "one case of 'broken' is enough at S1: 1002",
    }


def test_further_cases_join_the_action_that_is_open(care: CareAtWork) -> None:
    three(care)
    fourth, fifth = care.diagnosed("dee", MONDAY + 21 * DAY), care.diagnosed("eve", MONDAY + 22 * DAY, severity="S1")

    [action] = care.actions()
    assert (care.state(fourth).action, care.state(fifth).action) == (action.id, action.id)
    assert care.state(fourth).action_check_at is None, "one of them looks whether it has helped"
    joined = [each.data for each in care.events("case_action_joined")]
    assert [each["number"] for each in joined] == [1004, 1005]


def test_whoever_completes_the_task_has_done_the_action(care: CareAtWork) -> None:
    three(care)

    care.act(task_of(care).id, Complete(by="max", outcome="fixed", note="another carrier"), MONDAY + 30 * DAY)

    [action] = care.actions()
    assert action.done_at == MONDAY + 30 * DAY
    [listed] = care.database.read_now(lambda session: list_actions(session, MONDAY + 31 * DAY))
    assert (listed.state, listed.outcome, listed.owner, listed.case) == ("done", "fixed", "max", 1003)


def test_what_was_there_before_it_was_done_opens_no_second_one_and_what_comes_after_does(care: CareAtWork) -> None:
    three(care)
    before = care.case("dee", MONDAY + 25 * DAY, "S1")
    care.act(task_of(care).id, Complete(by="max", outcome="fixed"), MONDAY + 30 * DAY)
    care.do(before, Diagnosed(by="ada", cause="late-delivery"), MONDAY + 31 * DAY)
    assert care.state(before).action == care.actions()[0].id

    for who, days in (("eve", 32), ("fay", 33)):
        care.diagnosed(who, MONDAY + days * DAY)
    assert len(care.actions()) == 1, "those before it are none of these"
    care.diagnosed("gus", MONDAY + 34 * DAY)

    assert care.actions()[1].why == "3 cases of 'late-delivery' in 30 days: 1005, 1006, 1007"


def test_after_sixty_days_it_is_looked_whether_it_has_helped(care: CareAtWork) -> None:
    *_, third = three(care)
    care.act(task_of(care).id, Complete(by="max", outcome="fixed"), MONDAY + 30 * DAY)
    care.diagnosed("dee", MONDAY + 40 * DAY)
    care.made_good(third, MONDAY + 21 * DAY)

    care.goes_on(third, MONDAY + 81 * DAY)

    [action] = care.actions()
    assert (action.before, action.after, action.checked_at) == (3, 1, MONDAY + 80 * DAY)


def seen_to(care: CareAtWork) -> str:
    *_, third = three(care)
    care.act(task_of(care).id, Complete(by="max", outcome="fixed"), MONDAY + 30 * DAY)
    care.made_good(third, MONDAY + 21 * DAY)
    return third


def test_what_has_become_rarer_is_told_to_whoever_saw_to_it_and_is_over(care: CareAtWork) -> None:
    third = seen_to(care)
    care.diagnosed("dee", MONDAY + 40 * DAY)

    care.goes_on(third, MONDAY + 200 * DAY)

    [action] = care.actions()
    assert (action.before, action.after) == (3, 1)
    [told] = care.events("case_action_checked")
    assert (told.data["before"], told.data["after"], told.data["better"]) == (3, 1, True)
    mine = select(StaffNote).where(StaffNote.about == "cause_checked")
    [note] = care.database.read_now(lambda session: list(session.exec(mine)))
    assert note.person == "max"
    assert note.data["why"] == ["'late-delivery' came 3 times in the 60 days before and once in the 60 days after"]
    [listed] = care.database.read_now(lambda session: list_actions(session, MONDAY + 200 * DAY))
    assert listed.state == "better"
    assert care.state(third).over_at is not None


def test_what_has_not_become_rarer_somebody_sees_to_again_and_that_is_looked_at_too(care: CareAtWork) -> None:
    third = seen_to(care)
    for who, days in (("dee", 31), ("eve", 45), ("fay", 62), ("gus", 78)):
        care.diagnosed(who, MONDAY + days * DAY)

    care.goes_on(third, MONDAY + 80 * DAY)

    first, again = care.actions()
    assert (first.before, first.after) == (3, 4)
    assert again.why == "'late-delivery' came 3 times in the 60 days before and 4 times in the 60 days after"
    assert (again.case_id, again.owner, again.opened_at) == (third, "max", MONDAY + 80 * DAY)
    assert task_of(care, 1).title.endswith(again.why)
    care.act(str(again.follow_up_id), Complete(by="max", outcome="fixed"), MONDAY + 90 * DAY)
    care.goes_on(third, MONDAY + 200 * DAY)
    assert care.actions()[1].checked_at == MONDAY + 140 * DAY
    assert care.state(third).over_at is not None


def test_a_case_whose_cause_was_another_looks_after_both_actions(care: CareAtWork) -> None:
    id = care.diagnosed("ann", MONDAY, severity="S1")
    care.do(id, Diagnosed(by="ada", cause="broken"), MONDAY + DAY)

    late, broken = care.actions()
    assert care.state(id).action == broken.id
    care.made_good(id, MONDAY + 2 * DAY)
    care.goes_on(id, MONDAY + 70 * DAY)
    assert [each.checked_at for each in care.actions()] == [late.check_at, broken.check_at]


def test_the_owner_whom_the_policy_names_has_it(care: CareAtWork) -> None:
    care.begin(MONDAY, RECOVERY + "learn: {owner: lea, cases: 1}\n")

    care.diagnosed("ann", MONDAY + HOUR)

    assert (care.actions()[0].owner, task_of(care).assignee) == ("lea", "lea")


def test_whether_a_customer_bought_again_is_noted_after_thirty_and_after_ninety_days(care: CareAtWork) -> None:
    id = care.diagnosed("ann", MONDAY)
    care.made_good(id, MONDAY + DAY)
    care.tell("ann", "purchased", MONDAY + 60 * DAY, made=MONDAY + 50 * DAY)
    care.tell("ben", "purchased", MONDAY + 20 * DAY)

    care.goes_on(id, MONDAY + 100 * DAY)

    told = [(each.at, each.data["days"], each.data["bought"]) for each in care.events("case_bought")]
    assert told == [(MONDAY + 31 * DAY, 30, False), (MONDAY + 91 * DAY, 90, True)]
