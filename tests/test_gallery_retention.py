"""The sequences that keep somebody, or let them go in peace."""

from tests.gallery import lines, said, subjects, told


def test_a_customer_is_thanked_for_a_friend_and_rewarded_when_that_friend_buys() -> None:
    story = told("referral-thanks/friend-buys", "rosa")

    assert lines(story) == said("""
        Tue 05 May 19:20  thanks sent
        Fri 05 Jun 19:20  wait_for-2 matched friend_bought
        Fri 05 Jun 19:20  wait_for-2.1.update-1 updated
        Fri 05 Jun 19:20  month-is-yours sent
        Fri 05 Jun 19:20  completed
    """)
    assert story.timeline[2]["set"] == {"free_months": 3}
    assert subjects(story)[1] == "Your next month is free"


def test_a_friend_who_does_not_buy_within_a_quarter_costs_nothing() -> None:
    assert lines(told("referral-thanks/friend-does-not", "rosa")) == said("""
        Tue 05 May 19:20  thanks sent
        Mon 03 Aug 19:20  wait_for-2 timed_out
        Mon 03 Aug 19:20  exited:friend-did-not-buy
    """)


def test_a_month_ahead_on_a_saturday_is_said_on_monday_and_a_renewal_ends_it() -> None:
    assert lines(told("renewal/renews", "per")) == said("""
        Sat 16 May 09:00  branch-1 took otherwise
        Sat 16 May 09:00  in-a-month-2 deferred
        Mon 18 May 09:00  in-a-month-2 sent
        Sun 24 May 09:00  converted
    """)


def test_a_renewal_that_was_moved_is_reminded_of_a_week_before_the_new_date() -> None:
    assert lines(told("renewal/moved", "per")) == said("""
        Sat 16 May 09:00  branch-1 took otherwise
        Sat 16 May 09:00  in-a-month-2 deferred
        Mon 18 May 09:00  in-a-month-2 sent
        Wed 08 Jul 09:00  wait-2 waited
        Wed 08 Jul 09:00  in-a-week sent
        Tue 14 Jul 11:00  converted
    """)


def test_a_click_in_the_second_question_ends_the_asking() -> None:
    assert lines(told("re-engagement/reads-again", "ada")) == said("""
        Mon 04 May 05:00  still-of-use deferred
        Mon 04 May 06:00  still-of-use deferred
        Mon 04 May 08:00  still-of-use sent
        Mon 18 May 10:00  repeat-1.1.wait_for-2 timed_out
        Mon 18 May 10:00  repeat-1 took none
        Mon 18 May 10:00  still-of-use sent
        Thu 21 May 05:00  repeat-1.1.wait_for-2 matched clicked
        Thu 21 May 05:00  repeat-1 took until
        Thu 21 May 05:00  branch-2 took 1
        Thu 21 May 05:00  branch-2.1.update-1 updated
        Thu 21 May 05:00  exited:reads-again
    """)


def test_after_three_questions_without_a_click_we_stop_by_ourselves() -> None:
    assert lines(told("re-engagement/sunset", "ada")) == said("""
        Mon 04 May 05:00  still-of-use deferred
        Mon 04 May 06:00  still-of-use deferred
        Mon 04 May 08:00  still-of-use sent
        Mon 18 May 10:00  repeat-1.1.wait_for-2 timed_out
        Mon 18 May 10:00  repeat-1 took none
        Mon 18 May 10:00  still-of-use sent
        Mon 01 Jun 10:00  repeat-1.1.wait_for-2 timed_out
        Mon 01 Jun 10:00  repeat-1 took none
        Mon 01 Jun 10:00  still-of-use sent
        Mon 15 Jun 10:00  repeat-1.1.wait_for-2 timed_out
        Mon 15 Jun 10:00  branch-2 took none
        Mon 15 Jun 10:00  goodbye sent
        Tue 16 Jun 10:00  wait-4 waited
        Tue 16 Jun 10:00  update-5 updated
        Tue 16 Jun 10:00  exited:sunset
    """)


def test_a_leap_day_s_anniversary_is_the_28th_and_brings_a_card_by_hand() -> None:
    assert lines(told("anniversary/by-name", "rosa")) == said("""
        Sat 28 Feb 09:00  branch-1 took 1
        Sat 28 Feb 09:00  branch-1.1.task-1 opened
        Sat 28 Feb 09:00  by-name sent
        Sat 28 Feb 09:00  completed
    """)


