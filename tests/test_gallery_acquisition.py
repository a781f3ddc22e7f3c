"""The sequences that win somebody: from the newsletter to the trial that becomes a subscription."""

import json

from tests.gallery import lines, said, subjects, told


def test_a_yes_is_asked_for_once_and_counts_with_the_click() -> None:
    story = told("confirm-newsletter/confirms", "lena")

    assert lines(story) == said("""
        Mon 04 May 21:12  your-yes sent
        Tue 05 May 08:12  wait_for-2 matched consent_confirmed
        Tue 05 May 08:12  exited:confirmed
    """)
    assert subjects(story) == ["Bitte bestätigen: Product news and tips"]


def test_whoever_never_asked_for_it_hears_nothing_after_the_question() -> None:
    assert lines(told("confirm-newsletter/never-answers", "ada")) == said("""
        Mon 04 May 20:12  your-yes sent
        Thu 07 May 20:12  wait_for-2 timed_out
        Thu 07 May 20:12  completed
    """)


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


def test_a_person_calls_and_the_rest_is_theirs() -> None:
    assert lines(told("workshop-demo/met", "lena")) == said("""
        Fri 08 May 15:40  thanks sent
        Fri 08 May 15:40  call opened
        Mon 11 May 09:30  call matched booked
        Mon 11 May 09:30  exited:met
    """)


def test_whoever_could_not_be_reached_is_written_to_by_the_caller_and_answered_by_a_person() -> None:
    assert lines(told("workshop-demo/missed-and-back", "lena")) == said("""
        Tue 05 May 10:00  thanks sent
        Tue 05 May 10:00  call opened
        Tue 05 May 10:30  call matched no_answer
        Tue 05 May 10:30  missed-you sent
        Wed 06 May 12:00  call.3.wait_for-2 matched replied
        Wed 06 May 12:00  call.3.wait_for-2.1.task-1 opened
        Wed 06 May 12:00  completed
    """)


def test_a_promise_to_call_that_was_not_kept_is_told_to_the_team_and_made_good() -> None:
    assert lines(told("workshop-demo/nobody-called", "lena")) == said("""
        Tue 05 May 10:00  thanks sent
        Tue 05 May 10:00  call opened
        Fri 08 May 10:00  call timed_out
        Fri 08 May 10:00  call.4.notify-1 notified
        Fri 08 May 10:00  pick-a-day sent
        Fri 08 May 10:00  completed
    """)


def test_a_trial_ends_as_converted_on_the_day_of_the_subscription() -> None:
    assert lines(told("trial-conversion/stays", "ada")) == said("""
        Mon 04 May 16:00  day-one sent
        Mon 04 May 21:00  wait_for-2 matched first_board_made
        Mon 04 May 21:00  second-step deferred
        Tue 05 May 08:00  second-step sent
        Fri 15 May 09:00  wait-3 waited
        Fri 15 May 09:00  three-days sent
        Fri 15 May 09:00  task-5 skipped
        Sat 16 May 11:00  converted
    """)


def test_a_trial_that_ran_out_is_asked_why_and_left_alone() -> None:
    assert lines(told("trial-conversion/lost", "ada")) == said("""
        Mon 04 May 16:00  day-one sent
        Wed 06 May 09:00  wait_for-2 timed_out
        Wed 06 May 09:00  first-board sent
        Fri 15 May 09:00  wait-3 waited
        Fri 15 May 09:00  three-days sent
        Fri 15 May 09:00  task-5 skipped
        Mon 18 May 09:00  wait-6 waited
        Mon 18 May 09:00  last-day sent
        Thu 21 May 09:00  wait-8 waited
        Thu 21 May 09:00  why-not sent
        Thu 28 May 09:00  wait_for-10 timed_out
        Thu 28 May 09:00  wait_for-10.2.update-1 updated
        Thu 28 May 09:00  completed
    """)


def test_in_a_trial_of_one_day_what_would_come_too_late_is_left_out() -> None:
    assert lines(told("trial-conversion/one-day-only", "ada")) == said("""
        Mon 04 May 16:00  day-one sent
        Wed 06 May 09:00  wait_for-2 timed_out
        Wed 06 May 09:00  first-board sent
        Wed 06 May 09:00  wait-3 waited
        Wed 06 May 09:00  task-5 skipped
        Wed 06 May 09:00  wait-6 waited
        Wed 06 May 09:00  exited:too late
    """)


