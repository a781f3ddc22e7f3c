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
