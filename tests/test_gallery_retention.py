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