def test_everybody_else_is_thanked() -> None:
    assert lines(told("anniversary/a-year", "per")) == said("""
        Wed 06 May 09:00  branch-1 took otherwise
        Wed 06 May 09:00  a-year sent
        Wed 06 May 09:00  completed
    """)


def test_whoever_would_not_recommend_us_hears_from_a_person() -> None:
    assert lines(told("nps/would-not", "per")) == said("""
        Mon 04 Aug 10:00  one-question sent
        Tue 05 Aug 06:00  wait_for-2 matched survey_answered
        Tue 05 Aug 06:00  update-3 updated
        Tue 05 Aug 06:00  branch-4 took 1
        Tue 05 Aug 06:00  branch-4.1.case-1 opened
        Tue 05 Aug 06:00  branch-4.1.update-2 updated
        Tue 05 Aug 06:00  we-call-you deferred
        Tue 05 Aug 08:00  we-call-you sent
        Tue 05 Aug 08:00  completed
    """)


def test_whoever_would_is_given_a_link_to_pass_on() -> None:
    assert lines(told("nps/would", "per")) == said("""
        Mon 04 Aug 10:00  one-question sent
        Tue 12 Aug 10:00  wait_for-2 timed_out
        Tue 12 Aug 10:00  one-question-again sent
        Wed 13 Aug 10:00  wait_for-2.2.wait_for-2 matched survey_answered
        Wed 13 Aug 10:00  update-3 updated
        Wed 13 Aug 10:00  branch-4 took 2
        Wed 13 Aug 10:00  branch-4.2.update-1 updated
        Wed 13 Aug 10:00  pass-it-on sent
        Wed 13 Aug 10:00  completed
    """)


def test_nobody_is_asked_a_third_time() -> None:
    assert lines(told("nps/silence", "per")) == said("""
        Mon 04 Aug 10:00  one-question sent
        Tue 12 Aug 10:00  wait_for-2 timed_out
        Tue 12 Aug 10:00  one-question-again sent
        Thu 21 Aug 10:00  wait_for-2.2.wait_for-2 timed_out
        Thu 21 Aug 10:00  exited:no-answer
    """)


def test_customers_looked_after_by_name_are_talked_to_first() -> None:
    assert lines(told("renewal/in-doubt", "rosa")) == said("""
        Sat 16 May 09:00  branch-1 took 1
        Sat 16 May 09:00  talk deferred
        Mon 18 May 09:00  talk opened
        Wed 20 May 09:00  talk matched in_doubt
        Wed 20 May 09:00  talk.2.update-1 updated
        Wed 20 May 09:00  talk.2.notify-2 notified
        Mon 08 Jun 09:00  wait-2 waited
        Mon 08 Jun 09:00  in-a-week sent
        Tue 16 Jun 10:00  wait-4 waited
        Tue 16 Jun 10:00  not-renewed sent
        Tue 16 Jun 10:00  notify-6 notified
        Tue 16 Jun 10:00  completed
    """)


def test_a_click_is_followed_by_a_talk() -> None:
    assert lines(told("win-back/comes-back", "carl")) == said("""
        Wed 04 Mar 09:00  wait-1 waited
        Wed 04 Mar 09:00  what-is-new sent
        Thu 05 Mar 10:00  wait_for-3 matched clicked
        Thu 05 Mar 10:00  ask opened
        Sat 07 Mar 10:00  ask matched comes_back
        Sat 07 Mar 10:00  exited:comes-back
    """)


def test_whoever_had_a_complaint_lately_hears_from_a_person_and_not_from_us() -> None:
    assert lines(told("win-back/complained-lately", "carl")) == said("""
        Mon 02 Feb 10:00  refused:when
    """)


def test_three_letters_without_a_click_are_the_last_ones() -> None:
    assert lines(told("win-back/sunset", "carl")) == said("""
        Wed 04 Mar 09:00  wait-1 waited
        Wed 04 Mar 09:00  what-is-new sent
        Wed 18 Mar 09:00  wait_for-3 timed_out
        Wed 18 Mar 09:00  your-boards sent
        Sun 17 May 09:00  wait-4 waited
        Sun 17 May 09:00  shall-we-stop sent
        Sun 31 May 09:00  wait_for-6 timed_out
        Sun 31 May 09:00  wait_for-6.2.update-1 updated
        Sun 31 May 09:00  exited:sunset
    """)


def test_whoever_subscribes_again_has_been_won_back() -> None:
    assert lines(told("win-back/buys-again", "carl")) == said("""
        Wed 04 Mar 09:00  wait-1 waited
        Wed 04 Mar 09:00  what-is-new sent
        Sat 14 Mar 10:00  converted
    """)
