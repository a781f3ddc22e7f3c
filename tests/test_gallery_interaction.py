"""The sequences between the order and the next one: orders, set-up days, the first month."""

from tests.gallery import lines, said, subjects, told


def test_a_set_up_day_is_confirmed_and_reminded_of_two_days_and_two_hours_before() -> None:
    story = told("appointment/kept", "lena")

    assert lines(story) == said("""
        Mon 11 May 16:00  confirmed sent
        Sun 17 May 10:00  wait-2 waited
        Sun 17 May 10:00  in-two-days sent
        Tue 19 May 07:00  wait-4 waited
        Tue 19 May 07:00  on-our-way sent
        Wed 20 May 10:00  wait-6 waited
        Wed 20 May 10:00  how-was-it sent
        Wed 20 May 10:00  completed
    """)
    assert subjects(story)[0] == "Ihr Einrichtungstag: Dienstag, 19. Mai"


def test_a_set_up_day_that_was_called_off_is_not_reminded_of() -> None:
    assert lines(told("appointment/called-off", "lena")) == said("""
        Mon 11 May 16:00  confirmed sent
        Sun 17 May 10:00  wait-2 waited
        Sun 17 May 10:00  in-two-days sent
        Mon 18 May 18:00  exited:visit_cancelled
    """)


def test_what_was_booked_for_tomorrow_is_not_reminded_of_two_days_ahead() -> None:
    assert lines(told("appointment/booked-for-tomorrow", "lena")) == said("""
        Mon 18 May 11:00  confirmed sent
        Mon 18 May 11:00  wait-2 waited
        Tue 19 May 07:00  wait-4 waited
        Tue 19 May 07:00  on-our-way sent
        Wed 20 May 10:00  wait-6 waited
        Wed 20 May 10:00  how-was-it sent
        Wed 20 May 10:00  completed
    """)


def test_an_order_that_arrived_is_asked_after_once() -> None:
    assert lines(told("order-follow-up/all-right", "lena")) == said("""
        Fri 08 May 11:00  wait_for-1 matched order_delivered
        Mon 11 May 10:00  wait-2 waited
        Mon 11 May 10:00  all-right sent
        Wed 13 May 11:00  wait_for-4 matched survey_answered
        Wed 13 May 11:00  branch-5 took none
        Wed 13 May 11:00  completed
    """)


def test_two_of_five_opens_a_case() -> None:
    assert lines(told("order-follow-up/not-happy", "lena")) == said("""
        Fri 08 May 11:00  wait_for-1 matched order_delivered
        Mon 11 May 10:00  wait-2 waited
        Mon 11 May 10:00  all-right sent
        Wed 13 May 11:00  wait_for-4 matched survey_answered
        Wed 13 May 11:00  branch-5 took 1
        Wed 13 May 11:00  branch-5.1.case-1 opened
        Wed 13 May 11:00  completed
    """)


def test_an_order_that_never_arrives_is_told_of_and_becomes_a_case() -> None:
    assert lines(told("order-follow-up/lost", "lena")) == said("""
        Tue 19 May 11:00  wait_for-1 timed_out
        Tue 19 May 11:00  on-its-way-still sent
        Tue 19 May 11:00  wait_for-1.2.notify-2 notified
        Wed 03 Jun 11:00  wait_for-1.2.wait_for-3 timed_out
        Wed 03 Jun 11:00  wait_for-1.2.wait_for-3.2.case-1 opened
        Wed 03 Jun 11:00  exited:lost
    """)


def test_an_order_that_was_paid_back_is_not_asked_after() -> None:
    assert lines(told("order-follow-up/given-back", "lena")) == said("""
        Thu 07 May 11:00  exited:refunded
    """)


def test_whoever_books_another_day_is_not_called() -> None:
    assert lines(told("appointment-cancelled/new-day", "lena")) == said("""
        Mon 18 May 18:00  cancelled sent
        Wed 20 May 18:00  converted
    """)


def test_without_a_new_day_a_person_asks_for_one() -> None:
    assert lines(told("appointment-cancelled/nobody-finds-one", "lena")) == said("""
        Mon 18 May 18:00  cancelled sent
        Tue 26 May 10:00  wait-2 waited
        Tue 26 May 10:00  task-3 opened
        Wed 27 May 11:00  task-3 matched gave_up
        Wed 27 May 11:00  exited:no-set-up-day
    """)


def test_whoever_needs_no_help_is_not_helped() -> None:
    assert lines(told("onboarding/by-themselves", "lena")) == said("""
        Mon 04 May 11:30  stop-1 stopped
        Mon 04 May 11:30  update-2 updated
        Mon 04 May 11:30  first-hour sent
        Mon 04 May 11:30  wait_for-4 matched first_board_made
        Sun 10 May 11:30  wait_for-5 matched
        Sun 10 May 11:30  promise-from-the-board sent
        Sun 10 May 11:30  wait_for-6 matched colleague_invited
        Mon 01 Jun 09:00  wait-7 waited
        Mon 01 Jun 09:00  first-month sent
        Mon 01 Jun 09:00  completed
    """)


def test_whoever_does_nothing_for_a_week_is_called() -> None:
    assert lines(told("onboarding/with-help", "lena")) == said("""
        Mon 04 May 11:30  stop-1 stopped
        Mon 04 May 11:30  update-2 updated
        Mon 04 May 11:30  first-hour sent
        Thu 07 May 09:00  wait_for-4 timed_out
        Thu 07 May 09:00  first-board sent
        Mon 11 May 09:00  wait_for-4.2.wait_for-2 timed_out
        Mon 11 May 09:00  by-phone opened
        Wed 13 May 11:30  by-phone matched done
        Sat 23 May 09:00  wait_for-5 timed_out
        Sat 23 May 09:00  ten-jobs sent
        Sat 30 May 09:00  wait_for-6 timed_out
        Sat 30 May 09:00  not-alone sent
        Mon 01 Jun 09:00  wait-7 waited
        Mon 01 Jun 09:00  first-month sent
        Mon 01 Jun 09:00  completed
    """)
