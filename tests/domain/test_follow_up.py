import pytest

from domain.assignment import Staff
from domain.follow_up import FollowUp, accept_due, done_due
from domain.follow_up_actions import Accept, Action, Cancel, Comment, Complete, PutOff, Reassign
from domain.follow_up_moves import contact_did, held
from domain.follow_up_policy import FollowUpsPolicy, Move, Terms
from domain.spans import Span
from domain.teams import Absence
from tests.domain.follow_ups import Keeper, at, team_of

NOBODY = "there is nobody 'zoe' in policies/teams.yaml; use the key or the address of a person"
TERMS = Terms(accept_by=Span.parse("1 business hour"), done_by=Span.parse("8 business hours"))


def keeper(*members: str, staff: Staff | None = None, terms: Terms = TERMS, **more: object) -> Keeper:
    """One follow-up, opened on Monday at nine."""
    kept = Keeper(staff or team_of(*members), at(4))
    kept.open(FollowUp.model_validate({"id": "call", "team": "sales", "terms": terms, "opened_at": at(4), **more}))
    return kept


def test_whoever_gets_it_is_told_and_reminded_in_time() -> None:
    kept = keeper("ada", "bob")
    kept.until(at(4, 9, 20))
    kept.act("call", Accept(by="ada"))
    kept.until(at(5, 8))

    assert kept.said("call") == [
        "assigned ada Mon 04 09:00",
        "reminder ada Mon 04 13:30",  # half of eight hours with half an hour of lunch
        "reminder ada Mon 04 15:30",
        "warning lea Mon 04 16:42",
        "overdue lea Mon 04 17:30",
    ]


def test_what_nobody_accepts_goes_from_hand_to_hand_and_then_to_the_lead() -> None:
    kept = keeper("ada", "bob", "cy", "dot", "eve")
    kept.until(at(4, 14))

    assert kept.said("call", "assigned", "taken_away") == [
        "assigned ada Mon 04 09:00",
        "taken_away ada Mon 04 10:00",
        "assigned bob Mon 04 10:00",
        "taken_away bob Mon 04 11:00",
        "assigned cy Mon 04 11:00",
        "taken_away cy Mon 04 12:00",
        "assigned lea Mon 04 12:00",
    ]
    assert kept.kept["call"].hops == 3


def test_the_clock_of_accepting_is_reset_for_each_and_that_of_doing_is_not() -> None:
    kept = keeper("ada", "bob")
    kept.until(at(4, 10))
    state = kept.kept["call"]

    assert (accept_due(state, kept.staff), done_due(state, kept.staff)) == (at(4, 11), at(4, 17, 30))


def test_the_ladder_is_climbed_once_and_what_nobody_accepted_goes_to_whom_it_told() -> None:
    kept = keeper("ada", terms=TERMS.model_copy(update={"hops": 0}))
    kept.until(at(8, 17))

    assert kept.said("call", "overdue", "assigned") == [
        "assigned ada Mon 04 09:00",
        "assigned lea Mon 04 10:00",
        "overdue lea Mon 04 17:30",
        "overdue max Tue 05 13:30",
        "assigned max Tue 05 14:00",
        "overdue hal Tue 05 17:30",
        "assigned hal Tue 05 18:00",
    ]


def test_who_accepted_it_keeps_it_however_late_they_are() -> None:
    kept = keeper("ada")
    kept.act("call", Accept(by="ada"))
    kept.until(at(8, 17))

    assert kept.kept["call"].assignee == "ada"
    assert kept.said("call", "overdue") == [
        "overdue lea Mon 04 17:30",
        "overdue max Tue 05 13:30",
        "overdue hal Tue 05 17:30",
    ]


def test_while_it_is_put_off_its_clocks_stand_still() -> None:
    kept = keeper("ada", "bob")
    assert kept.act("call", PutOff(by="ada", until=at(6))) is None
    kept.until(at(8))

    assert kept.kept["call"].accepted_at == at(4), "whoever puts it off has taken it"
    assert kept.said("call") == [
        "assigned ada Mon 04 09:00",
        "reminder ada Wed 06 13:30",
        "reminder ada Wed 06 15:30",
        "warning lea Wed 06 16:42",
        "overdue lea Wed 06 17:30",
        "overdue max Thu 07 13:30",
        "overdue hal Thu 07 17:30",
    ]


def test_while_the_contact_is_away_nobody_is_reminded() -> None:
    kept = keeper("ada")
    kept.act("call", Accept(by="ada"))
    kept.moved(held(kept.kept["call"], None, kept.now, "away"))
    kept.until(at(8))
    assert kept.said("call") == ["assigned ada Mon 04 09:00"]
    assert done_due(kept.kept["call"], kept.staff) is None


def test_after_an_outage_nobody_is_reminded_three_times_at_once() -> None:
    kept = keeper("ada")
    kept.act("call", Accept(by="ada"))
    kept.now = at(4, 17)
    kept.until(at(4, 17))

    assert kept.said("call", "reminder", "warning") == ["warning lea Mon 04 17:00"]


def test_who_goes_away_hands_it_to_the_deputy_at_that_instant() -> None:
    kept = keeper(staff=team_of("ada", "bob", "cy", deputies={"ada": "cy"}))
    kept.act("call", Accept(by="ada"))
    kept.absent("ada", Absence(at(4, 12), at(6)))
    kept.until(at(4, 12))

    assert kept.said("call") == ["assigned ada Mon 04 09:00", "stands_in cy Mon 04 12:00"]
    assert kept.kept["call"].accepted_at is None, "the deputy has not accepted it"