def test_a_friend_is_welcomed_and_the_system_that_knows_whose_link_it_was_is_told() -> None:
    assert lines(told("referral/becomes-a-customer", "ada")) == said("""
        Tue 05 May 18:20  welcome sent
        Tue 05 May 18:20  call-2 called
        Sat 09 May 09:00  wait-3 waited
        Sat 09 May 09:00  free-month sent
        Thu 14 May 18:20  converted
    """)


def test_a_friend_who_clicks_is_shown_the_board() -> None:
    assert lines(told("referral/clicks", "ada")) == said("""
        Tue 05 May 18:20  welcome sent
        Tue 05 May 18:20  call-2 called
        Sat 09 May 09:00  wait-3 waited
        Sat 09 May 09:00  free-month sent
        Sun 10 May 18:20  wait_for-5 matched clicked
        Sun 10 May 18:20  wait_for-5.1.task-1 opened
        Sun 10 May 18:20  completed
    """)


def test_the_guide_goes_at_once_and_starts_the_test_two_days_later() -> None:
    assert lines(told("guide/downloads", "ada")) == said("""
        Tue 05 May 21:00  here-it-is sent
        Thu 07 May 08:30  wait-2 waited
        Thu 07 May 08:30  start-3 started
        Thu 07 May 08:30  completed
    """)


def test_lena_s_lot_is_the_question_for_ever() -> None:
    assert lines(told("subject-test/clicks", "lena")) == said("""
        Thu 07 May 08:30  split-1 took question
        Thu 07 May 08:30  subject-question sent
        Thu 07 May 11:30  wait_for-2 matched clicked
        Thu 07 May 11:30  wait_for-2.1.update-1 updated
        Fri 08 May 09:00  wait_for-2.1.wait-2 waited
        Fri 08 May 09:00  meet sent
        Fri 08 May 09:00  completed
    """)


def test_ada_s_lot_is_the_number_and_silence_ends_the_test() -> None:
    assert lines(told("subject-test/silence", "ada")) == said("""
        Thu 07 May 07:30  split-1 took number
        Thu 07 May 07:30  subject-number deferred
        Thu 07 May 08:00  subject-number sent
        Mon 11 May 08:00  wait_for-2 timed_out
        Mon 11 May 08:00  completed
    """)


def test_whoever_has_unsubscribed_from_everything_gets_what_they_ask_for_all_the_same() -> None:
    assert lines(told("guide/has-unsubscribed", "ada")) == said("""
        Tue 05 May 21:00  here-it-is sent
        Thu 07 May 08:30  wait-2 waited
        Thu 07 May 08:30  start-3 started
        Thu 07 May 08:30  completed
    """)


def test_the_clock_of_somebody_who_is_paused_stands_still() -> None:
    assert lines(told("guide/on-holiday", "ada")) == said("""
        Tue 05 May 21:00  here-it-is sent
        Tue 19 May 08:30  wait-2 waited
        Tue 19 May 08:30  start-3 started
        Tue 19 May 08:30  completed
    """)


def test_with_double_opt_in_the_welcome_begins_at_the_instant_of_the_confirmation() -> None:
    story = told("newsletter-welcome/confirms", "ada", consents={"product-news": "pending"})

    assert lines(story).splitlines()[0] == "Tue 05 May 07:12  welcome sent"


def test_what_is_not_confirmed_is_not_welcomed() -> None:
    story = told("newsletter-welcome/reads", "ada", consents={"product-news": "pending"})

    assert lines(story) == said("Thu 07 May 20:12  refused:consent")


def test_the_crm_is_told_who_became_a_customer_and_who_left_again() -> None:
    story = told("customer-to-crm/leaves", "lena")

    assert lines(story) == said("""
        Mon 04 May 11:30  came sent
        Wed 03 Jun 11:30  wait_for-2 matched subscription_cancelled
        Wed 03 Jun 11:30  left sent
        Wed 03 Jun 11:30  completed
    """)
    came, left = (json.loads(written.text) for _, written in story.letters.values())
    assert (came["plan"], came["seats"]) == ("team", 4)
    assert (left["plan"], left["reason"], left["days"]) == ("team", "too dear", 30)


def test_of_who_stays_the_crm_is_told_once() -> None:
    assert lines(told("customer-to-crm/stays", "lena")) == said("""
        Mon 04 May 11:30  came sent
        Sun 02 Aug 11:30  wait_for-2 timed_out
        Sun 02 Aug 11:30  exited:stayed
    """)
