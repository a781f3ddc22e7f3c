"""The sequences that win somebody: from the newsletter to the trial that becomes a subscription."""

from tests.gallery import lines, said, subjects, told


def test_the_welcome_sends_the_letter_that_fits_what_they_ticked() -> None:
    story = told("newsletter-welcome/reads", "lena")

    assert lines(story) == said("""
        Mon 04 May 21:12  welcome sent
        Thu 07 May 08:30  wait-2 waited
        Thu 07 May 08:30  branch-3 took 1
        Thu 07 May 08:30  planning sent
        Fri 08 May 09:12  wait_for-4 matched clicked
        Fri 08 May 09:12  wait_for-4.1.update-1 updated
        Fri 08 May 09:12  completed
    """)
    assert subjects(story)[0] == "Sie stehen auf der Liste: die Montagsnotiz"


def test_whoever_asks_for_a_demo_has_been_welcomed_enough() -> None:
    assert lines(told("newsletter-welcome/asks-for-a-demo", "ada")) == said("""
        Mon 04 May 20:12  welcome sent
        Wed 06 May 20:12  converted
    """)


def test_somebody_in_tokyo_is_reminded_of_the_webinar_in_the_morning_before_and_in_the_hour_before() -> None:
    story = told("webinar/came", "kenji", consents={"product-news": "opted_in"})

    assert lines(story) == said("""
        Sat 02 May 12:00  registered sent
        Mon 11 May 09:00  wait-2 waited
        Mon 11 May 09:00  tomorrow sent
        Tue 12 May 15:00  wait-4 waited
        Tue 12 May 15:00  in-an-hour sent
        Tue 12 May 16:04  wait_for-6 matched webinar_joined
        Tue 12 May 16:04  wait_for-6.1.update-1 updated
        Wed 13 May 10:00  wait_for-6.1.wait-2 waited
        Wed 13 May 10:00  notes sent
        Wed 20 May 10:00  wait-7 waited
        Wed 20 May 10:00  next-dates sent
        Wed 20 May 10:00  completed
    """)
    assert subjects(story)[1] == "Tomorrow at 4:00 PM: Six hours and not eight"


def test_whoever_registers_in_the_last_hour_gets_no_reminder_and_whoever_wants_no_news_no_further_dates() -> None:
    assert lines(told("webinar/registered-in-the-last-hour", "kenji")) == said("""
        Tue 12 May 15:20  registered sent
        Tue 12 May 15:20  wait-2 waited
        Tue 12 May 15:20  wait-4 waited
        Tue 12 May 18:00  wait_for-6 timed_out
        Wed 13 May 10:00  wait_for-6.2.wait-1 waited
        Wed 13 May 10:00  recording sent
        Wed 20 May 10:00  wait-7 waited
        Wed 20 May 10:00  next-dates skipped
        Wed 20 May 10:00  completed
    """)


def test_a_seat_that_was_given_back_is_not_reminded_of() -> None:
    assert lines(told("webinar/gave-the-seat-back", "kenji")) == said("""
        Sat 02 May 12:00  registered sent
        Mon 11 May 09:00  wait-2 waited
        Mon 11 May 09:00  tomorrow sent
        Mon 11 May 21:00  exited:webinar_cancelled
    """)


def test_a_cart_left_behind_is_asked_about_three_times_the_last_time_only_where_it_is_large() -> None:
    assert lines(told("abandoned-cart/left", "lena")) == said("""
        Tue 05 May 21:20  wait-1 waited
        Tue 05 May 21:20  still-there deferred
        Wed 06 May 08:00  still-there sent
        Thu 07 May 18:00  wait-3 waited
        Thu 07 May 18:00  which-board sent
        Sun 10 May 10:00  wait-5 waited
        Sun 10 May 10:00  by-phone sent
        Sun 10 May 10:00  completed
    """)


def test_a_cart_ends_when_that_very_cart_is_bought() -> None:
    assert lines(told("abandoned-cart/bought", "lena")) == said("""
        Tue 05 May 21:20  wait-1 waited
        Tue 05 May 21:20  still-there deferred
        Wed 06 May 08:00  still-there sent
        Wed 06 May 15:20  converted
    """)


def test_a_cart_that_became_too_small_is_not_spoken_of() -> None:
    assert lines(told("abandoned-cart/grew-too-small", "lena")) == said("""
        Tue 05 May 21:20  wait-1 waited
        Tue 05 May 21:20  still-there deferred
        Wed 06 May 05:20  exited:cart_changed
    """)


def test_nobody_hears_from_the_shop_who_has_not_said_yes_to_it() -> None:
    story = told("abandoned-cart/left", "lena", consents={"shop": "opted_out", "product-news": "opted_in"})

    assert lines(story) == said("Tue 05 May 19:20  refused:consent")