def test_who_has_left_loses_nothing_the_next_has_it() -> None:
    kept = keeper("ada", "bob")
    kept.leave("ada")

    assert kept.kept["call"].assignee == "bob"


def test_what_is_opened_at_night_goes_to_the_lead_at_once_by_chat_too() -> None:
    kept = Keeper(team_of("ada"), at(4, 23))
    kept.open(FollowUp(id="call", team="sales", opened_at=at(4, 23)))

    assert kept.said("call") == ["assigned lea Mon 04 23:00"]
    assert [deed.chat for _, _, deed in kept.told if hasattr(deed, "chat")] == [True]


def test_where_nobody_can_be_asked_the_team_is_told_and_it_is_tried_again() -> None:
    staff = team_of("ada")
    kept = Keeper(staff, at(4, 8))
    kept.leave("lea")
    kept.open(FollowUp(id="call", team="sales", opened_at=at(4, 8)))
    kept.until(at(4, 9, 1))

    assert kept.said("call") == ["nobody team Mon 04 08:00", "assigned ada Mon 04 09:00"]


def test_what_the_contact_does_completes_cancels_or_is_told() -> None:
    terms = Terms(on={"replied": Move(do="tell"), "meeting_booked": Move(do="complete"), "refunded": Move(do="cancel")})
    kept = keeper("ada", terms=terms)
    state = kept.kept["call"]

    assert contact_did(state, "replied", at(4, 10)).state == state
    booked = contact_did(state, "meeting_booked", at(4, 10)).state
    assert (booked.ended, booked.outcome) == ("completed", "meeting_booked")
    assert contact_did(state, "refunded", at(4, 10)).state.ended == "cancelled"
    assert not contact_did(state, "clicked", at(4, 10)).deeds
    assert not contact_did(booked, "refunded", at(4, 11)).deeds


def test_of_several_who_are_asked_the_first_has_it_and_the_others_are_told() -> None:
    kept = keeper(staff=team_of("ada", "bob", "cy", assign="first_to_accept"))
    assert kept.act("call", Accept(by="bob")) is None

    assert kept.said("call") == ["offered ada bob cy Mon 04 09:00", "accepted_by_other ada cy Mon 04 09:00"]
    assert kept.act("call", Accept(by="ada")) == "this task is with bob; have it reassigned to ada first"


@pytest.mark.parametrize(
    ("action", "refusal"),
    [
        (Accept(by="zoe"), NOBODY),
        (Accept(by="bob"), "this task is with ada; have it reassigned to bob first"),
        (
            Complete(by="ada", outcome="maybe"),
            "'maybe' is no outcome of this task; use one of won, lost, or 'otherwise'",
        ),
        (PutOff(by="ada", until=at(4, 8)), "2026-05-04 08:00 Europe/Berlin is over; give an instant to come"),
        (
            PutOff(by="ada", until=at(30)),
            "a task may be put off by 5 business days; give 2026-05-11 09:00 Europe/Berlin at the latest",
        ),
        (Reassign(by="ada", to="ada"), "this task is with ada already"),
        (Reassign(by="ada", to="cy"), "cy is away until 2026-05-06 09:00 Europe/Berlin; choose somebody else"),
        (Reassign(by="ada", to="zoe"), NOBODY),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(action: Action, refusal: str) -> None:
    kept = keeper("ada", "bob", "cy", outcomes=("won", "lost"))
    kept.absent("cy", Absence(at(4), at(6)))
    before = kept.kept["call"]

    assert kept.act("call", action) == refusal
    assert kept.kept["call"] == before


def test_what_is_over_is_over() -> None:
    kept = keeper("ada", "bob")
    assert kept.act("call", Complete(by="ada", outcome="won", note="a good call")) is None

    again = "this task was completed with 'won' by ada at 2026-05-04 09:00 Europe/Berlin; open a new one"
    for action in (Complete(by="ada", outcome="won"), Accept(by="ada"), Cancel(by="ada", reason="no")):
        assert kept.act("call", action) == again
    assert kept.act("call", Comment(by="bob", note="he said thank you")) is None
    kept.until(at(20))
    assert kept.said("call") == ["assigned ada Mon 04 09:00"]


def test_it_can_be_put_off_so_often_and_no_more() -> None:
    kept = keeper("ada")
    for day in (5, 6, 7):
        assert kept.act("call", PutOff(by="ada", until=at(day))) is None
        kept.until(at(day))

    refusal = kept.act("call", PutOff(by="ada", until=at(8)))
    assert refusal == "this task was put off 3 times, and no more is allowed; do it, or hand it on"


def test_handing_it_on_resets_the_clock_of_accepting() -> None:
    kept = keeper("ada", "bob")
    kept.act("call", Accept(by="ada"))
    assert kept.act("call", Reassign(by="ada", to="bob", note="he knows them")) is None
    kept.until(at(4, 10))

    assert kept.said("call") == [
        "assigned ada Mon 04 09:00",
        "assigned bob Mon 04 09:00",
        "reminder bob Mon 04 09:30",
        "reminder bob Mon 04 09:45",
        "warning lea Mon 04 09:54",
        "taken_away bob Mon 04 10:00",
        "assigned ada Mon 04 10:00",
    ]


def test_hot_means_a_quarter_of_an_hour_and_an_hour() -> None:
    hot = FollowUpsPolicy().terms("hot")

    assert (str(hot.accept_by), str(hot.done_by)) == ("15 business minutes", "1 business hour")
    assert FollowUpsPolicy().terms("gone") == FollowUpsPolicy().terms("normal")
